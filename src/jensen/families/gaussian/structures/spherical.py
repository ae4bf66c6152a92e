"""Each component has one variance, the same in every direction (mclust's VII)."""

from __future__ import annotations

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.gaussian.leave_one_out import VOLUME
from jensen.families.gaussian.metric import Metric, ScaleMetric
from jensen.families.gaussian.second_moments import TOTALS
from jensen.families.gaussian.structures.structure import (
    PriorMoments,
    Structure,
    divided,
    inverse_gamma_normalizer,
)
from jensen.spaces.positive import Positive
from jensen.spaces.space import Space


class Spherical(Structure):
    """Each component has one variance, the same in every direction."""

    __slots__ = ()
    name = "spherical"
    is_ours = True
    words = "one variance for each component, the same in all directions"
    moments = TOTALS
    own = VOLUME
    is_native = True
    needs_every_column = False

    def space(self, k: int, d: int) -> Space:
        return Positive(k)

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return ScaleMetric.of(mean, covariance)

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        return divided(scatter, d * dof, current)

    def reduce(self, full: Array, weight: Array) -> Array:
        return TOTALS.reduce(full, weight)

    def prior_moments(self, scale: Array, dof: float, k: int) -> PriorMoments:
        d, mean = len(scale), np.array(np.trace(scale) / len(scale))
        each = np.full(k, 1.0 + (dof + 2) / d)
        return PriorMoments(each, np.full(k, mean), k * inverse_gamma_normalizer(mean, dof))

    def score(self, covariances: Array, second: Array, dof: Array, k: int, d: int) -> Array:
        return 0.5 * (second / covariances - d * dof)
