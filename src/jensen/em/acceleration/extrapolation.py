"""Accelerators of any EM map that need no derivatives: SQUAREM and Anderson mixing.

Both extrapolate from a few EM steps, take the leap only where it is feasible and does not lower the
objective, and fall back to the plain step. `jensen.em.QuasiNewton` needs the score as well, and needs fewer
E-steps for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.em.algorithms import Algorithm
from jensen.em.coordinates import Coordinates, Maps, Natural, maps_of
from jensen.em.problem import Problem, State


@dataclass(frozen=True, slots=True)
class Squarem(Algorithm):
    """SQUAREM (Varadhan and Roland, 2008, scheme S3).

    From θ₀, two EM steps give θ₁ and θ₂; with r = θ₁ − θ₀ and v = (θ₂ − θ₁) − r the proposal is
    θ' = θ₀ − 2αr + α²v, α = −‖r‖/‖v‖ (at most −1, where θ' = θ₂), and an EM step from θ' steadies it. It is
    taken only if it is feasible and its objective is at least that of θ₁; otherwise the step ends at θ₂. A
    step costs three E-steps, four when it falls back.

    Parameters
    ----------
    begin
        Plain steps are taken while they gain more than this (nats): leaps from far away change which
        maximum is reached, and plain EM is fast there.
    coordinates
        What is extrapolated: the natural parameters, or `InChart`.
    """

    begin: float = 0.1
    coordinates: Coordinates = field(default_factory=Natural)

    def init(self, problem: Problem, params: Params) -> State:
        maps_of(problem.model, self.coordinates)
        return problem.e_step(params)

    def step(self, problem: Problem, state: State) -> State:
        first = problem.e_step(problem.m_step(state))
        if first.objective - state.objective > self.begin:
            return first
        second = problem.m_step(first)
        proposal = _leap(maps_of(problem.model, self.coordinates), state.params, first.params, second)
        leap = problem.attempt(proposal)
        if leap is not None:
            steadied = problem.e_step(problem.m_step(leap))
            if steadied.objective >= first.objective:
                return steadied
        return problem.e_step(second)


def _leap(maps: Maps, start: Params, first: Params, second: Params) -> Params | None:
    """θ' = θ₀ − 2αr + α²v, or None where it is the plain step or infeasible."""
    u0, u1, u2 = (maps.pack(params) for params in (start, first, second))
    r = u1 - u0
    v = (u2 - u1) - r
    curvature = float(np.linalg.norm(v))
    if curvature == 0.0 or not np.isfinite(curvature):
        return None
    alpha = min(-1.0, -float(np.linalg.norm(r)) / curvature)
    return None if alpha == -1.0 else maps.unpack(u0 - 2 * alpha * r + alpha**2 * v)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed(State):
    """A state with the latest points and EM steps from them."""

    points: tuple[Array, ...]
    em_steps: tuple[Array, ...]
    leaps: int = 0
    """Leaps taken so far: the damping shrinks with them."""


@dataclass(frozen=True, slots=True)
class Anderson(Algorithm):
    """Anderson mixing of EM steps, damped and restarted (DAAREM: Henderson and Varadhan, 2019).

    With the latest points θ_j and their EM steps f_j = M(θ_j) − θ_j the proposal is
    θ + f − Σ_j γ_j (Δθ_j + Δf_j), where γ minimizes ‖f − Σ_j γ_j Δf_j‖² + λ‖γ‖². λ is such that ‖γ‖² is
    the share 1 / (1 + 1.2^(25 − leaps)) of that without damping. Every ``memory`` steps it begins anew. A
    leap that is infeasible or lowers the objective is replaced by the plain step. A step costs one E-step,
    two when it falls back.

    Parameters
    ----------
    memory
        Differences that are mixed, at most half the number of coordinates.
    begin
        Plain steps are taken while they gain more than this (nats).
    damped
        Whether λ is chosen as above; else 0.
    coordinates
        What is mixed: the natural parameters, or `InChart`.
    """

    memory: int = 10
    begin: float = 0.1
    damped: bool = True
    coordinates: Coordinates = field(default_factory=Natural)

    def init(self, problem: Problem, params: Params) -> State:
        maps_of(problem.model, self.coordinates)
        return problem.e_step(params)

    def step(self, problem: Problem, state: State) -> State:
        maps = maps_of(problem.model, self.coordinates)
        following = problem.m_step(state)
        if not isinstance(state, Mixed):
            plain = problem.e_step(following)
            return plain if plain.objective - state.objective > self.begin else _mixed(plain, (), (), 0)
        u = maps.pack(state.params)
        points = (*state.points, u)
        em_steps = (*state.em_steps, maps.pack(following) - u)
        order = min(self.memory, max(1, len(u) // 2))
        leap = None
        if len(points) > 1:
            leap = problem.attempt(maps.unpack(self._proposal(points, em_steps, state.leaps)))
        if len(points) > order:
            points, em_steps = (), ()
        if leap is not None and leap.objective >= state.objective:
            return _mixed(leap, points, em_steps, state.leaps + 1)
        return _mixed(problem.e_step(following), points, em_steps, state.leaps)

    def _proposal(self, points: tuple[Array, ...], em_steps: tuple[Array, ...], leaps: int) -> Array:
        moved, changed = np.diff(points, axis=0).T, np.diff(em_steps, axis=0).T
        left, values, right = np.linalg.svd(changed, full_matrices=False)
        kept = values > 1e-14 * values[0]
        shares = (left.T @ em_steps[-1])[kept]
        values, right = values[kept], right[kept]
        damping = _damping(values, shares, leaps) if self.damped else 0.0
        mixing = right.T @ (values * shares / (values**2 + damping))
        return points[-1] + em_steps[-1] - (moved + changed) @ mixing


def _damping(values: Array, shares: Array, leaps: int) -> float:
    """λ ≥ 0 with ‖γ(λ)‖² = ‖γ(0)‖² / (1 + 1.2^(25 − leaps)), by bisection of its logarithm."""
    goal = float(np.sum((shares / values) ** 2)) / (1.0 + 1.2 ** (25 - leaps))
    low, high = np.log(values[-1] ** 2 * 1e-6 + 1e-300), np.log(values[0] ** 2 * 1e6 + 1e-300)
    for _ in range(40):
        middle = 0.5 * (low + high)
        norm = float(np.sum((values * shares / (values**2 + np.exp(middle))) ** 2))
        low, high = (middle, high) if norm > goal else (low, middle)
    return float(np.exp(0.5 * (low + high)))


def _mixed(state: State, points: tuple[Array, ...], em_steps: tuple[Array, ...], leaps: int) -> Mixed:
    return Mixed(**state.parts(), points=points, em_steps=em_steps, leaps=leaps)
