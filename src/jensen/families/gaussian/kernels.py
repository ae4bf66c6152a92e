"""The door to the native kernels: one pass over the rows, nothing of size n × k stored unless asked for.

A kernel knows kinds of second moments, and no covariance structure: a structure's covariances come as their
spread, in the shape of its moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen._native import _core
from jensen.basics.arrays import Array, Weight
from jensen.basics.errors import ModelError
from jensen.basics.threads import get_num_threads
from jensen.families.carriers import Sums
from jensen.families.gaussian.moments import GaussianParams, GaussianStats
from jensen.families.gaussian.structures.structure import Structure


@dataclass(frozen=True, slots=True)
class Native:
    """Passes for components of one covariance structure."""

    structure: Structure

    def e_step(self, weights: Array, params: GaussianParams, data: Array, weight: Weight) -> Sums:
        """Moments under the exact posterior, log-evidence and entropy, in one pass."""
        if not len(data):  # nothing is what a row without weight adds
            data, weight = np.zeros((1, params.means.shape[1])), np.zeros(1)
        centre, count, first, second, log_evidence, entropy, total = self._run(
            _core.e_step, weights, params, data, None if weight is None else _doubles(weight)
        )
        stats = GaussianStats(self.structure.moments, centre, count, first, second, count)
        return Sums(count, stats, log_evidence, entropy, total)

    def posterior(self, weights: Array, params: GaussianParams, data: Array) -> tuple[Array, Array]:
        """Responsibilities (n, k) and log p(x_n | θ) (n,), in the precision of the data."""
        r, log_evidence = self._run(_core.posterior, weights, params, data)
        return r[: len(data)], log_evidence[: len(data)]

    def log_evidence(self, weights: Array, params: GaussianParams, data: Array) -> Array:
        """log p(x_n | θ), (n,)."""
        return self._run(_core.log_evidence, weights, params, data)[: len(data)]

    def log_joint(self, weights: Array, params: GaussianParams, data: Array) -> Array:
        """log π_k + log p(x_n | k), (n, k)."""
        return self._run(_core.log_joint, weights, params, data)[: len(data)]

    def _run(self, kernel: Any, weights: Array, params: GaussianParams, data: Array, *weight: Weight) -> Any:
        rows = data if data.dtype == np.float32 else np.asarray(data, np.float64)
        means, covariances = params
        require_same_columns(rows, means)
        if not len(rows):  # a pass is over one row at least
            rows = np.zeros_like(rows, shape=(1, rows.shape[1]))
        try:
            return kernel(
                self.structure.moments.code,
                np.ascontiguousarray(rows),
                *weight,
                _doubles(weights),
                _doubles(means),
                _doubles(self.structure.spread(covariances, *means.shape)),
                get_num_threads(),
            )
        except ArithmeticError as error:
            raise np.linalg.LinAlgError(str(error)) from None


def require_same_columns(rows: Array, means: Array) -> None:
    """That rows (n, d) and means (k, d) have as many."""
    if rows.shape[1:] != means.shape[1:]:
        raise ModelError(f"the data have {rows.shape[-1]} columns, the means {means.shape[1]}")


def _doubles(array: Array) -> Array:
    return np.ascontiguousarray(array, np.float64)
