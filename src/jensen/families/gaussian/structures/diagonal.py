"""Within a component the columns are independent, each with a variance of its own (mclust's VVI)."""

from __future__ import annotations

import numpy as np

from jensen.basics.arrays import Array, Mask
from jensen.families.gaussian.leave_one_out import AXES
from jensen.families.gaussian.metric import ColumnMetric, Metric
from jensen.families.gaussian.second_moments import COLUMNS
from jensen.families.gaussian.structures.structure import (
    PriorMoments,
    Structure,
    divided,
    inverse_gamma_normalizer,
)
from jensen.spaces.positive import Positive
from jensen.spaces.space import Space


class Diagonal(Structure):
    """Within a component the columns are independent, each with a variance of its own."""

    __slots__ = ()
    name = "diag"
    is_ours = True
    words = "no correlation within a component, a variance for each column"
    moments = COLUMNS
    own = AXES
    is_native = True

    def space(self, k: int, d: int) -> Space:
        return Positive((k, d))

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return ColumnMetric.of(mean, covariance)

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        return divided(scatter, dof, current)

    def reduce(self, full: Array, weight: Array) -> Array:
        return COLUMNS.reduce(full, weight)

    def prior_moments(self, scale: Array, dof: float, k: int) -> PriorMoments:
        diagonal = np.diag(scale)
        normalizer = k * inverse_gamma_normalizer(diagonal, dof)
        return PriorMoments(np.full(k, dof + 3), np.tile(diagonal, (k, 1)), normalizer)

    def score(self, covariances: Array, second: Array, dof: Array, k: int, d: int) -> Array:
        found = 0.5 * (second / covariances - dof[..., None])
        return found.reshape(*found.shape[:-2], -1)

    def at_bound(self, metric: Metric, covariances: Array, limit: float, k: int) -> Mask:
        return (metric.whiten_covariances(covariances) <= limit).ravel()

    def along_axes(self, rows: Array, means: Array, covariances: Array) -> Array:
        return np.square(rows[:, None, :] - means) / covariances
