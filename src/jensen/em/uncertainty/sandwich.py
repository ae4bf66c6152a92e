"""The scores of the cases, for covariances that are right also where the model is not."""

from __future__ import annotations

import numpy as np

from jensen.basics.arrays import Array, Params, Weight
from jensen.basics.progress import Progress
from jensen.em.curvature.information import score_with
from jensen.em.problem import Problem

BLOCK = 4096


def meat(problem: Problem, params: Params, scale: Array) -> Array:
    """Σ_n w_n s_n s_nᵀ in the chart, (p, p)."""
    scores = problem.model.scores
    if scores is None:
        return _outer(case_scores(problem, params, scale), problem.weight)
    total = np.zeros((len(scale), len(scale)))
    count = problem.num_cases
    for begin in range(0, count, BLOCK):
        block = problem.take(np.arange(begin, min(begin + BLOCK, count)))
        total += _outer(np.asarray(scores(params, block.data)), block.weight)
    return total


def case_scores(problem: Problem, params: Params, scale: Array) -> Array:
    """The score of every case, (n, p), without the prior's: one E-step of one case after the other."""
    score = score_with(problem.model, scale)
    alone = Problem(problem.model, problem.data)
    prior = None
    found = []
    with Progress("scores") as progress:
        for n in range(problem.num_cases):
            stats = alone.take([n]).expected(params).stats
            if prior is None:  # what is left of a score without data
                prior = np.asarray(score(params, stats.scale(0.0)))
            found.append(np.asarray(score(params, stats)) - prior)
            progress.update(f"row {n + 1}")
    return np.array(found).reshape(-1, len(scale))


def _outer(scores: Array, weight: Weight) -> Array:
    return scores.T @ (scores if weight is None else np.asarray(weight)[:, None] * scores)
