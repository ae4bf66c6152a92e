"""A Gaussian mixture's chart, and the score in it.

With x̃ = x − μ_k, S_k = Σ_n w_n r_nk x̃ x̃ᵀ and Σ_k = L Lᵀ the gradient of Q(·, S) is

    ∂Q/∂ log(π_j/π_k) = N_j − N π_j
    ∂Q/∂μ_k           = Σ_k⁻¹ Σ_n w_n r_nk x̃
    ∂Q/∂L             = L⁻ᵀ (L⁻¹ S_k L⁻ᵀ − N_k I), lower triangle; its diagonal times L_ii (logarithms)
    ∂Q/∂ log σ²       = ½ (S/σ² − N)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.families import Diagonal, Full, GaussianParams, Spherical, Tied
from jensen.families.gaussian.diagnosis import AT_BOUND
from jensen.families.gaussian.metric import Metric
from jensen.models.mixture.coordinates import pack, unpack
from jensen.spaces import Covariance, Positive, Real, Simplex, Space
from jensen.spaces.chart import Chart

if TYPE_CHECKING:
    from jensen.models.mixture.mixture import Mixture, MixtureParams, MixtureStats


@dataclass(frozen=True, slots=True)
class Structure:
    """A covariance structure in the chart. Leading axes of moments are rows, where there are any."""

    space: Callable[[int, int], Space]
    """Of the covariances of k components in d columns."""
    score: Callable[[Array, Array, Array, int], Array]
    """∂Q/∂u from the covariances, the second moments about the means, their dof (…, k), and d."""
    precisions: Callable[[Array, Array], Array]
    """Σ_k⁻¹ v_k from the covariances and v (…, k, d)."""
    second: Callable[[Array, Array], Array]
    """a_k b_kᵀ of every row in the structure's shape, from a and b (n, k, d)."""
    at_bound: Callable[[Metric, Array, float], NDArray[np.bool_]]
    """Which coordinates belong to covariances that are below a limit, in the metric."""


def _factor_score(covariances: Array, second: Array, dof: Array) -> Array:
    """In the Cholesky factor with the logarithm of its diagonal, (…, d (d + 1) / 2)."""
    d = covariances.shape[-1]
    factor = np.linalg.cholesky(covariances)
    inverse = np.linalg.inv(factor)
    transposed = np.swapaxes(inverse, -1, -2)
    gradient = transposed @ (inverse @ second @ transposed - dof[..., None, None] * np.eye(d))
    diagonal = np.arange(d)
    gradient[..., diagonal, diagonal] *= factor[..., diagonal, diagonal]
    return gradient[(..., *np.tril_indices(d))]


def _full_score(covariances: Array, second: Array, dof: Array, d: int) -> Array:
    return _factor_score(covariances, second, dof)


def _tied_score(covariances: Array, second: Array, dof: Array, d: int) -> Array:
    return _factor_score(covariances, second, dof.sum(axis=-1))


def _diagonal_score(covariances: Array, second: Array, dof: Array, d: int) -> Array:
    return 0.5 * (second / covariances - dof[..., None])


def _spherical_score(covariances: Array, second: Array, dof: Array, d: int) -> Array:
    return 0.5 * (second / covariances - d * dof)


def _solve(covariances: Array, vectors: Array) -> Array:
    return np.asarray(np.linalg.solve(covariances, vectors[..., None])[..., 0], np.float64)


def _divide(covariances: Array, vectors: Array) -> Array:
    return vectors / covariances.reshape(len(covariances), -1)


