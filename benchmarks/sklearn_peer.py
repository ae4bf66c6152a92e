"""scikit-learn's mixture, with every one of its starts kept."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

from jensen.families import GaussianParams
from jensen.models import MixtureParams

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the starts of one fit ended, and what they took."""

    params: list[MixtureParams]
    num_failed: int
    seconds: float


class _Recorded(GaussianMixture):
    """Keeps the parameters at the end of every start; the fit itself is scikit-learn's own."""

    ends: list[MixtureParams]

    def _print_verbose_msg_init_end(self, lb: Any, init_has_converged: Any) -> None:
        self.ends.append(params_of(self))


def params_of(model: Any) -> MixtureParams:
    """The parameters of a fitted one, as jensen has them."""
    return MixtureParams(model.weights_, GaussianParams(model.means_, model.covariances_))


def ten_starts(rows: Array, k: int, structure: str, seed: int, num_starts: int = 10) -> Ends:
    """A fit at scikit-learn's defaults but with ``num_starts`` starts.

    A start that raises ends scikit-learn's whole call. Here the rest of the starts then go on from the same
    stream of random numbers, which is kinder.
    """
    stream = np.random.RandomState(seed)
    ends: list[MixtureParams] = []
    num_failed = 0
    began = time.perf_counter()
    while len(ends) + num_failed < num_starts:
        left = num_starts - len(ends) - num_failed
        model = _Recorded(k, covariance_type=structure, n_init=left, random_state=stream)
        model.ends = ends
        try:
            _quiet_fit(model, rows)
        except ValueError:
            num_failed += 1
    return Ends(ends, num_failed, time.perf_counter() - began)


def run_on(
    rows: Array, starts: list[MixtureParams], structure: str, tol: float = 1e-9, most: int = 10_000
) -> Ends:
    """The same starts gone on with until a row gains less than ``tol`` in a step; at most ``most`` steps."""
    ends: list[MixtureParams] = []
    num_failed = 0
    began = time.perf_counter()
    for start in starts:
        model = _Recorded(
            len(start.weights),
            covariance_type=structure,
            tol=tol,
            max_iter=most,
            weights_init=start.weights / start.weights.sum(),
            means_init=start.components.means,
            precisions_init=precisions(start.components.covariances, structure),
        )
        model.ends = ends
        try:
            _quiet_fit(model, rows)
        except ValueError:
            num_failed += 1
    return Ends(ends, num_failed, time.perf_counter() - began)


def set_params(model: Any, params: MixtureParams, dtype: Any) -> None:
    """Make the estimator stand where ``params`` are, in the precision of its data, ready for an E-step."""
    weights, (means, covariances) = params
    model.weights_, model.means_, model.covariances_ = (
        a.astype(dtype) for a in (weights, means, covariances)
    )
    model.precisions_cholesky_ = _compute_precision_cholesky(model.covariances_, model.covariance_type)


def precisions(covariances: Array, structure: str) -> Array:
    """The inverses, in scikit-learn's shapes; symmetric, as it demands."""
    if structure in ("diag", "spherical"):
        return 1.0 / covariances
    inverse = np.linalg.inv(covariances)
    return 0.5 * (inverse + np.swapaxes(inverse, -1, -2))


def _quiet_fit(model: GaussianMixture, rows: Array) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows)
