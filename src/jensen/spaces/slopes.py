"""The derivative of a space's values by their coordinates, in closed form where there is one."""

from __future__ import annotations

from functools import singledispatch
from math import prod
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.numerics.differences import jacobian
from jensen.spaces.space import Covariance, Interval, Positive, Real, Simplex


@singledispatch
def slopes(space: Any, u: Array) -> Array:
    """∂ values / ∂ u, (number of values, size); by differences for spaces that are not known here."""
    return jacobian(lambda v: np.ravel(space.from_chart(v)), u)


@slopes.register
def _(space: Real, u: Array) -> Array:
    return np.eye(space.size)


@slopes.register
def _(space: Positive, u: Array) -> Array:
    return np.diag(np.ravel(space.from_chart(u)))


@slopes.register
def _(space: Interval, u: Array) -> Array:
    value = np.ravel(space.from_chart(u))
    return np.diag((value - space.low) * (space.high - value) / (space.high - space.low))


@slopes.register
def _(space: Simplex, u: Array) -> Array:
    """∂w_i/∂u_j = w_i (δ_ij − w_j), one row of the simplex after the other."""
    k = space.shape[-1]
    rows = space.from_chart(u).reshape(-1, k)
    found = np.zeros((len(rows), k, len(rows), k - 1))
    for i, w in enumerate(rows):
        found[i, :, i, :] = (np.diag(w) - np.outer(w, w))[:, :-1]
    return found.reshape(len(rows) * k, len(rows) * (k - 1))


@slopes.register
def _(space: Covariance, u: Array) -> Array:
    """Σ = L Lᵀ: ∂Σ_ij/∂L_ab = δ_ia L_jb + δ_ja L_ib, times L_aa on the diagonal, for its logarithm."""
    d = space.shape[-1]
    factors = space.factor(u).reshape(-1, d, d)
    rows, columns = np.tril_indices(d)
    each, count = len(rows), len(factors)
    found = np.zeros((count, d, d, count, each))
    for m, factor in enumerate(factors):
        half = np.zeros((d, d, each))
        half[rows, :, np.arange(each)] = factor[:, columns].T
        half[:, :, rows == columns] *= np.diag(factor)
        found[m, :, :, m, :] = half + half.transpose(1, 0, 2)
    return found.reshape(prod(space.shape), count * each)
