"""Large tables of delimited text by polars. It reads the same numbers as `text_tables`, or declines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.data.doors.sources import Source
from jensen.data.doors.text.dialect import BLANKS, Dialect


def read_with_polars(
    source: Source, dialect: Dialect, width: int, indices: list[int]
) -> list[NDArray[np.float64]] | None:
    """The columns with these numbers, or None where the table needs the careful reader.

    It does where there are gaps, blank lines or rows that are too short (all of them null to polars), where a
    cell is not a plain number, and in encodings other than UTF-8.
    """
    plain = dialect.encoding == "utf-8-sig" and dialect.delimiter not in (BLANKS, "")
    if not plain or dialect.row_names:
        return None
    try:
        import polars as pl
    except ImportError:
        return None
    names = list(dialect.header or (f"c{j}" for j in range(width)))
    try:
        scan = pl.scan_csv(
            source.path or source.content or b"",
            has_header=dialect.header is not None,
            separator=dialect.delimiter,
            decimal_comma=dialect.decimal_comma,
            comment_prefix="#",
            schema={name: pl.Float64 if j in indices else pl.String for j, name in enumerate(names)},
        )
        return _complete(scan, [names[j] for j in indices], names[-1])
    except (pl.exceptions.PolarsError, TypeError, OSError):
        return None


def _complete(scan: Any, chosen: list[str], last: str) -> list[NDArray[np.float64]] | None:
    """The columns, if none of them has a null and no row ends before its last cell or after it."""
    import polars as pl

    # Over all columns: polars looks for rows that are too long only when it reads every column of them.
    nulls = scan.select(pl.all().null_count()).collect(engine="streaming")
    if any(nulls[name].item() for name in {*chosen, last}):
        return None
    frame = scan.select(chosen).collect()
    return [frame[name].to_numpy() for name in chosen]
