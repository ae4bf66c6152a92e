"""The natural parameters of a mixture as one vector, for acceleration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jensen.basics.arrays import Array
from jensen.families import GaussianParams

if TYPE_CHECKING:
    from jensen.models.mixture.mixture import Mixture, MixtureParams


def pack(model: Mixture, params: MixtureParams) -> Array:
    """π, μ and Σ, one after the other."""
    return np.concatenate(
        [params.weights, params.components.means.ravel(), params.components.covariances.ravel()]
    )


def unpack(model: Mixture, vector: Array) -> MixtureParams | None:
    """The parameters, or None where they are infeasible."""
    from jensen.models.mixture.mixture import MixtureParams

    k = model.num_components
    structure = model.family.covariance
    per_row = len(vector) - k
    d = next(d for d in range(1, per_row + 1) if k * d + np.prod(structure.shape(k, d)) == per_row)
    weights, means, covariances = np.split(vector, [k, k + k * d])
    covariances = covariances.reshape(structure.shape(k, d))
    if not (weights > 0).all():
        return None
    try:
        if structure.name in ("full", "tied"):
            np.linalg.cholesky(covariances)
        elif not (covariances > 0).all():
            return None
    except np.linalg.LinAlgError:
        return None
    metric = model.family.metric
    if metric is not None and metric.smallest(covariances).min() < model.family.floor:
        return None
    return MixtureParams(weights / weights.sum(), GaussianParams(means.reshape(k, d), covariances))
