"""The door: arrays and data frames to checked rows and weights, once."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from jensen.estimators.values import check_finite, check_weight

Array = NDArray[np.float64]

ACCEPTED: dict[str, Any] = {"dtype": [np.float64, np.float32], "order": "C", "ensure_all_finite": False}


def fit_rows(estimator: Any, X: Any, sample_weight: Any) -> tuple[Array, Array | None]:
    """Rows to fit and their weights; rows of weight 0 are left out, as if they had not been given.

    Sets ``n_features_in_`` and ``feature_names_in_``.
    """
    data = cast(Array, validate_data(estimator, X, ensure_min_samples=2, **ACCEPTED))
    _check_values(estimator, data)
    weight = weights(sample_weight, len(data))
    if weight is not None and not (weight > 0).all():
        data, weight = data[weight > 0], weight[weight > 0]
    if len(data) < max(2, estimator.n_components):
        raise ValueError(
            f"n_samples = {len(data)} rows with positive weight are too few for "
            f"n_components = {estimator.n_components}: give more rows or ask for fewer components"
        )
    return data, weight


def rows(estimator: Any, X: Any) -> Array:
    """Rows with the columns of the fit, to predict or to score."""
    data = cast(Array, validate_data(estimator, X, reset=False, **ACCEPTED))
    _check_values(estimator, data)
    return data


def weights(sample_weight: Any, num_rows: int) -> Array | None:
    """One non-negative weight a row; a number stands for the same weight everywhere."""
    return check_weight(sample_weight, num_rows)


def _check_values(estimator: Any, data: Array) -> None:
    check_finite(data, getattr(estimator, "feature_names_in_", None))
