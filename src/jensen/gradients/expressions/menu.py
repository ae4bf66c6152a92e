"""Estimators by the names that one types, and what of them there is for a problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax

from jensen.gradients.compare.arguments import asked as taken
from jensen.gradients.compare.best_constant import known_best
from jensen.gradients.compare.compare import contestants, run, summary, usable
from jensen.gradients.compare.comparison import Comparison
from jensen.gradients.compare.names import parameter_names
from jensen.gradients.compare.reference import reference
from jensen.gradients.compare.samples import keys
from jensen.gradients.compare.truth import NoReference, Reference
from jensen.gradients.compare.validation import look
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.baselines import Constant, LeaveOneOut, OptimalCoefficient
from jensen.gradients.estimators.binary import ARM, DisARM
from jensen.gradients.estimators.controlled import Controlled, Taylor
from jensen.gradients.estimators.exact import Exact
from jensen.gradients.estimators.measure import MeasureValued
from jensen.gradients.estimators.pathwise import Pathwise
from jensen.gradients.estimators.relaxed import REBAR, Concrete
from jensen.gradients.estimators.score import ScoreFunction
from jensen.gradients.expectation import Expectation, expectation
from jensen.gradients.expressions.problem import Problem
from jensen.gradients.randomness.draws import Antithetic, Draws, Independent, Sobol, Stratified

NUM = 64  # draws of an estimator that learns from the other draws
Entry = tuple[Estimator, Draws]


class UnknownEstimatorError(ValueError):
    """A name that is not on the menu, or an estimator that a problem does not have."""


class Place(NamedTuple):
    """E[f] as an expectation, where its gradient is asked for, and that gradient if it is known."""

    F: Expectation
    params: Any
    exact: Reference | NoReference


def _fixed(estimator: Estimator, draws: Draws) -> Callable[[Place], Entry | str]:
    return lambda place: (estimator, draws)


def _mean(place: Place) -> Entry | str:
    if isinstance(place.exact, NoReference):
        return f"E[f] is not known exactly: {place.exact.why}"
    return _constant(place.exact.value)


def _best(place: Place) -> Entry | str:
    if isinstance(place.exact, NoReference):
        return f"E[f] is not known exactly: {place.exact.why}"
    number = known_best(place.F, place.params)
    why = "its constant is computed for one variable and one parameter only: optimal-coefficient estimates it"
    return why if number is None else _constant(number)


def _constant(number: float) -> Entry:
    return ScoreFunction(Constant(number)), Independent(1)


MENU: dict[str, Callable[[Place], Entry | str]] = {
    "score": _fixed(ScoreFunction(), Independent(1)),
    "mean-baseline": _mean,
    "best-baseline": _best,
    "leave-one-out": _fixed(ScoreFunction(LeaveOneOut()), Independent(NUM)),
    "optimal-coefficient": _fixed(ScoreFunction(OptimalCoefficient()), Independent(NUM)),
    "path": _fixed(Pathwise(), Independent(1)),
    "antithetic-path": _fixed(Pathwise(), Antithetic(2)),
    "stratified-path": _fixed(Pathwise(), Stratified(NUM)),
    "sobol-path": _fixed(Pathwise(), Sobol(NUM)),
    "measure-valued": _fixed(MeasureValued(), Independent(1)),
    "arm": _fixed(ARM(), Independent(1)),
    "disarm": _fixed(DisARM(), Independent(1)),
    "rebar": _fixed(REBAR(), Independent(1)),
    "concrete": _fixed(Concrete(), Independent(1)),
    "straight-through": _fixed(Concrete(is_hard=True), Independent(1)),
    "taylor-score": _fixed(Controlled(ScoreFunction(), Taylor()), Independent(1)),
    "taylor-path": _fixed(Controlled(Pathwise(), Taylor()), Independent(1)),
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


def study(
    asked: Problem,
    names: Sequence[str] | None,
    key: int,
    num_replicates: int,
    told: Callable[[str], Any] = lambda name: None,
) -> Study:
    """The estimators of these names side by side, in double precision; by default the usual ones there are.

    ``told`` hears the name of each when it begins.

    Those of several draws (leave-one-out) are repeated as often as the others, each with all its draws.
    """
    for name in names or ():
        if name not in MENU:
            raise UnknownEstimatorError(f"there is no estimator {name!r}; there are {', '.join(MENU)}")
    with jax.enable_x64(True):
        F = expectation(asked.f, asked.distribution, ScoreFunction(), Independent(1))
        F, params = taken(F, asked.params)
        place = Place(F, params, reference(F, params, look(F, params)))
        entries, left_out = _entries(place, names or USUAL)
        able, unable = usable(contestants(F, entries) if entries else {}, params, keys(key, num_replicates))
        why = {**left_out, **unable}
        left_out = {name: why[name] for name in names or USUAL if name in why}
        if left_out and (names or not able):
            raise UnknownEstimatorError("; ".join(f"{name}: {why}" for name, why in left_out.items()))
        ran = {}
        for name, each in able.items():
            told(name)
            ran[name] = run(each)
        found = summary(ran, parameter_names(params), place.exact, {})
    return Study(found, left_out)


def _entries(place: Place, names: Sequence[str]) -> tuple[dict[str, Entry], dict[str, str]]:
    asked = {name: MENU[name](place) for name in names}
    left_out = {name: entry for name, entry in asked.items() if isinstance(entry, str)}
    return {name: entry for name, entry in asked.items() if not isinstance(entry, str)}, left_out
