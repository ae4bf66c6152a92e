"""The data of a command: a file, standard input, or a built-in data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jensen.cli.errors import CommandError

if TYPE_CHECKING:
    from jensen.data import Rows


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
    return _checked(_built_in(data, columns, weights) or _file(data, columns, weights))


def read_for_model(data: str, columns: Sequence[str], weights: str | None = None) -> Source:
    """The rows of ``data`` in the columns of a model: by name, or by position where the data has no names."""
    from jensen.basics.errors import DataError

    columns = list(columns)
    try:
        return read_source(data, columns, weights)
    except DataError:
        source = _by_position(data, columns, weights)
        if source is None:
            raise
        return _checked(source)


def _checked(source: Source) -> Source:
    from jensen.data import check_finite

    check_finite(source.rows, source.name)
    return source


def refuse_constant(source: Source) -> None:
    """A column that has one value says nothing about groups, and no covariance can be estimated in it."""
    from jensen.data import constant_columns

    names = [source.rows.columns[j] for j in constant_columns(source.rows, source.weight)]
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


def _built_in(data: str, columns: list[str] | None, weights: str | None) -> Source | None:
    from jensen.data import Rows, check_weight, load_dataset
    from jensen.data.datasets import dataset_names
    from jensen.data.rows import take

    if data not in dataset_names():
        return None
    dataset = load_dataset(data)
    at = {name: j for j, name in enumerate(dataset.columns)}
    weight = None
    if weights is not None:
        take(dataset.columns, [weights], data)
        weight = check_weight(dataset.values[:, at.pop(weights)], len(dataset.values))
    chosen = take(list(at), columns, data)
    values = np.ascontiguousarray(dataset.values[:, [at[name] for name in chosen]])
    return Source(data, Rows(values, tuple(chosen)), weight)


def _file(data: str, columns: list[str] | None, weights: str | None) -> Source:
    from jensen.basics.errors import did_you_mean
    from jensen.data import read_table
    from jensen.data.datasets import dataset_names

    if data != "-" and not Path(data).suffix and not Path(data).exists():
        raise CommandError(
            f"no file and no built-in data set is named {data!r}{did_you_mean(data, dataset_names())}; "
            f"`jensen datasets` lists those"
        )
    rows, weight, info = read_table(data, columns=columns, weights=weights)
    return Source("standard input" if data == "-" else Path(data).name, rows, weight, info.notes)


def _by_position(data: str, columns: list[str], weights: str | None) -> Source | None:
    """Data whose columns have no names, with those of the model; None where that is not what is wrong.

    Raises
    ------
    DataError
        If the columns are others than the model's, naming both.
    """
    from jensen.basics.errors import DataError
    from jensen.data import Rows, check_columns, load_dataset, read_table
    from jensen.data.datasets import dataset_names

    if data in dataset_names():
        check_columns(columns, load_dataset(data).columns, data)
    try:
        rows, weight, info = read_table(data, weights=weights)
    except DataError:
        return None
    named = info.has_header and info.format != "NPY"
    if named and set(columns) <= set(rows.columns):
        return None
    check_columns(columns, rows.columns if named else len(rows.columns), Path(data).name)
    return Source(Path(data).name, Rows(rows.values, tuple(columns)), weight)
