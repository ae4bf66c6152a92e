"""A second look at an end without derivatives: whether EM climbs higher from beside it.

For a model without a chart a climb that stands still says little: it does so at a saddle, and where an
M-step does not maximize Q. So the numbers of the params are changed a little, and EM is begun again there:
from beside a maximum it comes back, from beside anything else it ends higher, which is proof whatever the
reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from jensen.basics.arrays import Mask, Params
from jensen.em.problem import Problem
from jensen.spaces.chart import as_dict

SIZES = (0.03, 0.1)  # relative changes
TIMES = 2  # each of them
VANISHED = 1e-8  # relative to the largest number of an array
STEPS = 40  # of EM, as long as it goes on
HIGHER = 5e-3  # nats: what a maximum may leave


def higher_beside(problem: Problem, params: Params, objective: float) -> float:
    """By how many nats the best of a few short climbs from beside ``params`` ends above it; at least 0.

    Infinite where the M-step moves nothing at all. Numbers that it does not move are not parameters but held,
    and stay as they are.
    """
    rng = np.random.default_rng(0)
    moved = _moved(problem, params, rng)
    if moved is None:
        return 0.0
    if not any(mask.any() for mask in moved):
        return np.inf
    best = objective
    for size in SIZES:
        for _ in range(TIMES):
            best = max(best, _climbed(problem, shaken(params, size, rng, moved), objective))
            if best > objective + HIGHER:
                return best - objective
    return best - objective


def _moved(problem: Problem, params: Params, rng: np.random.Generator) -> list[Mask] | None:
    """Of every array of numbers in params, in turn, which of them an M-step moves; None where it fails."""
    masks = [np.ones(np.shape(value), bool) for value in _leaves(params)]
    begin = shaken(params, SIZES[0], rng, masks)
    try:
        end = problem.m_step(problem.e_step(begin))
    except Exception:  # params that the model never meant to be given may raise anything
        return None
    pairs = zip(_leaves(begin), _leaves(end), strict=False)
    found = [np.asarray(a != b) for a, b in pairs if np.shape(a) == np.shape(b)]
    return found if masks and len(found) == len(masks) else None


def shaken(params: Any, size: float, rng: np.random.Generator, which: list[Mask]) -> Any:
    """Params whose numbers, those in ``which``, are changed by a relative normal error; what has vanished
    beside the largest of its array comes back, as the share of a component that lost its rows.
    """
    masks = iter(which)

    def changed(x: Any) -> Any:
        error = size * next(masks) * rng.standard_normal(np.shape(x))
        largest = np.abs(x).max(initial=0.0) if np.ndim(x) else 0.0
        return x * (1.0 + error) + (np.abs(x) < VANISHED * largest) * np.abs(error) * largest

    return mapped(params, changed)


def _leaves(params: Any) -> list[Any]:
    found: list[Any] = []
    mapped(params, lambda x: found.append(x) or x)
    return found


def mapped(params: Any, change: Callable[[Any], Any]) -> Any:
    """Params with every float and array of floats changed; what else they hold stays as it is."""
    made: Any = type(params)
    if isinstance(params, Mapping):
        return made({name: mapped(value, change) for name, value in params.items()})
    if isinstance(params, tuple):
        parts = [mapped(value, change) for value in params]
        return tuple(parts) if made is tuple else made(*parts)  # a named one
    if isinstance(params, list):
        return [mapped(value, change) for value in params]
    if is_dataclass(params) and not isinstance(params, type):
        named = as_dict(params)
        begun = {f.name: mapped(named[f.name], change) for f in fields(params) if f.init}
        return replace(params, **begun)
    if isinstance(params, float) or (isinstance(params, np.ndarray) and params.dtype.kind == "f"):
        return change(params)
    return params


def _climbed(problem: Problem, begin: Params, objective: float) -> float:
    """Where EM ends from there; where it cannot go on, nowhere. Its first M-step leads into the space."""
    try:
        state = problem.e_step(begin)
        before = -np.inf
        for _ in range(STEPS):
            state = problem.e_step(problem.m_step(state))
            gain, before = state.objective - before, state.objective
            if not np.isfinite(before) or before > objective + HIGHER or abs(gain) < 1e-3 * HIGHER:
                break
    except Exception:  # params that the model never meant to be given may raise anything
        return -np.inf
    return before if np.isfinite(before) else -np.inf
