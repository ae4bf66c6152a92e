"""The door to the native kernels: one pass over the rows, nothing of size n × k stored unless asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jensen._native import _core
from jensen.basics.arrays import Array
from jensen.basics.threads import get_num_threads
from jensen.families import Gaussian, GaussianStats

if TYPE_CHECKING:
    from jensen.models.mixture.mixture import MixtureParams


CODES = {"full": 0, "tied": 1, "diag": 2, "spherical": 3}  # the enumeration of kernels.hpp


class Sums(NamedTuple):
    """What a pass leaves."""

    stats: GaussianStats
    log_evidence: float
    entropy: float
    weight: float


def e_step(family: Gaussian, params: MixtureParams, data: Array, weight: Array | None) -> Sums:
    """Moments under the exact posterior, log-evidence and entropy, in one pass."""
    centre, count, first, second, log_evidence, entropy, total = _run(
        _core.e_step, family, params, data, None if weight is None else _doubles(weight)
    )
    return Sums(
        GaussianStats(family.covariance, centre, count, first, second, count), log_evidence, entropy, total
    )


def posterior(family: Gaussian, params: MixtureParams, data: Array) -> tuple[Array, Array]:
    """Responsibilities (n, k) and log p(x_n | θ) (n,), in the precision of the data."""
    return _run(_core.posterior, family, params, data)


def log_evidence(family: Gaussian, params: MixtureParams, data: Array) -> Array:
    """log p(x_n | θ), (n,)."""
    return _run(_core.log_evidence, family, params, data)


def log_joint(family: Gaussian, params: MixtureParams, data: Array) -> Array:
    """log π_k + log p(x_n | k), (n, k)."""
    return _run(_core.log_joint, family, params, data)


def _run(kernel: Any, family: Gaussian, params: MixtureParams, data: Array, *weight: Array | None) -> Any:
    code = CODES[family.covariance.name]
    rows = data if data.dtype == np.float32 else np.asarray(data, np.float64)
    means, covariances = params.components
    try:
        return kernel(
            code,
            np.ascontiguousarray(rows),
            *weight,
            _doubles(params.weights),
            _doubles(means),
            _doubles(covariances),
            get_num_threads(),
        )
    except ArithmeticError as error:
        raise np.linalg.LinAlgError(str(error)) from None


def _doubles(array: Array) -> Array:
    return np.ascontiguousarray(array, np.float64)
