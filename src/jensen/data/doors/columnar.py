"""Files of columns, read by polars: Parquet, Arrow, Excel."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jensen.basics.errors import DataError, one_line
from jensen.data.doors.choice import Choice
from jensen.data.doors.format import FileInfo, check_polars, left_out_note, split
from jensen.data.doors.sources import Source
from jensen.data.rows import Rows


def read_columns(name: str, scan: Callable[[Any], Any]) -> Callable[..., tuple[Rows, Any, FileInfo]]:
    """A reader by ``scan``, which takes a path or bytes and gives a lazy frame: only what is used is read."""

    def opened(source: Source, choice: Choice) -> tuple[Rows, Any, FileInfo]:
        check_polars(name)
        with _told(source, name):
            lazy = scan(_content(source))
            schema = lazy.collect_schema()
        known = list(schema)
        numeric = [column for column, dtype in schema.items() if dtype.is_numeric()]
        asked = choice.among(known, source.name)
        used = {*(asked if choice.is_named else set(asked).intersection(numeric)), choice.weights}
        with _told(source, name):
            frame = lazy.select([column for column in known if column in used]).collect()
        rows, weight = split(frame, known, numeric, choice, source.name)
        left_out = [] if choice.is_named else [column for column in asked if column not in numeric]
        info = FileInfo(source.name, name, tuple(left_out), notes=tuple(left_out_note(left_out)))
        return rows, weight, info

    return opened


def scan_parquet(file: Any) -> Any:
    """One frame of a Parquet file."""
    import polars as pl

    return pl.scan_parquet(file, glob=False)


def scan_arrow(file: Any) -> Any:
    """One frame of an Arrow file, or of a stream, which has to be read to its end."""
    import polars as pl

    try:
        lazy = pl.scan_ipc(file, glob=False)
        lazy.collect_schema()
    except pl.exceptions.PolarsError:
        return pl.read_ipc_stream(file).lazy()
    return lazy


def scan_excel(file: Any) -> Any:
    """The first sheet."""
    import polars as pl

    try:
        fastexcel = importlib.import_module("fastexcel")
    except ImportError:
        raise DataError('reading Excel files needs fastexcel: pip install "jensen[cli]"') from None
    try:
        return pl.read_excel(file).lazy()
    except fastexcel.FastExcelError as error:
        raise DataError(one_line(error)) from None


def _content(source: Source) -> Any:
    if source.path is not None and not source.compressed:
        return source.path
    with source.open() as stream:
        return stream.read()


@contextmanager
def _told(source: Source, name: str) -> Iterator[None]:
    """Turns what polars says of a file into a `DataError`."""
    import polars as pl

    try:
        yield
    except DataError:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise DataError(f"{source.name} is damaged or cut off ({name}: {one_line(error):.150})") from None
