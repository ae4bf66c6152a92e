"""The door to the native kernels: one pass over the rows, nothing of size n × k stored unless asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen.families import Gaussian, GaussianStats

if TYPE_CHECKING:
    from jensen.models.mixture import MixtureParams

Array = NDArray[np.float64]


def posterior(family: Gaussian, params: MixtureParams, data: Array) -> tuple[Array, Array]:
    with np.errstate(divide="ignore"):
        joint = np.log(params.weights) + family.log_density(params.components, data)
    top = joint.max(axis=1, keepdims=True)
    odds = np.exp(joint - top)
    total = odds.sum(axis=1, keepdims=True)
    return odds / total, (top + np.log(total))[:, 0]


def e_step(family: Gaussian, params: MixtureParams, data: Array, weight: Array | None):
    r, log_evidence = posterior(family, params, data)
    w = np.ones(len(r)) if weight is None else weight
    stats = family.statistics(params.components, data, w[:, None] * r)
    h = -np.sum(r * np.log(np.where(r > 0, r, 1.0)), axis=1)
    return stats, float(w @ log_evidence), float(w @ h), float(w.sum())
