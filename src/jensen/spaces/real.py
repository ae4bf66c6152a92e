"""Any real numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.spaces.elementwise import Elementwise, uniform


@dataclass(frozen=True, slots=True)
class Real(Elementwise):
    """Any real numbers.

    Parameters
    ----------
    shape
        Of the parameter; () is one number.
    start
        (low, high): random starts are uniform between them; by default they are standard normal.
    names
        What the entries are called, one text for each along the last axis; or for each axis None, or such
        texts. By default they are numbered from 0.

    Examples
    --------
    >>> import jensen
    >>> jensen.Real((3, 2)).size
    6
    >>> jensen.Chart({"beta": jensen.Real(2, names=("intercept", "kid5"))}).names
    ['beta[intercept]', 'beta[kid5]']
    """

    shape: Any = ()
    start: tuple[float, float] | None = None
    names: Any = field(default=None, compare=False, repr=False)

    def value(self, u: Any, xp: Any) -> Any:
        return u

    def coordinate(self, value: Array) -> Array:
        return value

    def violation(self, value: Array) -> str | None:
        return None

    def random(self, rng: np.random.Generator) -> Array:
        return uniform(self.start, self.shape, rng, rng.standard_normal)

    def slopes(self, u: Array) -> Array:
        return np.eye(self.size)
