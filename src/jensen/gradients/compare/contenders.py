"""What is compared: estimators and their draws by the names that they have in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from jensen.basics.errors import ModelError, ModelTypeError
from jensen.gradients.compare.menu import Known, on_menu
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.expectation import Expectation
from jensen.gradients.labels import label
from jensen.gradients.randomness.draws import as_draws


class Contender(NamedTuple):
    """An expectation that is to be compared.

    Attributes
    ----------
    make
        A ``ValueError`` where there is none.
    is_late
        Whether something exact has to be computed first.
    """

    make: Callable[[], Expectation]
    is_late: bool = False


def contenders(F: Expectation, known: Known, estimators: Any) -> dict[str, Contender]:
    """By name: of estimators, names of the menu, and pairs of one of these and its draws."""
    if isinstance(estimators, (Estimator, str)):
        raise ModelTypeError(f"estimators must be a list or a dict of estimators, not {estimators!r}")
    if not estimators:
        raise ModelError(
            'there is no estimator to compare: a list of estimators or of names, such as ["score", "path"]'
        )
    found: dict[str, Contender] = {}
    for name, each in _named(estimators):
        found[_new(name, found)] = _contender(F, known, each)
    return found


def _named(estimators: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(estimators, Mapping):
        return estimators.items()
    return [(_name(each), each) for each in estimators]


def _contender(F: Expectation, known: Known, each: Any) -> Contender:
    estimator, draws = each if isinstance(each, tuple) else (each, None)
    draws = None if draws is None else as_draws(draws)
    if not isinstance(estimator, str):
        return Contender(lambda: replace(F, estimator=estimator, draws=draws or F.draws))
    row = on_menu(estimator)

    def make() -> Expectation:
        its, own = row.make(known)
        return replace(F, estimator=its, draws=draws or own)

    return Contender(make, row.is_late)


def _name(estimator: Any) -> str:
    return ", ".join(map(label, estimator)) if isinstance(estimator, tuple) else label(estimator)


def _new(name: str, taken: Mapping[str, Any]) -> str:
    """A second one of the same name has a number."""
    number = 2
    found = name
    while found in taken:
        found, number = f"{name} #{number}", number + 1
    return found
