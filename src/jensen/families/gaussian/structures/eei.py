"""The columns are independent, each with one variance for all components (mclust's EEI)."""

from __future__ import annotations

import numpy as np

from jensen.basics.arrays import Array, Mask
from jensen.families.gaussian.leave_one_out import NOTHING_OWN
from jensen.families.gaussian.metric import ColumnMetric, Metric
from jensen.families.gaussian.second_moments import COLUMNS
from jensen.families.gaussian.structures.structure import PriorMoments, Structure, inverse_gamma_normalizer
from jensen.spaces.positive import Positive
from jensen.spaces.space import Space


class EEI(Structure):
    """The columns are independent, each with one variance that all components share."""

    __slots__ = ()
    name = "eei"
    is_ours = True
    words = "no correlation within a component, one variance for each column, shared by the components"
    moments = COLUMNS
    own = NOTHING_OWN
    is_shared = True
    is_native = True
    alone = "diag"

    def space(self, k: int, d: int) -> Space:
        return Positive(d)

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return ColumnMetric.of(mean, covariance)

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        total = dof.sum()
        return scatter.sum(axis=0) / total if total > 0 else current

    def reduce(self, full: Array, weight: Array) -> Array:
        return weight / weight.sum() @ COLUMNS.reduce(full, weight)

    def spread(self, covariances: Array, k: int, d: int) -> Array:
        return np.tile(covariances, (k, 1))

    def of_spread(self, spread: Array) -> Array:
        return spread[0]

    def prior_moments(self, scale: Array, dof: float, k: int) -> PriorMoments:
        diagonal = np.diag(scale)
        each = np.full(k, 1.0 + (dof + 2) / k)
        return PriorMoments(each, np.tile(diagonal / k, (k, 1)), inverse_gamma_normalizer(diagonal, dof))

    def score(self, covariances: Array, second: Array, dof: Array, k: int, d: int) -> Array:
        return 0.5 * (second.sum(axis=-2) / covariances - dof.sum(axis=-1)[..., None])

    def at_bound(self, metric: Metric, covariances: Array, limit: float, k: int) -> Mask:
        return metric.whiten_covariances(covariances) <= limit
