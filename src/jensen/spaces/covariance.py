"""Covariance matrices."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Array, Labels
from jensen.spaces.links import Link, Log
from jensen.spaces.matrices import (
    links_of_matrices,
    lower_indices,
    lower_triangle,
    not_positive_definite,
    symmetrized,
)
from jensen.spaces.space import LOG_BOUND, Shape, Space, as_shape


@dataclass(frozen=True, slots=True)
class Covariance(Space):
    """Symmetric positive definite matrices; the chart is the Cholesky factor, its diagonal in logarithms.

    Parameters
    ----------
    dim
        d, for one (d, d) matrix; (k, d) for k of them, (k, d, d).
    scale
        Random starts are about ``scale²`` times the identity.
    names
        What the d rows and columns are called. By default they are numbered from 0.
    """

    cell_axes = 2
    cell_name = "matrix"
    far = LOG_BOUND

    dim: Any
    scale: float = 1.0
    names: Any = field(default=None, compare=False, repr=False)
    shape: Shape = field(init=False)

    def __post_init__(self) -> None:
        dim = as_shape(self.dim)
        object.__setattr__(self, "shape", (*dim, dim[-1]))
        _ = self.axes  # refuses names that do not fit

    @property
    def size(self) -> int:
        d = self.shape[-1]
        return prod(self.shape[:-2]) * (d * (d + 1) // 2)

    def to_chart(self, value: ArrayLike) -> Array:
        factor = np.linalg.cholesky(np.asarray(value, dtype=float))
        d = self.shape[-1]
        diagonal = np.arange(d)
        factor[..., diagonal, diagonal] = np.log(factor[..., diagonal, diagonal])
        return factor[(..., *lower_indices(d))].ravel()

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        factor = self.factor(u, xp)
        return factor @ xp.swapaxes(factor, -1, -2)

    def factor(self, u: Any, xp: Any = np) -> Any:
        """The lower Cholesky factor at coordinates (size,)."""
        lower = lower_triangle(xp.reshape(u, (*self.shape[:-2], -1)), self.shape[-1], xp)
        return xp.where(
            np.eye(self.shape[-1], dtype=bool), xp.exp(xp.clip(lower, -LOG_BOUND / 2, LOG_BOUND / 2)), lower
        )

    def violation(self, value: Array) -> str | None:
        return not_positive_definite(value)

    def random(self, rng: np.random.Generator) -> Array:
        d = self.shape[-1]
        factor = rng.standard_normal((*self.shape[:-1], 2 * d))
        return self.scale**2 * factor @ np.swapaxes(factor, -1, -2) / (2 * d)

    def tidy(self, value: Array) -> Array:
        return symmetrized(value) if value.shape == self.shape else value

    def slopes(self, u: Array) -> Array:
        """Σ = L Lᵀ: ∂Σ_ij/∂L_ab = δ_ia L_jb + δ_ja L_ib, times L_aa on the diagonal, for its logarithm."""
        d = self.shape[-1]
        factors = self.factor(u).reshape(-1, d, d)
        rows, columns = lower_indices(d)
        each, count = len(rows), len(factors)
        found = np.zeros((count, d, d, count, each))
        for m, factor in enumerate(factors):
            half = np.zeros((d, d, each))
            half[rows, :, np.arange(each)] = factor[:, columns].T
            half[:, :, rows == columns] *= np.diag(factor)
            found[m, :, :, m, :] = half + half.transpose(1, 0, 2)
        return found.reshape(prod(self.shape), count * each)

    def links(self) -> list[Link]:
        return links_of_matrices(self.shape, Log(), Link())

    def dependence(self, offset: int) -> Labels:
        d = self.shape[-1]
        each = d * (d + 1) // 2
        return offset // d**2 * each + np.arange(each)

    def widest(self) -> Array:
        rows, columns = lower_indices(self.shape[-1])
        one = np.where(rows == columns, 1.0, np.inf)
        return np.tile(one, prod(self.shape[:-2]))
