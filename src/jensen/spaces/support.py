"""Where a natural number comes from: the coordinates that it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.spaces.links import places
from jensen.spaces.space import Covariance, Interval, Positive, Real, Simplex


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a natural number comes from: one entry of a space, at some of the coordinates of the chart.

    Attributes
    ----------
    space
        The space; None where the chart does not say.
    part
        The coordinates of the space.
    offset
        The place of the number among those of the space.
    support
        (s,): the coordinates of the chart that the number depends on.
    """

    space: Any
    part: slice
    offset: int
    support: NDArray[np.intp]


def cell(chart: Any, index: int) -> Cell:
    """The cell of a natural number."""
    for space, at, begin in places(chart):
        if begin <= index < begin + prod(space.shape):
            part = slice(at, at + space.size)
            return Cell(space, part, index - begin, at + _support(space, index - begin))
    return Cell(None, slice(0, chart.size), index, np.arange(chart.size))


@singledispatch
def _support(space: Any, offset: int) -> NDArray[np.intp]:
    """The coordinates of a space that one of its numbers depends on."""
    return np.arange(space.size)


@_support.register(Real)
@_support.register(Positive)
@_support.register(Interval)
def _(space: Any, offset: int) -> NDArray[np.intp]:
    return np.array([offset])


@_support.register
def _(space: Simplex, offset: int) -> NDArray[np.intp]:
    k = space.shape[-1]
    return offset // k * (k - 1) + np.arange(k - 1)


@_support.register
def _(space: Covariance, offset: int) -> NDArray[np.intp]:
    d = space.shape[-1]
    each = d * (d + 1) // 2
    return offset // d**2 * each + np.arange(each)
