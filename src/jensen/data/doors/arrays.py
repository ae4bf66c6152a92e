"""The door for arrays, nested lists, and whatever NumPy makes an array of."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import is_masked, is_missing
from jensen.basics.errors import DataError, DataTypeError, listed, one_line
from jensen.basics.plain import given
from jensen.basics.tables import default_columns
from jensen.data.rows import Rows, check_shape, float_type, repeated

NUMERIC_KINDS = "biuf"
KINDS = {"M": "dates", "m": "durations", "U": "text", "S": "text", "T": "text"}


def from_array(data: Any, columns: Sequence[str] | None, name: str) -> Rows:
    """Rows from anything that NumPy takes; the names of its columns are ``columns``, or x1 … xd."""
    values = plain_array(data, name)
    check_shape(values.shape, name)
    names = _column_names(columns, values.shape[1], name)
    if values.dtype.kind == "O":
        values = _object_numbers(
            values, lambda i, j: f"{name}: row {i} (counted from 0), column {names[j]!r}"
        )
    _check_numeric(values.dtype, name)
    with np.errstate(over="ignore"):  # beyond float64: infinity, which `check_finite` reports
        return Rows(np.ascontiguousarray(values, float_type([values.dtype])), names)


def plain_array(data: Any, name: str) -> NDArray[Any]:
    """An ndarray without a copy where possible; text stays the cell it was, what is masked is NaN."""
    try:
        if is_masked(data):
            _check_numeric(data.dtype, name)
            return np.ma.filled(data.astype(float_type([data.dtype])), np.nan)
        values = np.asarray(_exchanged(data))
        if values.dtype.kind in "US" and not isinstance(data, np.ndarray):
            values = np.asarray(data, dtype=object)
    except DataError:
        raise
    except (ValueError, TypeError) as error:
        raise DataError(f"{name} is not a table: {_ragged(data) or one_line(error):.150}") from None
    except (RuntimeError, BufferError) as error:  # of another library: on a device, with a gradient to come
        raise DataError(f"{name} cannot be read as an array: {one_line(error):.150}") from None
    return values.astype(object) if values.dtype.kind in "US" else values


def _exchanged(data: Any) -> Any:
    """What other libraries hand over by the DLPack protocol alone, without a copy; else as it is."""
    said = given(data, ("__dlpack__", "__dlpack_device__", "__array__", "__array_interface__"))
    return np.from_dlpack(data) if set(said) == {"__dlpack__", "__dlpack_device__"} else data


def numbers(values: NDArray[Any], where: str) -> NDArray[Any]:
    """A one-dimensional array as numbers; ``where`` names the column in messages."""
    if values.dtype.kind == "O":
        return _object_numbers(values.reshape(-1, 1), lambda i, j: f"{where}, row {i} (counted from 0)")[:, 0]
    _check_numeric(values.dtype, where)
    return values


def _check_numeric(dtype: np.dtype[Any], where: str) -> None:
    if dtype.kind == "c":
        raise DataError(f"Complex data not supported: {where} is {dtype}; take its real and imaginary parts")
    if dtype.kind not in NUMERIC_KINDS:
        held = KINDS.get(dtype.kind, f"values of type {dtype}")
        raise DataError(f"{where} holds {held}, not numbers; leave it out or convert it")


def _object_numbers(values: NDArray[Any], where: Callable[[int, int], str]) -> NDArray[np.float64]:
    """float64 from an object array; ``where(i, j)`` names a cell that is not a number."""
    plain = np.empty(values.shape)
    for i, row in enumerate(values):
        for j, cell in enumerate(row):
            if isinstance(cell, str | bytes):
                raise DataError(f"{where(i, j)} holds the text {cell!r:.40}, not a number")
            if isinstance(cell, complex | np.complexfloating):
                raise DataError(f"Complex data not supported: {where(i, j)} holds {cell!r}")
            try:
                plain[i, j] = np.nan if is_missing(cell) else float(cell)
            except (TypeError, ValueError, OverflowError) as error:
                raise DataTypeError(f"{where(i, j)} holds {cell!r:.40}: {one_line(error):.120}") from None
    return plain


def _column_names(columns: Sequence[str] | None, d: int, name: str) -> tuple[str, ...]:
    if columns is None:
        return default_columns(d)
    if len(columns) != d:
        raise DataError(f"{name} has {d} columns, but {len(columns)} names were given: {listed(columns, 8)}")
    twice = repeated(columns)
    if twice is not None:
        raise DataError(f"two columns of {name} are named {twice!r}; names must differ")
    return tuple(map(str, columns))


def _ragged(data: Any) -> str:
    """Where nested lists have rows of different lengths."""
    if not isinstance(data, list | tuple):
        return ""
    lengths = [len(row) if isinstance(row, Sized) else 0 for row in data]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            return f"row {i} (counted from 0) has {length} values where row 0 has {lengths[0]}"
    return ""
