"""The score of the evidence without a pass over the data: ∇ log p(x | θ) = ∇Q(·, S(θ)) at θ (Fisher)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.em import identities
from jensen.em.differences import curvature, gradient
from jensen.em.protocols import LatentVariableModel, Params

Array = NDArray[np.float64]


def score(model: LatentVariableModel, params: Params, stats: Any) -> Array:
    """∂/∂u of Q(·, S) + log p(·) at ``params``, in the coordinates of the model's chart.

    At S = S(params) it is the score of the evidence (plus that of the prior). The model's own
    ``score(params, stats)`` where it has one, else by differences of Q, with steps scaled by its curvature.
    """
    own = getattr(model, "score", None)
    return np.asarray(own(params, stats)) if own is not None else by_differences(model, params, stats)


def by_differences(model: LatentVariableModel, params: Params, stats: Any) -> Array:
    """The score by central differences of Q."""
    chart = model.chart  # pyright: ignore[reportAttributeAccessIssue] -- of a model that has one

    def objective(u: Array) -> float:
        there = chart.from_vector(u)
        return float(model.expected_log_joint(there, stats)) + identities.log_prior(model, there)

    u = chart.to_vector(params)
    return gradient(objective, u, step_scale(curvature(objective, u)))


def step_scale(curvatures: Array) -> Array:
    """1/√curvature: the standard error, if the coordinate were alone. 1 where there is no curvature."""
    flat = ~(curvatures > 1e-12)
    return np.where(flat, 1.0, 1.0 / np.sqrt(np.where(flat, 1.0, curvatures)))
