"""The metric of a covariance structure: the coordinates in which the data have unit covariance.

A bound on the covariances, a k-means start or a distance between components means the same before and after a
transformation of the data only in the coordinates that the structure's own group acts on: affine maps for
full matrices, one scale per column for diagonal ones, one scale in all for spherical ones.

In these coordinates the bound is Σ ⪰ ε·I, and clipping the eigenvalues at ε is the exact constrained M-step:
−N/2·(log|Σ| + tr(Σ⁻¹Ŝ)) separates over the eigenvalues of Ŝ, and each term is unimodal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.numerics.positive_definite import is_positive_definite

NULL_DIRECTION = 1e-5
"""Eigenvalues of the correlation matrix are taken to be at least this: columns that are linear combinations
of others would otherwise give the bound no scale at all."""
TAKES_PART = 1e-3  # in a unit vector along which the standardized columns do not vary


class Metric(Protocol):
    """Coordinates u = A⁻¹(x − m) in which the data have unit covariance."""

    def whiten(self, data: Array) -> Array:
        """(n, d) rows to coordinates."""
        ...

    def unwhiten(self, rows: Array) -> Array:
        """Coordinates back to rows."""
        ...

    def whiten_covariances(self, covariances: Array) -> Array:
        """Covariances of the structure, in the coordinates."""
        ...

    def unwhiten_covariances(self, covariances: Array) -> Array:
        """And back."""
        ...

    def clip(self, covariances: Array, floor: float) -> Array:
        """The covariances with no eigenvalue below ``floor`` in this metric."""
        ...

    def smallest(self, covariances: Array) -> Array:
        """The smallest eigenvalue of each covariance in this metric."""
        ...

    @property
    def mean(self) -> Array:
        """(d,): where the coordinates are 0."""
        ...

    @property
    def standardizes_columns(self) -> bool:
        """Whether its coordinates are the standardized columns."""
        ...

    @property
    def log_scale(self) -> float:
        """log |A|: a log-density of coordinates minus this is one of rows."""
        ...

    @property
    def rank(self) -> int:
        """In how many directions the data vary."""
        ...

    @property
    def dependent(self) -> list[int]:
        """The columns that are combinations of others, where the metric has directions across columns."""
        ...

    @property
    def least_bound(self) -> float:
        """The smallest bound that covariances at it can be computed with."""
        ...

    @staticmethod
    def random_map(d: int, rng: np.random.Generator) -> Array:
        """A random (d, d) matrix of the group that keeps the metric's form: x → M x + b."""
        ...


def rotation(d: int, rng: np.random.Generator) -> Array:
    """A random orthogonal (d, d) matrix."""
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def require_finite(mean: Array, scale: Array | float) -> None:
    """A ValueError where a metric is none."""
    if not (np.isfinite(mean).all() and np.isfinite(scale).all()):
        raise ModelError("mean and scale of a metric must be finite")


