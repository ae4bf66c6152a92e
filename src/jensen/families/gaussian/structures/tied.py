"""All components share one covariance matrix (mclust's EEE)."""

from __future__ import annotations

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.gaussian.leave_one_out import NOTHING_OWN
from jensen.families.gaussian.metric import AffineMetric, Metric
from jensen.families.gaussian.second_moments import POOLED
from jensen.families.gaussian.structures.matrices import factor_row_scores, factor_score, wishart_normalizer
from jensen.families.gaussian.structures.structure import PriorMoments, Structure
from jensen.spaces.covariance import Covariance
from jensen.spaces.space import Space


class Tied(Structure):
    """All components share one covariance matrix."""

    __slots__ = ()
    name = "tied"
    is_ours = True
    words = "the components share one covariance matrix"
    words_in_one_column = "the components share one variance"
    moments = POOLED
    own = NOTHING_OWN
    is_shared = True
    is_native = True
    alone = "full"

    def space(self, k: int, d: int) -> Space:
        return Covariance(d)

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return AffineMetric.of(mean, covariance)

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        total = dof.sum()
        return scatter / total if total > 0 else current

    def reduce(self, full: Array, weight: Array) -> Array:
        return POOLED.reduce(full, weight)

    def prior_moments(self, scale: Array, dof: float, k: int) -> PriorMoments:
        each = 1.0 + (dof + len(scale) + 1) / k
        return PriorMoments(np.full(k, each), scale, wishart_normalizer(scale, dof))

    def score(self, covariances: Array, second: Array, dof: Array, k: int, d: int) -> Array:
        return factor_score(covariances, second, dof.sum(axis=-1))

    def row_scores(self, covariances: Array, first: Array, away: Array, dof: Array, k: int, d: int) -> Array:
        return factor_row_scores(covariances, first, away, dof)
