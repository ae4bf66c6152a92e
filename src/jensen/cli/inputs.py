"""The data of a command: a file, standard input, or a built-in data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen import data as doors
from jensen.basics.errors import DataError, did_you_mean
from jensen.basics.numbers import count
from jensen.cli.errors import CommandError
from jensen.data.datasets import dataset_names
from jensen.data.doors.choice import Choice
from jensen.data.doors.files import open_table, read_unchecked, weight_of
from jensen.data.doors.format import FileInfo
from jensen.data.doors.sources import Source as File
from jensen.data.rows import Rows


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that have passed the checks, their weights, and what a reader might not expect of them.

    Attributes
    ----------
    total
        Rows of the data, those left out included.
    kept
        (n,) which of them, counted from 0, the rows are; None where none is left out.
    info
        How it was read; its ``told`` says where rows are.
    file
        To read it again; None for a built-in data set.
    """

    name: str
    rows: Rows
    weight: Any
    total: int
    info: FileInfo
    kept: NDArray[np.intp] | None = None
    file: File | None = None
    notes: tuple[str, ...] = ()

    def told(self, error: object) -> str:
        """A message about rows in terms of the data."""
        return _of_kept(self.info, self.kept).told(error)

    def spread(self, values: NDArray[Any]) -> Any:
        """One value for each row of the data, None for those left out."""
        if self.kept is None:
            return values
        found: list[Any] = [None] * self.total
        for i, value in zip(self.kept.tolist(), values.tolist(), strict=True):
            found[i] = value
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows and columns of data: a `Choice`, and whether rows with missing cells are left out."""

    choice: Choice
    drop_missing: bool = False


def read_source(data: str, asked: Asked) -> Source:
    """The rows of ``data``, finite, and their weights.

    A bare name is a built-in data set before it is a file; ``./iris`` is the file.
    """
    if data in dataset_names():
        return _finished(*_built_in(data, asked.choice), asked, None)
    file = _opened(data)
    return _finished(*read_unchecked(file, asked.choice), asked, file)


def read_for_model(data: str, columns: Sequence[str], asked: Asked) -> Source:
    """The rows of ``data`` in the columns of a model: by name, or by position where the data has no names."""
    by_name = replace(asked, choice=replace(asked.choice, columns=tuple(columns)))
    if data in dataset_names():
        if not set(columns) <= set(names := doors.load_dataset(data).columns):
            doors.check_columns(list(columns), names, data)
        return read_source(data, by_name)
    file = _opened(data)
    try:
        found = read_unchecked(file, by_name.choice)
    except DataError:
        found = _by_position(file, list(columns), asked.choice)
        if found is None:
            raise
    return _finished(*found, asked, file)


def refuse_constant(source: Source) -> None:
    """A column that has one value says nothing about groups, and no covariance can be estimated in it."""
    names = [source.rows.columns[j] for j in doors.constant_columns(source.rows, source.weight)]
    if names:
        few = " (there is only one row)" if len(source.rows.values) == 1 else ""
        which = f"column {names[0]!r} is" if len(names) == 1 else f"columns {', '.join(names)} are"
        raise CommandError(f"{source.name}: {which} constant{few}; leave out what does not vary (--exclude)")


def _finished(rows: Rows, weight: Any, info: FileInfo, asked: Asked, file: File | None) -> Source:
    """Rows without gaps, and without what cannot be used."""
    name, total = Path(info.name).name, len(rows.values)
    incomplete = np.asarray(np.isnan(rows.values).any(axis=1))
    if weight is not None and np.asarray(weight).dtype.kind == "f":
        incomplete = incomplete | np.isnan(weight)
    kept = None
    notes = info.notes
    if incomplete.any():
        said = _missing(rows, weight, incomplete, asked.choice.weights)
        if not asked.drop_missing:
            where = info.place(int(incomplete.argmax()))
            raise CommandError(f"{name}: {said}, the first on {where}; --missing drop leaves such rows out")
        kept = np.flatnonzero(~incomplete)
        if not len(kept):
            raise CommandError(f"{name}: {said}: none is left")
        notes = (*notes, f"left out: {said}")
        rows = Rows(np.ascontiguousarray(rows.values[kept]), rows.columns)
        weight = None if weight is None else np.asarray(weight)[kept]
    told = _of_kept(info, kept)
    weight = weight_of(weight, len(rows.values), asked.choice, told)
    try:
        doors.check_finite(rows, name)
    except DataError as error:
        raise DataError(told.told(error)) from None
    return Source(name, rows, weight, total, info, kept, file, notes)


def _of_kept(info: FileInfo, kept: NDArray[np.intp] | None) -> FileInfo:
    """The info in which rows are counted among those that are kept."""
    return info if kept is None else replace(info, place=lambda i: info.place(int(kept[i])))


def _missing(rows: Rows, weight: Any, incomplete: NDArray[np.bool_], weights: str | None) -> str:
    """``3 of 344 rows have missing cells (bill 2, sex 1)``."""
    gaps = dict(zip(rows.columns, np.isnan(rows.values).sum(axis=0).tolist(), strict=True))
    if weight is not None and weights is not None:
        gaps[weights] = int(np.isnan(weight).sum())
    in_columns = [f"{column} {number:,}" for column, number in gaps.items() if number]
    more = f", … ({len(in_columns)} columns)" if len(in_columns) > 6 else ""
    num = int(incomplete.sum())
    return (
        f"{num:,} of {count(len(incomplete), 'row')} {'has' if num == 1 else 'have'} missing cells "
        f"({', '.join(in_columns[:6])}{more})"
    )


def _built_in(data: str, choice: Choice) -> tuple[Rows, Any, FileInfo]:
    dataset = doors.load_dataset(data)
    chosen = choice.among(dataset.columns, data)
    if not chosen:
        raise DataError(f"{data} has no column beside the weights {choice.weights!r}")
    rows = doors.as_rows(dataset, columns=chosen, name=data)
    weights = choice.weights
    weight = None
    if weights is not None:
        weight = doors.as_rows(dataset, columns=[weights], name=data).values[:, 0]
    return rows, weight, FileInfo(data, "built-in data set")


def _opened(data: str) -> File:
    if data != "-" and not Path(data).suffix and not Path(data).exists():
        raise CommandError(
            f"no file and no built-in data set is named {data!r}{did_you_mean(data, dataset_names())}; "
            f"`jensen datasets` lists those"
        )
    return open_table(data)


def _by_position(file: File, columns: list[str], choice: Choice) -> tuple[Rows, Any, FileInfo] | None:
    """Data whose columns have no names, with those of the model; None where that is not what is wrong.

    Raises
    ------
    DataError
        If the columns are others than the model's, naming both.
    """
    try:
        rows, weight, info = read_unchecked(file, choice)
    except DataError:
        return None
    named = info.has_header and info.format != "NPY"
    if named and set(columns) <= set(rows.columns):
        return None
    doors.check_columns(columns, rows.columns if named else len(rows.columns), Path(file.name).name)
    return Rows(rows.values, tuple(columns)), weight, replace(info, notes=())
