"""A component that has lost its rows, begun again: its own parameters may have gone anywhere meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jensen.basics.arrays import Mask, Params
from jensen.em.leaves import leaves, mapped
from jensen.em.problem import Problem

LEAST = 0.5  # rows of a component that has some


def revived(problem: Problem, params: Params, share: float) -> Params:
    """Params where what has lost its rows begins again: from the largest component, as that is for the
    ``share`` of the rows that are explained worst; for 0 of them, as it is.

    Components are told by their shares, numbers that sum to 1 of which some are less than half a row; what
    belongs to them are entries of the other arrays with as many rows.
    """
    found = [x for x in leaves(params) if np.ndim(x) == 1 and is_shares(x) and _lost(problem, x).any()]
    if not found:
        return params
    model = iter(leaves(_of_worst(problem, params, share) if share else params))
    shares = {len(x): x for x in found}

    def changed(x: Any) -> Any:
        other = next(model, x)
        of = shares.get(len(x)) if np.ndim(x) else None
        if of is None or np.shape(other) != np.shape(x):
            return x
        lost, again = _lost(problem, of), x.copy()
        again[lost] = max(share, 1.0 / len(x) ** 2) if x is of else other[np.argmax(of)]
        return again / again.sum() if x is of else again

    return mapped(params, changed)


def _lost(problem: Problem, shares: Any) -> Mask:
    weight = problem.num_cases if problem.weight is None else float(np.sum(problem.weight))
    return np.asarray(shares * weight < LEAST)


def _of_worst(problem: Problem, params: Params, share: float) -> Params:
    """What the M-step makes of the rows that are explained worst, or of the params where it fails."""
    try:
        evidence = problem.model.posterior(params, problem.data).log_evidence
        worst = evidence <= np.quantile(evidence, share)
        few = replace(problem.again(), weight=worst * (1.0 if problem.weight is None else problem.weight))
        return few.m_step(few.e_step(params))
    except Exception:  # a model of the user's may raise anything
        return params


def is_shares(x: Any) -> bool:
    """Whether every row of it is a distribution."""
    if np.ndim(x) == 0 or np.size(x) == 0:
        return False
    return bool((x >= 0).all() and np.allclose(np.sum(x, axis=-1), 1.0, rtol=0.0, atol=1e-6))
