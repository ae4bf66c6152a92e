"""Where Gaussian components can start. Each kind is drawn in the metric of the covariance structure, so that
starts move with the data: an affine map of the rows (a scale per column, a similarity) takes the starts
along.

Each is a function ``(family, k, data, weight, rng) -> (weights, components)``; ``family`` has been prepared.
The search has partitions of many kinds (`jensen.numerics.partitions`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen._native import _core
from jensen.basics.arrays import Array, Weight
from jensen.basics.errors import ModelError
from jensen.basics.threads import get_num_threads
from jensen.families.checks import UNPREPARED
from jensen.families.gaussian.metric import Metric
from jensen.families.gaussian.moments import GaussianParams
from jensen.numerics import partitions

FEW_COLUMNS = 16
FEW_GROUPS = 4

Labels = NDArray[np.integer]
Begin = tuple[Array, GaussianParams]
StartFunction = Callable[[Any, int, Array, Weight, np.random.Generator], Begin]


def kmeans(family: Any, k: int, data: Array, weight: Weight, rng: np.random.Generator) -> Begin:
    """The partition of k-means (Lloyd from k-means++ centres), in the metric."""
    rows = metric_of(family).whiten(np.asarray(data, float))
    return from_partition(family, k, data, weight, partitions.kmeans(rows, weight, k, 1, rng)[0])


def kmeans_plus_plus(family: Any, k: int, data: Array, weight: Weight, rng: np.random.Generator) -> Begin:
    """The partition by the nearest of k-means++ centres, in the metric."""
    rows = metric_of(family).whiten(np.asarray(data, float))
    return from_partition(family, k, data, weight, partitions.nearest_seeds(rows, weight, k, 1, rng)[0])


def random_rows(family: Any, k: int, data: Array, weight: Weight, rng: np.random.Generator) -> Begin:
    """Rows as means; every covariance is the data's own, shrunk by k^(−2/d)."""
    return from_means(family, np.asarray(data[pick_rows(len(data), weight, k, rng)], float))


def random_responsibilities(
    family: Any, k: int, data: Array, weight: Weight, rng: np.random.Generator
) -> Begin:
    """Every row divided at random among the components."""
    return from_responsibilities(family, data, weight, rng.dirichlet(np.ones(k), size=len(data))[None])[0]


# ---- from what is given ----------------------------------------------------------------------------------


def from_partition(family: Any, k: int, data: Array, weight: Weight, labels: Labels) -> Begin:
    """The M-step from labels (n,) in 0…k−1."""
    return from_partitions(family, data, weight, labels[None], k)[0]


def from_partitions(family: Any, data: Array, weight: Weight, labels: Labels, k: int) -> list[Begin]:
    """The M-step from labels (count, n) in 0…k−1, for each."""
    rows = np.ascontiguousarray(data, float)
    weight = None if weight is None else np.ascontiguousarray(weight, float)
    labels = np.ascontiguousarray(labels, np.int32)
    return _begin(family, *_core.group_moments(rows, weight, labels, k, get_num_threads()))


def from_responsibilities(family: Any, data: Array, weight: Weight, responsibilities: Array) -> list[Begin]:
    """The M-step from responsibilities (count, n, k), for each."""
    r = np.swapaxes(responsibilities, 1, 2)
    r = r if weight is None else r * np.asarray(weight, float)
    data = np.asarray(data, float)
    count = r.sum(axis=2)
    safe = np.maximum(count, 1e-300)[..., None]
    centre = data.mean(axis=0)  # moments about it do not cancel
    rows = data - centre
    means = r @ rows / safe
    full = second_moments(rows, r) / safe[..., None] - means[..., :, None] * means[..., None, :]
    return _begin(family, count, means + centre, full)


def _begin(family: Any, count: Array, means: Array, full: Array) -> list[Begin]:
    """Of moments (count, k, …): a group of too few rows for a covariance takes the mean of all groups' own,
    and a share of the weight in any case.
    """
    k, d = means.shape[1:]
    total = count.sum(axis=1)
    thin = count <= d + 1
    if thin.any():
        pooled = np.einsum("ck,ckij->cij", count, full) / total[:, None, None]
        full = np.where(thin[..., None, None], pooled[:, None], full)
    weights = np.maximum(count, 1e-3 * total[:, None] / k)
    weights /= weights.sum(axis=1, keepdims=True)
    reduce, clip = family.covariance.reduce, family.clip
    return [(w, GaussianParams(m, clip(reduce(c, w)))) for w, m, c in zip(weights, means, full, strict=True)]


def second_moments(rows: Array, r: Array) -> Array:
    """Σ_n r_ckn x_n x_nᵀ, (count, k, d, d); where columns are few their products are formed once for all of
    many groups.
    """
    n, d = rows.shape
    if d <= FEW_COLUMNS and r[..., 0].size > FEW_GROUPS:
        products = (rows[:, :, None] * rows[:, None, :]).reshape(n, d * d)
        return (r @ products).reshape(*r.shape[:2], d, d)
    return np.stack([np.swapaxes(rows * w[..., None], 1, 2) @ rows for w in r])


def from_means(family: Any, means: Array) -> Begin:
    """Equal weights, the given means, and the data's covariance shrunk by k^(−2/d)."""
    k, d = means.shape
    white = np.tile(np.eye(d) * k ** (-2.0 / d), (k, 1, 1))
    covariances = metric_of(family).unwhiten_covariances(family.covariance.reduce(white, np.ones(k)))
    return shares(np.ones(k)), GaussianParams(means, covariances)


def shares(counts: Array) -> Array:
    """Counts as mixing weights."""
    return counts / counts.sum()


def metric_of(family: Any) -> Metric:
    """The metric of a family that has been prepared."""
    if family.metric is None:
        raise ModelError(UNPREPARED)
    return family.metric


def pick_rows(n: int, weight: Weight, count: int, rng: np.random.Generator) -> Labels:
    """Different rows, as far as there are enough, drawn by weight."""
    if weight is None:
        return rng.choice(n, size=count, replace=count > n)
    p = np.asarray(weight, float) / np.sum(weight)
    return rng.choice(n, size=count, replace=bool(count > np.count_nonzero(p)), p=p)
