"""Covariance structures: how K component covariances share their shape. Each is an object.

======================  =========  ================  ==========================
structure               mclust     covariances       invariant under
======================  =========  ================  ==========================
`Full`                  VVV        (k, d, d)         affine maps of the rows
`Tied`                  EEE        (d, d)            affine maps of the rows
`Diagonal`              VVI        (k, d)            scaling of each column
`Spherical`             VII        (k,)              rotations and one scale
======================  =========  ================  ==========================

``second`` below is Σ_n w_nk (x_n − c_k)(x_n − c_k)ᵀ in the shape of the structure: summed over k for
`Tied`, its diagonal for `Diagonal`, its trace for `Spherical`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.gaussian.metric import AffineMetric, ColumnMetric, Metric, ScaleMetric


class Covariance(Protocol):
    """A covariance structure. ``k`` components in ``d`` columns throughout."""

    @property
    def name(self) -> str:
        """The name in tables and files."""
        ...

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        """Shape of the covariances."""
        ...

    def num_free(self, k: int, d: int) -> int:
        """Free covariance parameters."""
        ...

    def metric(self, mean: Array, covariance: Array) -> Metric:
        """The metric in which the structure is invariant, from the moments of the data."""
        ...

    def outer(self, a: Array, b: Array) -> Array:
        """a_k b_kᵀ for (k, d) arrays, in the structure's shape."""
        ...

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        """Σ_n w_nk (x_n − c_k)(x_n − c_k)ᵀ in the structure's shape."""
        ...

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        """The maximum-likelihood covariances: scatter / dof; the current ones where dof is 0."""
        ...

    def squared_distances(self, data: Array, means: Array, covariances: Array) -> Array:
        """(x_n − μ_k)ᵀ Σ_k⁻¹ (x_n − μ_k), (n, k)."""
        ...

    def log_det(self, covariances: Array, k: int, d: int) -> Array:
        """log |Σ_k|, (k,)."""
        ...

    def trace(self, covariances: Array, second: Array) -> float:
        """Σ_k tr(Σ_k⁻¹ S_k)."""
        ...

    def full(self, covariances: Array, k: int, d: int) -> Array:
        """The covariances as (k, d, d) matrices."""
        ...

    def reduce(self, full: Array, weight: Array) -> Array:
        """The structure's covariances nearest to (k, d, d) matrices: pooled with ``weight``,
        diagonal, mean variance.
        """
        ...


