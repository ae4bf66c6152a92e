"""A mixture's chart: the weights, and whatever the family's parameters are.

∂Q/∂ log(π_j/π_k) = N_j − N π_j,       the rest is the family's own
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Mask
from jensen.basics.errors import ModelError
from jensen.families.family import Family
from jensen.models.mixture.params import MixtureParams, MixtureStats, require_params
from jensen.spaces.chart import Chart
from jensen.spaces.simplex import Simplex
from jensen.spaces.space import Space

WEIGHTS = "weights"


class MixtureChart(Chart):
    """``weights``, and the parameters of the components by their names.

    ``from_natural_vector`` gives None also where the components are beyond a bound that the data set.
    """

    def __init__(self, family: Family, k: int, spaces: dict[str, Space]) -> None:
        if WEIGHTS in spaces:
            raise ModelError(f"{family} has a parameter {WEIGHTS!r}, which is the name of the mixing weights")
        super().__init__({WEIGHTS: Simplex(k), **spaces}, self._join, self._part)
        self._family = family

    def _join(self, weights: Array, **components: Any) -> MixtureParams:
        return MixtureParams(weights, self._family.make(components))

    def _part(self, params: MixtureParams) -> dict[str, Any]:
        require_params(params)
        return {WEIGHTS: params.weights, **self._family.split(params.components)}

    def from_natural_vector(self, vector: Array) -> MixtureParams | None:
        k = self.spaces[WEIGHTS].shape[0]
        weights = vector[:k]
        if not (weights > 0).all():
            return None
        params = super().from_natural_vector(np.concatenate([weights / weights.sum(), vector[k:]]))
        return params if params is not None and self.contains(params) else None

    def contains(self, params: MixtureParams) -> bool:
        return bool((params.weights >= 0).all()) and self._family.contains(params.components)

    def at_bound(self, params: MixtureParams) -> Mask:
        held = self._family.at_bound(params.components)
        free = np.zeros(self.size if held is None else self.size - len(held), bool)
        return free if held is None else np.concatenate([free, held])


def score(family: Family, params: MixtureParams, stats: MixtureStats) -> Array:
    """∂/∂u of Q(·, S), (p,)."""
    weights = stats.count[:-1] - stats.count.sum() * params.weights[:-1]
    if stats.components is None:
        raise ModelError("the statistics say nothing of the components")
    return np.concatenate([weights, family.score(params.components, stats.components)])


def scores(family: Family, params: MixtureParams, data: Any, r: Array) -> Array:
    """∂ log p(x_n | θ) / ∂u of every row, (n, p), from its responsibilities."""
    r = np.asarray(r, float)
    return np.hstack([r[:, :-1] - params.weights[:-1], family.row_scores(params.components, data, r)])
