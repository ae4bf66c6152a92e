"""The data of a command: a file, standard input, or a built-in data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jensen.cli.errors import CommandError

if TYPE_CHECKING:
    from jensen.data import Rows


@dataclass(frozen=True, slots=True)
class Source:
    """Rows that have passed the checks at the door."""

    name: str
    rows: Rows
    weight: Any
    named: bool = True
    """Whether the columns have names of their own, or x1 … xd."""


def read_source(data: str, columns: list[str] | None = None, weights: str | None = None) -> Source:
    """The rows of ``data``, finite, and their weights.

    A bare name is a built-in data set before it is a file; ``./iris`` is the file.
    """
    from jensen.data import check_finite

    source = _built_in(data, columns, weights) or _file(data, columns, weights)
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


def _built_in(data: str, columns: list[str] | None, weights: str | None) -> Source | None:
    from jensen.data import as_rows, load_dataset
    from jensen.data.datasets import dataset_names

    if data not in dataset_names():
        return None
    dataset = load_dataset(data)
    table = {name: dataset.values[:, j] for j, name in enumerate(dataset.columns)}
    weight = _taken(table, weights, data)
    return Source(data, as_rows(table, columns=columns, name=data), weight)


def _taken(table: dict[str, Any], weights: str | None, name: str) -> Any:
    """The column of weights, out of the table."""
    from jensen.data import check_weight

    if weights is None:
        return None
    if weights not in table:
        raise CommandError(f"{name} has no column {weights!r} for --weights; it has {', '.join(table)}")
    return check_weight(table.pop(weights), len(next(iter(table.values()), ())))


def _file(data: str, columns: list[str] | None, weights: str | None) -> Source:
    from jensen.data import read_table
    from jensen.data.datasets import dataset_names
    from jensen.data.errors import did_you_mean

    if data != "-" and not Path(data).suffix and not Path(data).exists():
        raise CommandError(
            f"no file and no built-in data set is named {data!r}{did_you_mean(data, dataset_names())}; "
            f"`jensen datasets` lists those"
        )
    rows, weight, _info = read_table(data, columns=columns, weights=weights)
    return Source("standard input" if data == "-" else Path(data).name, rows, weight)
