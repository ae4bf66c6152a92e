"""The Gaussian family: K normal distributions over one covariance structure.

    log N(x | μ, Σ) = −½ (d log 2π + log|Σ| + (x − μ)ᵀ Σ⁻¹ (x − μ))

The statistics are the moments about a centre that they carry (the means of the E-step): raw second moments
cancel where the mean is large beside the spread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.families.gaussian.covariance import Covariance, Full, Spherical
from jensen.families.gaussian.metric import Metric

LOG_2PI = float(np.log(2.0 * np.pi))
DEFAULT_FLOOR = 1e-7


class GaussianParams(NamedTuple):
    """Means (k, d) and covariances in the shape of the structure."""

    means: Array
    covariances: Array


@dataclass(frozen=True, slots=True, eq=False)
class GaussianStats:
    """Weighted moments of each component about its centre. They add and scale.

    Attributes
    ----------
    covariance
        The structure.
    centre
        (k, d): c_k.
    count
        (k,): Σ_n w_nk.
    first
        (k, d): Σ_n w_nk (x_n − c_k).
    second
        Σ_n w_nk (x_n − c_k)(x_n − c_k)ᵀ in the structure's shape.
    dof
        (k,): what multiplies −½ log|Σ_k|. Equal to ``count`` for data; a conjugate prior's own.
    """

    covariance: Covariance
    centre: Array
    count: Array
    first: Array
    second: Array
    dof: Array

    def about(self, centre: Array) -> GaussianStats:
        """The same statistics about another centre: exact."""
        shift = self.centre - centre
        outer = self.covariance.outer
        count = self.count[:, None]
        second = (
            self.second + outer(self.first, shift) + outer(shift, self.first) + outer(count * shift, shift)
        )
        return replace(self, centre=centre, first=self.first + count * shift, second=second)

    def __add__(self, other: GaussianStats) -> GaussianStats:
        if other.centre is not self.centre:
            other = other.about(self.centre)
        return replace(
            self,
            count=self.count + other.count,
            first=self.first + other.first,
            second=self.second + other.second,
            dof=self.dof + other.dof,
        )

    def scale(self, factor: float) -> GaussianStats:
        """The statistics of the rows counted ``factor`` times."""
        return replace(
            self,
            count=factor * self.count,
            first=factor * self.first,
            second=factor * self.second,
            dof=factor * self.dof,
        )


@dataclass(frozen=True, slots=True)
class Gaussian:
    """K normal distributions.

    Parameters
    ----------
    covariance
        The structure: `Full`, `Tied`, `Diagonal` or `Spherical`.
    floor
        ε: every component covariance is at least ε times the data's own covariance in the metric of the
        structure. It is part of the parameter space, not a ridge: where it is not active the fit is plain
        maximum likelihood.
    metric
        Set by `prepare` from the data; without it there is no bound.

    Examples
    --------
    >>> import jensen
    >>> jensen.Gaussian(jensen.Diagonal()).covariance.name
    'diag'
    """

    covariance: Covariance = field(default_factory=Full)
    floor: float = DEFAULT_FLOOR
    metric: Metric | None = None

    def prepare(self, data: Array, weight: Array | None) -> Gaussian:
        """The family with its bound in the metric of these data.

        Raises
        ------
        ValueError
            If a column is constant, so that no covariance can be estimated in it.
        """
        mean, covariance = data_moments(data, weight)
        self._refuse_constant_columns(data, weight, mean, covariance)
        return replace(self, metric=self.covariance.metric(mean, covariance))

    def _refuse_constant_columns(
        self, data: Array, weight: Array | None, mean: Array, covariance: Array
    ) -> None:
        suspects = np.flatnonzero(np.diagonal(covariance) <= np.square(1e-6 * mean))
        if not len(suspects):
            return
        rows = data[:, suspects] if weight is None else data[np.asarray(weight) > 0][:, suspects]
        constant = suspects[rows.min(axis=0) == rows.max(axis=0)]
        if len(constant) and (len(constant) == len(mean) or not isinstance(self.covariance, Spherical)):
            columns = ", ".join(str(j) for j in constant)
            raise ValueError(
                f"no variance to estimate: column {columns} (counted from 0) is constant; leave it out"
            )

    def log_density(self, params: GaussianParams, data: Array) -> Array:
        """log p(x_n | z = k), (n, k)."""
        k, d = params.means.shape
        structure = self.covariance
        distances = structure.squared_distances(np.asarray(data, float), params.means, params.covariances)
        return -0.5 * (d * LOG_2PI + structure.log_det(params.covariances, k, d) + distances)

    def statistics(self, params: GaussianParams, data: Array, weight: Array) -> GaussianStats:
        """Moments about the current means under ``weight`` (n, k)."""
        data = np.asarray(data, float)
        centre = params.means
        count = weight.sum(axis=0)
        first = np.stack([w @ (data - c) for c, w in zip(centre, weight.T, strict=True)])
        second = self.covariance.second(data, centre, weight)
        return GaussianStats(self.covariance, centre, count, first, second, count)

    def m_step(self, stats: GaussianStats, params: GaussianParams) -> GaussianParams:
        """Weighted means and covariances, the latter within the bound; a component without rows stays."""
        count = stats.count[:, None]
        shift = np.where(count > 0, stats.first / np.where(count > 0, count, 1.0), 0.0)
        means = np.where(count > 0, stats.centre + shift, params.means)
        scatter = stats.second - self.covariance.outer(count * shift, shift)
        covariances = self.covariance.estimate(scatter, stats.dof, means.shape[1], params.covariances)
        return GaussianParams(means, self.clip(covariances))

    def clip(self, covariances: Array) -> Array:
        """The covariances within the bound: the exact constrained M-step."""
        return covariances if self.metric is None else self.metric.clip(covariances, self.floor)

    def expected_log_density(self, params: GaussianParams, stats: GaussianStats) -> float:
        """Σ_nk w_nk log N(x_n | μ_k, Σ_k) from the statistics."""
        k, d = params.means.shape
        moved = stats.about(params.means)
        log_det = self.covariance.log_det(params.covariances, k, d)
        quadratic = self.covariance.trace(params.covariances, moved.second)
        return -0.5 * float(d * LOG_2PI * stats.count.sum() + stats.dof @ log_det + quadratic)

    def sample(self, params: GaussianParams, labels: NDArray[np.integer], rng: np.random.Generator) -> Array:
        """One row for each label."""
        k, d = params.means.shape
        factors = np.linalg.cholesky(self.covariance.full(params.covariances, k, d))
        noise = rng.standard_normal((len(labels), d))
        return params.means[labels] + np.einsum("nde,ne->nd", factors[labels], noise)

    def relabel(self, params: GaussianParams, order: NDArray[np.integer]) -> GaussianParams:
        """The components in another order; a shared covariance stays."""
        shared = self.covariance.name == "tied"
        covariances = params.covariances if shared else params.covariances[order]
        return GaussianParams(params.means[order], covariances)

    def num_free(self, params: GaussianParams) -> int:
        """Free parameters: means and covariances."""
        k, d = params.means.shape
        return k * d + self.covariance.num_free(k, d)


def data_moments(data: Array, weight: Array | None) -> tuple[Array, Array]:
    """Weighted mean (d,) and covariance (d, d) of the rows, in double precision, block by block.

    Raises
    ------
    ValueError
        If no row has weight.
    """
    d = data.shape[1]
    mean = np.zeros(d)
    total = 0.0
    for rows, w in _blocks(data, weight):
        total += w.sum()
        mean += w @ (rows - data[0])
    if not total > 0:
        raise ValueError("the weights add up to zero")
    mean = data[0] + mean / total
    covariance = np.zeros((d, d))
    for rows, w in _blocks(data, weight):
        rows = rows - mean
        covariance += (rows.T * w) @ rows
    return mean, covariance / total


def _blocks(data: Array, weight: Array | None, size: int = 4096) -> Iterator[tuple[Array, Array]]:
    for begin in range(0, len(data), size):
        rows = np.asarray(data[begin : begin + size], float)
        yield rows, np.ones(len(rows)) if weight is None else np.asarray(weight[begin : begin + size], float)
