"""Wald's test that a number is 0, for numbers that can be: z = estimate / standard error."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, nan, sqrt

import numpy as np

from jensen.basics.arrays import Array
from jensen.spaces.links import Link


def quantile(level: float) -> float:
    """z with P(|Z| < z) = level, for a standard normal Z."""
    from statistics import NormalDist  # slower to import than all of this

    return NormalDist().inv_cdf(0.5 + 0.5 * level)


def against_zero(estimate: Array, errors: Array, links: Sequence[Link]) -> tuple[Array, Array]:
    """z and the two-sided p of every number; NaN where 0 is no value it can have inside its bounds, as of
    weights and variances, and where there is no standard error.
    """
    can_be = np.array([link.low < 0.0 < link.high for link in links], dtype=bool)
    tested = can_be & (errors > 0)
    z = np.where(tested, estimate / np.where(tested, errors, 1.0), nan)
    return z, np.array([erfc(abs(each) / sqrt(2.0)) for each in z.tolist()])
