"""Rows of a file in the form that a model takes them, and the values that it refuses."""

from __future__ import annotations

from typing import Any

from jensen.cli.errors import CommandError
from jensen.cli.inputs import Source
from jensen.em.contract import as_model
from jensen.families import Family
from jensen.files.saved import Saved


def columns_of(saved: Saved) -> tuple[str, ...]:
    """The names of the columns to read: those that the family asks for by name, or those of the file."""
    family = _family(saved)
    return tuple(map(str, family.keys)) if family is not None and family.keys else saved.columns


def posterior(saved: Saved, source: Source) -> Any:
    """The posterior of every row, once its values have been looked at."""
    family, data = _family(saved), source.rows.values
    try:
        if family is not None:
            data = dict(zip(family.keys, data.T, strict=True)) if family.keys else data
            family.check(data)
        return as_model(saved.model).posterior(saved.params, data)
    except ValueError as error:
        raise CommandError(f"{source.name}: {error}") from None


def _family(saved: Saved) -> Family | None:
    components_of = as_model(saved.model).components_of
    return None if components_of is None else components_of(saved.params).family
