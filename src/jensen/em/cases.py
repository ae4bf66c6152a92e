"""Rows of data that are an array, or a tuple, a named tuple or a dict of arrays with a common first axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Data


def take_rows(data: Data, rows: NDArray[np.intp]) -> Data:
    """Some of the rows, in data of the same form."""
    if isinstance(data, dict):
        return {name: take_rows(part, rows) for name, part in data.items()}
    if isinstance(data, tuple):
        parts: Any = (take_rows(part, rows) for part in data)
        return type(data)(*parts) if hasattr(data, "_fields") else tuple(parts)
    return np.asarray(data)[rows]


def num_rows(data: Data) -> int:
    """How many there are."""
    return len(first_array(data))


def first_array(data: Data) -> Any:
    """The first of the arrays."""
    while isinstance(data, (tuple, dict)) and data:
        data = next(iter(data.values())) if isinstance(data, dict) else data[0]
    return data
