"""Many partitions of rows at once, for starts. ``rows`` are in the metric of the covariance structure (unit
covariance, centred); every function gives ``count`` partitions as labels (count, n), or responsibilities
(count, n, k).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jensen._native import _core
from jensen.basics.arrays import Array
from jensen.basics.threads import get_num_threads

Labels = NDArray[np.integer]

LLOYD_STEPS = 30
FIXED_POINT_STEPS = 6


def kmeans(
    rows: Array, weight: Array | None, k: int, count: int, rng: np.random.Generator, steps: int = LLOYD_STEPS
) -> Labels:
    """Lloyd's algorithm from k-means++ centres, each drawn ∝ w · squared distance to those before (Arthur and
    Vassilvitskii, 2007); with one step, the nearest of those centres.
    """
    weight = None if weight is None else np.ascontiguousarray(weight, float)
    return _core.kmeans(np.ascontiguousarray(rows), weight, rng.random((count, k)), steps, get_num_threads())


def nearest_seeds(rows: Array, weight: Array | None, k: int, count: int, rng: np.random.Generator) -> Labels:
    """The nearest of k-means++ centres."""
    return kmeans(rows, weight, k, count, rng, steps=1)


def projections(rows: Array, weight: Array | None, k: int, count: int, rng: np.random.Generator) -> Labels:
    """Rows in the order of the difference of two of them, cut into groups of at least half a fair share."""
    w = np.ones(len(rows)) if weight is None else np.asarray(weight, float)
    pairs = _draw(np.broadcast_to(w, (2 * count, len(rows))), rng).reshape(2, count)
    order = np.argsort((rows[pairs[0]] - rows[pairs[1]]) @ rows.T, axis=1, kind="stable")
    shares = 0.5 / k + 0.5 * rng.dirichlet(np.ones(k), size=count)
    mass = w[order]
    position = (np.cumsum(mass, axis=1) - 0.5 * mass) / w.sum()
    groups = (position[:, :, None] > np.cumsum(shares, axis=1)[:, None, :-1]).sum(axis=2)
    labels = np.empty_like(groups)
    np.put_along_axis(labels, order, groups, axis=1)
    return labels


def random_responsibilities(
    rows: Array, weight: Array | None, k: int, count: int, rng: np.random.Generator
) -> Array:
    """Every row divided at random among the components."""
    return rng.dirichlet(np.ones(k), size=(count, len(rows)))


def independent_directions(
    rows: Array, weight: Array | None, k: int, count: int, rng: np.random.Generator
) -> Labels:
    """k-means in a few directions of extreme kurtosis: where clusters that a sphere hides come apart.

    The directions are fixed points w ← 3w − E[(zᵀw)³ z] of FastICA (Hyvärinen and Oja, 1997), each
    orthogonal to those before, from differences of two rows.
    """
    most = min(rows.shape[1], max(1, k - 1))
    directions = _directions(rows, weight, most, count, rng)
    used = rng.integers(1, most + 1, size=count)
    return np.concatenate(
        [kmeans(rows @ w[:m].T, weight, k, 1, rng) for w, m in zip(directions, used, strict=True)]
    )


def _directions(rows: Array, weight: Array | None, most: int, count: int, rng: np.random.Generator) -> Array:
    """(count, most, d) unit vectors, orthogonal within each of ``count`` draws."""
    n, d = rows.shape
    p = np.full(n, 1.0 / n) if weight is None else np.asarray(weight, float) / np.sum(weight)
    found = np.zeros((count, 0, d))
    for _ in range(most):
        i, j = _draw(np.broadcast_to(p, (2 * count, n)), rng).reshape(2, count)
        w = _unit(rows[i] - rows[j], found)
        for _ in range(FIXED_POINT_STEPS):
            seen = w @ rows.T
            w = _unit(3.0 * w - (p * seen * seen * seen) @ rows, found)
        found = np.concatenate([found, w[:, None]], axis=1)
    return found


def _unit(w: Array, found: Array) -> Array:
    """(count, d) vectors less their parts along ``found`` (count, m, d), at length 1."""
    w = w - np.einsum("cmd,cm->cd", found, np.einsum("cmd,cd->cm", found, w))
    size = np.linalg.norm(w, axis=1, keepdims=True)
    return w / np.where(size > 0, size, 1.0)


def _draw(mass: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """One row for each row of ``mass`` (count, n), with probability ∝ mass."""
    cumulative = np.cumsum(mass, axis=1)
    threshold = rng.random(len(mass)) * cumulative[:, -1]
    return np.minimum((cumulative <= threshold[:, None]).sum(axis=1), mass.shape[1] - 1)
