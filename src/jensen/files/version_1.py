"""Version 1 of the format, which held Gaussian mixtures alone, as a document of version 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.errors import DataError
from jensen.families.gaussian.structures.registry import STRUCTURES
from jensen.files.codec import one_of

FORMAT = "jensen.mixture"
UNKNOWN = {"number": "nan"}


def of_version_1(document: dict[str, Any]) -> dict[str, Any]:
    """The same in version 2; what is wrong with its fields is found when that is read."""
    try:
        model, params, summary = (dict(document[name]) for name in ("model", "params", "summary"))
        one_of(["gaussian"], model.pop("family"), "model.family")
        family = _family(model, len(document["columns"]))
        weights = _value(params.pop("weights"))
        unknown = {name: UNKNOWN for name in ("remaining", "rate") if summary.get(name, 0.0) is None}
        return {
            **document,
            "model": {"class": "Mixture", "family": family, **model, "prior": _prior(model["prior"])},
            "params": _object(
                "MixtureParams", {"weights": weights, "components": _object("GaussianParams", params)}
            ),
            "summary": {"gap": 0.0, "num_observations": UNKNOWN, **summary, **unknown},
        }
    except KeyError as error:
        raise DataError(f"{error.args[0]} is missing") from None
    except (TypeError, ValueError) as error:
        raise error if isinstance(error, DataError) else DataError("a field is not an object") from None


def _family(model: dict[str, Any], num_columns: int) -> dict[str, Any]:
    structure = STRUCTURES[one_of(list(STRUCTURES), model.pop("covariance"), "model.covariance")]
    unit = (np.zeros(num_columns), np.eye(num_columns))
    metric = type(structure.metric(*unit)).__name__ if num_columns else ""
    found = {
        "covariance": _object(type(structure).__name__, {}),
        "metric": _object(metric, model.pop("metric")),
    }
    return _object("Gaussian", {**found, "floor": model.pop("floor")})


def _prior(said: Any) -> Any:
    if said is None:
        return None
    classes = {"weights": "Dirichlet", "components": "NormalInverseWishart"}
    return _object(
        "MixturePrior", {name: _object(classes.get(name, ""), part) for name, part in said.items()}
    )


def _object(name: str, said: Any) -> Any:
    return (
        None if said is None else {"class": name, **{part: _value(item) for part, item in dict(said).items()}}
    )


def _value(said: Any) -> Any:
    """Nested lists as an array."""
    if not isinstance(said, list):
        return said
    shape = list(np.array(said, dtype=object).shape)
    return {"array": said, "dtype": "float64", "shape": shape}
