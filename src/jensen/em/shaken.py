"""A second look at an end without derivatives: whether EM climbs higher from beside it.

For a model without a chart a climb that stands still says little, and in one with a chart the curvature says
nothing of bounds and flat directions, as where a component has lost its rows. So the numbers of the params
are changed a little, and EM is begun again there: from beside a maximum it comes back, from beside anything
else it ends higher, which is proof whatever the reason.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Mask, Params
from jensen.em.algorithms import Algorithm
from jensen.em.leaves import leaves, mapped
from jensen.em.problem import Problem
from jensen.em.revived import is_shares, revived
from jensen.em.reweighted import HIGHER, at_weights

SIZES = (0.03, 0.03, 0.3, 0.3)  # relative changes, one after the other
WORST = (0.0, 0.01, 0.1, 0.0)  # of the rows, for a component that has none
VANISHED = 1e-8  # relative to the largest number of an array
STEPS = 40  # of a climb at least, as long as it goes on


def higher_beside(
    problem: Problem, params: Params, objective: float, algorithm: Algorithm, spent: int = 0
) -> float:
    """By how many nats the best of a few short climbs from beside ``params`` ends above it; at least 0.
    Together they take as many steps as have been ``spent``, or more where that is few.

    Infinite where the M-step moves nothing at all. Numbers that it does not move are not parameters but held,
    and stay as they are.
    """
    rng = np.random.default_rng(0)
    moved = _moved(problem, params, rng)
    if moved is None:
        return 0.0
    if not any(mask.any() for mask in moved):
        return np.inf
    units = _units(problem, params, rng)
    best, steps = objective, max(STEPS, spent // len(SIZES))
    for size, share in zip(SIZES, WORST, strict=True):
        begin = shaken(revived(problem, params, share), size, rng, moved, units)
        best = max(best, _climbed(problem, begin, objective, algorithm, steps))
        if best > objective + HIGHER:
            break
    return best - objective


def _units(problem: Problem, params: Params, rng: np.random.Generator) -> list[Any]:
    """Of every array of numbers in params, how far about half a standard error moves it; 0 where unknown."""
    there = at_weights(problem, params, rng.uniform(-0.5, 0.5, problem.num_cases))
    here = leaves(params)
    ends = [] if there is None else leaves(there)
    if [np.shape(a) for a in here] != [np.shape(b) for b in ends]:
        return [np.zeros(np.shape(a)) for a in here]
    return [np.nan_to_num(np.abs(b - a), posinf=0.0) for a, b in zip(here, ends, strict=True)]


def _moved(problem: Problem, params: Params, rng: np.random.Generator) -> list[Mask] | None:
    """Of every array of numbers in params, in turn, which of them an M-step moves; None where it fails."""
    masks = [np.ones(np.shape(x), bool) for x in leaves(params)]
    begin = shaken(params, SIZES[0], rng, masks, [np.zeros(mask.shape) for mask in masks])
    try:
        end = problem.m_step(problem.e_step(begin))
    except Exception:  # params that the model never meant to be given may raise anything
        return None
    pairs = zip(leaves(begin), leaves(end), strict=False)
    found = [np.asarray(a != b) for a, b in pairs if np.shape(a) == np.shape(b)]
    return found if masks and len(found) == len(masks) else None


def shaken(params: Any, size: float, rng: np.random.Generator, which: list[Mask], units: list[Any]) -> Any:
    """Params whose numbers, those in ``which``, are changed by a normal error: of ``size`` relative to them,
    and of as many ``units``. What has vanished beside the largest of its array comes back; what is not
    negative stays so, and shares still sum to 1.
    """
    masks, steps = iter(which), iter(units)

    def changed(x: Any) -> Any:
        error = next(masks) * rng.standard_normal(np.shape(x))
        back = _vanished(x) * np.abs(error) * np.abs(x).max(initial=0.0) if np.ndim(x) else 0.0
        there = x + error * (size * np.abs(x) + next(steps)) + size * back
        there = np.abs(there) if np.all(x >= 0) else there
        return there / there.sum(axis=-1, keepdims=True) if is_shares(x) else there

    return mapped(params, changed)


def _vanished(x: Array) -> Mask:
    return np.asarray(np.abs(x) < VANISHED * np.abs(x).max(initial=0.0))


def _climbed(problem: Problem, begin: Params, objective: float, algorithm: Algorithm, steps: int) -> float:
    """Where a climb ends from there; where it cannot go on, nowhere. An M-step first leads into the space."""
    try:
        state = algorithm.init(problem, problem.m_step(problem.e_step(begin)))
        before = state.objective
        for _ in range(steps):
            state = algorithm.step(problem, state)
            gain, before = state.objective - before, state.objective
            if not np.isfinite(before) or before > objective + HIGHER or abs(gain) < 1e-3 * HIGHER:
                break
        if not np.isfinite(before) or (before > objective + HIGHER and _has_collapsed(problem, state.params)):
            return -np.inf
    except Exception:  # params that the model never meant to be given may raise anything
        return -np.inf
    return before


def _has_collapsed(problem: Problem, params: Params) -> bool:
    """Whether the model itself calls it none to be preferred."""
    diagnose = problem.model.diagnose
    flaw = None if diagnose is None else diagnose(params, problem.data, problem.weight)
    return flaw is not None and not flaw.proper