def _cholesky_inverse(covariances: Array) -> Array:
    """W = L⁻¹ with Σ = L Lᵀ, so that ‖W x‖² = xᵀ Σ⁻¹ x."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariances)), np.float64)


@dataclass(frozen=True, slots=True)
class Full:
    """Every component has a covariance matrix of its own."""

    name: str = "full"

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k, d, d)

    def num_free(self, k: int, d: int) -> int:
        return k * d * (d + 1) // 2

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return AffineMetric.of(mean, covariance)

    def outer(self, a: Array, b: Array) -> Array:
        return np.einsum("kd,ke->kde", a, b)

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        return np.stack([((data - c).T * w) @ (data - c) for c, w in zip(centre, weight.T, strict=True)])

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        safe = np.where(dof > 0, dof, 1.0)[:, None, None]
        return np.where(dof[:, None, None] > 0, scatter / safe, current)

    def squared_distances(self, data: Array, means: Array, covariances: Array) -> Array:
        factors = _cholesky_inverse(covariances)
        each = [np.square((data - m) @ f.T).sum(axis=1) for m, f in zip(means, factors, strict=True)]
        return np.stack(each, axis=1)

    def log_det(self, covariances: Array, k: int, d: int) -> Array:
        diagonal = np.diagonal(np.linalg.cholesky(covariances), axis1=1, axis2=2)
        return 2.0 * np.log(diagonal).sum(axis=1)

    def trace(self, covariances: Array, second: Array) -> float:
        return float((np.linalg.inv(covariances) * second).sum())

    def full(self, covariances: Array, k: int, d: int) -> Array:
        return covariances

    def reduce(self, full: Array, weight: Array) -> Array:
        return full


@dataclass(frozen=True, slots=True)
class Tied:
    """All components share one covariance matrix."""

    name: str = "tied"

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (d, d)

    def num_free(self, k: int, d: int) -> int:
        return d * (d + 1) // 2

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return AffineMetric.of(mean, covariance)

    def outer(self, a: Array, b: Array) -> Array:
        return np.einsum("kd,ke->de", a, b)

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        return Full().second(data, centre, weight).sum(axis=0)

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        total = dof.sum()
        return scatter / total if total > 0 else current

    def squared_distances(self, data: Array, means: Array, covariances: Array) -> Array:
        factor = _cholesky_inverse(covariances)
        return np.stack([np.square((data - m) @ factor.T).sum(axis=1) for m in means], axis=1)

    def log_det(self, covariances: Array, k: int, d: int) -> Array:
        return np.repeat(Full().log_det(covariances[None], 1, d), k)

    def trace(self, covariances: Array, second: Array) -> float:
        return float((np.linalg.inv(covariances) * second).sum())

    def full(self, covariances: Array, k: int, d: int) -> Array:
        return np.broadcast_to(covariances, (k, d, d)).copy()

    def reduce(self, full: Array, weight: Array) -> Array:
        return np.einsum("k,kde->de", weight / weight.sum(), full)


@dataclass(frozen=True, slots=True)
class Diagonal:
    """Within a component the columns are independent, each with a variance of its own."""

    name: str = "diag"

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k, d)

    def num_free(self, k: int, d: int) -> int:
        return k * d

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return ColumnMetric.of(mean, covariance)

    def outer(self, a: Array, b: Array) -> Array:
        return np.einsum("kd,kd->kd", a, b)

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        return np.stack([w @ np.square(data - c) for c, w in zip(centre, weight.T, strict=True)])

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        safe = np.where(dof > 0, dof, 1.0)[:, None]
        return np.where(dof[:, None] > 0, scatter / safe, current)

    def squared_distances(self, data: Array, means: Array, covariances: Array) -> Array:
        each = [np.square(data - m) @ (1.0 / v) for m, v in zip(means, covariances, strict=True)]
        return np.stack(each, axis=1)

    def log_det(self, covariances: Array, k: int, d: int) -> Array:
        return np.log(covariances).sum(axis=1)

    def trace(self, covariances: Array, second: Array) -> float:
        return float((second / covariances).sum())

    def full(self, covariances: Array, k: int, d: int) -> Array:
        return covariances[:, :, None] * np.eye(d)

    def reduce(self, full: Array, weight: Array) -> Array:
        return np.diagonal(full, axis1=1, axis2=2).copy()


@dataclass(frozen=True, slots=True)
class Spherical:
    """Each component has one variance, the same in every direction."""

    name: str = "spherical"

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k,)

    def num_free(self, k: int, d: int) -> int:
        return k

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return ScaleMetric.of(mean, covariance)

    def outer(self, a: Array, b: Array) -> Array:
        return np.einsum("kd,kd->k", a, b)

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        return Diagonal().second(data, centre, weight).sum(axis=1)

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        safe = np.where(dof > 0, dof, 1.0)
        return np.where(dof > 0, scatter / (safe * d), current)

    def squared_distances(self, data: Array, means: Array, covariances: Array) -> Array:
        each = [np.square(data - m).sum(axis=1) / v for m, v in zip(means, covariances, strict=True)]
        return np.stack(each, axis=1)

    def log_det(self, covariances: Array, k: int, d: int) -> Array:
        return d * np.log(covariances)

    def trace(self, covariances: Array, second: Array) -> float:
        return float((second / covariances).sum())

    def full(self, covariances: Array, k: int, d: int) -> Array:
        return covariances[:, None, None] * np.eye(d)

    def reduce(self, full: Array, weight: Array) -> Array:
        return np.trace(full, axis1=1, axis2=2) / full.shape[1]


STRUCTURES: dict[str, Covariance] = {s.name: s for s in (Full(), Tied(), Diagonal(), Spherical())}
