"""The door for files: delimited text, Parquet, Arrow, NPY, Excel, standard input → rows."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError, listed, one_line
from jensen.data.checks import check_weight
from jensen.data.doors.sources import Source, open_source, reading
from jensen.data.doors.text.dialect import DELIMITERS
from jensen.data.doors.text.reader import ROW_NAMES, read_text
from jensen.data.rows import Rows, as_rows, from_columns, take

CLI_EXTRA = 'pip install "jensen[cli]"'


@dataclass(frozen=True, slots=True)
class FileInfo:
    """How a file was read.

    Attributes
    ----------
    name
        The path, or "standard input".
    format
        A name for people: "comma-separated text", "Parquet", …
    left_out
        Columns that are not numbers and were not asked for.
    has_header
        False where the file has no names of columns, so that they are called x1 … xd.
    notes
        Sentences about what a reader might not expect.
    """

    name: str
    format: str
    left_out: tuple[str, ...] = ()
    has_header: bool = True
    notes: tuple[str, ...] = ()


class FileTable(NamedTuple):
    """What `read_table` returns."""

    rows: Rows
    weight: NDArray[np.float64] | None
    info: FileInfo


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
    if weights is not None and weights in (columns or ()):
        raise DataError(f"column {weights!r} is asked for both as data and as weights")
    source = open_source(path)
    kind = _format_of(source)
    with reading(source):
        rows, weight, info = kind.read(source, columns, weights)
    try:
        return FileTable(rows, check_weight(weight, len(rows.values)), info)
    except DataError as error:
        raise DataError(f"{source.name}, column {weights!r}: {error}") from None


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: the bytes it begins with, how it is called, how it is read."""

    name: str
    magic: tuple[bytes, ...]
    suffixes: tuple[str, ...]
    read: Callable[[Source, Sequence[str] | None, str | None], tuple[Rows, Any, FileInfo]]


def _format_of(source: Source) -> Format:
    head, suffix = source.head(), source.suffix()
    for kind in FORMATS:
        if head.startswith(kind.magic) and (suffix in kind.suffixes or head[:2] != b"PK"):
            return kind
    for kind in FORMATS:
        if suffix in kind.suffixes:
            raise DataError(f"{source.name} does not hold {kind.name} data: it is damaged, or named wrongly")
    return TEXT


def _read_text(
    source: Source, columns: Sequence[str] | None, weights: str | None
) -> tuple[Rows, Any, FileInfo]:
    table = read_text(source, columns, weights)
    parts = dict(table.columns)
    weight = None if weights is None else parts.pop(weights)
    chosen = list(parts) if columns is None else list(columns)
    if not chosen:
        raise DataError(f"{source.name} has no column of numbers beside the weights {weights!r}")
    dialect = table.dialect
    delimited = (
        f"{DELIMITERS[dialect.delimiter]}-separated text" if dialect.delimiter else "text in one column"
    )
    notes = [f"it has no header line, so its columns are named {listed(chosen, 4)}"] * (
        dialect.header is None
    )
    notes += ["its numbers are read with decimal commas"] * dialect.decimal_comma
    notes += _left_out_note(table.left_out)
    info = FileInfo(source.name, delimited, table.left_out, dialect.header is not None, tuple(notes))
    return from_columns({name: parts[name] for name in chosen}, source.name), weight, info


def _read_npy(
    source: Source, columns: Sequence[str] | None, weights: str | None
) -> tuple[Rows, Any, FileInfo]:
    try:
        with source.open() as stream:
            array = np.load(stream, allow_pickle=False)
    except (ValueError, EOFError, MemoryError, OverflowError) as error:
        why = "is damaged or cut off"
        if "allow_pickle" in str(error):
            why = "holds Python objects, which are not loaded because that can run code; save numbers"
            raise DataError(f"{source.name} {why}") from None
        raise DataError(f"{source.name} {why}: {one_line(error)}") from None
    if array.ndim == 1 and array.dtype.names is None:
        array = array.reshape(-1, 1)
    rows = as_rows(array, name=source.name)
    info = FileInfo(source.name, "NPY", has_header=array.dtype.names is not None)
    return *_split(rows, list(rows.columns), columns, weights, source.name), info


