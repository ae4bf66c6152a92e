"""Neighbouring solutions: merge two components that overlap, split another that fits badly.

Ueda, Nakano, Ghahramani and Hinton (2000), *SMEM algorithm for mixture models*, with cheaper rankings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen.families import GaussianParams
from jensen.models import fused

if TYPE_CHECKING:
    from jensen.models.mixture import Mixture, MixtureParams

Array = NDArray[np.float64]

SPLIT = 0.7  # of a standard deviation along the principal axis, to either side


def neighbours(
    model: Mixture, params: MixtureParams, data: Array, weight: Array | None, num_merges: int, num_splits: int
) -> list[MixtureParams]:
    """Solutions with one pair merged and one other component split, the likeliest to help first."""
    k = model.num_components
    if k < 3:
        return []
    r, _ = fused.posterior(model.family, params, data)
    wr = r if weight is None else r * np.asarray(weight, float)[:, None]
    count, means, scatter = _local_moments(wr, data)
    misfit = _misfit(wr, data, count, means, scatter)
    made = []
    for i, j in _overlapping_pairs(r, wr)[:num_merges]:
        splits = [c for c in np.argsort(-misfit) if c not in (i, j)][:num_splits]
        made += [_exchange(model, params, count, means, scatter, i, j, c) for c in splits]
    return made


def _local_moments(wr: Array, data: Array) -> tuple[Array, Array, Array]:
    """Count (k,), mean (k, d) and covariance (k, d, d) of the rows of each component, whatever the structure."""
    count = np.maximum(wr.sum(axis=0), 1e-300)
    means = wr.T @ data / count[:, None]
    centred = [data - m for m in means]
    scatter = np.stack([(c.T * w) @ c for c, w in zip(centred, wr.T, strict=True)])
    return count, means, scatter / count[:, None, None]


def _misfit(wr: Array, data: Array, count: Array, means: Array, scatter: Array) -> Array:
    """How far Mardia's kurtosis of each component is from a Gaussian's d(d + 2), in rows."""
    d = data.shape[1]
    loading = scatter + 1e-9 * (np.trace(scatter, axis1=1, axis2=2) / d + 1e-12)[:, None, None] * np.eye(d)
    inverse = np.linalg.inv(loading)
    kurtosis = np.array(
        [
            w @ np.square(np.einsum("nd,de,ne->n", data - m, p, data - m))
            for w, m, p in zip(wr.T, means, inverse, strict=True)
        ]
    )
    return np.sqrt(count) * np.abs(kurtosis / count - d * (d + 2)) / (d + 1)


def _overlapping_pairs(r: Array, wr: Array) -> list[tuple[int, int]]:
    """Pairs of components by the correlation of their responsibilities, most overlapping first."""
    overlap = r.T @ wr
    size = np.sqrt(np.maximum(np.diagonal(overlap), 1e-300))
    i, j = np.triu_indices(len(size), 1)
    order = np.argsort(-(overlap / np.outer(size, size))[i, j])
    return [(int(i[o]), int(j[o])) for o in order]


def _exchange(
    model: Mixture,
    params: MixtureParams,
    count: Array,
    means: Array,
    scatter: Array,
    i: int,
    j: int,
    split: int,
) -> MixtureParams:
    """Component i becomes i and j merged; j and ``split`` become the halves of ``split``."""
    from jensen.models.mixture import MixtureParams

    structure = model.family.covariance
    k, d = means.shape
    count, new_means = count.copy(), params.components.means.copy()
    full = structure.full(params.components.covariances, k, d).copy()
    both = count[i] + count[j]
    merged = (count[i] * means[i] + count[j] * means[j]) / both
    gap = means[i] - means[j]
    full[i] = (count[i] * scatter[i] + count[j] * scatter[j]) / both
    full[i] += count[i] * count[j] / both**2 * np.outer(gap, gap)
    values, vectors = np.linalg.eigh(scatter[split])
    step = SPLIT * np.sqrt(max(values[-1], 0.0)) * vectors[:, -1]
    half = scatter[split] - np.outer(step, step)
    new_means[i], new_means[j], new_means[split] = merged, means[split] + step, means[split] - step
    full[j] = full[split] = half
    count[i] = both
    count[j] = count[split] = count[split] / 2
    keep = structure.name == "tied"  # the shared covariance is that of the others
    covariances = params.components.covariances if keep else model.family.clip(structure.reduce(full, count))
    return MixtureParams(count / count.sum(), GaussianParams(new_means, covariances))
