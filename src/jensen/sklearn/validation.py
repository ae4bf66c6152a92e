"""The door: arrays and data frames to checked rows and weights, once."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.basics.plain import collected
from jensen.basics.tables import default_columns
from jensen.data.checks import check_finite, check_weight
from jensen.data.doors.memory import as_rows
from jensen.data.rows import Rows


def fit_rows(estimator: Any, X: Any, sample_weight: Any) -> tuple[Array, Array | None]:
    """Rows to fit and their weights; rows of weight 0 are left out, as if they had not been given.

    Sets ``n_features_in_`` and ``feature_names_in_``.
    """
    data = _rows(estimator, X, reset=True)
    weight = weights(sample_weight, len(data))
    if weight is not None and not weight.all():
        data, weight = data[weight > 0], weight[weight > 0]
    _check_number(len(data), estimator.n_components)
    return data, weight


def rows(estimator: Any, X: Any) -> Array:
    """Rows with the columns of the fit, to predict or to score."""
    return _rows(estimator, X, reset=False)


def weights(sample_weight: Any, num_rows: int) -> Array | None:
    """One non-negative weight a row; a single number stands for the same weight everywhere."""
    if isinstance(sample_weight, Real):
        sample_weight = np.full(num_rows, float(sample_weight))
    return check_weight(sample_weight, num_rows)


def _rows(estimator: Any, X: Any, reset: bool) -> Array:
    X = collected(X)
    found = as_rows(X, name="X")
    validate_data(estimator, _named(X, found), reset=reset, skip_check_array=True)
    check_finite(found, name="X")
    return found.values


def _named(X: Any, found: Rows) -> Any:
    """What scikit-learn reads the number and the names of columns from: a frame that it knows."""
    if hasattr(X, "iloc") and hasattr(X, "columns"):  # pandas: which names will do is for scikit-learn to say
        return X
    if found.columns == default_columns(len(found.columns)):
        return found.values
    import narwhals as nw

    for backend in ("polars", "pyarrow", "pandas"):
        try:
            return nw.from_dict({name: [] for name in found.columns}, backend=backend).to_native()
        except ImportError:
            continue
    return found.values


def _check_number(num_rows: int, k: int) -> None:
    if num_rows < max(2, k):
        raise ModelError(
            f"n_samples = {num_rows} (rows that have weight) is too few for n_components = {k}: a mixture "
            f"needs at least {max(2, k)}; give more rows or ask for fewer components"
        )
