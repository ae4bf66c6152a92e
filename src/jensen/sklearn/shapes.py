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
        raise ValueError(f"covariance_type must be one of {', '.join(STRUCTURES)}, not {covariance_type!r}")
    return STRUCTURES[covariance_type]


def form_of(covariance_type: str | Structure) -> Form:
    """How its covariances are turned into precisions."""
    return MATRIX if structure_of(covariance_type).moments.of_matrices else VARIANCE


def given_array(value: Any, name: str, shape: tuple[int, ...]) -> Array:
    """A finite float64 array of this shape, or an error that names the argument."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers of shape {shape}: {error}") from None
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite: it contains NaN or inf")
    return array


def given_weights(value: Any, name: str, k: int) -> Array:
    """Mixing weights: non-negative, adding up to 1."""
    weights = given_array(value, name, (k,))
    if (weights < 0).any() or abs(weights.sum() - 1.0) > 1e-6:
        raise ValueError(f"{name} must be non-negative and add up to 1, not {weights.sum():.8g}: {weights}")
    return weights / weights.sum()


def given_matrices(value: Any, name: str, covariance_type: str | Structure, k: int, d: int) -> Array:
    """Covariances or precisions in the shape of the structure, symmetric and positive definite."""
    array = given_array(value, name, structure_of(covariance_type).shape(k, d))
    flaw = form_of(covariance_type).flaw(array)
    if flaw:
        raise ValueError(f"{name} must be {flaw} for covariance_type={covariance_type!r}")
    return array


def set_parameters(estimator: Any, params: MixtureParams) -> None:
    """scikit-learn's attributes of these parameters."""
    form = form_of(estimator.covariance_type)
    estimator.weights_ = params.weights
    estimator.means_, estimator.covariances_ = params.components
    estimator.precisions_cholesky_ = form.factor(params.components.covariances)
    estimator.precisions_ = form.precisions(estimator.precisions_cholesky_)
    estimator._factors = estimator.precisions_cholesky_.copy()


def covariances_of(estimator: Any) -> Array:
    """The covariances of the attributes: those of ``precisions_cholesky_`` where that was set by hand, as
    scikit-learn's users do.
    """
    own = vars(estimator)
    factors = own.get("precisions_cholesky_")
    if factors is None or ("covariances_" in own and np.array_equal(factors, own.get("_factors"))):
        return np.asarray(estimator.covariances_, float)
    form = form_of(estimator.covariance_type)
    return form.covariances(form.precisions(np.asarray(factors, float)))
