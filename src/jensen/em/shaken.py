"""A second look at an end without derivatives: whether EM climbs higher from beside it.

For a model without a chart a climb that stands still says little: it does so at a saddle, and where an M-step
does not maximize Q. So the numbers of the params are changed a little, and EM is begun again there: from beside
a maximum it comes back, from beside anything else it ends higher, which is proof whatever the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from jensen.basics.arrays import Params
from jensen.em.problem import Problem

SIZES = (0.03, 0.1)  # relative changes
TIMES = 2  # each of them
STEPS = 40  # of EM, as long as it goes on
HIGHER = 5e-3  # nats: what a maximum may leave


def higher_beside(problem: Problem, params: Params, objective: float) -> float:
    """By how many nats the best of a few short climbs from beside ``params`` ends above it; at least 0."""
    rng = np.random.default_rng(0)
    best = objective
    for size in SIZES:
        for _ in range(TIMES):
            best = max(best, _climbed(problem, shaken(params, size, rng), objective))
            if best > objective + HIGHER:
                return best - objective
    return best - objective


def shaken(params: Any, size: float, rng: np.random.Generator) -> Any:
    """Every number changed by a relative normal error; what holds no numbers stays as it is."""
    if isinstance(params, Mapping):
        return type(params)({name: shaken(value, size, rng) for name, value in params.items()})
    if isinstance(params, tuple):
        parts = [shaken(value, size, rng) for value in params]
        return type(params)(*parts) if hasattr(params, "_fields") else tuple(parts)
    if isinstance(params, list):
        return [shaken(value, size, rng) for value in params]
    if is_dataclass(params) and not isinstance(params, type):
        named = {f.name: getattr(params, f.name) for f in fields(params) if f.init}
        return replace(params, **{name: shaken(value, size, rng) for name, value in named.items()})
    if isinstance(params, float) or (isinstance(params, np.ndarray) and params.dtype.kind == "f"):
        return params * (1.0 + size * rng.standard_normal(np.shape(params)))
    return params


def _climbed(problem: Problem, begin: Params, objective: float) -> float:
    """Where EM ends from there; where it cannot go on, nowhere. The first M-step leads back into the space."""
    try:
        state = problem.e_step(begin)
        before = -np.inf
        for _ in range(STEPS):
            state = problem.e_step(problem.m_step(state))
            gain, before = state.objective - before, state.objective
            if not np.isfinite(before) or before > objective + HIGHER or abs(gain) < 1e-3 * HIGHER:
                break
    except Exception:  # noqa: BLE001 -- params that the model never meant to be given may raise anything
        return -np.inf
    return before if np.isfinite(before) else -np.inf
