"""Where a mixture can start. Each kind is drawn in the metric of the covariance structure, so that starts move with
the data: an affine map of the rows (a scale per column, a similarity) takes the starts along.

A kind is a function ``(model, data, weight, rng) -> MixtureParams``; ``model`` has been prepared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen._native import _core
from jensen.families import GaussianParams
from jensen.families.metric import Metric

if TYPE_CHECKING:
    from jensen.models.mixture import Mixture, MixtureParams

Array = NDArray[np.float64]
Labels = NDArray[np.integer]
LLOYD_STEPS = 30


def kmeans(model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator) -> MixtureParams:
    """The partition of k-means (Lloyd from k-means++ centres), in the metric."""
    rows = _metric(model).whiten(np.asarray(data, float))
    return from_partition(model, data, weight, kmeans_labels(rows, weight, model.num_components, rng, LLOYD_STEPS))


def kmeans_plus_plus(
    model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator
) -> MixtureParams:
    """The partition by the nearest of k-means++ centres, in the metric."""
    rows = _metric(model).whiten(np.asarray(data, float))
    return from_partition(model, data, weight, kmeans_labels(rows, weight, model.num_components, rng, 1))


def random_rows(model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator) -> MixtureParams:
    """Rows as means; every covariance is the data's own, shrunk by k^(−2/d)."""
    k = model.num_components
    return from_means(model, np.asarray(data[pick_rows(len(data), weight, k, rng)], float))


def random_responsibilities(
    model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator
) -> MixtureParams:
    """Every row divided at random among the components."""
    return from_responsibilities(model, data, weight, rng.dirichlet(np.ones(model.num_components), size=len(data)))


def random_projection(
    model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator
) -> MixtureParams:
    """Rows in the order of a projection on the difference of two of them, cut into k groups."""
    rows = _metric(model).whiten(np.asarray(data, float))
    return from_partition(model, data, weight, projection_labels(rows, weight, model.num_components, rng))


KINDS: dict[str, Callable[..., MixtureParams]] = {
    "k-means": kmeans,
    "k-means++": kmeans_plus_plus,
    "random rows": random_rows,
    "random responsibilities": random_responsibilities,
    "projection": random_projection,
}


# ---- from what is given ------------------------------------------------------------------------------------------


def from_partition(model: Mixture, data: Array, weight: Array | None, labels: Labels) -> MixtureParams:
    """The M-step from labels (n,) in 0…k−1. A group with too few rows for a covariance leans on the pooled one."""
    return from_responsibilities(model, data, weight, np.eye(model.num_components)[labels])


def from_responsibilities(
    model: Mixture, data: Array, weight: Array | None, responsibilities: Array
) -> MixtureParams:
    """The M-step from responsibilities (n, k)."""
    k = model.num_components
    data = np.asarray(data, float)
    wr = responsibilities if weight is None else np.asarray(weight, float)[:, None] * responsibilities
    base = from_means(model, np.repeat(data[:1], k, axis=0))
    stats = model.family.statistics(base.components, data, wr)
    count = stats.count
    components = model.family.m_step(stats, base.components)
    thin = count <= data.shape[1] + 1
    if thin.any() and model.family.covariance.name != "tied":
        covariances = components.covariances.copy()
        covariances[thin] = base.components.covariances[thin]
        components = GaussianParams(components.means, covariances)
    return _params(np.maximum(count, 1e-3 * count.sum() / k), components)


def from_means(model: Mixture, means: Array) -> MixtureParams:
    """Equal weights, the given means, and the data's covariance shrunk by k^(−2/d)."""
    k, d = means.shape
    metric = _metric(model)
    white = np.tile(np.eye(d) * k ** (-2.0 / d), (k, 1, 1))
    covariances = metric.unwhiten_covariances(model.family.covariance.reduce(white, np.ones(k)))
    return _params(np.ones(k), GaussianParams(means, covariances))


def _params(weights: Array, components: GaussianParams) -> MixtureParams:
    from jensen.models.mixture import MixtureParams

    return MixtureParams(weights / weights.sum(), components)


def _metric(model: Mixture) -> Metric:
    if model.family.metric is None:
        raise ValueError("prepare the model first: model.prepare(data, weight)")
    return model.family.metric


# ---- partitions of rows in the metric ----------------------------------------------------------------------------


def kmeans_labels(rows: Array, weight: Array | None, k: int, rng: np.random.Generator, max_steps: int) -> Labels:
    """Labels of Lloyd's algorithm after ``max_steps`` assignments, from k-means++ centres."""
    centres = kmeans_plus_plus_centres(rows, weight, k, rng)
    rows = np.ascontiguousarray(rows)
    return _core.kmeans(rows, None if weight is None else np.ascontiguousarray(weight, float), centres[None], max_steps)[0]


def kmeans_plus_plus_centres(rows: Array, weight: Array | None, k: int, rng: np.random.Generator) -> Array:
    """k rows, each drawn with probability ∝ w · (squared distance to those before) (Arthur and Vassilvitskii, 2007)."""
    w = np.ones(len(rows)) if weight is None else np.asarray(weight, float)
    picked = [_draw(w, rng)]
    nearest = np.square(rows - rows[picked[0]]).sum(axis=1)
    for _ in range(1, k):
        mass = w * nearest
        picked.append(_draw(mass if mass.sum() > 0 else w, rng))
        nearest = np.minimum(nearest, np.square(rows - rows[picked[-1]]).sum(axis=1))
    return rows[picked]


def projection_labels(rows: Array, weight: Array | None, k: int, rng: np.random.Generator) -> Labels:
    """Groups of random sizes along the difference of two rows; no group below half its fair share."""
    i, j = pick_rows(len(rows), weight, 2, rng)
    direction = rows[i] - rows[j]
    order = np.argsort(rows @ direction if direction.any() else rows[:, 0], kind="stable")
    w = np.ones(len(rows)) if weight is None else np.asarray(weight, float)
    shares = 0.5 / k + 0.5 * rng.dirichlet(np.ones(k))
    position = (np.cumsum(w[order]) - 0.5 * w[order]) / w.sum()
    labels = np.empty(len(rows), dtype=np.intp)
    labels[order] = np.searchsorted(np.cumsum(shares)[:-1], position)
    return labels


def pick_rows(n: int, weight: Array | None, count: int, rng: np.random.Generator) -> Labels:
    """Different rows, as far as there are enough, drawn by weight."""
    if weight is None:
        return rng.choice(n, size=count, replace=count > n)
    p = np.asarray(weight, float) / np.sum(weight)
    return rng.choice(n, size=count, replace=count > np.count_nonzero(p), p=p)


def _draw(mass: Array, rng: np.random.Generator) -> int:
    cumulative = np.cumsum(mass)
    return min(int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")), len(mass) - 1)

