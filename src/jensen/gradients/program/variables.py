"""What ``distribution(θ)`` describes: random variables, whose distributions may depend on others."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from numpyro.distributions import Distribution

from jensen.basics.errors import ModelError, ModelTypeError

ONLY = "x"
"""The name of the variable where there is only one."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A random variable.

    Attributes
    ----------
    name
        Of the variable.
    parents
        The variables that its distribution depends on.
    make
        The distribution, from the values of the parents by name.
    """

    name: str
    parents: tuple[str, ...]
    make: Callable[..., Any]

    def given(self, values: Mapping[str, Any]) -> Any:
        """The distribution, given the values of (at least) its parents."""
        made = self.make(**{name: values[name] for name in self.parents})
        if not isinstance(made, Distribution):
            raise ModelTypeError(f"the distribution of {self.name!r} is {made!r}, which is no distribution")
        return made


def variables_of(described: Any) -> list[Variable]:
    """The variables that a distribution, or a dict of distributions and functions of parents, describes.

    In an order in which parents come first.
    """
    if not isinstance(described, Mapping):
        return [Variable(ONLY, (), lambda: described)]
    if strange := [name for name in described if not isinstance(name, str)]:
        raise ModelTypeError(f"variables must have names, as in {{'x': ...}}, not {strange[0]!r}")
    if not described:
        raise ModelError(
            "distribution(params) is an empty dict: there is nothing to take an expectation over"
        )
    return _parents_first([_variable(name, what, described) for name, what in described.items()])


def is_single(described: Any) -> bool:
    """Whether f is given the value itself, not a dict of values."""
    return not isinstance(described, Mapping)


def as_given(described: Any, values: Mapping[str, Any]) -> Any:
    """What f is given: the value itself where there is only one variable without a name, else all of them."""
    return values[ONLY] if is_single(described) else values


def _variable(name: str, what: Any, described: Mapping[str, Any]) -> Variable:
    if isinstance(what, type):
        raise ModelTypeError(
            f"distribution(params)[{name!r}] is the class {what.__name__}: give a distribution, or a "
            "function of other variables that returns one"
        )
    if isinstance(what, Distribution):
        return Variable(name, (), lambda: what)
    if not callable(what):
        raise ModelTypeError(
            f"distribution(params)[{name!r}] must be a distribution or a function of other variables, "
            f"not {type(what).__name__}"
        )
    parameters = inspect.signature(what).parameters
    parents = tuple(each for each, how in parameters.items() if how.default is how.empty or each in described)
    for parent in parents:
        if parent not in described:
            known = ", ".join(other for other in described if other != name)
            others = f"; the others are {known}" if known else ", and it is the only one"
            raise ModelError(f"{name!r} depends on {parent!r}, which is no variable{others}")
    return Variable(name, parents, what)


def _parents_first(variables: list[Variable]) -> list[Variable]:
    ordered: list[Variable] = []
    left = list(variables)
    while left:
        known = {variable.name for variable in ordered}
        ready = [variable for variable in left if set(variable.parents) <= known]
        if not ready:
            raise ModelError(f"variables depend on each other in a circle: {', '.join(v.name for v in left)}")
        ordered.append(ready[0])
        left.remove(ready[0])
    return ordered


def names_in(vouch: Any) -> tuple[str, ...]:
    """Names of variables, of which one may be given by itself."""
    found = (vouch,) if isinstance(vouch, str) else vouch
    if not isinstance(found, Iterable) or not all(isinstance(name, str) for name in found):
        raise ModelTypeError(f"vouch must be names of variables, as in vouch=('x',), not {vouch!r}")
    return tuple(found)
