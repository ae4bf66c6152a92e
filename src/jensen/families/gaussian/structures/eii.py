"""All components share one variance, the same in every direction (mclust's EII)."""

from __future__ import annotations

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.gaussian.leave_one_out import NOTHING_OWN
from jensen.families.gaussian.metric import Metric, ScaleMetric
from jensen.families.gaussian.second_moments import TOTALS
from jensen.families.gaussian.structures.structure import PriorMoments, Structure, inverse_gamma_normalizer
from jensen.spaces.positive import Positive
from jensen.spaces.space import Space


class EII(Structure):
    """All components share one variance, the same in every direction: what k-means assumes."""

    __slots__ = ()
    name = "eii"
    is_ours = True
    words = "one variance for all components, the same in all directions"
    moments = TOTALS
    own = NOTHING_OWN
    is_shared = True
    is_native = True
    alone = "spherical"
    needs_every_column = False

    def space(self, k: int, d: int) -> Space:
        return Positive()

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return ScaleMetric.of(mean, covariance)

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        total = d * dof.sum()
        return np.asarray(scatter.sum() / total) if total > 0 else current

    def reduce(self, full: Array, weight: Array) -> Array:
        return np.asarray(weight / weight.sum() @ TOTALS.reduce(full, weight))

    def spread(self, covariances: Array, k: int, d: int) -> Array:
        return np.full(k, covariances)

    def of_spread(self, spread: Array) -> Array:
        return np.asarray(spread[0])

    def prior_moments(self, scale: Array, dof: float, k: int) -> PriorMoments:
        d, mean = len(scale), np.array(np.trace(scale) / len(scale))
        each = np.full(k, 1.0 + (dof + 2) / (k * d))
        return PriorMoments(each, np.full(k, mean / k), inverse_gamma_normalizer(mean, dof))

    def score(self, covariances: Array, second: Array, dof: Array, k: int, d: int) -> Array:
        return 0.5 * (second.sum(axis=-1) / covariances - d * dof.sum(axis=-1))[..., None]
