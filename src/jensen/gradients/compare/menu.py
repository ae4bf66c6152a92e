"""Estimators by the names that one types, each with its draws; and what they need to know of a problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from jensen.basics.errors import ModelError, did_you_mean
from jensen.gradients.estimators.auto import Auto
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.baselines import Constant, LeaveOneOut, OptimalCoefficient
from jensen.gradients.estimators.binary import ARM, DisARM
from jensen.gradients.estimators.controlled import Controlled, Taylor
from jensen.gradients.estimators.exact import Exact
from jensen.gradients.estimators.measure import MeasureValued
from jensen.gradients.estimators.pathwise import Pathwise
from jensen.gradients.estimators.relaxed import REBAR, Concrete
from jensen.gradients.estimators.score import ScoreFunction
from jensen.gradients.randomness.draws import Antithetic, Draws, Independent, Sobol, Stratified

NUM = 64  # draws of an estimator that learns from the other draws
Entry = tuple[Estimator, Draws]


class UnknownEstimatorError(ModelError):
    """A name that is not on the menu, or an estimator that a problem does not have."""


class Known(Protocol):
    """What is known exactly of an expectation; a ``ValueError`` where it is not known."""

    def mean(self) -> float:
        """E[f]."""
        ...

    def best(self) -> float:
        """The constant baseline of least variance."""
        ...


class Row(NamedTuple):
    """Of the menu.

    Attributes
    ----------
    make
        The estimator and its draws; a ``ValueError`` where a problem has it not.
    is_late
        Whether something exact has to be computed first.
    """

    make: Callable[[Known], Entry]
    is_late: bool = False


def _fixed(estimator: Estimator, draws: Draws) -> Row:
    return Row(lambda known: (estimator, draws))


def _baseline(number: Callable[[Known], float]) -> Row:
    return Row(lambda known: (ScoreFunction(Constant(number(known))), Independent(1)), is_late=True)


MENU: dict[str, Row] = {
    "score": _fixed(ScoreFunction(), Independent(1)),
    "mean-baseline": _baseline(lambda known: known.mean()),
    "best-baseline": _baseline(lambda known: known.best()),
    "leave-one-out": _fixed(ScoreFunction(LeaveOneOut()), Independent(NUM)),
    "path": _fixed(Pathwise(), Independent(1)),
    "antithetic-path": _fixed(Pathwise(), Antithetic(2)),
    "measure-valued": _fixed(MeasureValued(), Independent(1)),
    "optimal-coefficient": _fixed(ScoreFunction(OptimalCoefficient()), Independent(NUM)),
    "stratified-path": _fixed(Pathwise(), Stratified(NUM)),
    "sobol-path": _fixed(Pathwise(), Sobol(NUM)),
    "arm": _fixed(ARM(), Independent(1)),
    "disarm": _fixed(DisARM(), Independent(1)),
    "rebar": _fixed(REBAR(), Independent(1)),
    "concrete": _fixed(Concrete(), Independent(1)),
    "straight-through": _fixed(Concrete(is_hard=True), Independent(1)),
    "taylor-score": _fixed(Controlled(ScoreFunction(), Taylor()), Independent(1)),
    "taylor-path": _fixed(Controlled(Pathwise(), Taylor()), Independent(1)),
    "exact": _fixed(Exact(), Independent(1)),
    "auto": _fixed(Auto(), Independent(1)),
}
USUAL = tuple(MENU)[:7]


def on_menu(name: str) -> Row:
    """The row of that name; an `UnknownEstimatorError` tells the near ones."""
    if name not in MENU:
        near = did_you_mean(name, list(MENU))
        raise UnknownEstimatorError(f"there is no estimator {name!r}{near}; there are {', '.join(MENU)}")
    return MENU[name]
