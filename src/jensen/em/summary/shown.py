"""What there is to show of a fit: its components, or its parameters by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.em.contract import as_model
from jensen.em.fitted import Fitted
from jensen.spaces.chart import Chart, as_dict


def components_of(fit: Fitted) -> Any:
    """The components (`jensen.families.Components`); None where the model has none that it knows of."""
    model = as_model(fit.model)
    return None if model.components_of is None else model.components_of(fit.params)


def named_values(fit: Fitted) -> dict[str, Any]:
    """The parameters: by the names of the chart, or of the fields that params have."""
    chart = as_model(fit.model).chart
    if isinstance(chart, Chart):
        return dict(chart.natural(fit.params))
    try:
        return as_dict(fit.params)
    except (AttributeError, TypeError):
        return {"params": fit.params}


def named_numbers(fit: Fitted) -> dict[str, Any]:
    """Name → value of every number among the parameters; of what is no number, the whole."""
    chart = as_model(fit.model).chart
    if isinstance(chart, Chart):
        return dict(zip(chart.named(fit.columns), chart.natural_vector(fit.params).tolist(), strict=True))
    found: dict[str, Any] = {}
    for name, value in named_values(fit).items():
        try:
            values = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            found[name] = value
            continue
        for index in np.ndindex(*values.shape):
            place = f"[{','.join(map(str, index))}]" if index else ""
            found[name + place] = float(values[index])
    return found


def numbers_of(fit: Fitted) -> list[tuple[str, str]]:
    """Name and text of every number among the parameters; what is no number as it prints."""
    found = named_numbers(fit).items()
    return [(n, f"{v:.6g}" if isinstance(v, float) else f"{v!s:.60}") for n, v in found]


def num_columns(fit: Fitted, columns: Any = None) -> int | None:
    """How many columns the data have, as far as that is known."""
    parts = components_of(fit)
    if parts is not None and parts.family.num_columns is not None:
        return parts.family.num_columns
    return len(columns or fit.columns) or None


def rows_of(fit: Fitted) -> int | None:
    """How many cases were fitted, where the fit still has its data."""
    return None if fit.given is None else int(as_model(fit.model).cases.count(fit.given.data))
