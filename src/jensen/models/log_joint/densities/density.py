"""What a density is: log p(x; parameters) of one row, its support, and how it is drawn from.

``densities.weibull(x, shape, scale)`` is called as a function. What is not a value of its support is NaN,
and never clamped; at the edges of the support it is the limit. What made it NaN is written down where
somebody listens.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import Parameter, Signature
from typing import Any, ClassVar

import numpy as np

from jensen.basics.errors import ModelTypeError
from jensen.models.log_joint.densities.domains import Domain
from jensen.models.log_joint.densities.lazy import jnp, real
from jensen.models.log_joint.precision import require_jax

_listener: ContextVar[list[str] | None] = ContextVar("listener", default=None)


class Density(ABC):
    """A log-density, called as a function of x and its parameters.

    Attributes
    ----------
    name
        What it is called in `jensen.densities`.
    support
        What x may be.
    parameters
        Name → what it may be, in the order of the arguments.
    """

    name: ClassVar[str]
    support: ClassVar[Domain]
    parameters: ClassVar[Mapping[str, Domain]]

    def __call__(self, x: Any, *params: Any, **named: Any) -> Any:
        """log p(x); the parameters by position or by name."""
        ordered = self._ordered(params, named)
        return x.is_drawn_from(self, ordered) if isinstance(x, Observed) else self._at(x, *ordered)

    @property
    def __signature__(self) -> Signature:
        names = ("x", *self.parameters)
        return Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names])

    @abstractmethod
    def _log(self, *args: Any, **kwargs: Any) -> Any:
        """``_log(x, …)``: log p of an x of the support."""

    @abstractmethod
    def draw(self, *args: Any, **kwargs: Any) -> Any:
        """``draw(rng, …)``: with NumPy, one draw for each entry of the parameters, which are broadcast."""

    def shape(self, *params: Any) -> tuple[int, ...]:
        """The shape of the log-density of one row, from the parameters."""
        return np.broadcast_shapes(*(np.shape(value) for value in params))

    def _at(self, x: Any, *params: Any) -> Any:
        """log p, and NaN where x is not of the support or a parameter is not what it may be."""
        x, *params = (real(value) for value in (x, *params))  # pyright: ignore -- a list from here on
        inside, valid = self._contains(x, *params), self._valid(*params)
        self._tell(x, inside, params)
        return jnp.where(inside & valid, self._log(self._within(x, inside, *params), *params), jnp.nan)

    def _contains(self, x: Any, *params: Any) -> Any:
        return self.support.contains(x)

    def _within(self, x: Any, inside: Any, *params: Any) -> Any:
        """x, and some value of the support where it is not one."""
        return jnp.where(inside, x, self.support.example)

    def _valid(self, *params: Any) -> Any:
        valid = jnp.asarray(True)
        for value, domain in zip(params, self.parameters.values(), strict=True):
            valid = valid & domain.contains(value)
        return valid

    def _ordered(self, args: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """The parameters in their order, from positions and names."""
        names = list(self.parameters)
        wanted = names[len(args) :]
        if len(args) > len(names) or set(named) != set(wanted):
            raise ModelTypeError(f"densities.{self.name} has the parameters {', '.join(names)}")
        return (*args, *(named[name] for name in wanted))

    def _tell(self, x: Any, inside: Any, params: Any) -> None:
        """Write down what is not as it has to be, for the message of an error."""
        complaints = listening(x, inside, *params)
        if complaints is None:
            return
        if not np.all(inside):
            wrong = np.asarray(x)[~np.asarray(np.broadcast_to(inside, np.shape(x)))].ravel()[0]
            complaints.append(f"densities.{self.name} is for {self._support_says(*params)}, not {wrong:g}")
        for (name, domain), value in zip(self.parameters.items(), params, strict=True):
            good = np.asarray(domain.contains(value))
            if not good.all():
                wrong = np.asarray(value)[~good].ravel()[0]
                complaints.append(f"the {name} of densities.{self.name} is {wrong:g}, not of {domain.says}")

    def _support_says(self, *params: Any) -> str:
        return self.support.says

    def __repr__(self) -> str:
        return f"jensen.densities.{self.name}"


class Observed(ABC):
    """What stands for a row whose values are not there yet: it is asked which densities they have."""

    @abstractmethod
    def is_drawn_from(self, density: Density, params: tuple[Any, ...]) -> Any:
        """What the log-density is taken to be."""

    @abstractmethod
    def is_also(self, other: Any) -> None:
        """That another part is the same value: the upper bound of one that is not censored."""

    @abstractmethod
    def cannot(self, why: str) -> Exception:
        """The error where it has none that can be drawn from."""


def listening(*values: Any) -> list[str] | None:
    """Where complaints go, if somebody listens and the values are there."""
    traced = require_jax().core.Tracer
    return None if any(isinstance(value, traced) for value in values) else _listener.get()


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What densities find wrong with their arguments inside, in words."""
    found: list[str] = []
    token = _listener.set(found)
    try:
        yield found
    finally:
        _listener.reset(token)
