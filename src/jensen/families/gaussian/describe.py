"""Gaussian components for people: means, standard deviations, correlations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.tables import Table
from jensen.families.gaussian.moments import GaussianParams
from jensen.families.gaussian.structures.structure import Structure

MOST_CORRELATED = 4  # columns up to which correlations are shown


def described(structure: Structure, params: GaussianParams, columns: Sequence[str] | None) -> Table:
    """One row a component: the mean of each column, its standard deviation, correlations where few."""
    means = params.means
    k, d = means.shape
    names = list(columns) if columns is not None else [f"x{j + 1}" for j in range(d)]
    full = structure.full(params.covariances, k, d)
    spreads = np.sqrt(np.diagonal(full, axis1=1, axis2=2))
    found: dict[str, Array] = {}
    for j, name in enumerate(names):
        found[f"mean {name}"], found[f"sd {name}"] = means[:, j], spreads[:, j]
    if 2 <= d <= MOST_CORRELATED and full[:, ~np.eye(d, dtype=bool)].any():
        for a, b in combinations(range(d), 2):
            found[f"corr {names[a]}, {names[b]}"] = full[:, a, b] / (spreads[:, a] * spreads[:, b])
    return Table(found)
