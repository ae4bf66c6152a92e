"""The schema of a model file, version 1."""

from __future__ import annotations

from typing import Any

from jensen.basics.errors import DataError, did_you_mean, listed
from jensen.em import Outcome
from jensen.families import STRUCTURES
from jensen.families.gaussian.covariance import Covariance
from jensen.families.gaussian.metric import AffineMetric, ColumnMetric, Metric, ScaleMetric
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


def metric_reader(structure: Covariance, d: int) -> Reader:
    """The metric of a structure in d columns, or null."""
    affine = {"mean": array(1), "factor": array(2), "rank": whole(0)}
    column = {"mean": array(1), "scale": array(1)}
    scale = {"mean": array(1), "scale": number}
    made: dict[str, tuple[type[Any], dict[str, Reader]]] = {
        "full": (AffineMetric, affine),
        "tied": (AffineMetric, affine),
        "diag": (ColumnMetric, column),
        "spherical": (ScaleMetric, scale),
    }
    kind, readers = made[structure.name]

    def read(value: Any, where: str) -> Metric:
        checked = record(readers)(value, where)
        shapes = {"mean": (d,), "factor": (d, d), "scale": (d,) if kind is ColumnMetric else None}
        for name, shape in shapes.items():
            if shape and name in checked:
                shaped(checked[name], shape, f"{where}.{name}")
        return kind(**checked)

    return optional(read)
