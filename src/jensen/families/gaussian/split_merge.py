"""Neighbouring solutions: merge two components that overlap, split another that fits badly.

Ueda, Nakano, Ghahramani and Hinton (2000), *SMEM algorithm for mixture models*, with cheaper rankings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Weight
from jensen.families.gaussian.kernels import Native
from jensen.families.gaussian.moments import GaussianParams
from jensen.families.gaussian.structures.structure import Structure

SPLIT = 0.7  # of a standard deviation along the principal axis, to either side


@dataclass(frozen=True, slots=True)
class Local:
    """What the rows of each component look like, whatever the covariance structure says."""

    count: Array  # (k,)
    means: Array  # (k, d)
    scatter: Array  # (k, d, d)
    misfit: Array  # (k,): how far Mardia's kurtosis is from a Gaussian's, in standard errors
    step: Array  # (k, d): along the principal axis


def neighbours(
    family: Any,
    weights: Array,
    params: GaussianParams,
    data: Array,
    weight: Weight,
    num_merges: int = 3,
    num_splits: int = 3,
) -> list[tuple[Array, GaussianParams]]:
    """Solutions with one pair merged and one other component split, the likeliest to help first."""
    if len(weights) < 3:
        return []
    r, _ = Native(family.covariance).posterior(weights, params, data)
    wr = r if weight is None else r * np.asarray(weight, float)[:, None]
    local = _local(wr, data)
    worst = np.argsort(-local.misfit)
    return [
        _exchange(family.covariance, params, local, i, j, c)
        for i, j in _overlapping_pairs(r, wr)[:num_merges]
        for c in [c for c in worst if c not in (i, j)][:num_splits]
    ]


def _local(wr: Array, data: Array) -> Local:
    d = data.shape[1]
    count = np.maximum(wr.sum(axis=0), 1e-300)
    means = wr.T @ data / count[:, None]
    centred = data - means[:, None]
    scatter = np.swapaxes(centred * wr.T[:, :, None], 1, 2) @ centred / count[:, None, None]
    values, vectors = np.linalg.eigh(scatter)
    values = np.maximum(values, 0.0)
    scale = np.sqrt(values + 1e-9 * (values.mean(axis=1, keepdims=True) + 1e-12))
    squared = np.square((centred @ vectors) / scale[:, None]).sum(axis=2)
    kurtosis = (np.square(squared) * wr.T).sum(axis=1) / count
    misfit = np.sqrt(count) * np.abs(kurtosis - d * (d + 2)) / (d + 1)
    return Local(count, means, scatter, misfit, SPLIT * np.sqrt(values[:, -1:]) * vectors[:, :, -1])


def _overlapping_pairs(r: Array, wr: Array) -> list[tuple[int, int]]:
    """Pairs of components by the correlation of their responsibilities, most overlapping first."""
    overlap = r.T @ wr
    size = np.sqrt(np.maximum(np.diagonal(overlap), 1e-300))
    i, j = np.triu_indices(len(size), 1)
    order = np.argsort(-(overlap / np.outer(size, size))[i, j])
    return [(int(i[o]), int(j[o])) for o in order]


def _exchange(
    structure: Structure, params: GaussianParams, local: Local, i: int, j: int, split: int
) -> tuple[Array, GaussianParams]:
    """Component i becomes i and j merged; j and ``split`` become the halves of ``split``.

    The covariances may be below their bound; the climb raises them. A shared covariance is that of the
    others.
    """
    count, means = local.count.copy(), params.means.copy()
    both = count[i] + count[j]
    gap, step = local.means[i] - local.means[j], local.step[split]
    means[i] = (count[i] * local.means[i] + count[j] * local.means[j]) / both
    means[j], means[split] = local.means[split] + step, local.means[split] - step
    covariances = params.covariances
    if not structure.is_shared:
        full = np.array(structure.full(covariances, *means.shape))
        merged = (count[i] * local.scatter[i] + count[j] * local.scatter[j]) / both
        full[i] = merged + count[i] * count[j] / both**2 * np.outer(gap, gap)
        full[j] = full[split] = local.scatter[split] - np.outer(step, step)
        covariances = structure.reduce(full, count)
    count[i] = both
    count[j] = count[split] = count[split] / 2
    return count / count.sum(), GaussianParams(means, covariances)
