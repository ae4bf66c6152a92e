"""Checks of values, with messages that say where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def check_finite(data: Array, names: Any = None) -> None:
    bad = ~np.isfinite(data)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        what = "NaN" if np.isnan(data[row, column]) else "inf"
        name = column if names is None else repr(str(names[column]))
        raise ValueError(
            f"X contains {what} in row {row}, column {name} (counted from 0); {bad.sum()} such values"
        )


def check_weight(weight: Any, num_rows: int) -> Array | None:
    if weight is None:
        return None
    w = np.asarray(weight, float)
    if w.shape != (num_rows,):
        raise ValueError(f"sample_weight must have shape ({num_rows},), not {w.shape}")
    if not np.isfinite(w).all() or (w < 0).any():
        raise ValueError("sample_weight must be finite and non-negative")
    if not w.sum() > 0:
        raise ValueError("sample_weight adds up to zero")
    return w
