"""From what was typed to objects: the one place where names of options become what they stand for."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TypeVar

from jensen.basics.writing import check_writable
from jensen.cli.errors import CommandError, MissingExtraError
from jensen.families.gaussian.structures.registry import STRUCTURES
from jensen.families.gaussian.structures.structure import Structure
from jensen.selection.criteria import CRITERIA, Criterion
from jensen.selection.sweep import USUAL

T = TypeVar("T")

MAX_MODELS = 1000
PLOT_SUFFIXES = (".png", ".pdf", ".svg")
_RANGE = re.compile(r"(\d+)(?::(\d+)(?::(\d+))?)?")


def parse_components(text: str) -> list[int]:
    """``3``, ``1:9`` (both ends), ``1:9:2`` or a comma list of these, increasing and without repeats."""
    found: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise CommandError(f"-k {text!r}: give numbers of components such as 3, 1:9 or 1,2,4")
        first, last, step = (None if group is None else int(group) for group in match.groups())
        assert first is not None
        last = first if last is None else last
        if first < 1:
            raise CommandError(f"-k {text!r}: a mixture has at least 1 component")
        if last < first or step == 0:
            raise CommandError(f"-k {text!r}: {part.strip()} is an empty range")
        if (last - first) // (step or 1) >= MAX_MODELS:
            raise CommandError(
                f"-k {text!r}: more than {MAX_MODELS} numbers of components; fit fewer at a time"
            )
        found.update(range(first, last + 1, step or 1))
    return sorted(found)


def parse_covariances(text: str) -> list[Structure]:
    """A comma list of structures; ``usual``, the four of scikit-learn; or ``all``."""

    names = [name.strip().lower() for name in text.split(",")]
    if names == ["usual"]:
        return list(USUAL)
    if names == ["all"]:
        return list(STRUCTURES.values())
    return [_one_of(STRUCTURES, name, "--covariance", "usual", "all") for name in dict.fromkeys(names)]


def parse_criterion(text: str) -> Criterion:
    """A criterion by name."""

    return _one_of(CRITERIA, text.strip().lower(), "--criterion")


def parse_starts(text: str) -> int | None:
    """A number of starts; ``auto`` is the model's own search."""
    if text.strip().lower() == "auto":
        return None
    if not text.strip().isdecimal() or int(text) < 1:
        raise CommandError(f"--starts {text!r}: give a number from 1, or auto")
    return int(text)


def parse_columns(text: str | None) -> list[str] | None:
    """A comma list of column names; a name with a comma goes in double quotes."""
    if text is None:
        return None
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(names) or not names:
        raise CommandError(f"--columns {text!r}: give names separated by commas")
    return names


def check_seed(seed: int) -> int:
    """A seed that a generator takes."""
    if seed < 0:
        raise CommandError(f"--seed {seed}: give 0 or a positive number")
    return seed


def check_plot(path: Path | None) -> None:
    """A plot can be drawn, and in the format that the name asks for."""
    if path is None:
        return
    if path.suffix.lower() not in PLOT_SUFFIXES:
        raise CommandError(f"--plot {path}: the name must end in .png, .pdf or .svg")
    import importlib.util

    if importlib.util.find_spec("matplotlib") is None:
        raise MissingExtraError("--plot", "matplotlib", "plots")


def check_outputs(data: str, **paths: Path | None) -> None:
    """Every output can be written, and none is the input or another output."""

    taken = {} if data == "-" else {_real(Path(data)): "the data"}
    for option, path in paths.items():
        if path is None:
            continue
        other = taken.setdefault(_real(path), f"--{option}")
        if other != f"--{option}":
            raise CommandError(f"--{option} {path}: this is also {other}")
        check_writable(path)


def _real(path: Path) -> str:
    return str(path.resolve())


def _one_of(known: dict[str, T], name: str, option: str, *more: str) -> T:
    if name not in known:
        raise CommandError(f"{option} {name!r}: choose from {', '.join([*known, *more])}")
    return known[name]
