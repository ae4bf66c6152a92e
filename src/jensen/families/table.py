"""What users have as the (n, d) numbers that families take: arrays, lists, data frames, data sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Array, is_masked
from jensen.basics.plain import given
from jensen.data.checks import LARGEST, check_finite
from jensen.data.doors.memory import as_rows

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def as_table(data: Any, finite: bool = False) -> Array:
    """(n, d) numbers, of float32 or float64; one dimension is one column. Missing and masked values are
    NaN, which is refused where the numbers have to be ``finite``.

    Raises
    ------
    jensen.basics.errors.DataError
        A ValueError, for text, dates, complex numbers, sparse or ragged data: which row or column, and
        what to do.
    """
    if isinstance(data, np.ndarray) and not is_masked(data):
        if data.ndim == 2 and data.dtype in FLOATS and not (finite and _not_finite(data)):
            return data
        if data.ndim == 1:
            data = data[:, None]
    elif is_masked(data) and data.ndim == 1:
        data = data[:, None]
    elif isinstance(data, list) and data and np.ndim(data[0]) == 0:
        data = [[each] for each in data]
    elif not isinstance(data, (list, tuple)) and _is_one_dimensional(data):
        data = np.asarray(data)[:, None]
    rows = as_rows(data)
    if finite:
        check_finite(rows)
    return rows.values


def _not_finite(data: Array) -> bool:
    """Whether a number is not finite, or too large to be squared."""
    limit = LARGEST[data.itemsize]
    return data.size > 0 and not (-limit <= data.min() and data.max() <= limit)


def _is_one_dimensional(data: Any) -> bool:
    """An array of another library: a column of a data frame is one that the door knows itself."""
    said = given(data, ["shape", "to_frame"])
    return "to_frame" not in said and len(said.get("shape", ())) == 1
