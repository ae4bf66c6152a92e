"""What the spaces of a chart say about its numbers: their bounds, and where their coordinates end.

A *link* maps one natural number to the whole real line: intervals that are computed there respect its bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.spaces.space import (
    LOG_BOUND,
    LOGIT_BOUND,
    Correlation,
    Covariance,
    Interval,
    Positive,
    Simplex,
)


@dataclass(frozen=True, slots=True)
class Link:
    """The identity: a number without bounds."""

    low: float = -np.inf
    high: float = np.inf

    def to(self, x: Any) -> Any:
        """The number on the real line."""
        return x

    def back(self, t: Any) -> Any:
        """And back."""
        return t

    def slope(self, x: float) -> float:
        """d back(t) / dt at x."""
        return 1.0


@dataclass(frozen=True, slots=True)
class Log(Link):
    """A positive number."""

    low: float = 0.0

    def to(self, x: Any) -> Any:
        return np.log(x)

    def back(self, t: Any) -> Any:
        return np.exp(t)

    def slope(self, x: float) -> float:
        return x


@dataclass(frozen=True, slots=True)
class Logit(Link):
    """A number between two bounds."""

    low: float = 0.0
    high: float = 1.0

    def to(self, x: Any) -> Any:
        return np.log(x - self.low) - np.log(self.high - x)

    def back(self, t: Any) -> Any:
        return self.low + (self.high - self.low) / (1.0 + np.exp(-t))

    def slope(self, x: float) -> float:
        return (x - self.low) * (self.high - x) / (self.high - self.low)


@singledispatch
def links_of(space: Any) -> list[Link]:
    """The link of every natural number of a space, in order."""
    return [Link()] * prod(space.shape)


@links_of.register
def _(space: Positive) -> list[Link]:
    return [Log()] * prod(space.shape)


@links_of.register
def _(space: Interval) -> list[Link]:
    return [Logit(space.low, space.high)] * prod(space.shape)


@links_of.register
def _(space: Simplex) -> list[Link]:
    return [Logit()] * prod(space.shape)


@links_of.register
def _(space: Covariance) -> list[Link]:
    return _of_matrices(space.shape, Log(), Link())


@links_of.register
def _(space: Correlation) -> list[Link]:
    return _of_matrices(space.shape, Link(), Logit(-1.0, 1.0))


def _of_matrices(shape: tuple[int, ...], diagonal: Link, other: Link) -> list[Link]:
    return [diagonal if index[-1] == index[-2] else other for index in np.ndindex(*shape)]


@dataclass(frozen=True, slots=True)
class Local:
    """Coordinates v in which every parameter that has a bound has one of its own: u = basis · v.

    They are the chart's, but for simplices: there they are the log-ratios to the largest entry.

    Attributes
    ----------
    basis
        (p, p).
    ends
        (p,): the sides on which a coordinate ends in a bound: −1 below, 2 both, 0 neither.
    far
        (p,): its absolute value there.
    entry
        (p,): the natural number that is at its bound there; −1 where there is none.
    v
        (p,): the coordinates.
    unit
        (p,): their units, as `jensen.em.score.unit_scale` has them for the chart's.
    """

    basis: Array
    ends: NDArray[np.intp]
    far: Array
    entry: NDArray[np.intp]
    v: Array
    unit: Array


def local(chart: Any, u: Array, natural: Array, unit: Array) -> Local:
    """The local coordinates at u; the chart's own where its spaces are not known."""
    basis, unit = np.eye(len(u)), unit.copy()
    ends, far, entry = np.zeros(len(u), int), np.full(len(u), np.inf), np.full(len(u), -1)
    for space, at, begin in places(chart):
        part = slice(at, at + space.size)
        values = natural[begin : begin + prod(space.shape)]
        basis[part, part], ends[part], inside, unit[part] = _local(space, values, unit[part])
        far[part] = LOG_BOUND if any(isinstance(link, Log) for link in links_of(space)) else LOGIT_BOUND
        entry[part] = np.where(inside < 0, -1, begin + inside)
    return Local(basis, ends, far, entry, np.asarray(np.linalg.solve(basis, u), np.float64), unit)


def widest(chart: Any, u: Array) -> Array:
    """(p,): how far a coordinate may be moved before the map to the natural numbers is another one.

    Logarithms by 1; whatever has the units of the data by any amount.
    """
    limits = np.full(len(u), np.inf)
    for space, at, _ in places(chart):
        limits[at : at + space.size] = _widest(space)
    return limits


def links(chart: Any) -> list[Link]:
    """The link of every natural number of a chart."""
    found = [link for space, _, _ in places(chart) for link in links_of(space)]
    return found or [Link()] * len(chart.names)


def places(chart: Any) -> Iterator[tuple[Any, int, int]]:
    """Every space with the place of its coordinates and of its natural numbers; none if unknown."""
    spaces = list(getattr(chart, "spaces", {}).values())
    if sum(space.size for space in spaces) != chart.size:
        return
    at = begin = 0
    for space in spaces:
        yield space, at, begin
        at += space.size
        begin += prod(space.shape)


Found = tuple[Array, NDArray[np.intp], NDArray[np.intp], Array]


@singledispatch
def _local(space: Any, values: Array, unit: Array) -> Found:
    """Of one space: basis, ends, entry (−1 for none), unit."""
    return np.eye(space.size), np.zeros(space.size, int), np.full(space.size, -1), unit


@_local.register(Positive)
@_local.register(Interval)
def _(space: Any, values: Array, unit: Array) -> Found:
    return np.eye(space.size), np.full(space.size, 2), np.arange(space.size), unit


@_local.register
def _(space: Simplex, values: Array, unit: Array) -> Found:
    """log(w_j / w_m) with the largest entry m instead of the last one: u_j = v_j − v_last."""
    k = space.shape[-1]
    if k == 1:
        return np.zeros((0, 0)), np.zeros(0, int), np.zeros(0, int), unit
    rows, units = values.reshape(-1, k), unit.reshape(-1, k - 1)
    basis, entry, found = np.zeros((space.size, space.size)), [], []
    for i, row in enumerate(rows):
        others = np.delete(np.arange(k), np.argmax(row))
        part = slice(i * (k - 1), (i + 1) * (k - 1))
        basis[part, part] = np.eye(k)[:-1, others] - np.eye(k)[-1, others]
        entry.extend(i * k + others)
        found.extend(_simplex_units(row, units[i])[others])
    return basis, np.full(space.size, -1), np.array(entry, int), np.array(found, float)


def _simplex_units(row: Array, unit: Array) -> Array:
    """1/√(N w_j (1 − w_j)) of every entry, N from the coordinate that tells most."""
    spread = np.maximum(row * (1 - row), 1e-300)
    best = int(np.argmax(spread[:-1]))
    return np.minimum(unit[best] * np.sqrt(spread[best] / spread), 1.0)


@singledispatch
def _widest(space: Any) -> Array | float:
    return np.inf


@_widest.register(Positive)
@_widest.register(Interval)
@_widest.register(Simplex)
@_widest.register(Correlation)
def _(space: Any) -> float:
    return 1.0


@_widest.register
def _(space: Covariance) -> Array:
    d = space.shape[-1]
    rows, columns = np.tril_indices(d)
    one = np.where(rows == columns, 1.0, np.inf)
    return np.tile(one, prod(space.shape[:-2]))
