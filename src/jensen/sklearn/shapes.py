"""Covariances, precisions and Cholesky factors of precisions in scikit-learn's shapes, and checks of given
ones.

scikit-learn's ``precisions_cholesky_`` is the upper triangular U with Σ⁻¹ = U Uᵀ, that is U = L⁻ᵀ for Σ = L
Lᵀ; for the structures without matrices it is 1/σ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.families.gaussian.moments import GaussianParams
from jensen.families.gaussian.structures.registry import STRUCTURES
from jensen.families.gaussian.structures.structure import Structure
from jensen.models.mixture.params import MixtureParams


@dataclass(frozen=True, slots=True)
class Form:
    """How the covariances of a structure are turned into factors of precisions and back."""

    factor: Callable[[Array], Array]
    """Covariances → factors of the precisions."""
    precisions: Callable[[Array], Array]
    """Factors of the precisions → precisions."""
    covariances: Callable[[Array], Array]
    """Precisions → covariances."""
    flaw: Callable[[Array], str]
    """What given covariances or precisions are not; empty if nothing is wrong."""


def _transpose(matrices: NDArray[Any]) -> Array:
    return np.swapaxes(matrices, -1, -2)


def _matrix_factor(covariances: Array) -> Array:
    return np.triu(_transpose(np.linalg.inv(np.linalg.cholesky(covariances))))


def _matrix_covariances(precisions: Array) -> Array:
    factor = np.linalg.inv(np.linalg.cholesky(precisions))  # Σ = (R Rᵀ)⁻¹ = R⁻ᵀ R⁻¹: symmetric as computed
    return _transpose(factor) @ factor


def _matrix_flaw(precisions: Array) -> str:
    scale = np.abs(precisions).max()
    if np.abs(precisions - _transpose(precisions)).max() > 1e-7 * scale:
        return "symmetric"
    return "" if (np.linalg.eigvalsh(precisions) > 0).all() else "positive definite"


MATRIX = Form(_matrix_factor, lambda factor: factor @ _transpose(factor), _matrix_covariances, _matrix_flaw)
VARIANCE = Form(
    lambda variances: 1.0 / np.sqrt(variances),
    np.square,
    np.reciprocal,
    lambda precisions: "" if (precisions > 0).all() else "positive",
)


def structure_of(covariance_type: str | Structure) -> Structure:
    """The structure that ``covariance_type`` names, or is."""
    if isinstance(covariance_type, Structure):
        return covariance_type
    if covariance_type not in STRUCTURES:
        raise ModelError(f"covariance_type must be one of {', '.join(STRUCTURES)}, not {covariance_type!r}")
    return STRUCTURES[covariance_type]


def form_of(covariance_type: str | Structure) -> Form:
    """How its covariances are turned into precisions."""
    return MATRIX if structure_of(covariance_type).moments.of_matrices else VARIANCE


def given_array(value: Any, name: str, shape: tuple[int, ...]) -> Array:
    """A finite float64 array of this shape, or an error that names the argument."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name} must be an array of numbers of shape {shape}: {error}") from None
    if array.shape != shape:
        raise ModelError(f"{name} must have shape {shape}, not {array.shape}")
    if not np.isfinite(array).all():
        raise ModelError(f"{name} must be finite: it contains NaN or inf")
    return array


def given_weights(value: Any, name: str, k: int) -> Array:
    """Mixing weights: non-negative, adding up to 1."""
    weights = given_array(value, name, (k,))
    if (weights < 0).any() or abs(weights.sum() - 1.0) > 1e-6:
        raise ModelError(f"{name} must be non-negative and add up to 1, not {weights.sum():.8g}: {weights}")
    return weights / weights.sum()


def given_matrices(value: Any, name: str, covariance_type: str | Structure, k: int, d: int) -> Array:
    """Covariances or precisions in the shape of the structure, symmetric and positive definite."""
    array = given_array(value, name, structure_of(covariance_type).shape(k, d))
    flaw = form_of(covariance_type).flaw(array)
    if flaw:
        raise ModelError(f"{name} must be {flaw} for covariance_type={covariance_type!r}")
    return array


PARAMETERS = ("weights_", "means_", "covariances_", "precisions_cholesky_")


def set_parameters(estimator: Any, params: MixtureParams, dtype: Any = np.float64) -> None:
    """scikit-learn's attributes of these parameters, in the precision of the data.

    The parameters themselves are kept beside them: of a covariance that is nearly singular single precision
    leaves none.
    """
    form = form_of(estimator.covariance_type)
    means, covariances = params.components
    factors = form.factor(covariances)
    values = (params.weights, means, covariances, factors)
    shown = {name: np.array(value, dtype) for name, value in zip(PARAMETERS, values, strict=True)}
    for name, value in shown.items():
        setattr(estimator, name, value.copy())
    estimator.precisions_ = np.asarray(form.precisions(factors), dtype)
    estimator._exact = (params, shown)


def parameters_of(estimator: Any) -> MixtureParams:
    """The parameters that the attributes stand for: as they were found, but for what was set by hand since.

    As in scikit-learn, covariances are those of ``precisions_cholesky_`` where these were set.
    """
    exact, shown = vars(estimator).get("_exact", (None, {}))
    own = {name: vars(estimator).get(name) for name in PARAMETERS}
    same = {name: name in shown and np.array_equal(value, shown[name]) for name, value in own.items()}
    k, d = _sizes(own)
    weights = exact.weights if same["weights_"] else near_one(own["weights_"], k)
    means = exact.components.means if same["means_"] else given_array(own["means_"], "means_", (k, d))
    if same["covariances_"] and same["precisions_cholesky_"]:
        return MixtureParams(weights, GaussianParams(means, exact.components.covariances))
    return MixtureParams(weights, GaussianParams(means, _covariances(estimator, own, same, k, d)))


def _sizes(own: dict[str, Any]) -> tuple[int, int]:
    if np.ndim(own["means_"]) != 2:
        raise ModelError(f"means_ must have shape (k, n_features), not {np.shape(own['means_'])}")
    return np.shape(own["means_"])  # pyright: ignore[reportReturnType] -- of two


def near_one(value: Any, k: int) -> Array:
    """Set by hand; what adds up to 1 in single precision is made to in double."""
    weights = given_array(value, "weights_", (k,))
    total = weights.sum()
    return weights / total if abs(total - 1.0) < 1e-5 else weights


def _covariances(estimator: Any, own: dict[str, Any], same: dict[str, bool], k: int, d: int) -> Array:
    kind, factors = estimator.covariance_type, own["precisions_cholesky_"]
    if factors is None or (same["precisions_cholesky_"] and own["covariances_"] is not None):
        return given_matrices(own["covariances_"], "covariances_", kind, k, d)
    form = form_of(kind)
    factors = given_array(factors, "precisions_cholesky_", structure_of(kind).shape(k, d))
    return form.covariances(form.precisions(factors))
