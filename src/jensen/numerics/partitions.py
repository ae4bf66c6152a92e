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
    """Rows by where they lie along the difference of two of them, cut into groups of at least half a fair
    share.
    """
    p = _shares(len(rows), weight)
    i, j = _draw(p, 2 * count, rng).reshape(2, count)
    lines = (rows[i] - rows[j]) @ rows.T
    shares = np.cumsum(0.5 / k + 0.5 * rng.dirichlet(np.ones(k), size=count), axis=1)[:, :-1]
    some = _some(len(rows))
    cuts = [_quantiles(line[some], p[some], at) for line, at in zip(lines, shares, strict=True)]
    return np.stack([np.searchsorted(cut, line, side="right") for cut, line in zip(cuts, lines, strict=True)])


def _quantiles(values: Array, mass: Array, at: Array) -> Array:
    """Of values with mass."""
    order = np.argsort(values)
    position = np.cumsum(mass[order])
    where = np.searchsorted(position, at * position[-1])
    return values[order[np.minimum(where, len(order) - 1)]]


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
    rows, p = np.ascontiguousarray(rows[some]), _shares(len(rows), weight)[some]
    i, j = _draw(p, 2 * count * most, rng).reshape(2, count, most)
    w = _orthogonal(rows[i] - rows[j])
    for _ in range(FIXED_POINT_STEPS):
        seen = w @ rows.T
        w = _orthogonal(3.0 * w - (p * seen * seen * seen) @ rows)
    return w


def _orthogonal(w: Array) -> Array:
    """The nearest matrices (count, m, d) with orthogonal rows of length 1."""
    left, _, right = np.linalg.svd(np.nan_to_num(w, posinf=0.0, neginf=0.0), full_matrices=False)
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
