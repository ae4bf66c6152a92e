"""Columns as CSV, and bytes, to standard output or to a file."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jensen.basics.writing import write_file

BLOCK_ROWS = 8192


def write_csv(header: Sequence[str], columns: Sequence[Any], out: Path | None) -> None:
    """Columns as CSV, on standard output or whole into a file; floats so that they read back the same.

    None is an empty cell.
    """
    write_bytes((text.encode() for text in _csv_blocks(header, columns)), out)


def write_bytes(pieces: Iterable[bytes], out: Path | None) -> None:
    """Bytes in pieces, on standard output or whole into a file."""
    if out is not None:
        write_file(out, b"".join(pieces))
        return
    if not isinstance(sys.stdout, io.TextIOWrapper):  # it was put aside, and has no bytes beneath
        sys.stdout.write(b"".join(pieces).decode(errors="replace"))
        return
    sys.stdout.flush()
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _csv_blocks(header: Sequence[str], columns: Sequence[Any]) -> Iterator[str]:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(header)
    yield line.getvalue()
    gap = "" if len(columns) > 1 else '""'  # alone it would be a blank line, which is no row
    for begin in range(0, len(columns[0]), BLOCK_ROWS):
        block = [cell_texts(column[begin : begin + BLOCK_ROWS], gap) for column in columns]
        yield "".join(",".join(row) + "\n" for row in zip(*block, strict=True))


def cell_texts(column: Any, gap: str = "") -> list[str]:
    """The numbers of a column as they read back the same."""
    return [gap if value is None else repr(value) for value in np.asarray(column).tolist()]
