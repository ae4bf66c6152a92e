"""Where a mixture can start. Each kind is drawn in the metric of the covariance structure, so that starts
move with the data: an affine map of the rows (a scale per column, a similarity) takes the starts along.

Each is a function ``(model, data, weight, rng) -> MixtureParams``; ``model`` has been prepared. The search
makes many at once (`jensen.numerics.partitions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.families import GaussianParams
from jensen.families.gaussian.metric import Metric
from jensen.numerics import partitions

if TYPE_CHECKING:
    from jensen.models.mixture.mixture import Mixture, MixtureParams

Labels = NDArray[np.integer]


def kmeans(model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator) -> MixtureParams:
    """The partition of k-means (Lloyd from k-means++ centres), in the metric."""
    rows = _metric(model).whiten(np.asarray(data, float))
    return from_partition(
        model, data, weight, partitions.kmeans(rows, weight, model.num_components, 1, rng)[0]
    )


def kmeans_plus_plus(
    model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator
) -> MixtureParams:
    """The partition by the nearest of k-means++ centres, in the metric."""
    rows = _metric(model).whiten(np.asarray(data, float))
    return from_partition(
        model, data, weight, partitions.nearest_seeds(rows, weight, model.num_components, 1, rng)[0]
    )


def random_rows(model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator) -> MixtureParams:
    """Rows as means; every covariance is the data's own, shrunk by k^(−2/d)."""
    k = model.num_components
    return from_means(model, np.asarray(data[pick_rows(len(data), weight, k, rng)], float))


def random_responsibilities(
    model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator
) -> MixtureParams:
    """Every row divided at random among the components."""
    return from_responsibilities(
        model, data, weight, rng.dirichlet(np.ones(model.num_components), size=len(data))
    )


# ---- from what is given ----------------------------------------------------------------------------------


def from_partition(model: Mixture, data: Array, weight: Array | None, labels: Labels) -> MixtureParams:
    """The M-step from labels (n,) in 0…k−1. A group with too few rows for a covariance leans on the
    pooled one.
    """
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
    from jensen.models.mixture.mixture import MixtureParams

    return MixtureParams(weights / weights.sum(), components)


def _metric(model: Mixture) -> Metric:
    if model.family.metric is None:
        raise ValueError("prepare the model first: model.prepare(data, weight)")
    return model.family.metric


def pick_rows(n: int, weight: Array | None, count: int, rng: np.random.Generator) -> Labels:
    """Different rows, as far as there are enough, drawn by weight."""
    if weight is None:
        return rng.choice(n, size=count, replace=count > n)
    p = np.asarray(weight, float) / np.sum(weight)
    return rng.choice(n, size=count, replace=bool(count > np.count_nonzero(p)), p=p)
