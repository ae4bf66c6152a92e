"""Conjugate priors of a mixture: data seen before the data."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma, log, pi
from typing import TYPE_CHECKING

import numpy as np

from jensen.basics.arrays import Array
from jensen.families import Diagonal, Full, Gaussian, GaussianParams, GaussianStats, Tied
from jensen.families.gaussian.covariance import Covariance

if TYPE_CHECKING:
    from jensen.models.mixture.mixture import Mixture, MixtureParams, MixtureStats


@dataclass(frozen=True, slots=True)
class Dirichlet:
    """Dirichlet(α, …, α) on the mixing weights: α − 1 rows seen before in every component.

    Parameters
    ----------
    concentration
        α ≥ 1; 1 is flat.
    """

    concentration: float = 1.0

    def __post_init__(self) -> None:
        if not self.concentration >= 1.0:
            raise ValueError(f"concentration must be at least 1 to have a mode, not {self.concentration}")

    def pseudo_counts(self, k: int) -> Array:
        """α − 1 for each component."""
        return np.full(k, self.concentration - 1.0)

    def log_density(self, weights: Array) -> float:
        """log Dirichlet(π | α)."""
        k, a = len(weights), self.concentration
        terms = 0.0 if a == 1.0 else (a - 1.0) * float(np.log(weights).sum())
        return lgamma(k * a) - k * lgamma(a) + terms


@dataclass(frozen=True, slots=True, eq=False)
class NormalInverseWishart:
    """μ_k | Σ_k ~ N(m, Σ_k / κ), Σ_k ~ inverse-Wishart(ν, Ψ), in the shape of the covariance structure.

    `Tied`: one inverse-Wishart for the shared Σ. `Diagonal`: one inverse-Wishart of size 1 for each variance
    (an inverse gamma), with the diagonal of Ψ. `Spherical`: one of size 1 for the common variance, with the
    mean of the diagonal of Ψ.

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
            raise ValueError(f"scale must be ({d}, {d}) like the mean, not {np.shape(self.scale)}")
        if not (self.mean_count > 0 and self.dof > d - 1):
            raise ValueError(f"need mean_count > 0 and dof > {d - 1}")
        if not np.allclose(self.scale, np.transpose(self.scale)) or not np.linalg.eigvalsh(self.scale)[0] > 0:
            raise ValueError("scale must be symmetric and positive definite")

    @classmethod
    def from_data(
        cls, data: Array, k: int, mean_count: float = 0.01, dof: float | None = None
    ) -> NormalInverseWishart:
        """The weak prior of Fraley and Raftery: centred on the data, Ψ = cov(data) / k^(2/d), ν = d + 2."""
        data = np.atleast_2d(np.asarray(data, float))
        d = data.shape[1]
        scale = np.cov(data.T, bias=True).reshape(d, d) / k ** (2.0 / d)
        return cls(data.mean(axis=0), mean_count, scale, d + 2.0 if dof is None else dof)

    def pseudo_stats(self, covariance: Covariance, k: int) -> GaussianStats:
        """The statistics of the rows that the prior is worth.

        −½ log|Σ| is multiplied by 1 for each N(m, Σ/κ) and by ν + size + 1 for each inverse-Wishart.
        """
        d = len(self.mean)
        dof, second = {
            "full": lambda: (np.full(k, self.dof + d + 2), np.tile(self.scale, (k, 1, 1))),
            "tied": lambda: (np.full(k, 1.0 + (self.dof + d + 1) / k), self.scale),
            "diag": lambda: (np.full(k, self.dof + 3), np.tile(np.diag(self.scale), (k, 1))),
            "spherical": lambda: (np.full(k, 1.0 + (self.dof + 2) / d), np.full(k, np.trace(self.scale) / d)),
        }[covariance.name]()
        centre = np.tile(self.mean, (k, 1))
        return GaussianStats(covariance, centre, np.full(k, self.mean_count), np.zeros((k, d)), second, dof)

    def log_density(self, covariance: Covariance, params: GaussianParams) -> float:
        """log of the density in the natural parameters (means and covariances)."""
        k, d = params.means.shape
        family = Gaussian(covariance)
        stats = self.pseudo_stats(covariance, k)
        # Everything that depends on θ is Q of the pseudo-data; what is left are the normalizing constants.
        constant = 0.5 * d * (stats.count.sum() * log(2 * pi) + k * log(self.mean_count / (2 * pi)))
        return family.expected_log_density(params, stats) + constant + self._log_normalizer(covariance, k, d)

    def _log_normalizer(self, covariance: Covariance, k: int, d: int) -> float:
        half = self.dof / 2
        whole = half * _log_det(self.scale) - half * d * log(2) - _multigammaln(half, d)
        diagonal = np.diag(self.scale)
        one = -self.dof / 2 * log(2) - lgamma(self.dof / 2)
        if isinstance(covariance, Full):
            return k * whole
        if isinstance(covariance, Tied):
            return whole
        if isinstance(covariance, Diagonal):
            return k * float(sum(self.dof / 2 * np.log(diagonal) + one))
        return k * (self.dof / 2 * log(float(diagonal.mean())) + one)


def _log_det(matrix: Array) -> float:
    return float(np.linalg.slogdet(matrix)[1])


def _multigammaln(a: float, d: int) -> float:
    return d * (d - 1) / 4 * log(pi) + sum(lgamma(a - i / 2) for i in range(d))


@dataclass(frozen=True, slots=True)
class MixturePrior:
    """The prior of a mixture: of its weights and of its components; either may be left out."""

    weights: Dirichlet | None = None
    components: NormalInverseWishart | None = None

    def pseudo_stats(self, model: Mixture, params: MixtureParams) -> MixtureStats:
        """The statistics that are added to those of the data."""
        from jensen.models.mixture.mixture import MixtureStats

        k, d = params.components.means.shape
        count = (self.weights or Dirichlet()).pseudo_counts(k)
        covariance = model.family.covariance
        if self.components is not None:
            return MixtureStats(count, self.components.pseudo_stats(covariance, k))
        shape = covariance.shape(k, d)
        zero = np.zeros(k)
        return MixtureStats(
            count,
            GaussianStats(covariance, params.components.means, zero, np.zeros((k, d)), np.zeros(shape), zero),
        )

    def log_density(self, model: Mixture, params: MixtureParams) -> float:
        """log p(θ)."""
        total = 0.0 if self.weights is None else self.weights.log_density(params.weights)
        if self.components is not None:
            total += self.components.log_density(model.family.covariance, params.components)
        return total