def _read_with(scan: Callable[[Any, Any], Any], name: str) -> Any:
    """A reader of frames by polars: ``scan(polars, file)`` gives the frame."""

    def read(
        source: Source, columns: Sequence[str] | None, weights: str | None
    ) -> tuple[Rows, Any, FileInfo]:
        try:
            import polars as pl
        except ImportError:
            raise DataError(f"reading {name} files needs polars: {CLI_EXTRA}") from None
        plain = source.path is not None and not source.compressed
        with source.open() as stream:
            frame = _careful(scan, pl, source.path if plain else BytesIO(stream.read()), source, name)
        numeric = [column for column, dtype in frame.schema.items() if dtype.is_numeric()]
        left_out = (
            tuple(column for column in frame.columns if column not in numeric) if columns is None else ()
        )
        take(frame.columns, [weights] if weights else None, source.name)
        rows, weight = _split(
            frame, numeric if columns is None else frame.columns, columns, weights, source.name
        )
        return rows, weight, FileInfo(source.name, name, left_out, notes=tuple(_left_out_note(left_out)))

    return read


def _careful(scan: Callable[[Any, Any], Any], pl: Any, file: Any, source: Source, name: str) -> Any:
    try:
        return scan(pl, file)
    except DataError:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise DataError(f"{source.name} is damaged or cut off ({name}: {one_line(error)})") from None


def _split(
    data: Any, usable: list[str], columns: Sequence[str] | None, weights: str | None, name: str
) -> tuple[Rows, NDArray[Any] | None]:
    """The rows asked for, and the weights apart."""
    chosen = [column for column in usable if column != weights] if columns is None else list(columns)
    if not chosen:
        raise DataError(
            f"{name} has no column of numbers{f' beside the weights {weights!r}' if weights else ''}"
        )
    weight = None if weights is None else as_rows(data, columns=[weights], name=name).values[:, 0]
    whole = isinstance(data, Rows) and chosen == list(data.columns)
    return (data if whole else as_rows(data, columns=chosen, name=name)), weight


def _left_out_note(left_out: tuple[str, ...]) -> list[str]:
    names = [name for name in left_out if name != ROW_NAMES]
    return [f"left out, because not numbers: {listed(names)}"] * bool(names)


def _ipc(pl: Any, file: Any) -> Any:
    try:
        return pl.read_ipc(file)
    except pl.exceptions.PolarsError:
        if isinstance(file, BytesIO):
            file.seek(0)
        return pl.read_ipc_stream(file)


def _excel(pl: Any, file: Any) -> Any:
    try:
        fastexcel = importlib.import_module("fastexcel")
    except ImportError:
        raise DataError("reading Excel files needs fastexcel: pip install fastexcel") from None
    try:
        return pl.read_excel(file)
    except fastexcel.FastExcelError as error:
        raise ValueError(one_line(error)) from None


def _archive(source: Source, columns: Any, weights: Any) -> Any:
    raise DataError(f"{source.name} is an archive of arrays; save one of them with numpy.save")


TEXT = Format("text", (), (), _read_text)
FORMATS = (
    Format("NPY", (b"\x93NUMPY",), (".npy",), _read_npy),
    Format(
        "Parquet", (b"PAR1",), (".parquet", ".pq"), _read_with(lambda pl, f: pl.read_parquet(f), "Parquet")
    ),
    Format(
        "Arrow", (b"ARROW1", b"\xff\xff\xff\xff"), (".arrow", ".feather", ".ipc"), _read_with(_ipc, "Arrow")
    ),
    Format(
        "Excel",
        (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"),
        (".xlsx", ".xls", ".xlsb", ".ods"),
        _read_with(_excel, "Excel"),
    ),
    Format("NPZ", (b"PK\x03\x04",), (".npz",), _archive),
)
