"""The changes of the rows under which a covariance structure keeps its form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.gaussian.moments import GaussianParams
from jensen.families.gaussian.structures.structure import Structure


@dataclass(frozen=True, slots=True, eq=False)
class AffineMap:
    """x → A x + b, with A in the group of a structure.

    Attributes
    ----------
    covariance
        The structure.
    matrix
        (d, d): A.
    shift
        (d,): b.
    """

    covariance: Structure
    matrix: Array
    shift: Array

    def data(self, data: Array) -> Array:
        """The rows, moved."""
        moved = np.asarray(data, dtype=float) @ self.matrix.T + self.shift
        return moved.astype(data.dtype)

    def components(self, params: GaussianParams) -> GaussianParams:
        """The components, moved."""
        means, covariances = params
        k, d = means.shape
        full = self.matrix @ self.covariance.full(covariances, k, d) @ self.matrix.T
        return GaussianParams(means @ self.matrix.T + self.shift, self.covariance.reduce(full, np.ones(k)))

    @property
    def log_scale(self) -> float:
        """What every row's log-evidence loses."""
        return float(np.linalg.slogdet(self.matrix)[1])

    @property
    def condition(self) -> float:
        """How much more rounding there is after the move."""
        return float(np.linalg.cond(self.matrix)) ** 2


def random_map(covariance: Structure, data: Array, rng: Any) -> tuple[Array, Array]:
    """A random (d, d) matrix in the group of a structure, and a (d,) shift of the size of the data."""
    rng = np.random.default_rng(rng)
    d = data.shape[1]
    matrix = covariance.metric(np.zeros(d), np.eye(d)).random_map(d, rng)
    return matrix, matrix @ (np.abs(data).max(axis=0) * rng.standard_normal(d))
