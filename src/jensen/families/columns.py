"""What users have as the columns that a product shares out: an (n, d) array, or a dict of columns by name."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import DataError, ModelTypeError, did_you_mean, listed
from jensen.basics.plain import collected, given
from jensen.basics.tables import default_columns
from jensen.data.doors.memory import as_rows
from jensen.families.table import named_table


def numbered(data: Any) -> tuple[Array, tuple[str, ...]]:
    """(n, d) numbers and the names of their columns, x1 … xd where they have none. Whole numbers stay whole
    in an array of them.
    """
    if isinstance(data, tuple):
        raise ModelTypeError("the data must be (n, d): a tuple is neither rows nor columns here")
    if type(data) is np.ndarray and data.ndim == 2 and data.dtype.kind in "biu":
        return np.ascontiguousarray(data), default_columns(data.shape[1])
    values, names = named_table(data)
    return values, default_columns(values.shape[1]) if names is None else names


def named(data: Any, keys: Sequence[Hashable]) -> dict[Hashable, Any]:
    """The columns by name, as they are, those that nobody asks for left out.

    Raises
    ------
    TypeError
        For data without names of columns.
    jensen.basics.errors.DataError
        For a column that is not there.
    """
    if isinstance(data, np.ndarray) and data.dtype.names and data.ndim == 1:
        data = {name: data[name] for name in data.dtype.names}
    if not isinstance(data, Mapping):
        data = _columns(data, keys)
    for key in keys:
        if key not in data:
            known = [str(name) for name in data]
            near = did_you_mean(str(key), known)
            raise DataError(f"the data have no column {key}{near}; they have {listed(known, 8)}")
    return {key: data[key] for key in keys}


def _columns(data: Any, keys: Sequence[Hashable]) -> Mapping[Any, Any]:
    """Of a data frame or a data set."""
    data = collected(data)
    said = given(data, ["columns", "column_names", "dtypes", "schema", "__arrow_c_stream__"])
    names = said.get("column_names", said.get("columns"))  # Arrow's columns are the columns themselves
    if {"dtypes", "schema"} & set(said) and names is not None:
        return {name: data[name] for name in names}
    if names is None and "__arrow_c_stream__" not in said:
        raise ModelTypeError(f"the data must be a dict of the columns {tuple(keys)}, or a data frame")
    rows = as_rows(data)
    return dict(zip(rows.columns, rows.values.T, strict=True))
