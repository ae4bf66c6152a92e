"""What every door for files is made of: a row of the registry, and what is said of a file that was read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError, listed
from jensen.data.doors.choice import Choice
from jensen.data.doors.memory import as_rows
from jensen.data.doors.sources import Source
from jensen.data.rows import Rows

ROW = re.compile(r"\brow (\d+) \(counted from 0\)")


def _row(i: int) -> str:
    """Of a file that has no lines."""
    return f"row {i + 1}"


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
    place
        Where a row, counted from 0, is in the file: ``line 3``.
    """

    name: str
    format: str
    left_out: tuple[str, ...] = ()
    has_header: bool = True
    notes: tuple[str, ...] = ()
    place: Callable[[int], str] = field(default=_row, repr=False, compare=False)

    def told(self, message: object) -> str:
        """A message about rows, counted from 0, in terms of the file."""
        return ROW.sub(lambda found: self.place(int(found[1])), str(message))


class FileTable(NamedTuple):
    """What `read_table` returns."""

    rows: Rows
    weight: NDArray[np.float64] | None
    info: FileInfo


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: how it is called, the bytes it begins with, the endings of its name, and its reader.

    ``read(source, choice)`` gives the rows, the weights as they stand in the file, and the info.
    """

    name: str
    magic: tuple[bytes, ...]
    suffixes: tuple[str, ...]
    read: Callable[[Source, Choice], tuple[Rows, Any, FileInfo]]


def split(
    data: Any, known: Sequence[str], usable: Sequence[str], choice: Choice, name: str
) -> tuple[Rows, NDArray[Any] | None]:
    """The rows asked for, and the weights apart."""
    found, weights = choice.among(known, name), choice.weights
    chosen = found if choice.is_named else [column for column in found if column in usable]
    if not chosen:
        beside = f" beside the weights {weights!r}" if weights else ""
        raise DataError(f"{name} has no column of numbers{beside}")
    weight = None if weights is None else as_rows(data, columns=[weights], name=name).values[:, 0]
    whole = isinstance(data, Rows) and chosen == list(data.columns)
    return as_rows(data, columns=None if whole else chosen, name=name), weight


def left_out_note(names: Sequence[str]) -> list[str]:
    """The note about columns that are not numbers, if there are any."""
    return [f"left out, because not numbers: {listed(names)}"] * bool(names)


def check_polars(what: str) -> None:
    """Say how to install polars where it is missing."""
    try:
        found = find_spec("polars")
    except ValueError:  # it was put out of reach
        found = None
    if found is None:
        raise DataError(f'reading {what} files needs polars: pip install "jensen[cli]"')
