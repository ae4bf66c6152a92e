"""Correlation matrices."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Array
from jensen.spaces.links import Link, Logit
from jensen.spaces.matrices import (
    links_of_matrices,
    lower_indices,
    lower_triangle,
    not_positive_definite,
    symmetrized,
)
from jensen.spaces.space import Shape, Space, as_shape


@dataclass(frozen=True, slots=True)
class Correlation(Space):
    """Correlation matrices.

    The chart is the entries of the Cholesky factor below its diagonal, each row divided by its diagonal
    entry.

    Parameters
    ----------
    dim
        d, for one (d, d) matrix; (k, d) for k of them, (k, d, d).
    names
        What the d rows and columns are called. By default they are numbered from 0.
    """

    cell_axes = 2
    cell_name = "matrix"

    dim: Any
    names: Any = field(default=None, compare=False, repr=False)
    shape: Shape = field(init=False)

    def __post_init__(self) -> None:
        dim = as_shape(self.dim)
        object.__setattr__(self, "shape", (*dim, dim[-1]))
        _ = self.axes  # refuses names that do not fit

    @property
    def size(self) -> int:
        d = self.shape[-1]
        return prod(self.shape[:-2]) * (d * (d - 1) // 2)

    def to_chart(self, value: ArrayLike) -> Array:
        factor = np.linalg.cholesky(np.asarray(value, dtype=float))
        d = self.shape[-1]
        factor = factor / np.diagonal(factor, axis1=-2, axis2=-1)[..., None]
        return factor[(..., *lower_indices(d, -1))].ravel()

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        d = self.shape[-1]
        lower = lower_triangle(xp.reshape(u, (*self.shape[:-2], -1)), d, xp, -1) + np.eye(d)
        rows = lower / xp.sqrt(xp.sum(lower**2, axis=-1, keepdims=True))
        return rows @ xp.swapaxes(rows, -1, -2)

    def violation(self, value: Array) -> str | None:
        if not np.allclose(np.diagonal(value, axis1=-2, axis2=-1), 1.0, rtol=1e-8):
            return "its diagonal is not 1"
        return not_positive_definite(value)

    def random(self, rng: np.random.Generator) -> Array:
        return self.from_chart(0.3 * rng.standard_normal(self.size))

    def tidy(self, value: Array) -> Array:
        return symmetrized(value) if value.shape == self.shape else value

    def links(self) -> list[Link]:
        return links_of_matrices(self.shape, Link(), Logit(-1.0, 1.0))

    def widest(self) -> Array:
        return np.ones(self.size)
