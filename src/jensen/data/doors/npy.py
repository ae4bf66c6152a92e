"""NumPy's own files."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError, one_line
from jensen.data.doors.choice import Choice
from jensen.data.doors.format import FileInfo, split
from jensen.data.doors.memory import as_rows
from jensen.data.doors.sources import Source
from jensen.data.rows import Rows


def read_npy(source: Source, choice: Choice) -> tuple[Rows, Any, FileInfo]:
    """One array, with the names of its fields where it is one of records."""
    array = _load(source)
    if array.ndim == 1 and array.dtype.names is None:
        array = array.reshape(-1, 1)
    rows = as_rows(array, name=source.name)
    info = FileInfo(source.name, "NPY", has_header=array.dtype.names is not None)
    return *split(rows, rows.columns, rows.columns, choice, source.name), info


def refuse_npz(source: Source, choice: Choice) -> Any:
    """Several arrays in one file are not a table."""
    raise DataError(f"{source.name} is an archive of arrays; save one of them with numpy.save")


def _load(source: Source) -> NDArray[Any]:
    with source.open() as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return np.load(stream, allow_pickle=False)
        except Exception as error:  # a damaged header is evaluated: it can raise anything
            if "allow_pickle" in str(error):
                why = "holds Python objects, which are not loaded because that can run code; save numbers"
                raise DataError(f"{source.name} {why}") from None
            raise DataError(f"{source.name} is damaged or cut off: {one_line(error):.150}") from None
