"""The door for data in memory: arrays, lists, data frames → rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError, DataTypeError, did_you_mean, listed
from jensen.data.checks import check_columns, check_finite, check_weight, constant_columns

__all__ = [
    "DataError",
    "Rows",
    "as_rows",
    "check_columns",
    "check_finite",
    "check_weight",
    "constant_columns",
    "default_columns",
]

NUMERIC_KINDS = "biuf"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Data as the models take it.

    Attributes
    ----------
    values
        (n, d), C-contiguous, float32 or float64. A missing value is NaN.
    columns
        The d names.
    """

    values: NDArray[Any]
    columns: tuple[str, ...]

    def __repr__(self) -> str:
        n, d = self.values.shape
        return f"Rows({n} × {d} {self.values.dtype}: {listed(self.columns)})"


def as_rows(data: Any, *, columns: Sequence[str] | None = None, name: str = "data") -> Rows:
    """Rows from an array, nested lists, a data frame or a mapping of columns.

    Parameters
    ----------
    data
        Anything two-dimensional that holds numbers: NumPy, nested lists, pandas, polars, PyArrow, a
        dictionary of columns, or one column of a data frame. float32 stays float32, everything else becomes
        float64. Nothing is copied that is right already.
    columns
        For an array, the names of its columns (by default x1 … xd). For a data frame, the columns to take, in
        order.
    name
        What messages call the data.

    Returns
    -------
    Rows
        Missing values are NaN in it; `check_finite` reports them.

    Raises
    ------
    DataError
        For text, dates, complex numbers, sparse or ragged data and anything that is not two-dimensional.

    Examples
    --------
    >>> from jensen.data import as_rows
    >>> as_rows([[1, 2], [3, 4]], columns=["a", "b"])
    Rows(2 × 2 float64: a, b)
    """
    if isinstance(data, Rows):
        if columns is None:
            return data
        data = dict(zip(data.columns, data.values.T, strict=True))
    if hasattr(data, "toarray") and "sparse" in type(data).__module__:  # one kind of them is a mapping, too
        raise DataError(f"{name} is sparse, which is not supported; pass {name}.toarray()")
    if isinstance(data, Mapping):
        return _from_mapping(data, columns, name)
    if not isinstance(data, np.ndarray | list | tuple):
        from jensen.data.doors.frames import from_frame

        rows = from_frame(data, columns, name)
        if rows is not None:
            return rows
    return _from_array(data, columns, name)


def default_columns(d: int) -> tuple[str, ...]:
    """x1 … xd."""
    return tuple(f"x{j + 1}" for j in range(d))


def from_columns(parts: Mapping[str, NDArray[Any]], name: str) -> Rows:
    """Rows from one-dimensional arrays of numbers of the same length, written side by side."""
    lengths = {len(part) for part in parts.values()}
    if len(lengths) > 1:
        raise DataError(f"{name}: the columns have different lengths ({listed(sorted(map(str, lengths)))})")
    n, d = (lengths.pop() if lengths else 0), len(parts)
    _check_shape((n, d), name)
    values = np.empty((n, d), _float_type([part.dtype for part in parts.values()]))
    for j, part in enumerate(parts.values()):
        values[:, j] = part
    return Rows(values, tuple(parts))


def take(known: Sequence[str], columns: Sequence[str] | None, name: str) -> list[str]:
    """The columns asked for, each checked against those there are; all of them by default."""
    twice = repeated(known)
    if twice:
        raise DataError(f"{name} has two columns named {twice!r}; rename one")
    if columns is None:
        return list(known)
    if not columns:
        raise DataError(f"no column of {name} is asked for; it has {listed(known)}")
    for column in columns:
        if column not in known:
            raise DataError(
                f"{name} has no column {column!r}{did_you_mean(column, known)}; it has {listed(known)}"
            )
    twice = repeated(columns)
    if twice:
        raise DataError(f"column {twice!r} is asked for twice")
    return list(columns)


def numbers(values: NDArray[Any], where: str) -> NDArray[Any]:
    """A one-dimensional array as numbers; ``where`` names the column in messages."""
    if values.dtype.kind in NUMERIC_KINDS:
        return values
    if values.dtype.kind == "O":
        return _object_numbers(values.reshape(-1, 1), lambda i, j: f"{where}, row {i} (counted from 0)")[:, 0]
    raise DataError(f"{where} holds {_kind(values.dtype)}, not numbers; leave it out or convert it")


def _from_mapping(data: Mapping[Any, Any], columns: Sequence[str] | None, name: str) -> Rows:
    by_name = {str(key): value for key, value in data.items()}
    parts: dict[str, NDArray[Any]] = {}
    for column in take(list(by_name), columns, name):
        values = _plain_array(by_name[column], f"{name}, column {column!r}")
        if values.ndim != 1:
            raise DataError(
                f"{name}, column {column!r} has shape {values.shape}; a column is one-dimensional"
            )
        parts[column] = numbers(values, f"{name}, column {column!r}")
    return from_columns(parts, name)


