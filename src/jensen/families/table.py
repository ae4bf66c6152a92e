"""What users have as the (n, d) numbers that families take: arrays, lists, data frames, data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.plain import collected, given
from jensen.basics.tables import default_columns
from jensen.data.checks import LARGEST, check_finite
from jensen.data.doors.arrays import plain_array
from jensen.data.doors.memory import as_rows

ARRAYS = ("__array__", "__array_interface__", "__dlpack__")
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
Names = tuple[str, ...] | None


def as_table(data: Any, finite: bool = False) -> Array:
    """(n, d) numbers, of float32 or float64, one row after the other; one dimension is one column. Missing
    and masked values are NaN, which is refused where the numbers have to be ``finite``.

    Raises
    ------
    jensen.basics.errors.DataError
        A ValueError, for text, dates, complex numbers, sparse or ragged data: which row or column, and
        what to do.
    """
    return named_table(data, finite)[0]


def named_table(data: Any, finite: bool = False) -> tuple[Array, Names]:
    """The same, with the names of the columns where the data have any."""
    ready = type(data) is np.ndarray and data.ndim == 2 and data.shape[1] and data.dtype in FLOATS
    if ready and not (finite and _not_finite(data)):
        return np.ascontiguousarray(data), None
    data = _as_columns(collected(data))
    rows = as_rows(data)
    if finite:
        check_finite(rows)
    return rows.values, None if rows.columns == default_columns(len(rows.columns)) else rows.columns


def _as_columns(data: Any) -> Any:
    """With one dimension made one column; a column of a data frame is one that the door knows itself."""
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return [[each] for each in data] if len(data) and np.ndim(data[0]) == 0 else data
    if not isinstance(data, np.ndarray):
        said = given(data, ["columns", "shape", "name", *ARRAYS])
        if {"columns", "name"} & set(said) or not set(said) & set(ARRAYS) or len(said.get("shape", "x")) != 1:
            return data  # what has names of columns, and what is no array of one dimension
        data = plain_array(data, "data")
    return data[:, None] if data.ndim == 1 and not data.dtype.names else data


def _not_finite(data: Array) -> bool:
    """Whether a number is not finite, or too large to be squared."""
    limit = LARGEST[data.itemsize]
    return data.size > 0 and not (-limit <= data.min() and data.max() <= limit)
