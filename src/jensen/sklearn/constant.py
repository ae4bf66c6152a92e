"""Columns that are constant: scikit-learn fits them, since its ridge gives them a variance. They tell no
rows apart, so the others are fitted, and these stand beside them.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.basics.errors import listed
from jensen.basics.naming import column_in_words, columns_called
from jensen.data.checks import constant_columns
from jensen.data.doors.memory import as_rows
from jensen.families.gaussian.moments import GaussianParams
from jensen.models.mixture.params import MixtureParams
from jensen.sklearn.shapes import structure_of

VARIANCE = 1e-6  # scikit-learn's default ridge


def varying(estimator: Any, data: Array) -> NDArray[np.intp] | None:
    """The columns that vary, where some do not and the structure needs every column to; None where all can
    be fitted.
    """
    structure = structure_of(estimator.covariance_type)
    given = (estimator.means_init, estimator.precisions_init, estimator.prior)
    if not structure.needs_every_column or not structure.is_ours or any(part is not None for part in given):
        return None
    constant = constant_columns(as_rows(data))
    if not constant or len(constant) == data.shape[1]:
        return None
    with columns_called(list(vars(estimator).get("feature_names_in_", []))):
        which = listed([column_in_words(j) for j in constant])
    warnings.warn(
        f"constant columns tell no rows apart and are not fitted: {which}; their variance is {VARIANCE:g}",
        UserWarning,
        stacklevel=4,
    )
    return np.setdiff1d(np.arange(data.shape[1]), constant)


LOG_DENSITY = -0.5 * float(np.log(2.0 * np.pi * VARIANCE))
"""Of a row, in each of these columns."""


def narrowed(params: MixtureParams, kept: NDArray[np.intp], covariance_type: Any) -> MixtureParams:
    """Parameters of the kept columns alone."""
    structure, (k, d) = structure_of(covariance_type), params.components.means.shape
    full = structure.full(params.components.covariances, k, d)[np.ix_(np.arange(k), kept, kept)]
    components = GaussianParams(params.components.means[:, kept], structure.reduce(full, params.weights))
    return MixtureParams(params.weights, components)


def widened(params: MixtureParams, kept: NDArray[np.intp], row: Array, covariance_type: Any) -> MixtureParams:
    """Parameters of the kept columns with the constant ones, whose values are those of ``row``, beside
    them.
    """
    structure, (k, _), d = structure_of(covariance_type), params.components.means.shape, len(row)
    means = np.tile(np.asarray(row, float), (k, 1))
    means[:, kept] = params.components.means
    full = np.tile(VARIANCE * np.eye(d), (k, 1, 1))
    full[np.ix_(np.arange(k), kept, kept)] = structure.full(params.components.covariances, k, len(kept))
    return MixtureParams(params.weights, GaussianParams(means, structure.reduce(full, params.weights)))
