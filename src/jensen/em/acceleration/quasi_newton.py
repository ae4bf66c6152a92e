"""Quasi-Newton EM (Jamshidian and Jennrich, 1997, algorithm QN2): BFGS whose first metric is EM itself.

In the chart, with the score g = ∇ log p(x | θ) = ∇Q(·, S(θ)) and the step of EM g̃ = M(θ) − θ ≈ W₀ g, where
W₀ is the inverse of the information that complete data would have. BFGS updates of W₀ from the differences of
g and of g̃ between steps turn it into the inverse of the information that there is. S gives both g and g̃, so
that a step whose first trial is accepted costs one E-step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.em.charts.coordinates import InChart, is_feasible, maps_of
from jensen.em.charts.links import widest
from jensen.em.protocols import Params
from jensen.em.state import Problem, State

Array = NDArray[np.float64]

SUFFICIENT = 1e-4  # Armijo: a trial must gain this share of what the score promises
LONGEST = 3.0  # no logarithm or logit moves further in one trial: from far out a score leads nowhere
STRETCH = 4.0  # from step to step away from a saddle, where EM's own grow slowly
TRIALS = 2  # of a direction before plain EM is better
TRIALS_WITHOUT_EM = 20


class Pair(NamedTuple):
    """What one step told: s = Δu, y = −Δg, w = −Δg̃ = W₀ y."""

    s: Array
    y: Array
    w: Array


@dataclass(frozen=True, kw_only=True)
class Point(State):
    """A state in the chart, with the memory of the steps that led here."""

    u: Array
    g: Array
    em_step: Array | None
    """g̃ = M(θ) − θ; None where W₀ is a multiple of the identity."""
    pairs: tuple[Pair, ...] = ()
    stretch: float = 1.0
    """How much longer than the direction the first trial is: more than 1 where the last step bent upwards."""

    @cached_property
    def direction(self) -> Array:
        """W g, by the two loops of limited-memory BFGS; W₀ was applied to g and every y beforehand."""
        q, shares = self.g.copy(), []
        for s, y, _ in reversed(self.pairs):
            shares.append(float(s @ q) / float(s @ y))
            q -= shares[-1] * y
        shares.reverse()
        if self.em_step is None:
            d = self._scale * q
        else:
            d = self.em_step - sum(share * pair.w for share, pair in zip(shares, self.pairs, strict=True))
        for share, (s, y, _) in zip(shares, self.pairs, strict=True):
            d = d + s * (share - float(y @ d) / float(s @ y))
        return d

    @property
    def _scale(self) -> float:
        if not self.pairs:
            return 1.0 / max(1.0, float(np.linalg.norm(self.g)))
        s, y, _ = self.pairs[-1]
        return float(s @ y) / float(y @ y)

    @property
    def remaining(self) -> float:
        """½ gᵀ W g: the log-likelihood still to be gained, were it the parabola that W says it is.

        NaN where W is still EM's, which sees no slow direction, nor that there is no hill.
        """
        return 0.5 * float(self.g @ self.direction) if self.pairs else np.nan


@dataclass(frozen=True, slots=True)
class QuasiNewton:
    """Quasi-Newton EM (QN2 of Jamshidian and Jennrich, 1997) in the model's chart.

    Plain EM steps first; then BFGS on the evidence, with EM's own step as its first metric. A trial that does
    not raise the objective is shortened once; then the step is plain EM's. The objective never falls.

    The model must have a ``chart``; scores are its own (``score``) or differences of Q, and cost no E-step.

    Parameters
    ----------
    begin
        Plain steps are taken while they gain more than this (nats): leaps from far away change which
        maximum is reached, and plain EM is fast there.
    memory
        How many of the latest steps are remembered.
    use_em
        False where an M-step is dearer than a score: BFGS on the evidence alone, from the first step.
    """

    begin: float = 0.1
    memory: int = 50
    use_em: bool = True

    def init(self, problem: Problem, params: Params) -> State:
        maps_of(problem.model, InChart())
        return problem.e_step(params)

    def step(self, problem: Problem, state: State) -> State:
        if isinstance(state, Point):
            return self._leap(problem, state)
        if not self.use_em:
            return self._leap(problem, self._point(problem, state, ()))
        plain = problem.e_step(problem.m_step(state))
        if plain.objective - state.objective > self.begin:
            return plain
        return self._point(problem, plain, ())

    def is_plain(self) -> bool:
        return False

    def is_monotone(self) -> bool:
        return True

    def _point(self, problem: Problem, state: State, pairs: tuple[Pair, ...]) -> Point:
        chart = problem.model.chart  # pyright: ignore[reportAttributeAccessIssue] -- asked for by init
        u = chart.to_vector(state.params)
        em_step = chart.to_vector(problem.m_step(state)) - u if self.use_em else None
        return Point(
            params=state.params,
            expected=state.expected,
            log_prior=state.log_prior,
            gap=state.gap,
            u=u,
            g=problem.score(state),
            em_step=em_step,
            pairs=pairs,
        )

    def _leap(self, problem: Problem, here: Point) -> State:
        direction = here.direction
        slope = float(here.g @ direction)
        if not (np.isfinite(slope) and slope > 0):
            return self._restart(problem, here)
        reach = widest(problem.model.chart, here.u)  # pyright: ignore[reportAttributeAccessIssue]
        length = min(here.stretch, LONGEST / max(float(np.max(np.abs(direction) / reach)), 1e-300))
        slack = problem.resolution(here)
        for _ in range(TRIALS if self.use_em else TRIALS_WITHOUT_EM):
            trial = _trial(problem, here.u + length * direction)
            gain = -np.inf if trial is None else trial.objective - here.objective
            if trial is not None and (gain >= SUFFICIENT * length * slope or abs(gain) <= slack >= slope):
                return self._remember(problem, here, trial)
            length *= _shorter(gain, length * slope)
        return self._restart(problem, here)

    def _remember(self, problem: Problem, here: Point, there: State) -> Point:
        point = self._point(problem, there, here.pairs)
        s, y = point.u - here.u, here.g - point.g
        if float(s @ y) <= 1e-10 * float(np.linalg.norm(s) * np.linalg.norm(y)):
            return replace(
                point, stretch=STRETCH * here.stretch
            )  # bent upwards: no metric, but a longer step
        w = y if here.em_step is None or point.em_step is None else here.em_step - point.em_step
        return replace(point, pairs=(*here.pairs, Pair(s, y, w))[-self.memory :])

    def _restart(self, problem: Problem, here: Point) -> State:
        """A plain step, and nothing remembered."""
        if self.use_em:
            return self._point(problem, problem.e_step(problem.m_step(here)), ())
        return self._leap(problem, replace(here, pairs=())) if here.pairs else here


def _trial(problem: Problem, u: Array) -> State | None:
    params = problem.model.chart.from_vector(u)  # pyright: ignore[reportAttributeAccessIssue]
    if not is_feasible(problem.model, params):
        return None
    state = problem.e_step(params)
    return state if np.isfinite(state.objective) else None


def _shorter(gain: float, promised: float) -> float:
    """Where the parabola through what a step promised and what it gave has its top, within limits."""
    return float(np.clip(0.5 * promised / (promised - gain), 0.1, 0.5)) if np.isfinite(gain) else 0.25
