"""A fitted mixture ↔ the document that a model file holds."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from jensen.basics.errors import DataError
from jensen.em import Fit, Verdict
from jensen.families import STRUCTURES, Gaussian, GaussianParams, Structure
from jensen.files.model_schema import DOCUMENT, FORMAT, VERSION, metric_reader
from jensen.files.schema import array, number, shaped
from jensen.models import Dirichlet, Mixture, MixtureParams, MixturePrior, NormalInverseWishart

WEIGHT_ROUNDING = 1e-8
SYMMETRY_ROUNDING = 1e-8


def measured(fit: Fit) -> dict[str, Any]:
    """The part of the summary that the fit itself knows."""
    names = ("log_evidence", "log_prior", "entropy", "aic", "bic", "icl", "num_free", "weight")
    names += ("remaining", "rate", "num_steps", "num_e_steps", "seconds")
    verdict = {f.name: getattr(fit.verdict, f.name) for f in fields(Verdict)}
    plain = {name: np.asarray(getattr(fit, name)).item() for name in names}
    return {**plain, "verdict": {**verdict, "outcome": str(fit.verdict.outcome)}}


def to_document(
    model: Mixture, params: MixtureParams, columns: Sequence[str], summary: Mapping[str, Any]
) -> dict[str, Any]:
    """What a model file holds, its checksum apart."""
    family, summary = model.family, dict(summary)
    for name in ("remaining", "rate"):
        summary[name] = None if np.isnan(summary[name]) else summary[name]
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": {
            "family": "gaussian",
            "covariance": family.covariance.name,
            "num_components": model.num_components,
            "floor": family.floor,
            "metric": _plain(family.metric),
            "prior": _plain(model.prior),
        },
        "columns": list(columns),
        "params": {
            "weights": params.weights.tolist(),
            "means": params.components.means.tolist(),
            "covariances": params.components.covariances.tolist(),
        },
        "summary": summary,
    }


def _plain(value: Any) -> Any:
    """A dataclass as a dictionary, an array as nested lists."""
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def from_document(
    document: dict[str, Any],
) -> tuple[Mixture, MixtureParams, tuple[str, ...], dict[str, Any]]:
    """Model, params, columns and summary, all checked.

    Raises
    ------
    DataError
        Naming the field that is wrong.
    """
    checked = DOCUMENT(document, "")
    said = checked["model"]
    structure, k, d = STRUCTURES[said["covariance"]], said["num_components"], len(checked["columns"])
    if said["floor"] < 0:
        raise DataError(f"model.floor is {said['floor']}; it must not be negative")
    metric = metric_reader(structure, d)(said["metric"], "model.metric")
    family = Gaussian(structure, said["floor"], metric)
    params = _params(document["params"], checked["params"], structure, k, d)
    model = Mixture(k, family, _prior(said["prior"], d))
    return model, params, checked["columns"], checked["summary"]


def _params(raw: dict[str, Any], read: dict[str, Any], structure: Structure, k: int, d: int) -> MixtureParams:
    weights = shaped(read["weights"], (k,), "params.weights")
    means = shaped(read["means"], (k, d), "params.means")
    shape = structure.shape(k, d)
    where = "params.covariances"
    covariances = (
        shaped(array(len(shape))(raw["covariances"], where), shape, where)
        if shape
        else np.array(number(raw["covariances"], where))
    )
    if (weights < 0).any():
        raise DataError(f"params.weights[{int((weights < 0).argmax())}] is negative")
    if abs(weights.sum() - 1.0) > WEIGHT_ROUNDING:
        raise DataError(f"params.weights add up to {weights.sum():.10g}, not to 1")
    _check_positive_definite(structure.full(covariances, k, d))
    return MixtureParams(weights, GaussianParams(means, covariances))


def _check_positive_definite(full: np.ndarray) -> None:
    for i, matrix in enumerate(full):
        where = f"the covariance of component {i} (counted from 0)"
        if np.abs(matrix - matrix.T).max() > SYMMETRY_ROUNDING * np.abs(matrix).max():
            raise DataError(f"{where} is not symmetric")
        try:
            np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            raise DataError(f"{where} is not positive definite") from None


def _prior(said: dict[str, Any] | None, d: int) -> MixturePrior | None:
    if said is None:
        return None
    weights, components = said["weights"], said["components"]
    if components is not None:
        shaped(components["mean"], (d,), "model.prior.components.mean")
    return MixturePrior(
        None if weights is None else Dirichlet(**weights),
        None if components is None else NormalInverseWishart(**components),
    )


def checksum(document: Mapping[str, Any]) -> str:
    """CRC-32 of the content, whatever its layout."""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return f"{zlib.crc32(canonical.encode('ascii')):08x}"


def layout(value: Any, indent: str = "") -> str:
    """JSON with one field a line and each list on one line."""
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    inner = indent + "  "
    lines = [f"{inner}{json.dumps(name)}: {layout(item, inner)}" for name, item in value.items()]
    return "{\n" + ",\n".join(lines) + "\n" + indent + "}"


def jensen_version() -> str:
    """The version of the package that is running."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("jensen")
    except PackageNotFoundError:  # run from a source tree
        return "unknown"
