"""What there is to show of a fit: its components, or its parameters by name."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.em.contract import as_model
from jensen.em.result import Fit
from jensen.families.family import Components
from jensen.spaces.chart import Chart, as_dict


def components_of(fit: Fit) -> Components | None:
    """The components; None where the model has none that it knows of."""
    model = as_model(fit.model)
    return None if model.components_of is None else model.components_of(fit.params)


def named_values(fit: Fit) -> dict[str, Any]:
    """The parameters: by the names of the chart, or of the fields that params have."""
    chart = as_model(fit.model).chart
    if isinstance(chart, Chart):
        return dict(chart.natural(fit.params))
    try:
        return as_dict(fit.params)
    except (AttributeError, TypeError):
        return {"params": fit.params}


def numbers_of(fit: Fit) -> list[tuple[str, str]]:
    """Name and text of every number among the parameters; what is no number as it prints."""
    found: list[tuple[str, str]] = []
    for name, value in named_values(fit).items():
        try:
            values = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            found.append((name, f"{value!s:.60}"))
            continue
        for index in np.ndindex(*values.shape):
            place = f"[{','.join(map(str, index))}]" if index else ""
            found.append((name + place, f"{values[index]:.6g}"))
    return found


def num_columns(fit: Fit, columns: Any = None) -> int | None:
    """How many columns the data have, as far as that is known."""
    parts = components_of(fit)
    if parts is not None and parts.family.num_columns is not None:
        return parts.family.num_columns
    return len(columns) if columns else None
