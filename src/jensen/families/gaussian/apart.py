"""How much less than all of the data the rows of a group vary, where groups are far apart.

A bound relative to the variance of all data is small beside that of a group, unless the groups lie
thousands of standard deviations apart: then it would take a good solution for a collapsed one.
"""

from __future__ import annotations

import numpy as np

from jensen.basics.arrays import Array, Weight
from jensen.families.gaussian.metric import Metric

SAMPLE, FEWEST = 200, 20  # rows


def within(metric: Metric, data: Array, weight: Weight) -> float:
    """From 1 where the data are in one piece towards 0: the smallest variance of differences between
    nearest rows, beside what it is then, in the coordinates of the metric.
    """
    kept = np.arange(len(data)) if weight is None else np.flatnonzero(np.asarray(weight) > 0)
    if len(kept) < FEWEST:
        return 1.0
    rows = metric.whiten(np.asarray(data[kept[:: max(1, len(kept) // SAMPLE)]][:SAMPLE], float))
    m, d = rows.shape
    squares = np.square(rows).sum(axis=1)
    distance = squares[:, None] + squares - 2.0 * rows @ rows.T
    distance[distance <= 1e-12 * (1.0 + squares)] = np.inf  # themselves, and those that are the same
    nearest = distance.argmin(axis=1)
    found = np.isfinite(distance[np.arange(m), nearest])
    if found.sum() < FEWEST:
        return 1.0
    steps = (rows - rows[nearest])[found]
    steps = steps[
        np.square(steps).sum(axis=1) <= np.quantile(np.square(steps).sum(axis=1), 0.9)
    ]  # outliers apart
    smallest = float(np.linalg.eigvalsh(steps.T @ steps / len(steps))[0])
    return float(np.clip(10.0 * smallest * m ** (2.0 / d), 0.0, 1.0))