def _matrix_at_bound(metric: Metric, covariances: Array, limit: float) -> NDArray[np.bool_]:
    d = covariances.shape[-1]
    return np.repeat(np.atleast_1d(metric.smallest(covariances) <= limit), d * (d + 1) // 2)


def _variance_at_bound(metric: Metric, covariances: Array, limit: float) -> NDArray[np.bool_]:
    return (metric.whiten_covariances(covariances) <= limit).ravel()


STRUCTURES: dict[type, Structure] = {
    Full: Structure(
        lambda k, d: Covariance((k, d)),
        _full_score,
        _solve,
        lambda a, b: np.einsum("nkd,nke->nkde", a, b),
        _matrix_at_bound,
    ),
    Tied: Structure(
        lambda k, d: Covariance(d),
        _tied_score,
        _solve,
        lambda a, b: np.einsum("nkd,nke->nde", a, b),
        _matrix_at_bound,
    ),
    Diagonal: Structure(
        lambda k, d: Positive((k, d)),
        _diagonal_score,
        _divide,
        lambda a, b: a * b,
        _variance_at_bound,
    ),
    Spherical: Structure(
        lambda k, d: Positive(k),
        _spherical_score,
        _divide,
        lambda a, b: np.einsum("nkd,nkd->nk", a, b),
        _variance_at_bound,
    ),
}


class MixtureChart(Chart):
    """The chart of a Gaussian mixture: ``weights``, ``means`` and ``covariances`` as the structure has them.

    ``from_natural_vector`` gives None also where a covariance is below its bound.
    """

    def __init__(self, model: Mixture, num_columns: int) -> None:
        k, d = model.num_components, num_columns
        covariances = STRUCTURES[type(model.family.covariance)].space(k, d)
        super().__init__(
            {"weights": Simplex(k), "means": Real((k, d)), "covariances": covariances}, _make, _split
        )
        self._model = model

    def from_natural_vector(self, vector: Array) -> MixtureParams | None:
        return unpack(self._model, np.asarray(vector, dtype=float))

    def contains(self, params: MixtureParams) -> bool:
        """Whether params are inside their spaces and every covariance is at least at its bound."""
        return unpack(self._model, pack(self._model, params)) is not None

    def at_bound(self, params: MixtureParams) -> NDArray[np.bool_]:
        """Which coordinates belong to a covariance that its bound holds up, (p,)."""
        family = self._model.family
        covariances = params.components.covariances
        held = STRUCTURES[type(family.covariance)].at_bound(
            family.metric, covariances, AT_BOUND * family.floor
        )
        return np.concatenate([np.zeros(self.size - len(held), bool), held])


def _make(weights: Any, means: Any, covariances: Any) -> MixtureParams:
    from jensen.models.mixture.mixture import MixtureParams

    return MixtureParams(weights, GaussianParams(means, covariances))


def _split(params: MixtureParams) -> dict[str, Any]:
    means, covariances = params.components
    return {"weights": params.weights, "means": means, "covariances": covariances}


def chart(model: Mixture) -> MixtureChart | None:
    """The chart of a mixture of Gaussians that knows its columns (`Mixture.prepare`), else None."""
    metric = model.family.metric
    if metric is None or type(model.family.covariance) not in STRUCTURES:
        return None
    return MixtureChart(model, len(metric.mean))


def score(model: Mixture, params: MixtureParams, stats: MixtureStats) -> Array:
    """∂/∂u of Q(·, S) + log p(·), (p,): one more set of statistics is all that a conjugate prior is."""
    if model.prior is not None:
        stats = stats + model.prior.pseudo_stats(model, params)
    means, covariances = params.components
    moments = stats.components.about(means)
    structure = STRUCTURES[type(model.family.covariance)]
    weights = stats.count[:-1] - stats.count.sum() * params.weights[:-1]
    shifts = structure.precisions(covariances, moments.first)
    spread = structure.score(covariances, moments.second, moments.dof, means.shape[1])
    return np.concatenate([weights, shifts.ravel(), spread.ravel()])


def scores(model: Mixture, params: MixtureParams, data: Array) -> Array:
    """∂ log p(x_n | θ) / ∂u of every row, (n, p)."""
    means, covariances = params.components
    structure = STRUCTURES[type(model.family.covariance)]
    r = np.asarray(model.posterior(params, data).responsibilities, float)
    away = np.asarray(data, float)[:, None, :] - means
    first = r[..., None] * away
    parts = (
        r[:, :-1] - params.weights[:-1],
        structure.precisions(covariances, first),
        structure.score(covariances, structure.second(first, away), r, means.shape[1]),
    )
    return np.hstack([part.reshape(len(r), -1) for part in parts])
