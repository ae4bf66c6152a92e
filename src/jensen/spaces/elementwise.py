"""Spaces of which every number stands on its own: the chart is a function of one number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Array, Labels
from jensen.spaces.space import LocalPart, Shape, Space, as_shape


@dataclass(frozen=True, slots=True)
class Elementwise(Space):
    """Every entry on its own. A space gives the map of one number, and back."""

    cell_axes = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", as_shape(self.shape))
        _ = self.axes  # refuses names that do not fit

    @abstractmethod
    def value(self, u: Any, xp: Any) -> Any:
        """Of coordinates in the shape of the value."""

    @abstractmethod
    def coordinate(self, value: Array) -> Array:
        """And back."""

    @property
    def size(self) -> int:
        return prod(self.shape)

    def to_chart(self, value: ArrayLike) -> Array:
        return self.coordinate(np.asarray(value, dtype=float)).ravel()

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        return self.value(xp.reshape(u, self.shape), xp)

    def dependence(self, offset: int) -> Labels:
        return np.array([offset])


class Bounded(Elementwise):
    """Numbers with bounds: a coordinate can run to its end on either side."""

    __slots__ = ()

    def local(self, values: Array, unit: Array) -> LocalPart:
        return LocalPart(np.eye(self.size), np.full(self.size, 2), np.arange(self.size), unit)

    def widest(self) -> Array:
        return np.ones(self.size)


def uniform(
    start: tuple[float, float] | None,
    shape: Shape,
    rng: np.random.Generator,
    default: Callable[[Shape], Any],
) -> Array:
    """Random numbers between the ends of ``start``, or the default's."""
    return np.asarray(default(shape) if start is None else rng.uniform(*start, shape))
