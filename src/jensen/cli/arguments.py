"""From what was typed to objects: the one place where names of options become what they stand for."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from jensen.basics.arguments import shown
from jensen.basics.numbers import whole_of
from jensen.basics.writing import check_writable
from jensen.cli.errors import CommandError, MissingExtraError
from jensen.cli.inputs import Asked
from jensen.data.doors.choice import Choice
from jensen.em.validation import MOST_STARTS
from jensen.families.gaussian.structures.registry import STRUCTURES, USUAL
from jensen.families.gaussian.structures.structure import Structure
from jensen.selection.criteria import CRITERIA, Criterion

T = TypeVar("T")

MAX_MODELS = 1000
OPEN_TO, OPEN_BY = 9, 8
"""Where an open range ends at first, and how much is added while the best is near that."""
MCLUST = {"vvv": "full", "eee": "tied", "vvi": "diag", "vii": "spherical", "v": "full", "e": "tied"}
OTHER_NAMES = {**MCLUST, "diagonal": "diag"}
NOT_HERE = ("evi", "vei", "vee", "eve", "vve", "eev", "vev", "evv")
"""Structures of mclust that there are none of."""
PLOT_SUFFIXES = (".png", ".pdf", ".svg")
_RANGE = re.compile(r"(\d{1,9})(?::(\d{0,9})(?::(\d{1,9}))?)?")


def parse_components(text: str) -> list[int]:
    """``3``, ``1:9`` (both ends), ``1:9:2``, ``2:`` or a comma list of these, increasing, each once."""
    found: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None or (match[2] == "" and match[3]):
            raise CommandError(f"-k {shown(text)}: give numbers of components such as 3, 1:9, 2: or 1,2,4")
        first, step = int(match[1]), int(match[3] or 1)
        last = int(match[2]) if match[2] else first if match[2] is None else max(OPEN_TO, first + OPEN_BY - 1)
        if first < 1:
            raise CommandError(f"-k {text!r}: a mixture has at least 1 component")
        if last < first or step == 0:
            raise CommandError(f"-k {text!r}: {part.strip()} is an empty range")
        if (last - first) // step >= MAX_MODELS:
            raise CommandError(
                f"-k {text!r}: more than {MAX_MODELS} numbers of components; fit fewer at a time"
            )
        found.update(range(first, last + 1, step))
    return sorted(found)


def is_open(text: str) -> bool:
    """Whether numbers of components have no upper end, as in ``2:``."""
    return text.strip().endswith(":")


def parse_covariances(text: str) -> list[Structure]:
    """A comma list of structures, by our names or mclust's; ``usual``, the four of scikit-learn; ``all``."""
    names = [name.strip().lower() for name in text.split(",")]
    if names == ["usual"]:
        return list(USUAL)
    if names == ["all"]:
        return list(STRUCTURES.values())
    names = [OTHER_NAMES.get(name, name) for name in names]
    return [_structure(name) for name in dict.fromkeys(names)]


def _structure(name: str) -> Structure:
    if name in NOT_HERE:
        there = ", ".join(f"{mclust.upper()} = {ours}" for mclust, ours in MCLUST.items() if len(mclust) == 3)
        raise CommandError(
            f"--covariance {name}: mclust's {name.upper()} is not fitted here; there are {there}, EEI, EII"
        )
    return _one_of(STRUCTURES, name, "--covariance", "usual", "all")


def parse_criterion(text: str) -> Criterion:
    """A criterion by name."""

    return _one_of(CRITERIA, text.strip().lower(), "--criterion")


def parse_starts(text: str) -> int | None:
    """A number of starts; ``auto`` is the model's own search."""
    if text.strip().lower() == "auto":
        return None
    found = whole_of(text)
    if found is None or not 1 <= found <= MOST_STARTS:
        raise CommandError(f"--starts {shown(text)}: give a number from 1 to {MOST_STARTS}, or auto")
    return found


def parse_names(texts: Sequence[str] | None, option: str) -> list[str] | None:
    """Names given one by one or in comma lists; one with a comma in it goes in double quotes."""
    if not texts:
        return None
    found: list[str] = []
    for text in texts:
        names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
        if not all(names) or not names:
            raise CommandError(f"{option} {text!r}: give names separated by commas")
        found += names
    return found


def parse_decimal(text: str | None) -> str | None:
    """A decimal mark; None where it is to be found out."""
    marks = {"auto": None, ".": ".", ",": ",", "point": ".", "comma": ","}
    return None if text is None else _one_of(marks, text.strip().lower(), "--decimal")


def parse_missing(text: str) -> bool:
    """Whether rows with missing cells are left out."""
    return _one_of({"error": False, "drop": True}, text.strip().lower(), "--missing")


def parse_asked(
    columns: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
    weights: str | None = None,
    missing: str = "error",
    decimal: str | None = None,
) -> Asked:
    """Which rows and columns of the data."""
    choice = Choice.of(
        parse_names(columns, "--columns"),
        parse_names(exclude, "--exclude") or (),
        weights,
        parse_decimal(decimal),
    )
    return Asked(choice, parse_missing(missing))


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


def check_outputs(data: str, model: Path | None = None, **paths: Path | None) -> None:
    """Every output can be written, and none is what the command reads, or another output."""
    taken = {} if data == "-" else {_real(Path(data)): "the data"}
    if model is not None:
        taken[_real(model)] = "the model"
    for option, path in paths.items():
        if path is None:
            continue
        other = taken.setdefault(_real(path), f"--{option}")
        if other != f"--{option}":
            raise CommandError(f"--{option} {path}: this is also {other}")
        check_writable(path)


def _real(path: Path) -> str:
    return os.path.realpath(path)  # also of a link to itself


def _one_of(known: dict[str, T], name: str, option: str, *more: str) -> T:
    if name not in known:
        raise CommandError(f"{option} {name!r}: choose from {', '.join([*known, *more])}")
    return known[name]
