"""The door for columns by name: dictionaries, and NumPy's arrays of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError
from jensen.data.doors.arrays import numbers, plain_array
from jensen.data.rows import Rows, side_by_side, take


def from_mapping(data: Any, columns: Sequence[str] | None, name: str) -> Rows | None:
    """Rows from columns by name; None where ``data`` is something else."""
    if isinstance(data, np.ndarray) and data.dtype.names and data.ndim == 1:
        data = {field: data[field] for field in data.dtype.names}
    if not isinstance(data, Mapping):
        return None
    keys = list(data)
    names = [str(key) for key in keys]
    at = dict(zip(names, keys, strict=True))
    return side_by_side(
        {
            column: _column(data[at[column]], f"{name}, column {column!r}")
            for column in take(names, columns, name)
        },
        name,
    )


def _column(data: Any, where: str) -> NDArray[Any]:
    values = plain_array(data, where)
    if values.ndim != 1:
        raise DataError(f"{where} has shape {values.shape}; a column is one-dimensional")
    return numbers(values, where)
