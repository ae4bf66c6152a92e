"""Mixtures to and from scikit-learn's class."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from jensen.basics.errors import ModelError, ModelTypeError
from jensen.families.gaussian.moments import GaussianParams
from jensen.models.mixture.params import MixtureParams
from jensen.sklearn.shapes import (
    form_of,
    given_array,
    given_matrices,
    given_weights,
    near_one,
    set_parameters,
    structure_of,
)

ALIKE = (
    "n_components",
    "covariance_type",
    "init_params",
    "random_state",
    "warm_start",
    "verbose",
    "verbose_interval",
)
ALIKE += ("weights_init", "means_init", "precisions_init")
"""Arguments that mean the same in both classes."""

THEIRS = ("full", "tied", "diag", "spherical")
"""The covariance types that scikit-learn has."""

REPORTED = ("converged_", "n_iter_", "lower_bound_", "lower_bounds_", "n_features_in_", "feature_names_in_")


def from_parameters(
    cls: type, weights: Any, means: Any, covariances: Any, covariance_type: str, arguments: dict[str, Any]
) -> Any:
    """An estimator with these parameters."""
    structure_of(covariance_type)  # refuses what is none
    if np.ndim(means) != 2:
        raise ModelError(f"means must have shape (k, n_features), not {np.shape(means)}")
    k, d = np.shape(means)
    estimator = cls(k, covariance_type=covariance_type, **arguments)
    means = given_array(means, "means", (k, d))
    covariances = given_matrices(covariances, "covariances", covariance_type, k, d)
    weights = given_weights(weights, "weights", k)
    set_parameters(estimator, MixtureParams(weights, GaussianParams(means, covariances)))
    estimator.n_features_in_ = d
    return estimator


def from_sklearn(cls: type, gm: Any) -> Any:
    """An estimator with the parameters of scikit-learn's."""
    from sklearn import mixture

    if not isinstance(gm, mixture.GaussianMixture):
        raise ModelTypeError(f"need a sklearn.mixture.GaussianMixture, not {type(gm).__name__}")
    check_is_fitted(gm)
    asked = gm.get_params()
    estimator = cls(**{name: asked[name] for name in ALIKE})
    means = np.asarray(gm.means_)
    form = form_of(gm.covariance_type)  # what scikit-learn itself computes with: it may be set by hand
    covariances = form.covariances(form.precisions(np.asarray(gm.precisions_cholesky_, np.float64)))
    components = GaussianParams(np.asarray(means, np.float64), covariances)
    params = MixtureParams(near_one(gm.weights_, len(means)), components)
    set_parameters(estimator, params, means.dtype if means.dtype == np.float32 else np.float64)
    estimator.n_features_in_ = means.shape[1]
    _copy(REPORTED, gm, estimator)
    return estimator


def to_sklearn(estimator: Any) -> Any:
    """scikit-learn's class with the parameters of the estimator."""
    from sklearn import mixture

    check_is_fitted(estimator)
    if estimator.covariance_type not in THEIRS:
        raise ModelError(f"scikit-learn has no covariance_type={estimator.covariance_type!r}")
    asked = estimator.get_params()
    arguments = {name: asked[name] for name in ALIKE}
    gm = mixture.GaussianMixture(**arguments, reg_covar=estimator.reg_covar or 0.0)
    parameters = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
    _copy(parameters, estimator, gm)
    _copy(REPORTED, estimator, gm)
    return gm


def _copy(names: tuple[str, ...], source: Any, target: Any) -> None:
    for name in names:
        value = vars(source).get(name)
        if value is not None:
            setattr(target, name, value.copy() if isinstance(value, np.ndarray | list) else value)
