"""The door for files: delimited text, Parquet, Arrow, NPY, Excel, standard input → rows."""

from __future__ import annotations

import os
from collections.abc import Sequence

from jensen.basics.errors import DataError
from jensen.data.checks import check_weight
from jensen.data.doors.format import FileTable
from jensen.data.doors.formats import format_of
from jensen.data.doors.sources import Source, open_source, reading


def read_table(
    path: str | os.PathLike[str], *, columns: Sequence[str] | None = None, weights: str | None = None
) -> FileTable:
    """Rows from a file.

    Parameters
    ----------
    path
        Text (delimited by commas, semicolons, tabs, bars or blanks; may be gzipped), Parquet, Arrow or
        Feather, NPY, Excel; ``-`` is standard input. What the file holds counts, not what it is called.
    columns
        The columns to take, in order; by default all that hold numbers.
    weights
        A column that holds the weights of the rows; it is not one of the data then.

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
    return read_opened(open_table(path), columns, weights)


def open_table(path: str | os.PathLike[str]) -> Source:
    """What `read_opened` reads from, as often as wanted: standard input is held."""
    with reading(path):
        return open_source(path)


def read_opened(
    source: Source, columns: Sequence[str] | None = None, weights: str | None = None
) -> FileTable:
    """As `read_table`, from what is open already."""
    if weights is not None and weights in (columns or ()):
        raise DataError(f"column {weights!r} is asked for both as data and as weights")
    with reading(source.name):
        rows, weight, info = format_of(source).read(source, columns, weights)
        try:
            return FileTable(rows, check_weight(weight, len(rows.values)), info)
        except DataError as error:
            raise DataError(f"{source.name}, column {weights!r}: {error}") from None
