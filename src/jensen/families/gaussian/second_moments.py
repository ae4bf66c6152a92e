"""Kinds of second moments: what a pass over the rows leaves of their spread, and the algebra in that shape.

======================  =============  ==================================================================
kind                    shape          Σ_n w_nk (x_n − c_k)(x_n − c_k)ᵀ is kept as
======================  =============  ==================================================================
`MATRICES`              (k, d, d)      a matrix for each component
`POOLED`                (d, d)         one matrix, the sum over the components
`COLUMNS`               (k, d)         the diagonal of each
`TOTALS`                (k,)           the trace of each
======================  =============  ==================================================================

A covariance structure says which of them its M-step needs. Its covariances in the same shape are its
*spread*:
all that an E-step, native or not, has to know of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from jensen.basics.arrays import Array
from jensen.numerics.positive_definite import is_positive_definite, log_det_and_trace


class SecondMoments(ABC):
    """One kind of second moments, and the spread in its shape. ``k`` components in ``d`` columns
    throughout.
    """

    __slots__ = ()

    code: ClassVar[int]
    """Its number in the native kernels."""
    of_matrices: ClassVar[bool] = False
    """Whether covariances in this shape are matrices, or variances."""

    @abstractmethod
    def shape(self, k: int, d: int) -> tuple[int, ...]:
        """Shape of the moments and of the spread."""

    @abstractmethod
    def outer(self, a: Array, b: Array) -> Array:
        """a_k b_kᵀ for (k, d) arrays."""

    @abstractmethod
    def of_rows(self, a: Array, b: Array) -> Array:
        """a_nk b_nkᵀ of every row, from (n, k, d) arrays: (n, …)."""

    @abstractmethod
    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        """Σ_n w_nk (x_n − c_k)(x_n − c_k)ᵀ."""

    @abstractmethod
    def squared_distances(self, data: Array, means: Array, spread: Array) -> Array:
        """(x_n − μ_k)ᵀ Σ_k⁻¹ (x_n − μ_k), (n, k)."""

    @abstractmethod
    def log_det(self, spread: Array, k: int, d: int) -> Array:
        """log |Σ_k|, (k,)."""

    @abstractmethod
    def trace(self, spread: Array, second: Array) -> float:
        """Σ_k tr(Σ_k⁻¹ S_k)."""

    def log_det_and_trace(self, spread: Array, second: Array, k: int, d: int) -> tuple[Array, float]:
        """Both at once, where they have work in common."""
        return self.log_det(spread, k, d), self.trace(spread, second)

    @abstractmethod
    def precision_times(self, spread: Array, vectors: Array) -> Array:
        """Σ_k⁻¹ v_k from v (…, k, d)."""

    @abstractmethod
    def gradient(self, spread: Array, second: Array, dof: Array, d: int) -> Array:
        """∂Q/∂spread, from the moments (…, as shaped) about the means and their dof (…, k)."""

    @abstractmethod
    def positive_definite(self, spread: Array) -> bool:
        """Whether every covariance is one."""

    @abstractmethod
    def full(self, spread: Array, k: int, d: int) -> Array:
        """The spread as (k, d, d) matrices."""

    @abstractmethod
    def reduce(self, full: Array, weight: Array) -> Array:
        """(k, d, d) matrices in this shape: averages, pooled with ``weight`` (k,) where components share."""


def _cholesky_inverse(matrices: Array) -> Array:
    """W = L⁻¹ with Σ = L Lᵀ, so that ‖W x‖² = xᵀ Σ⁻¹ x."""
    return np.asarray(np.linalg.inv(np.linalg.cholesky(matrices)), np.float64)


def _matrix_gradient(matrices: Array, second: Array, dof: Array) -> Array:
    """½ Σ⁻¹ (S − N Σ) Σ⁻¹."""
    precision = np.linalg.inv(matrices)
    return 0.5 * (precision @ second @ precision - dof[..., None, None] * precision)


def times(matrices: Array, vectors: Array) -> Array:
    """M_k v_nk of vectors (…, k, d), by matrices (k, d, d), or by one for all."""
    rows = vectors.reshape(-1, *vectors.shape[-2:])
    if matrices.ndim == 2:
        return (rows.reshape(-1, len(matrices)) @ matrices.T).reshape(vectors.shape)
    found = np.swapaxes(rows, 0, 1) @ np.swapaxes(matrices, -1, -2)
    return np.swapaxes(found, 0, 1).reshape(vectors.shape)


def _solve(matrices: Array, vectors: Array) -> Array:
    """The same by their inverses; every matrix is factorized once."""
    d = vectors.shape[-1]
    if matrices.ndim == 2:
        found = np.linalg.solve(matrices, vectors.reshape(-1, d).T).T
    else:
        rows = vectors.reshape(-1, *vectors.shape[-2:])
        found = np.moveaxis(np.linalg.solve(matrices, np.moveaxis(rows, 0, -1)), -1, 0)
    return np.asarray(found.reshape(vectors.shape), np.float64)


class Matrices(SecondMoments):
    """A matrix for each component."""

    __slots__ = ()
    code = 0
    of_matrices = True

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k, d, d)

    def outer(self, a: Array, b: Array) -> Array:
        return np.einsum("kd,ke->kde", a, b)

    def of_rows(self, a: Array, b: Array) -> Array:
        return np.einsum("nkd,nke->nkde", a, b)

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        return np.stack([((data - c).T * w) @ (data - c) for c, w in zip(centre, weight.T, strict=True)])

    def squared_distances(self, data: Array, means: Array, spread: Array) -> Array:
        factors = _cholesky_inverse(spread)
        each = [np.square((data - m) @ f.T).sum(axis=1) for m, f in zip(means, factors, strict=True)]
        return np.stack(each, axis=1)

    def log_det(self, spread: Array, k: int, d: int) -> Array:
        diagonal = np.diagonal(np.linalg.cholesky(spread), axis1=-2, axis2=-1)
        return 2.0 * np.log(diagonal).sum(axis=-1)

    def trace(self, spread: Array, second: Array) -> float:
        return float((np.linalg.inv(spread) * second).sum())

    def log_det_and_trace(self, spread: Array, second: Array, k: int, d: int) -> tuple[Array, float]:
        return log_det_and_trace(spread, second)

    def precision_times(self, spread: Array, vectors: Array) -> Array:
        return _solve(spread, vectors)

    def gradient(self, spread: Array, second: Array, dof: Array, d: int) -> Array:
        return _matrix_gradient(spread, second, dof)

    def positive_definite(self, spread: Array) -> bool:
        return is_positive_definite(spread)

    def full(self, spread: Array, k: int, d: int) -> Array:
        return spread

    def reduce(self, full: Array, weight: Array) -> Array:
        return full


class Pooled(SecondMoments):
    """One matrix for all components."""

    __slots__ = ()
    code = 1
    of_matrices = True

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (d, d)

    def outer(self, a: Array, b: Array) -> Array:
        return np.einsum("kd,ke->de", a, b)

    def of_rows(self, a: Array, b: Array) -> Array:
        return np.einsum("nkd,nke->nde", a, b)

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        return MATRICES.second(data, centre, weight).sum(axis=0)

    def squared_distances(self, data: Array, means: Array, spread: Array) -> Array:
        factor = _cholesky_inverse(spread)
        return np.stack([np.square((data - m) @ factor.T).sum(axis=1) for m in means], axis=1)

    def log_det(self, spread: Array, k: int, d: int) -> Array:
        return np.repeat(MATRICES.log_det(spread, 1, d), k)

    def trace(self, spread: Array, second: Array) -> float:
        return MATRICES.trace(spread, second)

    def log_det_and_trace(self, spread: Array, second: Array, k: int, d: int) -> tuple[Array, float]:
        log_det, trace = log_det_and_trace(spread, second)
        return np.repeat(log_det, k), trace

    def precision_times(self, spread: Array, vectors: Array) -> Array:
        return _solve(spread, vectors)

    def gradient(self, spread: Array, second: Array, dof: Array, d: int) -> Array:
        return _matrix_gradient(spread, second, dof.sum(axis=-1))

    def positive_definite(self, spread: Array) -> bool:
        return is_positive_definite(spread)

    def full(self, spread: Array, k: int, d: int) -> Array:
        return np.broadcast_to(spread, (k, d, d)).copy()

    def reduce(self, full: Array, weight: Array) -> Array:
        return np.einsum("k,kde->de", weight / weight.sum(), full)


class Columns(SecondMoments):
    """A variance for each component and column."""

    __slots__ = ()
    code = 2

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k, d)

    def outer(self, a: Array, b: Array) -> Array:
        return a * b

    def of_rows(self, a: Array, b: Array) -> Array:
        return a * b

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        return np.stack([w @ np.square(data - c) for c, w in zip(centre, weight.T, strict=True)])

    def squared_distances(self, data: Array, means: Array, spread: Array) -> Array:
        each = [np.square(data - m) @ (1.0 / v) for m, v in zip(means, spread, strict=True)]
        return np.stack(each, axis=1)

    def log_det(self, spread: Array, k: int, d: int) -> Array:
        return np.log(spread).sum(axis=1)

    def trace(self, spread: Array, second: Array) -> float:
        return float((second / spread).sum())

    def precision_times(self, spread: Array, vectors: Array) -> Array:
        return vectors / spread

    def gradient(self, spread: Array, second: Array, dof: Array, d: int) -> Array:
        return 0.5 * (second / spread - dof[..., None]) / spread

    def positive_definite(self, spread: Array) -> bool:
        return bool((spread > 0).all())

    def full(self, spread: Array, k: int, d: int) -> Array:
        return spread[:, :, None] * np.eye(d)

    def reduce(self, full: Array, weight: Array) -> Array:
        return np.diagonal(full, axis1=1, axis2=2).copy()


class Totals(SecondMoments):
    """One variance for each component."""

    __slots__ = ()
    code = 3

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k,)

    def outer(self, a: Array, b: Array) -> Array:
        return np.einsum("kd,kd->k", a, b)

    def of_rows(self, a: Array, b: Array) -> Array:
        return np.einsum("nkd,nkd->nk", a, b)

    def second(self, data: Array, centre: Array, weight: Array) -> Array:
        return COLUMNS.second(data, centre, weight).sum(axis=1)

    def squared_distances(self, data: Array, means: Array, spread: Array) -> Array:
        each = [np.square(data - m).sum(axis=1) / v for m, v in zip(means, spread, strict=True)]
        return np.stack(each, axis=1)

    def log_det(self, spread: Array, k: int, d: int) -> Array:
        return d * np.log(spread)

    def trace(self, spread: Array, second: Array) -> float:
        return float((second / spread).sum())

    def precision_times(self, spread: Array, vectors: Array) -> Array:
        return vectors / spread[:, None]

    def gradient(self, spread: Array, second: Array, dof: Array, d: int) -> Array:
        return 0.5 * (second / spread - d * dof) / spread

    def positive_definite(self, spread: Array) -> bool:
        return bool((spread > 0).all())

    def full(self, spread: Array, k: int, d: int) -> Array:
        return spread[:, None, None] * np.eye(d)

    def reduce(self, full: Array, weight: Array) -> Array:
        return np.trace(full, axis1=1, axis2=2) / full.shape[1]


MATRICES = Matrices()
POOLED = Pooled()
COLUMNS = Columns()
TOTALS = Totals()
