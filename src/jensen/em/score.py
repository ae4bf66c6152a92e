"""The score of the evidence without a pass over the data: ∇ log p(x | θ) = ∇Q(·, S(θ)) at θ (Fisher)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.em import identities
from jensen.em.contract import Model, as_model
from jensen.numerics.differences import curvature_scale, gradient
from jensen.spaces.chart import Chart

STEP = 0.25  # of a difference of Q, in units of `unit_scale`


def score(model: Any, params: Params, stats: Any) -> Array:
    """∂/∂u of Q(·, S) + log p(·) at ``params``, in the coordinates of the model's chart.

    At S = S(params) it is the score of the evidence (plus that of the prior). The model's own
    ``score(params, stats)`` where it has one, else by differences of Q, with steps scaled by its curvature.
    """
    model = as_model(model)
    if model.score is not None:
        return np.asarray(model.score(params, stats))
    return by_differences(model, params, stats)


def by_differences(model: Model, params: Params, stats: Any, unit: Array | None = None) -> Array:
    """The score by central differences of Q; ``unit`` is `unit_scale`, where it is known already."""
    objective, u = _objective(model, params, stats)
    unit = unit_scale(model, params, stats) if unit is None else unit
    return gradient(objective, u, unit, STEP)


def unit_scale(model: Model, params: Params, stats: Any) -> Array:
    """1/√(−∂²Q/∂u_i²): the standard error of a coordinate, were the data complete and it the only one, (p,).

    No more than 1 for a logarithm.
    """
    return curvature_units(*_objective(model, params, stats), model.chart)


def curvature_units(objective: Callable[[Array], float], u: Array, chart: Chart) -> Array:
    """1/√|∂²/∂u_i²| of any objective over a chart, no more than 1 for a logarithm, (p,)."""
    found, limits = curvature_scale(objective, u), chart.widest()
    flat = np.where(np.isfinite(limits), limits, 1.0)
    return np.where(np.isfinite(found), np.minimum(found, limits), flat)


def _objective(model: Model, params: Params, stats: Any) -> tuple[Callable[[Array], float], Array]:
    """Q(·, S) + log p(·) as a function of u, and the u of ``params``."""
    chart = model.chart

    def objective(u: Array) -> float:
        there = chart.from_vector(u)
        try:
            return float(model.expected_log_joint(there, stats)) + identities.log_prior(model, there)
        except np.linalg.LinAlgError:  # a step out of a covariance that has collapsed
            return -np.inf

    return objective, chart.to_vector(params)
