"""Every component has a covariance matrix of its own (mclust's VVV)."""

from __future__ import annotations

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.gaussian.leave_one_out import MATRIX
from jensen.families.gaussian.metric import AffineMetric, Metric
from jensen.families.gaussian.second_moments import MATRICES
from jensen.families.gaussian.structures.matrices import factor_row_scores, factor_score, wishart_normalizer
from jensen.families.gaussian.structures.structure import PriorMoments, Structure, divided
from jensen.spaces.covariance import Covariance
from jensen.spaces.space import Space


class Full(Structure):
    """Every component has a covariance matrix of its own."""

    __slots__ = ()
    name = "full"
    is_ours = True
    words = "each component has a covariance matrix of its own"
    words_in_one_column = "each component has a variance of its own"
    moments = MATRICES
    own = MATRIX
    is_native = True

    def space(self, k: int, d: int) -> Space:
        return Covariance((k, d))

    def metric(self, mean: Array, covariance: Array) -> Metric:
        return AffineMetric.of(mean, covariance)

    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        return divided(scatter, dof, current)

    def reduce(self, full: Array, weight: Array) -> Array:
        return full

    def prior_moments(self, scale: Array, dof: float, k: int) -> PriorMoments:
        second = np.tile(scale, (k, 1, 1))
        return PriorMoments(np.full(k, dof + len(scale) + 2), second, k * wishart_normalizer(scale, dof))

    def score(self, covariances: Array, second: Array, dof: Array, k: int, d: int) -> Array:
        found = factor_score(covariances, second, dof)
        return found.reshape(*found.shape[:-2], -1)

    def row_scores(self, covariances: Array, first: Array, away: Array, dof: Array, k: int, d: int) -> Array:
        return factor_row_scores(covariances, first, away, dof).reshape(len(first), -1)
