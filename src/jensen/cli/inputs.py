"""The data of a command: a file, standard input, or a built-in data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jensen import data as doors
from jensen.basics.errors import DataError, did_you_mean
from jensen.cli.errors import CommandError
from jensen.data.datasets import dataset_names
from jensen.data.doors.files import open_table, read_opened
from jensen.data.doors.sources import Source as File
from jensen.data.rows import Rows


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that have passed the checks, their weights, and what a reader might not expect of them."""

    name: str
    rows: Rows
    weight: Any = None
    notes: tuple[str, ...] = ()


def read_source(data: str, columns: list[str] | None = None, weights: str | None = None) -> Source:
    """The rows of ``data``, finite, and their weights.

    A bare name is a built-in data set before it is a file; ``./iris`` is the file.
    """
    if data in dataset_names():
        return _checked(_built_in(data, columns, weights))
    return _checked(_from_file(_opened(data), columns, weights))


def read_for_model(data: str, columns: Sequence[str], weights: str | None = None) -> Source:
    """The rows of ``data`` in the columns of a model: by name, or by position where the data has no names."""
    columns = list(columns)
    if data in dataset_names():
        if not set(columns) <= set(names := doors.load_dataset(data).columns):
            doors.check_columns(columns, names, data)
        return read_source(data, columns, weights)
    file = _opened(data)
    try:
        source = _from_file(file, columns, weights)
    except DataError:
        source = _by_position(file, columns, weights)
        if source is None:
            raise
    return _checked(source)


def _checked(source: Source) -> Source:
    doors.check_finite(source.rows, source.name)
    return source


def refuse_constant(source: Source) -> None:
    """A column that has one value says nothing about groups, and no covariance can be estimated in it."""
    names = [source.rows.columns[j] for j in doors.constant_columns(source.rows, source.weight)]
    if names:
        few = " (there is only one row)" if len(source.rows.values) == 1 else ""
        which = f"column {names[0]!r} is" if len(names) == 1 else f"columns {', '.join(names)} are"
        raise CommandError(f"{source.name}: {which} constant{few}; leave out what does not vary")


def remarks(source: Source) -> list[str]:
    """What is odd about the rows and not wrong."""
    n, d = source.rows.values.shape
    found = list(source.notes)
    seen: dict[bytes, str] = {}
    for j, name in enumerate(source.rows.columns):
        first = seen.setdefault(source.rows.values[:, j].tobytes(), name)
        if first != name:
            found.append(f"columns {first!r} and {name!r} are equal; leave one out")
    if n <= d:
        found.append(f"{n} rows of {d} columns are too few for a full or tied covariance")
    return found


def _built_in(data: str, columns: list[str] | None, weights: str | None) -> Source:
    dataset = doors.load_dataset(data)
    known = [name for name in dataset.columns if name != weights]
    rows = doors.as_rows(dataset, columns=known if columns is None else columns, name=data)
    if weights is None:
        return Source(data, rows)
    if weights in rows.columns:
        raise DataError(f"{data}: column {weights!r} is asked for both as data and as weights")
    weight = doors.as_rows(dataset, columns=[weights], name=data).values[:, 0]
    return Source(data, rows, doors.check_weight(weight, len(rows.values)))


def _opened(data: str) -> File:
    if data != "-" and not Path(data).suffix and not Path(data).exists():
        raise CommandError(
            f"no file and no built-in data set is named {data!r}{did_you_mean(data, dataset_names())}; "
            f"`jensen datasets` lists those"
        )
    return open_table(data)


def _from_file(file: File, columns: list[str] | None, weights: str | None) -> Source:
    rows, weight, info = read_opened(file, columns, weights)
    return Source(Path(file.name).name, rows, weight, info.notes)


def _by_position(file: File, columns: list[str], weights: str | None) -> Source | None:
    """Data whose columns have no names, with those of the model; None where that is not what is wrong.

    Raises
    ------
    DataError
        If the columns are others than the model's, naming both.
    """
    try:
        rows, weight, info = read_opened(file, weights=weights)
    except DataError:
        return None
    named = info.has_header and info.format != "NPY"
    if named and set(columns) <= set(rows.columns):
        return None
    name = Path(file.name).name
    doors.check_columns(columns, rows.columns if named else len(rows.columns), name)
    return Source(name, doors.Rows(rows.values, tuple(columns)), weight)
