"""`reg_covar` with an objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jensen.basics.arrays import Array
from jensen.families import GaussianStats
from jensen.models import Mixture, MixtureParams, MixtureStats


@dataclass(frozen=True, slots=True)
class Ridge:
    """The penalty log p(θ) = −½ a m Σ_k tr Σ_k⁻¹ (up to a constant), as a conjugate prior without rows of its
    own.

    Its M-step adds a·m/N_k to the diagonal of the covariance of a component of N_k rows: exactly a for tied
    covariances, and for every component of average size. Adding a whatever N_k is, as scikit-learn does, is
    the M-step of no objective: EM then climbs nothing, and may fall.

    Parameters
    ----------
    amount
        a, in squared units of the data.
    rows
        m = Σ_n w_n / k: the rows of an average component.
    """

    amount: float
    rows: float

    components: ClassVar[None] = None
    """Not one of the priors that hold every covariance up: spurious ends are still looked for."""

    def pseudo_stats(self, model: Mixture, params: MixtureParams) -> MixtureStats:
        """a·m·I for each component, and no rows."""
        k, d = params.components.means.shape
        zero = np.zeros(k)
        second = self._scatter(model, k, d)
        components = GaussianStats(
            model.family.covariance, params.components.means, zero, np.zeros((k, d)), second, zero
        )
        return MixtureStats(zero, components)

    def log_density(self, model: Mixture, params: MixtureParams) -> float:
        """−½ a m Σ_k tr Σ_k⁻¹."""
        k, d = params.components.means.shape
        covariance = model.family.covariance
        return -0.5 * covariance.trace(params.components.covariances, self._scatter(model, k, d))

    def _scatter(self, model: Mixture, k: int, d: int) -> Array:
        axes = np.sqrt(self.amount * self.rows) * np.eye(d)
        return model.family.covariance.second(axes, np.zeros((k, d)), np.ones((d, k)))
