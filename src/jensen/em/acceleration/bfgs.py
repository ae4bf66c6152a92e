"""Limited-memory BFGS on the evidence, in a metric that somebody else brings: EM, or the EM gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from jensen.basics.arrays import Array
from jensen.em.problem import Problem, State

SUFFICIENT = 1e-4  # Armijo: a trial must gain this share of what the score promises
LONGEST = 3.0  # no logarithm or logit moves further in one trial: from far out a score leads nowhere
HILL = 1e-10  # cosine of s and y, of a step from which a metric can be learnt


class Pair(NamedTuple):
    """What one step told: s = Δu, y = −Δg, w = W₀ y."""

    s: Array
    y: Array
    w: Array

    @property
    def is_hill(self) -> bool:
        """Whether the evidence bent downwards along the step."""
        return float(self.s @ self.y) > HILL * float(np.linalg.norm(self.s) * np.linalg.norm(self.y))


@dataclass(frozen=True, kw_only=True)
class Point(State):
    """A state in the chart, with the memory of the steps that led here."""

    u: Array
    g: Array
    first: Array
    """W₀ g."""
    pairs: tuple[Pair, ...] = ()

    @cached_property
    def direction(self) -> Array:
        """W g, by the two loops of limited-memory BFGS; W₀ was applied to g and every y beforehand."""
        q, shares = self.g.copy(), []
        for s, y, _ in reversed(self.pairs):
            shares.append(float(s @ q) / float(s @ y))
            q -= shares[-1] * y
        shares.reverse()
        d = self.first - sum(share * pair.w for share, pair in zip(shares, self.pairs, strict=True))
        for share, (s, y, _) in zip(shares, self.pairs, strict=True):
            d = d + s * (share - float(y @ d) / float(s @ y))
        return d

    @property
    def known_score(self) -> Array:
        return self.g

    @property
    def remaining(self) -> float:
        """½ gᵀ W g: the log-likelihood still to be gained, were it the parabola that W says it is.

        NaN where W is still W₀, which sees no slow direction, nor that there is no hill.
        """
        return 0.5 * float(self.g @ self.direction) if self.pairs else np.nan


def uphill(problem: Problem, here: Point, stretch: float, trials: int) -> State | None:
    """The first of so many trials along W g that gains what it should; None where there is none.

    ``stretch`` is the length of the first one; the others are shorter.
    """
    direction = here.direction
    slope = float(here.g @ direction)
    if not (np.isfinite(slope) and slope > 0):
        return None
    chart = problem.model.chart  # pyright: ignore[reportAttributeAccessIssue] -- asked for by init
    farthest = float(np.max(np.abs(direction) / chart.widest(), initial=0.0))
    length = min(stretch, LONGEST / max(farthest, 1e-300))
    slack = problem.resolution(here)
    for _ in range(trials):
        trial = problem.attempt(chart.from_vector(here.u + length * direction))
        gain = -np.inf if trial is None else trial.objective - here.objective
        if trial is not None and (gain >= SUFFICIENT * length * slope or abs(gain) <= slack >= slope):
            return trial
        length *= _shorter(gain, length * slope)
    return None


def _shorter(gain: float, promised: float) -> float:
    """Where the parabola through what a step promised and what it gave has its top, within limits."""
    return float(np.clip(0.5 * promised / (promised - gain), 0.1, 0.5)) if np.isfinite(gain) else 0.25
