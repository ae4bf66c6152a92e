"""When to stop, in units of the total log-likelihood that is still to be gained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from jensen.basics.errors import ModelError


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


@dataclass(frozen=True, slots=True)
class Seen:
    """What a stopping rule sees after a step.

    Attributes
    ----------
    objectives
        Of the latest run of one algorithm, its start included.
    resolution
        What rounding can resolve of them.
    plain
        Whether the steps were plain EM's.
    remaining
        The algorithm's own estimate of the log-likelihood still to be gained; NaN where it has none.
    step
        The Euclidean length of the last step in the natural parameters; NaN for models without coordinates.
    """

    objectives: Sequence[float]
    resolution: float
    plain: bool
    remaining: float = np.nan
    step: float = np.nan


class Stop(Protocol):
    """Decides when to stop."""

    def done(self, seen: Seen) -> bool:
        """Whether the last step was the last one."""
        ...


@dataclass(frozen=True, slots=True)
class Gain:
    """Stop when the total log-likelihood still to be gained is estimated below ``tol``.

    Over plain EM steps the estimate is Aitken's, with the ratio of gains taken to be at least
    ``min_ratio``, and it has to stay below ``tol / 10``, ``hits`` times in a row: on plateaus the estimate is
    too hopeful. Quasi-Newton steps bring an estimate of their own; it can be too small by orders of magnitude
    while they learn, and costs a step or two more to bring down further: it has to be below ``tol / 10¹²``,
    or three gains in a row below rounding. Over other accelerated steps, whose gains are not geometric, it is
    the gain of a step itself that has to stay below ``tol / 1000``, ``hits`` times in a row.

    Parameters
    ----------
    tol
        Total log-likelihood (nats, of the whole data set, not per row). 0 never stops.
    """

    tol: float = 1e-3
    min_ratio: float = 0.99
    hits: int = 2

    def done(self, seen: Seen) -> bool:
        if self.tol <= 0:
            return False
        if np.isfinite(seen.remaining):
            return abs(seen.remaining) < max(1e-12 * self.tol, 1e-20) or _drowned(seen, 3)
        needed = self.hits + (2 if seen.plain else 1)
        if len(seen.objectives) < needed:
            return False
        hidden = noise(seen.objectives, seen.resolution)
        return all(
            self._small(seen.objectives[: len(seen.objectives) - back], hidden, seen.plain)
            for back in range(self.hits)
        )

    def _small(self, objectives: Sequence[float], resolution: float, plain: bool) -> bool:
        gain = objectives[-1] - objectives[-2]
        if gain <= resolution:
            return True
        if not plain:
            return gain < self.tol / 1000
        return aitken(objectives[-3:], resolution, self.min_ratio).remaining < self.tol / 10


def _drowned(seen: Seen, hits: int) -> bool:
    """Whether the last ``hits`` gains are below rounding."""
    latest = list(pairwise(seen.objectives[-hits - 1 :]))
    return len(latest) == hits and all(new - old <= seen.resolution for old, new in latest)


@dataclass(frozen=True, slots=True)
class StepNorm:
    """Stop when a step moves the natural parameters by less than ``tol``, as R's SQUAREM and turboEM do.

    It depends on the units of the parameters, and a slow climb can take such steps far from its end: a rate
    of 0.99 leaves a hundred times the last step. Use it to compare with programs that stop so.

    Parameters
    ----------
    tol
        Euclidean norm of the change of all natural parameters together.
    """

    tol: float = 1e-7

    def done(self, seen: Seen) -> bool:
        if np.isnan(seen.step):
            raise ModelError("StepNorm needs a model with coordinates: a chart, or pack and unpack")
        return seen.step < self.tol


@dataclass(frozen=True, slots=True)
class Settled:
    """`Gain` for noisy steps: stop after ``hits`` changes in a row, up or down, below ``tol / 1000``.

    Then the noise is small as well as the gains: a noisy climb that goes nowhere has changes as large as its
    noise, and does not stop. Changes of exactly 0 can be draws that came out alike; of these it takes
    ``patience`` in a row.
    """

    tol: float = 1e-3
    hits: int = 5
    patience: int = 20

    def done(self, seen: Seen) -> bool:
        change = spread(seen.objectives, self.hits)
        small = self.tol > 0 and change < max(self.tol / 1000, seen.resolution)
        return small and (change > 0 or spread(seen.objectives, self.patience) == 0)


def spread(objectives: Sequence[float], steps: int = 5) -> float:
    """The largest of the latest changes, up or down; infinite before there were so many."""
    if len(objectives) <= steps:
        return float("inf")
    return max(abs(new - old) for old, new in pairwise(objectives[-steps - 1 :]))


@dataclass(frozen=True, slots=True)
class Never:
    """Take every step up to the limit."""

    def done(self, seen: Seen) -> bool:
        return False