@dataclass(frozen=True, slots=True, eq=False)
class AffineMetric:
    """Full matrices: A is the Cholesky factor of the data covariance."""

    mean: Array
    factor: Array
    rank: int
    """Numerical rank of the correlation matrix of the data."""

    def __post_init__(self) -> None:
        require_finite(self.mean, self.factor)
        if not 0 <= self.rank <= len(self.mean):
            raise ModelError(f"rank must be from 0 to {len(self.mean)}, not {self.rank}")

    @classmethod
    def of(cls, mean: Array, covariance: Array) -> AffineMetric:
        scale = np.sqrt(np.diagonal(covariance))
        values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
        rank = int((values > 1e-12 * len(mean)).sum())
        if values[0] < NULL_DIRECTION:
            correlation = (vectors * np.maximum(values, NULL_DIRECTION)) @ vectors.T
            covariance = correlation * np.outer(scale, scale)
        return cls(mean, np.asarray(np.linalg.cholesky(covariance), np.float64), rank)

    @property
    def dependent(self) -> list[int]:
        """The columns that are combinations of others, where some are."""
        covariance = self.factor @ self.factor.T
        scale = np.sqrt(np.diagonal(covariance))
        _, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
        null = np.abs(vectors[:, : len(self.mean) - self.rank])
        return np.flatnonzero((null > TAKES_PART).any(axis=1)).tolist()

    def whiten(self, data: Array) -> Array:
        return (data - self.mean) @ np.linalg.inv(self.factor).T

    def unwhiten(self, rows: Array) -> Array:
        return rows @ self.factor.T + self.mean

    def whiten_covariances(self, covariances: Array) -> Array:
        inverse = np.linalg.inv(self.factor)
        return inverse @ covariances @ inverse.T

    def unwhiten_covariances(self, covariances: Array) -> Array:
        return self.factor @ covariances @ self.factor.T

    def clip(self, covariances: Array, floor: float) -> Array:
        # Σ ⪰ ε A Aᵀ by its Cholesky factor: much less work than eigenvalues, and nearly always enough
        if is_positive_definite(covariances - floor * self.factor @ self.factor.T):
            return covariances
        values, vectors = np.linalg.eigh(self.whiten_covariances(covariances))
        clipped = (vectors * np.maximum(values, floor)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
        low = values.min(axis=-1)[..., None, None] < floor
        return np.where(low, self.unwhiten_covariances(clipped), covariances)

    def smallest(self, covariances: Array) -> Array:
        return np.asarray(np.linalg.eigvalsh(self.whiten_covariances(covariances))[..., 0], np.float64)

    @property
    def standardizes_columns(self) -> bool:
        return False

    @property
    def least_bound(self) -> float:
        return 1e-15 if len(self.mean) == 1 else 1e-11

    @property
    def log_scale(self) -> float:
        return float(np.log(np.diagonal(self.factor)).sum())

    @staticmethod
    def random_map(d: int, rng: np.random.Generator) -> Array:
        return (rotation(d, rng) * np.exp(rng.uniform(-1, 1, d))) @ rotation(d, rng)


@dataclass(frozen=True, slots=True, eq=False)
class ScaledMetric:
    """A is diagonal, and so are the covariances: division by ``scale``, one for all columns or for each."""

    mean: Array
    scale: Array | float

    def __post_init__(self) -> None:
        require_finite(self.mean, self.scale)

    def whiten(self, data: Array) -> Array:
        return (data - self.mean) / self.scale

    def unwhiten(self, rows: Array) -> Array:
        return rows * self.scale + self.mean

    def whiten_covariances(self, covariances: Array) -> Array:
        return covariances / self.scale**2

    def unwhiten_covariances(self, covariances: Array) -> Array:
        return covariances * self.scale**2

    def clip(self, covariances: Array, floor: float) -> Array:
        return np.maximum(covariances, floor * self.scale**2)

    @property
    def least_bound(self) -> float:
        return 1e-15


class ColumnMetric(ScaledMetric):
    """Diagonal matrices: A holds the standard deviation of each column."""

    __slots__ = ()

    @classmethod
    def of(cls, mean: Array, covariance: Array) -> ColumnMetric:
        return cls(mean, np.sqrt(np.diagonal(covariance)))

    def smallest(self, covariances: Array) -> Array:
        return self.whiten_covariances(covariances).min(axis=-1)

    @property
    def standardizes_columns(self) -> bool:
        return True

    @property
    def log_scale(self) -> float:
        return float(np.log(self.scale).sum())

    @property
    def rank(self) -> int:
        return int(np.count_nonzero(self.scale))

    @property
    def dependent(self) -> list[int]:
        return np.flatnonzero(self.scale == 0).tolist()

    @staticmethod
    def random_map(d: int, rng: np.random.Generator) -> Array:
        return np.diag(rng.choice([-1, 1], d) * np.exp(rng.uniform(-2, 2, d)))


class ScaleMetric(ScaledMetric):
    """Multiples of the identity: A is the root mean variance of the columns."""

    __slots__ = ()

    @classmethod
    def of(cls, mean: Array, covariance: Array) -> ScaleMetric:
        return cls(mean, float(np.sqrt(np.trace(covariance) / len(mean))))

    def smallest(self, covariances: Array) -> Array:
        return self.whiten_covariances(covariances)

    @property
    def standardizes_columns(self) -> bool:
        return False

    @property
    def log_scale(self) -> float:
        return float(len(self.mean) * np.log(self.scale))

    @property
    def rank(self) -> int:
        return len(self.mean)

    @property
    def dependent(self) -> list[int]:
        return []

    @staticmethod
    def random_map(d: int, rng: np.random.Generator) -> Array:
        return np.exp(rng.uniform(-2, 2)) * rotation(d, rng)


class MatrixScaleMetric(ScaleMetric):
    """The same for matrices that share their axes: raising eigenvalues keeps the axes, and rotations do."""

    __slots__ = ()

    @property
    def least_bound(self) -> float:
        return 1e-11

    def clip(self, covariances: Array, floor: float) -> Array:
        values, vectors = np.linalg.eigh(covariances)
        least = floor * self.scale**2
        raised = (vectors * np.maximum(values, least)[..., None, :]) @ np.swapaxes(vectors, -1, -2)
        low = np.asarray(values[..., 0] < least)[..., None, None]
        return np.where(low, raised, covariances)

    def smallest(self, covariances: Array) -> Array:
        return np.asarray(np.linalg.eigvalsh(covariances)[..., 0] / self.scale**2, np.float64)
