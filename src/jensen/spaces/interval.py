"""Numbers between two bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.spaces.elementwise import Bounded, Elementwise
from jensen.spaces.links import Link, Logit
from jensen.spaces.space import LOGIT_BOUND, ROUNDED, Space


@dataclass(frozen=True, slots=True)
class Interval(Bounded):
    """Numbers between two bounds; the chart is the logit.

    Parameters
    ----------
    low, high
        The bounds.
    shape
        Of the parameter; () is one number.
    names
        What the entries are called, one text for each along the last axis; or for each axis None, or such
        texts. By default they are numbered from 0.
    """

    low: float = 0.0
    high: float = 1.0
    shape: Any = ()
    names: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        Elementwise.__post_init__(self)
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ModelError(f"an interval needs finite bounds, low < high, not ({self.low}, {self.high})")

    def value(self, u: Any, xp: Any) -> Any:
        return self.low + (self.high - self.low) / (1.0 + xp.exp(-xp.clip(u, -LOGIT_BOUND, LOGIT_BOUND)))

    def coordinate(self, value: Array) -> Array:
        with np.errstate(divide="ignore"):
            logit = np.log(value - self.low) - np.log(self.high - value)
        return np.minimum(np.maximum(logit, -LOGIT_BOUND), LOGIT_BOUND)

    def violation(self, value: Array) -> str | None:
        outside = value[(value < self.low) | (value > self.high)]
        return f"{outside[0]:.6g} is not between {self.low:g} and {self.high:g}" if outside.size else None

    def random(self, rng: np.random.Generator) -> Array:
        return rng.uniform(self.low, self.high, self.shape)

    def tidy(self, value: Array) -> Array:
        inside = np.clip(value, self.low, self.high)
        return np.where(np.abs(value - inside) <= ROUNDED * (self.high - self.low), inside, value)

    def slopes(self, u: Array) -> Array:
        value = np.ravel(self.from_chart(u))
        return np.diag((value - self.low) * (self.high - value) / (self.high - self.low))

    def links(self) -> list[Link]:
        return [Logit(self.low, self.high)] * self.size

    def same_values(self, other: Space) -> bool:
        return self == other
