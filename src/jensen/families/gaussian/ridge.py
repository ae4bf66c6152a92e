"""`reg_covar` with an objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.gaussian.moments import GaussianParams, GaussianStats


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

    @property
    def holds_up(self) -> bool:
        """Whether it keeps every component from collapsing: spurious ends are still looked for."""
        return False

    def pseudo_stats(self, family: Any, k: int) -> GaussianStats:
        """a·m·I for each component, and no rows."""
        zero, centre = np.zeros(k), np.zeros((k, family.num_columns))
        return GaussianStats(
            family.covariance.moments, centre, zero, np.zeros_like(centre), self._scatter(family, k), zero
        )

    def log_density(self, family: Any, params: GaussianParams) -> float:
        """−½ a m Σ_k tr Σ_k⁻¹."""
        structure = family.covariance
        spread = structure.spread(params.covariances, *params.means.shape)
        return -0.5 * structure.moments.trace(spread, self._scatter(family, len(params.means)))

    def _scatter(self, family: Any, k: int) -> Array:
        d = family.num_columns
        axes = np.sqrt(self.amount * self.rows) * np.eye(d)
        return family.covariance.moments.second(axes, np.zeros((k, d)), np.ones((d, k)))
