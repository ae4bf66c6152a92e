"""``jensen gradients``: estimators of the gradient of an expectation, side by side."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from jensen.basics.progress import Progress
from jensen.basics.writing import write_file
from jensen.cli import arguments, output
from jensen.cli.errors import CommandError, Ending, MissingExtraError
from jensen.report.documents import plain

if TYPE_CHECKING:
    from jensen.gradients.expressions.study import Study

MOST = 10**7


@dataclass(frozen=True, slots=True)
class GradientOptions:
    """What was typed."""

    expression: str
    distribution: str
    at: list[str]
    num_replicates: int
    estimators: str
    seed: int
    plot: Path | None
    json: bool


def gradients(options: GradientOptions) -> Ending:
    """Everything that can be wrong is found out first; then the comparison; then what was asked for."""
    at = parse_at(options.at)
    seed = arguments.check_seed(options.seed)
    if not 2 <= options.num_replicates <= MOST:
        raise CommandError(f"-n {options.num_replicates}: give a number from 2 to {MOST}")
    arguments.check_plot(options.plot)
    arguments.check_outputs("-", plot=options.plot)
    names = None if options.estimators.strip().lower() == "usual" else parse_names(options.estimators)
    study, remarks = _study(options, at, names, seed)
    if options.plot is not None:
        _plot(options.plot, study, f"{options.expression} over {options.distribution}")
    if options.json:
        output.write_json(document(options, at, study, remarks))
    else:
        output.plain(study.comparison.text())
    for remark in remarks:
        output.note(remark)
    if options.plot is not None:
        output.note(output.listed([("drew", options.plot)]))
    return Ending.DONE


def parse_at(texts: list[str]) -> dict[str, float]:
    """``mu=0.5`` and the like, one by one or separated by commas."""
    found: dict[str, float] = {}
    for text in (part.strip() for each in texts for part in each.split(",")):
        name, _, value = (piece.strip() for piece in normalize("NFKC", text).partition("="))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not name.isidentifier() or not math.isfinite(number):
            raise CommandError(f"--at {text!r}: give a name and a finite number, such as --at mu=0.5")
        if name in found:
            raise CommandError(f"--at {name} is given twice")
        found[name] = number
    return found


def parse_names(text: str) -> list[str]:
    """A comma list of estimators."""
    names = [name.strip().lower() for name in text.split(",")]
    if not all(names):
        raise CommandError(f"--estimators {text!r}: give names separated by commas, or usual")
    return names


def _study(
    options: GradientOptions, at: dict[str, float], names: list[str] | None, seed: int
) -> tuple[Study, list[str]]:
    """The comparison, and what is to be said beside it."""

    try:
        from jensen.gradients.expressions.study import study
    except ImportError as error:
        raise MissingExtraError("jensen gradients", "JAX and NumPyro", "jax") from error
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with Progress("gradients", hint="") as progress:
                found = study(
                    options.expression,
                    options.distribution,
                    at,
                    names,
                    seed,
                    options.num_replicates,
                    progress.update,
                )
        except ValueError as error:
            raise CommandError(str(error)) from error
    said = [str(each.message).partition(" If the branches meet")[0] for each in caught]
    return found, [*dict.fromkeys(said), *found.words]


def document(
    options: GradientOptions, at: dict[str, float], study: Study, remarks: list[str]
) -> dict[str, Any]:
    """What --json prints; what is not finite is null, and a bias is in standard errors."""
    return {
        "expression": options.expression,
        "distribution": options.distribution,
        "at": at,
        "replicates": options.num_replicates,
        "seed": options.seed,
        "rows": plain(study.comparison.rows()),
        "has_exact": study.comparison.has_exact,  # else truth is the most precise estimate
        "remarks": list(dict.fromkeys([*study.comparison.remarks, *remarks])),
        "left_out": study.left_out,
    }


def _plot(path: Path, study: Study, title: str) -> None:
    from jensen.report.plots import figure_bytes

    write_file(path, figure_bytes(study.comparison.plot(title), path.suffix))
