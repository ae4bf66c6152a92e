"""A fitted Gaussian mixture taken apart, whatever its covariance structure."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np

from jensen.basics.arrays import Array
from jensen.em import Fit
from jensen.models import Mixture, MixtureParams


class Parts(NamedTuple):
    """Weights (k,), means (k, d), covariances (k, d, d), and the name of the structure."""

    weights: Array
    means: Array
    covariances: Array
    structure: str

    @property
    def spreads(self) -> Array:
        """Standard deviations, (k, d)."""
        return np.sqrt(np.diagonal(self.covariances, axis1=1, axis2=2))


def mixture_of(fit: Fit) -> Mixture:
    """The model of the fit of a mixture."""
    return cast(Mixture, fit.model)


def parts_of(fit: Fit) -> Parts:
    """The components of a fit."""
    return take_apart(mixture_of(fit), fit.params)


def take_apart(model: Mixture, params: MixtureParams) -> Parts:
    """The components of a mixture."""
    weights, (means, covariances) = params
    structure = model.family.covariance
    return Parts(weights, means, structure.full(covariances, *means.shape), structure.name)
