"""The door for data in memory: arrays, lists, data frames → rows. A new kind: one file, one row here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jensen.basics.errors import DataTypeError
from jensen.data.datasets import Dataset
from jensen.data.doors.arrays import from_array
from jensen.data.doors.frames import from_frame
from jensen.data.doors.mappings import from_mapping
from jensen.data.rows import Rows

SPARSE = ("scipy.sparse", "sparse.", "jax.experimental.sparse")


def as_rows(data: Any, *, columns: Sequence[str] | None = None, name: str = "data") -> Rows:
    """Rows from an array, nested lists, a data frame or a mapping of columns.

    Parameters
    ----------
    data
        Anything two-dimensional that holds numbers: NumPy, nested lists, pandas, polars, PyArrow, a
        dictionary of columns, one column of a data frame, or a built-in data set (its labels apart). float32
        stays float32, everything else becomes float64. Nothing is copied that is right already.
    columns
        For an array, the names of its columns (by default x1 … xd). For data that have names, the columns to
        take, in order.
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
    for door in DOORS:
        rows = door(data, columns, name)
        if rows is not None:
            return rows
    raise AssertionError("the last door takes or refuses everything")


def _sparse(data: Any, columns: Sequence[str] | None, name: str) -> None:
    """Sparse data are refused; one kind of them is a mapping, too."""
    if type(data).__module__.startswith(SPARSE):
        raise DataTypeError(f"{name} is sparse, which is not supported; pass {name}.toarray()")


def _named(data: Any, columns: Sequence[str] | None, name: str) -> Rows | None:
    """What has the form already."""
    if isinstance(data, Dataset):
        data = Rows(data.values, data.columns)
    if not isinstance(data, Rows) or columns is None:
        return data if isinstance(data, Rows) else None
    return from_mapping(dict(zip(data.columns, data.values.T, strict=True)), columns, name)


Door = Callable[[Any, Sequence[str] | None, str], Rows | None]
DOORS: tuple[Door, ...] = (_named, _sparse, from_mapping, from_frame, from_array)
"""Asked in this order; each gives rows, or None where the data are not of its kind."""
