"""Rows of a file in the form that a model takes them, and the values that it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from jensen.cli import output
from jensen.cli.errors import CommandError
from jensen.cli.inputs import Asked, Source, read_for_model, read_source
from jensen.em.contract import as_model
from jensen.em.posteriors import labels_of
from jensen.families import Family
from jensen.files.saved import Saved
from jensen.files.store import load


def prepared(path: Path, data: str, asked: Asked) -> tuple[Saved, Source]:
    """A model, and data in the columns that it was fitted to."""
    saved = load(path)
    columns = columns_of(saved)
    source = read_for_model(data, columns, asked) if columns else read_source(data, asked)
    if source.kept is not None:
        output.note(f"{source.name}: {source.notes[-1]}")
    return saved, source


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
        raise CommandError(f"{source.name}: {source.told(error)}") from None


def predicted(saved: Saved, source: Source, is_proba: bool) -> tuple[list[str], list[Any]]:
    """Names and columns, an entry a row of the data: the component; with probabilities and uncertainty.

    Rows that were left out have None.
    """
    r = labels_of(posterior(saved, source))
    if r is None:
        raise CommandError("the model holds no mixture, so that rows have no component to be in")
    header, columns = ["component"], [r.argmax(axis=1)]
    if is_proba:
        header += [f"p{i}" for i in range(r.shape[1])] + ["uncertainty"]
        columns += [*r.T, _uncertainty(r)]
    return header, [source.spread(column) for column in columns]


def _uncertainty(r: np.ndarray) -> np.ndarray:
    """1 − max_k r_nk, summed over the others: exact where it is tiny."""
    others = r.copy()
    others[np.arange(len(r)), r.argmax(axis=1)] = 0.0
    return others.sum(axis=1)


def _family(saved: Saved) -> Family | None:
    components_of = as_model(saved.model).components_of
    return None if components_of is None else components_of(saved.params).family
