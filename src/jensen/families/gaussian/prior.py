"""The conjugate prior of Gaussian components: data seen before the data."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.basics.numbers import count, is_number
from jensen.families.gaussian.moments import GaussianParams, GaussianStats


@dataclass(frozen=True, slots=True, eq=False)
class NormalInverseWishart:
    """μ_k | Σ_k ~ N(m, Σ_k / κ), Σ_k ~ inverse-Wishart(ν, Ψ), in the shape of the covariance structure.

    `Full`: one inverse-Wishart for each matrix; `Tied`: one for the shared matrix. `Diagonal` and `EEI`: one
    of size 1 (an inverse gamma) for each variance, with the diagonal of Ψ. `Spherical` and `EII`: one of size
    1 for each variance, with the mean of the diagonal of Ψ.

    Parameters
    ----------
    mean
        (d,): m.
    mean_count
        κ > 0: how many rows the prior mean is worth.
    scale
        (d, d): Ψ, symmetric and positive definite.
    dof
        ν > d − 1.

    Notes
    -----
    Fraley and Raftery (2007), *Bayesian regularization for normal mixture estimation and model-based
    clustering*.
    """

    mean: Array
    mean_count: float
    scale: Array
    dof: float

    def __post_init__(self) -> None:
        d = len(self.mean)
        if np.shape(self.scale) != (d, d):
            raise ModelError(f"scale must be ({d}, {d}) like the mean, not {np.shape(self.scale)}")
        known = is_number(self.mean_count) and is_number(self.dof)
        if not (known and self.mean_count > 0 and self.dof > d - 1):
            raise ModelError(
                f"need mean_count > 0 and dof > {d - 1}, not {self.mean_count!r} and {self.dof!r}"
            )
        if not (np.isfinite(self.mean).all() and np.isfinite(self.scale).all()):
            raise ModelError("mean and scale must be finite")
        if not np.allclose(self.scale, np.transpose(self.scale)) or not np.linalg.eigvalsh(self.scale)[0] > 0:
            raise ModelError("scale must be symmetric and positive definite")

    @classmethod
    def from_data(
        cls, data: Array, k: int, mean_count: float = 0.01, dof: float | None = None
    ) -> NormalInverseWishart:
        """The weak prior of Fraley and Raftery: centred on the data, Ψ = cov(data) / k^(2/d), ν = d + 2."""
        data = np.atleast_2d(np.asarray(data, float))
        d = data.shape[1]
        scale = np.cov(data.T, bias=True).reshape(d, d) / k ** (2.0 / d)
        return cls(data.mean(axis=0), mean_count, scale, d + 2.0 if dof is None else dof)

    @property
    def holds_up(self) -> bool:
        """Whether it keeps every component from collapsing."""
        return True

    def pseudo_stats(self, family: Any, k: int) -> GaussianStats:
        """The statistics of the rows that the prior is worth to ``k`` components of a `Gaussian`."""
        d, structure = len(self.mean), family.covariance
        if family.num_columns not in (None, d):
            raise ModelError(f"the prior is of {count(d, 'column')}, the data have {family.num_columns}")
        dof, second, _ = structure.prior_moments(self.scale, self.dof, k)
        centre = np.tile(self.mean, (k, 1))
        counts = np.full(k, self.mean_count)
        return GaussianStats(structure.moments, centre, counts, np.zeros((k, d)), second, dof)

    def log_density(self, family: Any, params: GaussianParams) -> float:
        """log of the density in the natural parameters (means and covariances)."""
        k, d = params.means.shape
        if len(self.mean) != d:
            raise ModelError(f"the prior is of {count(len(self.mean), 'column')}, the means have {d}")
        stats = self.pseudo_stats(family, k)
        # Everything that depends on θ is Q of the pseudo-data; what is left are the normalizing constants.
        constant = 0.5 * d * (stats.count.sum() * log(2 * pi) + k * log(self.mean_count / (2 * pi)))
        normalizer = family.covariance.prior_moments(self.scale, self.dof, k).log_normalizer
        return family.expected_log_density(params, stats) + constant + normalizer
