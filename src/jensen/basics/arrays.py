"""The names of types that everybody uses, and what arrays of other kinds hold."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Labels = NDArray[np.intp]
Mask = NDArray[np.bool_]
Params = Any
Data = Any
Weight = NDArray[np.float64] | None


def is_masked(data: Any) -> bool:
    """Whether data are an array with a mask; NumPy's module of them is not imported to find out."""
    masked = sys.modules.get("numpy.ma")
    return masked is not None and isinstance(data, masked.MaskedArray)


def is_missing(cell: Any) -> bool:
    """Whether a cell of objects stands for no value: None, pandas' NA and NaT."""
    return cell is None or type(cell).__name__ in ("NAType", "NaTType")
