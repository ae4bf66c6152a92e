"""The scores of the rows, for covariances that are right also where the model is not."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Data, Params, Weight
from jensen.basics.progress import Progress
from jensen.em import identities
from jensen.em.cases import num_rows, take_rows
from jensen.em.curvature.information import score_with

BLOCK = 4096


def meat(model: Any, params: Params, data: Data, weight: Weight, scale: Array) -> Array:
    """Σ_n w_n s_n s_nᵀ in the chart, (p, p)."""
    own = getattr(model, "scores", None)
    if own is None:
        scores = row_scores(model, params, data, scale)
        return _outer(scores, weight)
    total = np.zeros((len(scale), len(scale)))
    for begin in range(0, num_rows(data), BLOCK):
        rows = np.arange(begin, min(begin + BLOCK, num_rows(data)))
        w = None if weight is None else np.asarray(weight)[rows]
        total += _outer(np.asarray(own(params, take_rows(data, rows))), w)
    return total


def row_scores(model: Any, params: Params, data: Data, scale: Array) -> Array:
    """The score of every row, (n, p), without the prior's: one E-step of one row after the other."""
    score = score_with(model, scale)
    prior = None
    found = []
    with Progress("scores") as progress:
        for n in range(num_rows(data)):
            stats = identities.e_step(model, params, take_rows(data, np.array([n])), None).stats
            if prior is None:  # what is left of a score without data
                prior = np.asarray(score(params, stats.scale(0.0)))
            found.append(np.asarray(score(params, stats)) - prior)
            progress.update(f"row {n + 1}")
    return np.array(found).reshape(-1, len(scale))


def _outer(scores: Array, weight: Weight) -> Array:
    return scores.T @ (scores if weight is None else np.asarray(weight)[:, None] * scores)
