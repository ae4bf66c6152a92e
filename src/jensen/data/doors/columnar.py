"""Files of columns, read by polars: Parquet, Arrow, Excel."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from jensen.basics.errors import DataError, one_line
from jensen.data.doors.format import FileInfo, check_polars, left_out_note, split
from jensen.data.doors.sources import Source
from jensen.data.rows import Rows, take


def read_columns(name: str, read: Callable[[Any], Any]) -> Callable[..., tuple[Rows, Any, FileInfo]]:
    """A reader by ``read``, which takes a path or bytes and gives a frame."""

    def opened(
        source: Source, columns: Sequence[str] | None, weights: str | None
    ) -> tuple[Rows, Any, FileInfo]:
        check_polars(name)
        frame = _frame(source, name, read)
        take(frame.columns, [weights] if weights else None, source.name)
        numeric = [column for column, dtype in frame.schema.items() if dtype.is_numeric()]
        left_out = [column for column in frame.columns if column not in numeric] if columns is None else []
        rows, weight = split(frame, numeric, columns, weights, source.name)
        return (
            rows,
            weight,
            FileInfo(source.name, name, tuple(left_out), notes=tuple(left_out_note(left_out))),
        )

    return opened


def read_parquet(file: Any) -> Any:
    """One frame of a Parquet file."""
    import polars as pl

    return pl.read_parquet(file)


def read_arrow(file: Any) -> Any:
    """One frame of an Arrow file, or of a stream."""
    import polars as pl

    try:
        return pl.read_ipc(file)
    except pl.exceptions.PolarsError:
        if isinstance(file, BytesIO):
            file.seek(0)
        return pl.read_ipc_stream(file)


def read_excel(file: Any) -> Any:
    """The first sheet."""
    import polars as pl

    try:
        fastexcel = importlib.import_module("fastexcel")
    except ImportError:
        raise DataError("reading Excel files needs fastexcel: pip install fastexcel") from None
    try:
        return pl.read_excel(file)
    except fastexcel.FastExcelError as error:
        raise ValueError(one_line(error)) from None


def _frame(source: Source, name: str, read: Callable[[Any], Any]) -> Any:
    import polars as pl

    try:
        if source.path is not None and not source.compressed:
            return read(source.path)
        with source.open() as stream:
            return read(BytesIO(stream.read()))
    except DataError:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise DataError(f"{source.name} is damaged or cut off ({name}: {one_line(error):.150})") from None
