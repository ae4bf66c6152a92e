"""The observed information, −∂² (log p(x | θ) + log p(θ)) / ∂u² in a model's chart.

Exactly where the model has it (``information``). Else as the Jacobian of the score, which Fisher's identity
gives from one E-step (Fisher 1925; Louis 1982; Oakes 1999): g(u) = ∇Q(·, S(u)) at u. Central differences of
the eighth order, with steps in units of 1/√(curvature of Q), so that the units of the data do not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.basics.progress import Progress
from jensen.em.contract import Model
from jensen.em.curvature.matrix import Information
from jensen.em.problem import Problem
from jensen.em.score import by_differences, unit_scale

Field = Callable[[Array], Array]

# f'(0) ≈ Σ_j c_j (f(jh) − f(−jh)) / h, of the fourth, sixth and eighth order.
ORDERS = np.array(
    [[2 / 3, -1 / 12, 0.0, 0.0], [3 / 4, -3 / 20, 1 / 60, 0.0], [4 / 5, -1 / 5, 4 / 105, -1 / 280]]
)
STEPS = (0.06, 0.25, 1.0)
"""In units of 1/√curvature, tried in turn until one is good enough, or worse than the one before: beyond
that they only become too long."""
ENOUGH = 1e-10
"""Error of the information, its diagonal scaled to 1."""
DOUBT = 1e3
"""Errors that an eigenvalue may not be away from 0 by and be of a sign beyond doubt."""


def score_with(model: Model, scale: Array) -> Callable[[Params, Any], Array]:
    """`jensen.em.score` of a model, with the steps of its differences known."""
    if model.score is not None:
        return model.score
    return lambda params, stats: by_differences(model, params, stats, scale)


def score_at(problem: Problem, scale: Array) -> Field:
    """u ↦ the score at u: one E-step."""
    score = score_with(problem.model, scale)

    def field(u: Array) -> Array:
        params = problem.model.chart.from_vector(u)
        try:
            return np.asarray(score(params, problem.expected(params).stats))
        except np.linalg.LinAlgError:  # a step out of a covariance that has collapsed
            return np.full(len(u), np.nan)

    return field


def exact(found: Information) -> bool:
    """Whether numbers can be read off the information."""
    return found.error < ENOUGH


def definite(found: Information) -> bool:
    """Whether it is positive definite beyond doubt, whatever its numbers are."""
    if exact(found) or not np.isfinite(found.error):
        return exact(found)
    return bool(np.linalg.eigvalsh(found.scaled)[0] > DOUBT * found.error)


def observed_information(
    problem: Problem, params: Params, stats: Any = None, is_enough: Callable[[Information], bool] = exact
) -> Information:
    """−∂² (log p(x | θ) + log p(θ)) / ∂u² at ``params``.

    The model's own ``information(params, data, weight)`` if it has one, else the Jacobian of the score, for
    8p E-steps, and as many again until that ``is_enough``. ``stats`` are those of ``params``, where they are
    at hand.
    """
    model = problem.model
    if stats is None:
        stats = problem.expected(params).stats
    scale = unit_scale(model, params, stats)
    if model.information is not None:
        own = model.information(params, problem.data, problem.weight)
        return Information(np.asarray(own, dtype=float), scale)
    u = model.chart.to_vector(params)
    return differentiated(score_at(problem, scale), u, scale, "information", is_enough)


def complete_information(model: Model, params: Params, stats: Any, scale: Array) -> Information:
    """−∂² (Q(·, S) + log p(·)) / ∂u² at ``params``: what complete data would tell."""
    score = score_with(model, scale)

    def field(u: Array) -> Array:
        return np.asarray(score(model.chart.from_vector(u), stats))

    return differentiated(field, model.chart.to_vector(params), scale, "complete-data information")


def differentiated(
    field: Field, u: Array, scale: Array, what: str, is_enough: Callable[[Information], bool] = exact
) -> Information:
    """Minus the Jacobian of a score, made symmetric, with the best of a few steps."""
    best = None
    with Progress(what) as progress:
        for step in STEPS:
            found = _one_step(field, u, scale, step, progress)
            if best is None or found.error < best.error:
                best = found
            elif np.isfinite(best.error):
                break
            if is_enough(best):
                break
    assert best is not None
    return best


def _one_step(field: Field, u: Array, scale: Array, step: float, progress: Progress) -> Information:
    each = []
    for i in range(len(u)):
        progress.update(f"coordinate {i + 1} of {len(u)}")
        each.append(_column(field, u, i, step * scale[i]))
    if not each:
        return Information(np.zeros((0, 0)), scale)
    fourth, sixth, eighth = np.moveaxis(np.array(each), 0, 2)
    units = np.outer(scale, scale)
    last, before = np.abs(eighth - sixth), np.abs(sixth - fourth)
    truncation = last * np.minimum(1.0, last / np.where(before > 0, before, 1.0))
    error = np.maximum(truncation, np.abs(eighth - eighth.T) / 2) * units
    worst = float(error.max()) if np.isfinite(error).all() else np.inf
    return Information(-(eighth + eighth.T) / 2, scale, worst)


def _column(field: Field, u: Array, i: int, step: float) -> Array:
    """∂f/∂u_i in three orders, (3, p)."""
    total = np.zeros((len(ORDERS), len(u)))
    for j in range(4):
        there = np.zeros(len(u))
        there[i] = (j + 1) * step
        total += ORDERS[:, j, None] * (field(u + there) - field(u - there))
    return total / step
