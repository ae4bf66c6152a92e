"""Many accelerated climbs at once, without Python in between (`_native/climb.cpp`): what a search spends
its time on.

It works in the coordinates of the metric, where the bound is a multiple of the identity.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from jensen._native import _core
from jensen.basics.arrays import Array, Weight
from jensen.basics.threads import get_num_threads
from jensen.basics.verdict import Outcome
from jensen.families.carriers import End
from jensen.families.family import Standardized
from jensen.families.gaussian.moments import GaussianParams

STATUS = (Outcome.CONVERGED, Outcome.STEP_LIMIT, Outcome.FAILED, Outcome.COLLAPSED)


def standardized(family: Any, data: Array) -> Standardized:
    """The rows in the coordinates of the metric, with the family whose metric is the identity."""
    metric, d = family.metric, data.shape[1]
    unit = family.covariance.metric(np.zeros(d), np.eye(d))
    rows = np.ascontiguousarray(metric.whiten(np.asarray(data, float)))

    def back(params: GaussianParams) -> GaussianParams:
        covariances = np.asarray(metric.unwhiten_covariances(params.covariances))
        return GaussianParams(metric.unwhiten(params.means), covariances)

    def there(params: GaussianParams) -> GaussianParams:
        covariances = np.ascontiguousarray(metric.whiten_covariances(params.covariances))
        return GaussianParams(np.ascontiguousarray(metric.whiten(params.means)), covariances)

    return Standardized(replace(family, metric=unit), rows, back, there, metric.log_scale)


def climb(
    family: Any, ends: list[End], data: Array, weight: Weight, tol: float, max_e_steps: int, hold: bool
) -> bool:
    """Climb from where the ends are, on all cores; updates them. True where the user interrupted."""
    structure, (k, d) = family.covariance, ends[0].params.means.shape
    *result, interrupted = _core.climb(
        structure.moments.code,
        structure.is_shared,
        data,
        None if weight is None else np.ascontiguousarray(weight, float),
        np.stack([end.weights for end in ends]),
        np.stack([end.params.means for end in ends]),
        np.stack([structure.spread(end.params.covariances, k, d).ravel() for end in ends]),
        family.floor,
        structure.needed(d),
        hold,
        max_e_steps,
        tol,
        get_num_threads(),
    )
    shape = structure.moments.shape(k, d)
    for end, weights, means, spread, objective, num_e_steps, status in zip(ends, *result, strict=True):
        end.weights = weights
        end.params = GaussianParams(means, structure.of_spread(spread.reshape(shape)))
        end.outcome = STATUS[status]
        end.objective = float(objective) if end.outcome is not Outcome.FAILED else -np.inf
        end.num_e_steps += int(num_e_steps)
    return interrupted