def _from_array(data: Any, columns: Sequence[str] | None, name: str) -> Rows:
    values = _plain_array(data, name)
    if values.dtype.names is not None and values.ndim == 1:
        return _from_mapping({field: values[field] for field in values.dtype.names}, columns, name)
    _check_shape(values.shape, name)
    names = _column_names(columns, values.shape[1], name)
    if values.dtype.kind == "O":
        values = _object_numbers(
            values, lambda i, j: f"{name}: row {i} (counted from 0), column {names[j]!r}"
        )
    elif values.dtype.kind == "c":
        raise DataError(
            f"Complex data not supported: {name} is {values.dtype}; take its real and imaginary parts"
        )
    elif values.dtype.kind not in NUMERIC_KINDS:
        raise DataError(f"{name} holds {_kind(values.dtype)}, not numbers; convert it first")
    with np.errstate(over="ignore"):  # beyond float64: infinity, which `check_finite` reports
        return Rows(np.ascontiguousarray(values, _float_type([values.dtype])), names)


def _plain_array(data: Any, name: str) -> NDArray[Any]:
    """An ndarray without a copy where possible; text in nested lists stays the cell it was."""
    if isinstance(data, np.ma.MaskedArray):
        return np.ma.filled(data.astype(_float_type([data.dtype])), np.nan)
    try:
        values = np.asarray(data)
        if values.dtype.kind in "US" and not isinstance(data, np.ndarray):
            values = np.asarray(data, dtype=object)
    except (ValueError, TypeError) as error:
        raise DataError(f"{name} is not a table: {_ragged(data) or error}") from None
    return values.astype(object) if values.dtype.kind in "US" else values


def _ragged(data: Any) -> str:
    """Where nested lists have rows of different lengths."""
    if not isinstance(data, list | tuple):
        return ""
    lengths = [len(row) if hasattr(row, "__len__") else 0 for row in data]
    for i, length in enumerate(lengths):
        if length != lengths[0]:
            return f"row {i} (counted from 0) has {length} values where row 0 has {lengths[0]}"
    return ""


def _object_numbers(values: NDArray[Any], where: Any) -> NDArray[np.float64]:
    """float64 from an object array; ``where(i, j)`` names a cell that is not a number."""
    plain = np.empty(values.shape)
    for i, row in enumerate(values):
        for j, cell in enumerate(row):
            if isinstance(cell, str | bytes):
                raise DataError(f"{where(i, j)} holds the text {cell!r}, not a number")
            if isinstance(cell, complex | np.complexfloating):
                raise DataError(f"Complex data not supported: {where(i, j)} holds {cell!r}")
            try:
                plain[i, j] = np.nan if _is_missing(cell) else float(cell)
            except (TypeError, ValueError, OverflowError) as error:
                raise DataTypeError(f"{where(i, j)} holds {cell!r:.40}: {error}") from None
    return plain


def _is_missing(cell: Any) -> bool:
    return cell is None or type(cell).__name__ in ("NAType", "NaTType")


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    if len(shape) == 1:
        raise DataError(
            f"{name} is one-dimensional, shape {shape}, not rows and columns. Reshape your data: "
            f".reshape(-1, 1) if it is one column, .reshape(1, -1) if it is one row"
        )
    if not shape:
        raise DataError(f"{name} is not a table of rows and columns")
    if len(shape) != 2:
        raise DataError(f"{name} has {len(shape)} dimensions, shape {shape}; rows and columns are expected")
    if shape[1] == 0:
        raise DataError(f"{name} is empty: 0 feature(s) (shape={shape}) while a minimum of 1 is required.")
    if shape[0] == 0:
        raise DataError(f"{name} is empty: 0 sample(s) (shape={shape}) while a minimum of 1 is required.")


def _column_names(columns: Sequence[str] | None, d: int, name: str) -> tuple[str, ...]:
    if columns is None:
        return default_columns(d)
    if len(columns) != d:
        raise DataError(
            f"{name} has {d} columns, but {len(columns)} names were given: {listed(list(columns))}"
        )
    twice = repeated(columns)
    if twice:
        raise DataError(f"two columns of {name} are named {twice!r}; names must differ")
    return tuple(map(str, columns))


def repeated(names: Sequence[str]) -> str | None:
    """The first name that comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _float_type(types: Sequence[np.dtype[Any]]) -> type[np.floating[Any]]:
    single = all(t.kind == "f" and t.itemsize == 4 for t in types)
    return np.float32 if single and types else np.float64


def _kind(dtype: np.dtype[Any]) -> str:
    kinds = {"M": "dates", "m": "durations", "c": "complex numbers", "U": "text", "S": "text", "T": "text"}
    return kinds.get(dtype.kind, f"values of type {dtype}")
