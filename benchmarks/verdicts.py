"""Section: whether what jensen calls a maximum is one."""

from __future__ import annotations

import csv
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import jensen
from benchmarks import verdicts_classes, verdicts_models, verdicts_spurious
from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.verdicts_check import FALSE, REGULAR, Around, look
from benchmarks.verdicts_problem import Problem
from benchmarks.verdicts_starts import starts
from benchmarks.verdicts_tables import used

MAX_STEPS = 3000
TEXT = """Every model below on every one of its tables (planted, separable, duplicated and repeated rows,
all zeros, scales of 10⁻¹² and 10¹², outliers, five rows, weights from 10⁻³ to 10⁶), from random starts and
from such as a climb finds hard: components that are identical, or nearly; shares at the edge; numbers a
million times too large or small; a scale on one row. Every end is climbed from, and from beside it, by
SciPy's L-BFGS-B on a log-likelihood written once more in NumPy, in other coordinates. *False*: called
`converged`, and more than 0.01 nats higher is reached without going down. *False alarm*: not called
`converged`, where nothing higher is reached and the curvature is that of a regular maximum; a `collapsed`
end that is one is counted apart (a spurious maximum). *Contradicted*: `fit` and `jensen.uncertainty` do not
agree on a saddle or on what is left."""


@dataclass(frozen=True)
class End:
    """One climb, and what is about its end."""

    kind: str
    table: str
    start: str
    outcome: str
    message: str
    objective: float
    value: float
    gain: float
    slope: float
    curvature: float
    contradiction: str
    seconds: float

    @property
    def is_false(self) -> bool:
        return self.outcome == "converged" and not (self.gain <= FALSE and np.isfinite(self.slope))

    @property
    def is_alarm(self) -> bool:
        is_maximum = self.gain <= FALSE and self.curvature > REGULAR
        return is_maximum and self.outcome not in ("converged", "raised")


def log_joints(only: str = "") -> Iterator[Problem]:
    """All models written as log-joints."""
    for kind in verdicts_models.kinds():
        if only not in kind.name:
            continue
        rng = np.random.default_rng(1)
        model = kind.model()
        for i, (name, (data, weight)) in enumerate(kind.tables(rng).items()):
            typical = kind.typical(used(data, weight))
            yield Problem(
                kind.name,
                name,
                model,
                data,
                weight,
                [
                    (said, kind.impose(values))
                    for said, values in starts(kind.parameters, typical, kind.spike, i, rng)
                ],
                {n: space for n, (space, _) in (kind.free or kind.parameters).items()},
                {n: unit for n, (_, unit) in typical.items()},
                partial(_value, kind, data, weight),
                kind.reduce or dict,
            )


def _value(kind: verdicts_models.Kind, data: Any, weight: np.ndarray, values: Any) -> float:
    return kind.value(values if kind.expand is None else kind.expand(values), data, weight)


def run(problem: Problem, rng: np.random.Generator) -> Iterator[End]:
    """Climb from every start, and look at the end."""
    for said, start in problem.starts:
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                fit = jensen.fit(
                    problem.model, problem.data, start, weight=problem.weight, max_steps=MAX_STEPS
                )
            except ValueError as error:
                yield End(
                    problem.kind, problem.table, said, "raised", str(error)[:160], *[np.nan] * 5, "", 0.0
                )
                continue
        seconds = time.perf_counter() - began
        values = {n: np.asarray(v, float) for n, v in problem.free(fit.params).items()}
        found = look(problem.value, Around(problem.spaces, values, problem.units), rng)
        with np.errstate(all="ignore"):
            value = float(problem.value(values))
        yield End(
            problem.kind,
            problem.table,
            said,
            str(fit.verdict.outcome),
            fit.verdict.message,
            fit.log_evidence + fit.log_prior,
            value,
            found.gain,
            found.slope,
            found.curvature,
            _contradiction(problem, fit),
            seconds,
        )


def _contradiction(problem: Problem, fit: Any) -> str:
    """Where the verdicts of the fit and of `jensen.uncertainty` cannot both be right."""
    if "nan" in str(fit.verdict).split():
        return "the verdict says nan"
    if fit.model is None or getattr(problem.model, "chart", None) is None:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sure = jensen.uncertainty(problem.model, fit, problem.data, weight=problem.weight)
    except (ValueError, ArithmeticError) as error:
        return f"uncertainty raises: {error}"[:120]
    if "nan" in str(sure.verdict).split():
        return "uncertainty says nan"
    pair = (str(fit.verdict.outcome), str(sure.verdict.outcome))
    told = fit.verdict.message
    if "converged" not in pair or pair[0] == pair[1]:
        return ""
    said = {"boundary": ("bound",), "not identified": ("bound", "flat", "may not tell")}
    if pair[0] == "converged" and any(word in told for word in said.get(pair[1], ())):
        return ""
    if (
        pair[1] == "converged"
        and pair[0] in ("step limit", "fell")
        and "although the fit" in str(sure.verdict)
    ):
        return ""
    return f"fit: {pair[0]}, uncertainty: {pair[1]}"


def section(options: Options) -> Section:
    """Run all, and write."""
    ends: list[End] = []
    rng = np.random.default_rng(0)
    problems = [*log_joints(), *verdicts_classes.problems()]
    if options.quick:
        problems = problems[::12]
    for number, problem in enumerate(problems, 1):
        ends += run(problem, rng)
        options.say(f"verdicts: {number} of {len(problems)}, {problem.kind}, {problem.table}")
    if options.csv is not None:
        write(options.csv, ends)
    spurious = verdicts_spurious.body(1 if options.quick else 5)
    return Section("verdicts", "Verdicts that are true", f"{body(ends)}\n\n{spurious}")


def write(path: Path, ends: list[End]) -> None:
    """The raw rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(End)])
        writer.writeheader()
        writer.writerows(asdict(end) for end in ends)


def body(ends: list[End]) -> str:
    """The table, and whatever is wrong one by one."""
    head = [
        "",
        "models",
        "starts",
        "converged",
        "**false**",
        "false alarms",
        "spurious",
        "contradicted",
        "refused",
    ]
    rows = [_line(kind, [e for e in ends if e.kind == kind]) for kind in dict.fromkeys(e.kind for e in ends)]
    rows.append(_line("**all**", ends))
    outcomes = Counter(end.outcome for end in ends)
    told = ", ".join(f"{outcome} {number}" for outcome, number in outcomes.most_common())
    return "\n\n".join([TEXT, table(head, rows), f"All ends: {told}.", _wrong(ends)])


def _line(name: str, ends: list[End]) -> list[object]:
    alarms = [end for end in ends if end.is_alarm]
    return [
        name,
        len({(end.kind, end.table) for end in ends}),
        len(ends),
        sum(end.outcome == "converged" for end in ends),
        f"**{sum(end.is_false for end in ends)}**",
        sum(end.outcome != "collapsed" for end in alarms),
        sum(end.outcome == "collapsed" for end in alarms),
        sum(bool(end.contradiction) for end in ends),
        sum(end.outcome == "raised" for end in ends),
    ]


def _wrong(ends: list[End]) -> str:
    rows = [
        [e.kind, e.table, e.start, f"{e.outcome}: {e.message}"[:70], f"{e.gain:.3g}", e.contradiction]
        for e in ends
        if e.is_false or e.contradiction
    ]
    return (
        table(["kind", "table", "start", "verdict", "gain", "contradiction"], rows)
        if rows
        else "None is false."
    )
