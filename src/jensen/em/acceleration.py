"""Accelerators: wrap the EM map, never lower the objective, fall back to the plain step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jensen.em.protocols import Params
from jensen.em.state import Problem, State


@dataclass(frozen=True, slots=True)
class Squarem:
    """SQUAREM (Varadhan and Roland, 2008, scheme S3) on the natural parameters.

    From θ₀, two EM steps give θ₁ and θ₂; with r = θ₁ − θ₀ and v = (θ₂ − θ₁) − r the proposal is
    θ' = θ₀ − 2αr + α²v, α = −‖r‖/‖v‖ (at most −1, where θ' = θ₂). It is taken only if it is feasible and its
    objective is at least that of θ₁; otherwise the step ends at θ₂. A step costs two E-steps, three when it
    falls back.

    The model must give ``pack`` and ``unpack``.

    Parameters
    ----------
    begin
        Plain steps are taken while they gain more than this (nats): leaps from far away change which
        maximum is reached, and plain EM is fast there.
    """

    begin: float = 0.1

    def init(self, problem: Problem, params: Params) -> State:
        return problem.e_step(params)

    def step(self, problem: Problem, state: State) -> State:
        first = problem.e_step(problem.m_step(state))
        if first.objective - state.objective > self.begin:
            return first
        second = problem.m_step(first)
        proposal = extrapolate(problem.model, state.params, first.params, second)
        if proposal is not None:
            leap = problem.e_step(proposal)
            if leap.objective >= first.objective:
                return leap
        return problem.e_step(second)

    def is_plain(self) -> bool:
        return False

    def is_monotone(self) -> bool:
        return True


def extrapolate(model, start: Params, first: Params, second: Params) -> Params | None:
    """θ' = θ₀ − 2αr + α²v, or None where it is the plain step or infeasible."""
    u0, u1, u2 = (model.pack(params) for params in (start, first, second))
    r = u1 - u0
    v = (u2 - u1) - r
    curvature = float(np.linalg.norm(v))
    if curvature == 0.0 or not np.isfinite(curvature):
        return None
    alpha = min(-1.0, -float(np.linalg.norm(r)) / curvature)
    return None if alpha == -1.0 else model.unpack(u0 - 2 * alpha * r + alpha**2 * v)
