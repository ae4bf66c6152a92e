"""Estimators by the names that one types, and what of them there is for a problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax

from jensen.gradients.baselines import Constant, LeaveOneOut, OptimalCoefficient
from jensen.gradients.box import InvalidGradientError
from jensen.gradients.draws import Antithetic, Draws, Independent, Sobol
from jensen.gradients.estimators import DisARM, Estimator, Exact, MeasureValued, Pathwise, ScoreFunction
from jensen.gradients.expectation import Expectation, expectation
from jensen.gradients.expressions.problem import Problem
from jensen.gradients.seeing import Comparison, compare
from jensen.gradients.seeing.door import require_dependence, require_domain
from jensen.gradients.seeing.known import known_best, known_mean
from jensen.gradients.seeing.samples import as_arrays

NUM = 64  # draws of an estimator that learns from the other draws
Entry = tuple[Estimator, Draws]


class UnknownEstimatorError(ValueError):
    """A name that is not on the menu, or an estimator that a problem does not have."""


def _fixed(estimator: Estimator, draws: Draws) -> Callable[[Expectation, Any], Entry | str]:
    return lambda F, theta: (estimator, draws)


def _known(constant: Callable[[Expectation, Any], float | None], why: str) -> Any:
    def entry(F: Expectation, theta: Any) -> Entry | str:
        number = constant(F, theta)
        return why if number is None else (ScoreFunction(Constant(number)), Independent(1))

    return entry


MENU: dict[str, Callable[[Expectation, Any], Entry | str]] = {
    "score": _fixed(ScoreFunction(), Independent(1)),
    "mean-baseline": _known(known_mean, "E[f] is not known exactly"),
    "best-baseline": _known(known_best, "the best constant is known for one variable and one parameter"),
    "leave-one-out": _fixed(ScoreFunction(LeaveOneOut()), Independent(NUM)),
    "optimal-coefficient": _fixed(ScoreFunction(OptimalCoefficient()), Independent(NUM)),
    "path": _fixed(Pathwise(), Independent(1)),
    "antithetic-path": _fixed(Pathwise(), Antithetic(2)),
    "sobol-path": _fixed(Pathwise(), Sobol(NUM)),
    "measure-valued": _fixed(MeasureValued(), Independent(1)),
    "disarm": _fixed(DisARM(), Independent(1)),
    "exact": _fixed(Exact(), Independent(1)),
}
USUAL = (
    "score",
    "mean-baseline",
    "best-baseline",
    "leave-one-out",
    "path",
    "antithetic-path",
    "measure-valued",
)


class Study(NamedTuple):
    """What was found, and why what was left out was."""

    comparison: Comparison
    left_out: dict[str, str]


def study(asked: Problem, names: Sequence[str] | None, key: int, num_replicates: int) -> Study:
    """The estimators of these names side by side, in double precision; by default the usual ones there are.

    Those of several draws (leave-one-out) are repeated as often as the others, each with all its draws.
    """
    for name in names or ():
        if name not in MENU:
            raise UnknownEstimatorError(f"there is no estimator {name!r}; there are {', '.join(MENU)}")
    with jax.enable_x64(True):
        theta = as_arrays(asked.theta)
        F = expectation(asked.f, asked.distribution, ScoreFunction(), Independent(1))
        require_domain(F, theta)
        require_dependence(F, theta)
        entries, left_out = _entries(F, theta, names or USUAL)
        if names and left_out:
            raise UnknownEstimatorError("; ".join(f"{name}: {why}" for name, why in left_out.items()))
        found = compare(asked.f, asked.distribution, theta, entries, key=key, num_replicates=num_replicates)
    return Study(found, left_out)


def _entries(F: Expectation, theta: Any, names: Sequence[str]) -> tuple[dict[str, Entry], dict[str, str]]:
    entries: dict[str, Entry] = {}
    left_out: dict[str, str] = {}
    for name in dict.fromkeys(names):
        entry = MENU[name](F, theta)
        why = entry if isinstance(entry, str) else _refusal(F, theta, entry)
        if isinstance(entry, str) or why:
            left_out[name] = why
        else:
            entries[name] = entry
    return entries, left_out


def _refusal(F: Expectation, theta: Any, entry: Entry) -> str:
    """Why an estimator does not give this gradient; empty where it does."""
    estimator, draws = entry
    try:
        jax.eval_shape(jax.grad(replace(F, estimator=estimator, draws=draws)), theta, jax.random.key(0))
    except (InvalidGradientError, ValueError) as error:
        return str(error)
    return ""
