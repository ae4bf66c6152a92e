"""Rows in the form that a model takes them, and the cells that its families refuse."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from jensen.cli.errors import CommandError
from jensen.cli.inputs import Source
from jensen.em.contract import as_model
from jensen.families import Family
from jensen.files.saved import Saved


@runtime_checkable
class Parted(Protocol):
    """A family that is made of others, each over columns of its own."""

    columns: Mapping[str, tuple[Hashable, ...]]
    parts: Mapping[str, Family]

    def take(self, label: str, data: Any) -> Any:
        """The columns of a part."""
        ...


def columns_of(saved: Saved) -> tuple[str, ...]:
    """The names of the columns to read: those that the family asks for by name, or those of the file."""
    return tuple(map(str, _keys(_family(saved)))) or saved.columns


def posterior(saved: Saved, source: Source) -> Any:
    """The posterior of every row, once its cells have been looked at."""
    family, rows = _family(saved), source.rows
    keys = _keys(family)
    data = dict(zip(keys, rows.values.T, strict=True)) if keys else rows.values
    try:
        if family is not None:
            _refuse(family, data)
        return as_model(saved.model).posterior(saved.params, data)
    except ValueError as error:
        raise CommandError(f"{source.name}: {error}") from None


def _family(saved: Saved) -> Family | None:
    components_of = as_model(saved.model).components_of
    return None if components_of is None else components_of(saved.params).family


def _keys(family: Family | None) -> list[Hashable]:
    """The columns of a family that calls them by name; none where they have numbers."""
    used = [key for keys in family.columns.values() for key in keys] if isinstance(family, Parted) else []
    return used if any(isinstance(key, str) for key in used) else []


def _refuse(family: Family, data: Any) -> None:
    """Refuse values that have no probability; that a column is constant is right where nothing is fitted."""
    for where, part, x in _parts(family, data):
        if part.is_discrete(0):
            try:
                part.prepare(x, None)
            except ValueError as error:
                raise ValueError(f"{where}{error}") from None


def _parts(family: Family, data: Any) -> Iterator[tuple[str, Family, Any]]:
    """Families that are not made of others, with their data and what to say before their messages."""
    if not isinstance(family, Parted):
        yield "", family, data
        return
    for label, part in family.parts.items():
        try:
            x = family.take(label, data)
        except IndexError:
            columns = ", ".join(map(str, family.columns[label]))
            raise ValueError(f"the data have no column {columns} (counted from 0)") from None
        yield from ((f"{label}: {where}", inner, y) for where, inner, y in _parts(part, x))
