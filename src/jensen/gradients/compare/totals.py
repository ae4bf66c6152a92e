"""A comparison with sums over the parameters in place of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.tables import Table


def totals(table: Table, samples: Mapping[str, NDArray[Any]]) -> Table:
    """A row for each estimator; without the columns that are of one parameter."""
    each = {name: column.reshape(-1, len(samples)) for name, column in table.items()}
    first = {name: column[0] for name, column in each.items()}
    variance, error = np.array([_squared_distance(values) for values in samples.values()]).T
    return Table(
        estimator=first["estimator"],
        parameters=np.full(len(samples), len(each["mean"])),
        draws=first["draws"],
        bias=_largest(each["bias"]),
        variance=variance,
        variance_error=error,
        variance_per_draw=variance * first["draws"],
        variance_per_draw_error=error * first["draws"],
        evaluations=first["evaluations"],
        variance_x_evaluations=variance * first["evaluations"],
        seconds=first["seconds"],
        variance_x_seconds=variance * first["seconds"],
        rounding=np.sqrt((each["rounding"] ** 2).sum(axis=0)),
        non_finite=np.array([(~np.isfinite(values).all(axis=1)).sum() for values in samples.values()]),
        is_biased=first["is_biased"],
    )


def _squared_distance(samples: NDArray[Any]) -> tuple[float, float]:
    """E‖g − E g‖², and its standard error."""
    num = len(samples)
    with np.errstate(invalid="ignore", over="ignore"):
        spread = ((samples - samples.mean(axis=0)) ** 2).sum(axis=1) * num / (num - 1)
        return float(spread.mean()), float(spread.std() / np.sqrt(num))


def _largest(bias: NDArray[Any]) -> NDArray[Any]:
    """Of each column the one farthest from 0; NaN where there is none."""
    size = np.where(np.isnan(bias), -1.0, np.abs(bias))
    return bias[size.argmax(axis=0), np.arange(bias.shape[1])]
