"""Quasi-Newton EM (Jamshidian and Jennrich, 1997, algorithm QN2): BFGS whose first metric is EM itself.

In the chart, with the score g = ∇ log p(x | θ) = ∇Q(·, S(θ)) and the step of EM g̃ = M(θ) − θ ≈ W₀ g, where
W₀ is the inverse of the information that complete data would have. BFGS updates of W₀ from the differences of
g and of g̃ between steps turn it into the inverse of the information that there is. S gives both g and g̃, so
that a step whose first trial is accepted costs one E-step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from jensen.basics.arrays import Params
from jensen.em.acceleration.bfgs import Pair, Point, uphill
from jensen.em.algorithms import Algorithm
from jensen.em.coordinates import InChart, maps_of
from jensen.em.problem import Problem, State

STRETCH = 4.0  # from step to step away from a saddle, where EM's own grow slowly
TRIALS = 2  # of a direction before plain EM is better


@dataclass(frozen=True, kw_only=True)
class EMPoint(Point):
    """A point whose W₀ g is the step of EM."""

    stretch: float = 1.0
    """How much longer than W g the first trial is: more than 1 where the last step bent upwards."""


@dataclass(frozen=True, slots=True)
class QuasiNewton(Algorithm):
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
    """

    begin: float = 0.1
    memory: int = 50

    def init(self, problem: Problem, params: Params) -> State:
        maps_of(problem.model, InChart())
        return problem.e_step(params)

    def step(self, problem: Problem, state: State) -> State:
        if not isinstance(state, EMPoint):
            plain = problem.e_step(problem.m_step(state))
            return plain if plain.objective - state.objective > self.begin else _point(problem, plain)
        there = uphill(problem, state, state.stretch, TRIALS)
        if there is None:
            return _point(problem, problem.e_step(problem.m_step(state)))
        return self._learn(state, _point(problem, there))

    def _learn(self, here: EMPoint, there: EMPoint) -> EMPoint:
        pair = Pair(there.u - here.u, here.g - there.g, here.first - there.first)
        if pair.is_hill:
            return replace(there, pairs=(*here.pairs, pair)[-self.memory :])
        return replace(there, pairs=here.pairs, stretch=STRETCH * here.stretch)


def _point(problem: Problem, state: State) -> EMPoint:
    chart = problem.model.chart  # pyright: ignore[reportAttributeAccessIssue] -- asked for by init
    u = chart.to_vector(state.params)
    em_step = chart.to_vector(problem.m_step(state)) - u
    return EMPoint(**state.parts(), u=u, g=problem.score(state), first=em_step)
