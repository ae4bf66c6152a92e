"""A second look at an end by M-steps alone: whether one for other weights of the rows ends higher.

The M-step of a model without a chart cannot be checked by a score. But its M-steps for rows that are weighted
a little differently are params beside the end, within their space whatever that is; and where it maximizes,
none of them is higher.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.em.leaves import leaves
from jensen.em.problem import Problem

JITTER = 0.1  # of the weights, relative to their noise: so many standard errors of a parameter
MOST_DIRECTIONS = 6
ROUNDS = 4
VISIBLE = 1e-4  # nats, of one round
LENGTHS = (1.0, 0.3, 0.1, 0.03)  # of a step
HIGHER = 5e-3  # nats: what a maximum may leave


def higher_at_weights(problem: Problem, params: Params, objective: float) -> float:
    """By how many nats an M-step for weights that differ ends above ``params``; at least 0.

    Such M-steps lead to params beside these and within their space, all lower where the M-step maximizes. The
    objective there is a function of the weights; Newton's steps, in a few random directions, find what
    is higher where some directions are far flatter than others.
    """
    rng = np.random.default_rng(0)
    number = min(sum(np.size(x) for x in leaves(params)), MOST_DIRECTIONS)
    ways = rng.uniform(-JITTER, JITTER, (number, problem.num_cases))

    def f(at: Array) -> float:
        there = problem.attempt(at_weights(problem, params, at @ ways))
        return -np.inf if there is None else there.objective

    best, at = objective, np.zeros(number)
    for _ in range(ROUNDS):
        seen = _around(f, at)
        seen += [(f(there), there) for there in _newton_steps(seen, at)]
        value, there = max(seen, key=lambda each: each[0])
        if value <= best + VISIBLE:
            break
        best, at = value, there
        if best > objective + HIGHER:
            break
    return best - objective


def _around(f: Callable[[Array], float], at: Array) -> list[tuple[float, Array]]:
    """f at a point, 1 to either side of it along every coordinate, and along every two of them."""
    unit = np.eye(len(at))
    steps = [0.0 * at, *unit, *-unit, *(a + b for a, b in combinations(unit, 2))]
    return [(f(at + step), at + step) for step in steps]


def _newton_steps(seen: list[tuple[float, Array]], at: Array) -> list[Array]:
    """Where Newton's step leads from what `_around` has seen, and parts of it; every curvature is taken as
    one of a maximum.
    """
    number, values = len(at), np.array([value for value, _ in seen])
    if not np.isfinite(values).all():
        return []
    here, up, down = values[0], values[1 : number + 1], values[number + 1 : 2 * number + 1]
    hessian = np.diag(up + down - 2.0 * here)
    for (i, j), both in zip(combinations(range(number), 2), values[2 * number + 1 :], strict=True):
        hessian[i, j] = hessian[j, i] = both - up[i] - up[j] + here
    curvatures, vectors = np.linalg.eigh(hessian)
    steepness = np.maximum(np.abs(curvatures), 1e-6 * np.abs(curvatures).max())
    step = vectors @ ((up - down) / 2.0 @ vectors / steepness)
    return [at + length * step for length in LENGTHS] if np.isfinite(step).all() else []


def at_weights(problem: Problem, params: Params, change: Array) -> Params | None:
    """What the M-step makes of the statistics of rows whose weights are changed, relative to their noise,
    that of so many rows; None where it fails.
    """
    weight = np.ones(len(change)) if problem.weight is None else np.asarray(problem.weight, dtype=float)
    weight = weight * np.maximum(1.0 + change / np.sqrt(np.maximum(weight, 1.0)), 0.0)
    try:
        weighted = replace(problem.again(), weight=weight)
        return weighted.m_step(weighted.e_step(params))
    except Exception:  # a model of the user's may raise anything
        return None
