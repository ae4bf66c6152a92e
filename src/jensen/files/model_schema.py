"""The schema of a model file, version 1."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any

import numpy as np

from jensen.basics.errors import DataError, did_you_mean, listed
from jensen.em import Outcome
from jensen.families import STRUCTURES, Structure
from jensen.files.schema import (
    Reader,
    array,
    flag,
    number,
    number_or_nan,
    optional,
    record,
    shaped,
    text,
    texts,
    whole,
)

FORMAT = "jensen.mixture"
VERSION = 1


def one_of(known: list[str]) -> Reader:
    """One of these words."""

    def read(value: Any, where: str) -> str:
        if text(value, where) not in known:
            raise DataError(
                f"{where} is {value!r:.40}{did_you_mean(value, known)}; it is one of {listed(known)}"
            )
        return value

    return read


def anything(value: Any, where: str) -> Any:
    """Read later, when it is known what it must be."""
    return value


VERDICT = record(
    {"outcome": one_of([str(o) for o in Outcome]), "message": text, "advice": text, "climbed": flag}
)

SUMMARY = record(
    {
        "log_evidence": number,
        "log_prior": number,
        "entropy": number,
        "aic": number,
        "bic": number,
        "icl": number,
        "num_free": whole(0),
        "weight": number,
        "remaining": number_or_nan,
        "rate": number_or_nan,
        "num_steps": whole(0),
        "num_e_steps": whole(0),
        "seconds": number,
        "verdict": VERDICT,
        "seed": optional(whole(0)),
        "dtype": one_of(["float32", "float64"]),
        "data": optional(text),
        "jensen_version": text,
    }
)

PRIOR = record(
    {
        "weights": optional(record({"concentration": number})),
        "components": optional(
            record({"mean": array(1), "mean_count": number, "scale": array(2), "dof": number})
        ),
    }
)

DOCUMENT = record(
    {
        "format": one_of([FORMAT]),
        "version": whole(1),
        "model": record(
            {
                "family": one_of(["gaussian"]),
                "covariance": one_of(list(STRUCTURES)),
                "num_components": whole(1),
                "floor": number,
                "metric": anything,
                "prior": optional(PRIOR),
            }
        ),
        "columns": texts,
        "params": record({"weights": array(1), "means": array(2), "covariances": anything}),
        "summary": SUMMARY,
    }
)


def metric_reader(structure: Structure, d: int) -> Reader:
    """The metric of a structure in d columns, or null: read as one of its own looks."""
    example = structure.metric(np.zeros(d), np.eye(d))
    readers = {field.name: _like(example, field.name) for field in fields(example)}  # pyright: ignore
    kind: Any = type(example)

    def read(value: Any, where: str) -> Any:
        return kind(**record(readers)(value, where))

    return optional(read)


def _like(example: Any, name: str) -> Reader:
    """A reader of what a field of the example holds: an array of its shape, a whole number, a number."""
    value = attrgetter(name)(example)
    if not isinstance(value, np.ndarray):
        return whole(0) if isinstance(value, int) else number

    def read(found: Any, where: str) -> Any:
        return shaped(array(value.ndim)(found, where), value.shape, where)

    return read
