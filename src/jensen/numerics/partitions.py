"""Many partitions of rows at once, for starts. ``rows`` are in the metric of the covariance structure (unit
covariance, centred); every function gives ``count`` partitions as labels (count, n).
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
MANY = 2000


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
    p = _shares(len(rows), weight)
    i, j = _draw(p, 2 * count, rng).reshape(2, count)
    order = np.argsort((rows[i] - rows[j]) @ rows.T, axis=1, kind="stable")
    cuts = np.cumsum(0.5 / k + 0.5 * rng.dirichlet(np.ones(k), size=count), axis=1)[:, :-1]
    labels = np.empty(order.shape, dtype=np.int32)
    for label, way, cut in zip(labels, order, cuts, strict=True):
        label[way] = np.searchsorted(cut, np.cumsum(p[way]) - 0.5 * p[way])
    return labels


def independent_directions(
    rows: Array, weight: Array | None, k: int, count: int, rng: np.random.Generator
) -> Labels:
    """k-means in a few directions of extreme kurtosis: where clusters that a sphere hides come apart.

    The directions are fixed points w ← 3w − E[(zᵀw)³ z] of FastICA, kept orthogonal all at once (Hyvärinen,
    1999, *Fast and robust fixed-point algorithms for independent component analysis*), from differences of
    two rows.
    """
    most = min(rows.shape[1], max(1, k - 1))
    directions = _directions(rows, weight, most, count, rng)
    used = rng.integers(1, most + 1, size=count)
    return np.concatenate(
        [kmeans(rows @ w[:m].T, weight, k, 1, rng) for w, m in zip(directions, used, strict=True)]
    )


def _directions(rows: Array, weight: Array | None, most: int, count: int, rng: np.random.Generator) -> Array:
    """(count, most, d) unit vectors, orthogonal within each of ``count`` draws."""
    some = _some(len(rows))
    weight = None if weight is None else np.asarray(weight, float)[some]
    rows = np.ascontiguousarray(rows[some])
    p = _shares(len(rows), weight)
    i, j = _draw(p, 2 * count * most, rng).reshape(2, count, most)
    w = _orthogonal(rows[i] - rows[j])
    for _ in range(FIXED_POINT_STEPS):
        seen = w @ rows.T
        w = _orthogonal(3.0 * w - (p * seen * seen * seen) @ rows)
    return w


def _orthogonal(w: Array) -> Array:
    """The nearest matrices (count, m, d) with orthogonal rows of length 1."""
    if not np.isfinite(w).all():
        w = np.nan_to_num(w, posinf=0.0, neginf=0.0)
    left, _, right = np.linalg.svd(w, full_matrices=False)
    return left @ right


def _some(n: int) -> slice:
    """Rows enough to show what all of them look like."""
    return slice(None, None, max(1, n // MANY))


def _shares(n: int, weight: Array | None) -> Array:
    return np.full(n, 1.0 / n) if weight is None else np.asarray(weight, float) / np.sum(weight)


def _draw(p: Array, size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Rows (size,), each with probability p."""
    cumulative = np.cumsum(p)
    return np.minimum(
        np.searchsorted(cumulative, rng.random(size) * cumulative[-1], side="right"), len(p) - 1
    )
