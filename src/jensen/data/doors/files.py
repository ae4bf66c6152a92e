"""The door for files: delimited text, Parquet, Arrow, NPY, Excel, standard input → rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from jensen.basics.arguments import require_path
from jensen.basics.errors import DataError
from jensen.data.checks import check_weight
from jensen.data.doors.choice import Choice
from jensen.data.doors.format import FileInfo, FileTable
from jensen.data.doors.formats import format_of
from jensen.data.doors.sources import Source, open_source, reading
from jensen.data.rows import Rows


def read_table(
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    weights: str | None = None,
    decimal: str | None = None,
) -> FileTable:
    """Rows from a file.

    Parameters
    ----------
    path
        Text (delimited by commas, semicolons, tabs, bars or blanks; may be gzipped), Parquet, Arrow or
        Feather, NPY, Excel; ``-`` is standard input. What the file holds counts, not what it is called.
    columns
        The columns to take, in order, by name or pattern (``"x*"``); by default all that hold numbers.
    exclude
        Columns to leave out, by name or pattern.
    weights
        A column that holds the weights of the rows; it is not one of the data then.
    decimal
        The decimal mark of a text file, "." or ","; by default it is found out. Separators of thousands,
        percent and currency signs are read where a whole column allows only one reading, and said in
        ``info.notes``; 12 % is 12.

    Returns
    -------
    FileTable
        ``rows, weight, info``. A cell that is empty or NA is NaN in the rows; `check_finite` reports it.

    Raises
    ------
    DataError
        In one line: what is wrong with the file, and where.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from jensen.data import read_table
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "t.csv"
    >>> _ = path.write_text("length;kind;n\\n1,5;a;1\\n2,5;b;3\\n")
    >>> rows, weight, info = read_table(path, weights="n")
    >>> rows.values.tolist(), weight.tolist(), info.left_out
    ([[1.5], [2.5]], [1.0, 3.0], ('kind',))
    """
    return read_opened(open_table(path), Choice.of(columns, exclude, weights, decimal))


def open_table(path: str | os.PathLike[str]) -> Source:
    """What `read_opened` reads from, as often as wanted: standard input is held."""
    require_path(path)
    with reading(path):
        return open_source(path)


def read_opened(source: Source, choice: Choice) -> FileTable:
    """As `read_table`, from what is open already."""
    rows, weight, info = read_unchecked(source, choice)
    with reading(source.name):
        return FileTable(rows, weight_of(weight, len(rows.values), choice, info), info)


def read_unchecked(source: Source, choice: Choice) -> tuple[Rows, Any, FileInfo]:
    """The rows, the weights as they stand in the file, and how it was read."""
    with reading(source.name):
        return format_of(source).read(source, choice)


def weight_of(weight: Any, n: int, choice: Choice, info: FileInfo) -> Any:
    """The weights as float64, looked at; what is wrong with them is said in terms of the file."""
    try:
        return check_weight(weight, n)
    except DataError as error:
        raise DataError(f"{info.name}, column {choice.weights!r}: {info.told(error)}") from None
