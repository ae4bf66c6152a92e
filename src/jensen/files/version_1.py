"""Version 1 of the format, which held Gaussian mixtures alone, as a document of version 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.errors import DataError
from jensen.families import STRUCTURES
from jensen.files.codec import one_of

FORMAT = "jensen.mixture"
UNKNOWN = {"number": "nan"}


def of_version_1(document: dict[str, Any]) -> dict[str, Any]:
    """The same in version 2; what is wrong with its fields is found when that is read."""
    try:
        return _translated(document)
    except KeyError as error:
        raise DataError(f"{error.args[0]} is missing") from None
    except TypeError:
        raise DataError("model, params or summary is not an object") from None


def _translated(document: dict[str, Any]) -> dict[str, Any]:
    model, params, summary = dict(document["model"]), dict(document["params"]), dict(document["summary"])
    one_of(["gaussian"], model.pop("family"), "model.family")
    name = one_of(list(STRUCTURES), model.pop("covariance"), "model.covariance")
    structure, metric, prior = STRUCTURES[name], model.pop("metric"), model.pop("prior")
    d = len(document["columns"])
    metric_class = type(structure.metric(np.zeros(d), np.eye(d))) if d else type(None)
    k, floor = model.pop("num_components"), model.pop("floor")
    family = {
        "class": "Gaussian",
        "covariance": {"class": type(structure).__name__},
        "floor": floor,
        "metric": _object(metric_class.__name__, metric),
    }
    if prior is not None:
        weights, components = prior["weights"], prior["components"]
        prior = {
            "class": "MixturePrior",
            "weights": _object("Dirichlet", weights),
            "components": _object("NormalInverseWishart", components),
        }
    components = {"class": "GaussianParams", "means": _value(params.pop("means"))}
    components["covariances"] = _value(params.pop("covariances"))
    weights = _value(params.pop("weights"))
    mixture = {"class": "Mixture", "num_components": k, "family": family, "prior": prior, **model}
    unknown = {name: UNKNOWN for name in ("remaining", "rate") if summary.get(name, "") is None}
    return {
        **document,
        "model": mixture,
        "made_for": {"model": "Mixture", "parameters": None},
        "params": {
            "whole": {"class": "MixtureParams", "weights": weights, "components": components, **params}
        },
        "summary": {"gap": 0.0, "num_observations": UNKNOWN, **summary, **unknown},
    }


def _object(name: str, said: Any) -> Any:
    return (
        None if said is None else {"class": name, **{part: _value(item) for part, item in dict(said).items()}}
    )


def _value(said: Any) -> Any:
    """Nested lists as an array."""
    if not isinstance(said, list):
        return said
    shape, inner = [], said
    while isinstance(inner, list):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    return {"array": said, "dtype": "float64", "shape": shape}
