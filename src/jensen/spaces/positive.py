"""Positive numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.spaces.elementwise import Bounded, uniform
from jensen.spaces.links import Link, Log
from jensen.spaces.space import LOG_BOUND


@dataclass(frozen=True, slots=True)
class Positive(Bounded):
    """Positive numbers; the chart is the logarithm.

    Parameters
    ----------
    shape
        Of the parameter; () is one number.
    start
        (low, high): random starts are uniform between them; by default they are log-normal, about 1.
    names
        What the entries are called, one text for each along the last axis; or for each axis None, or such
        texts. By default they are numbered from 0.
    """

    far = LOG_BOUND

    shape: Any = ()
    start: tuple[float, float] | None = None
    names: Any = field(default=None, compare=False, repr=False)

    def value(self, u: Any, xp: Any) -> Any:
        return xp.exp(xp.clip(u, -LOG_BOUND, LOG_BOUND))

    def coordinate(self, value: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.clip(np.log(value), -LOG_BOUND, LOG_BOUND)

    def violation(self, value: Array) -> str | None:
        return None if (value > 0).all() else f"{value.min():.6g} is not positive"

    def random(self, rng: np.random.Generator) -> Array:
        return uniform(self.start, self.shape, rng, lambda shape: rng.lognormal(size=shape))

    def slopes(self, u: Array) -> Array:
        return np.diag(np.ravel(self.from_chart(u)))

    def links(self) -> list[Link]:
        return [Log()] * self.size
