"""When to stop, in units of the total log-likelihood that is still to be gained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class Extrapolation:
    """Where a geometric sequence of objectives is heading."""

    remaining: float
    """The log-likelihood still to be gained; NaN where three values do not tell."""
    ratio: float
    """The ratio of the last two gains, in the limit the square of EM's rate of convergence."""


def aitken(objectives: Sequence[float], resolution: float, min_ratio: float = 0.0) -> Extrapolation:
    """Aitken's extrapolation of the last three objectives of plain EM steps.

    With gains g₁, g₂ and ρ = g₂/g₁ the sequence has g₂·ρ/(1−ρ) still to go. ``min_ratio`` is a floor under ρ:
    early in a climb, and on plateaus near saddles, the ratio of two gains says too little. Gains below
    ``resolution`` are rounding.
    """
    if len(objectives) < 3:
        return Extrapolation(np.nan, np.nan)
    g1 = objectives[-2] - objectives[-3]
    g2 = objectives[-1] - objectives[-2]
    if g2 <= resolution:
        return Extrapolation(resolution, np.nan)  # the ratio of two such gains is noise
    ratio = g2 / g1 if g1 > 0 else np.inf
    if ratio >= 1.0:
        return Extrapolation(np.inf, ratio)
    bounded = max(ratio, min_ratio)
    return Extrapolation(g2 * bounded / (1.0 - bounded), ratio)


def noise(objectives: Sequence[float], resolution: float) -> float:
    """What rounding hides: ``resolution``, or the largest of the latest falls, which EM itself never makes.

    In single precision the objective can end in a cycle of a few values, wider than its resolution.
    """
    latest = objectives[-6:]
    return max(resolution, *(old - new for old, new in pairwise(latest)), 0.0)


class Stop(Protocol):
    """Decides when to stop. It sees the objectives since the climb began and what rounding can resolve."""

    def done(self, objectives: Sequence[float], resolution: float, plain: bool) -> bool:
        """Whether the last step was the last one."""
        ...


@dataclass(frozen=True, slots=True)
class Gain:
    """Stop when the total log-likelihood still to be gained is estimated below ``tol``.

    Over plain EM steps the estimate is Aitken's, with the ratio of gains taken to be at least
    ``min_ratio``, and it has to stay below ``tol / 10``, ``hits`` times in a row: on plateaus the estimate is
    too hopeful. Over accelerated steps, whose gains are not geometric, it is the gain of a step itself that
    has to stay below ``tol / 1000``, ``hits`` times in a row.

    Parameters
    ----------
    tol
        Total log-likelihood (nats, of the whole data set, not per row). 0 never stops.
    """

    tol: float = 1e-3
    min_ratio: float = 0.99
    hits: int = 2

    def done(self, objectives: Sequence[float], resolution: float, plain: bool) -> bool:
        if self.tol <= 0:
            return False
        needed = self.hits + (2 if plain else 1)
        if len(objectives) < needed:
            return False
        hidden = noise(objectives, resolution)
        return all(
            self._small(objectives[: len(objectives) - back], hidden, plain) for back in range(self.hits)
        )

    def _small(self, objectives: Sequence[float], resolution: float, plain: bool) -> bool:
        gain = objectives[-1] - objectives[-2]
        if gain <= resolution:
            return True
        if not plain:
            return gain < self.tol / 1000
        return aitken(objectives[-3:], resolution, self.min_ratio).remaining < self.tol / 10


@dataclass(frozen=True, slots=True)
class Never:
    """Take every step up to the limit."""

    def done(self, objectives: Sequence[float], resolution: float, plain: bool) -> bool:
        return False
