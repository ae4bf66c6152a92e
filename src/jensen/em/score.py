"""The score of the evidence without a pass over the data: ∇ log p(x | θ) = ∇Q(·, S(θ)) at θ (Fisher)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.em import identities
from jensen.em.contract import LatentVariableModel
from jensen.numerics.differences import curvature_scale, gradient

STEP = 0.25  # of a difference of Q, in units of `unit_scale`


def score(model: LatentVariableModel, params: Params, stats: Any) -> Array:
    """∂/∂u of Q(·, S) + log p(·) at ``params``, in the coordinates of the model's chart.

    At S = S(params) it is the score of the evidence (plus that of the prior). The model's own
    ``score(params, stats)`` where it has one, else by differences of Q, with steps scaled by its curvature.
    """
    own = getattr(model, "score", None)
    return np.asarray(own(params, stats)) if own is not None else by_differences(model, params, stats)


def by_differences(
    model: LatentVariableModel, params: Params, stats: Any, unit: Array | None = None
) -> Array:
    """The score by central differences of Q; ``unit`` is `unit_scale`, where it is known already."""
    objective, u = _objective(model, params, stats)
    unit = unit_scale(model, params, stats) if unit is None else unit
    return gradient(objective, u, unit, STEP)


def unit_scale(model: LatentVariableModel, params: Params, stats: Any) -> Array:
    """1/√(−∂²Q/∂u_i²): the standard error of a coordinate, were the data complete and it the only one, (p,).

    No more than 1 for a logarithm.
    """
    objective, u = _objective(model, params, stats)
    found = curvature_scale(objective, u)
    limits = model.chart.widest()  # pyright: ignore[reportAttributeAccessIssue] -- of a model that has one
    flat = np.where(np.isfinite(limits), limits, 1.0)
    return np.where(np.isfinite(found), np.minimum(found, limits), flat)


def _objective(
    model: LatentVariableModel, params: Params, stats: Any
) -> tuple[Callable[[Array], float], Array]:
    """Q(·, S) + log p(·) as a function of u, and the u of ``params``."""
    chart = model.chart  # pyright: ignore[reportAttributeAccessIssue] -- of a model that has one

    def objective(u: Array) -> float:
        there = chart.from_vector(u)
        return float(model.expected_log_joint(there, stats)) + identities.log_prior(model, there)

    return objective, chart.to_vector(params)
