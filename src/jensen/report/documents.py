"""Fits and selections as plain dictionaries, for JSON. NaN and infinity are null."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np

from jensen.em.contract import as_model
from jensen.em.result import Fit
from jensen.em.summary.shown import components_of, named_values
from jensen.files.saved import Saved
from jensen.selection.selection import Cell, Selection


def selection_document(selection: Selection, columns: Sequence[str] | None = None) -> dict[str, Any]:
    """The sweep, the choice and the chosen fit."""
    second = selection.runner_up
    return plain(
        {
            "criterion": {"name": selection.criterion.name, "better": "smaller"},
            "table": selection.table.rows(),
            "chosen": _cell(selection, selection.chosen),
            "runner_up": second and _cell(selection, second),
            "difference": selection.difference,
            "strength": selection.criterion.strength(selection.difference) if second else None,
            "interrupted": selection.interrupted,
            "fit": fit_document(selection.best, columns),
            "seconds": selection.seconds,
        }
    )


def fit_document(fit: Fit, columns: Sequence[str] | None = None) -> dict[str, Any]:
    """One fit. Components are counted from 0; what they are, their family writes out."""
    return plain(
        {
            **_parts(fit, columns),
            "log_evidence": fit.log_evidence,
            "log_prior": fit.log_prior,
            "entropy": fit.entropy,
            "num_free": fit.num_free,
            "weight": fit.weight,
            **criteria_document(fit),
            "verdict": verdict_document(fit),
            "starts": fit.starts.rows(),
            "num_steps": fit.num_steps,
            "num_e_steps": fit.num_e_steps,
            "seconds": fit.seconds,
        }
    )


def saved_document(path: str, saved: Saved) -> dict[str, Any]:
    """A model file, with its components written out."""
    return plain({"path": path, **_parts(saved.fit, saved.columns), **saved.summary})


def verdict_document(fit: Fit) -> dict[str, Any]:
    """How the fit ended."""
    found = fit.verdict
    return {
        "outcome": str(found.outcome),
        "message": found.message,
        "advice": found.advice,
        "search": found.search,
        "converged": found.converged,
        "proper": found.proper,
        "remaining": fit.remaining,
        "rate": fit.rate,
    }


def criteria_document(fit: Fit) -> dict[str, float | None]:
    """The criteria; null where the model does not say how many free parameters it has."""
    if fit.num_free is None:
        return {"bic": None, "icl": None, "aic": None}
    return {"bic": fit.bic, "icl": fit.icl, "aic": fit.aic}


def plain(value: Any) -> Any:
    """The value with NaN and infinity as None, which is what JSON can say."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, str | int) else str(value)


def _parts(fit: Fit, columns: Sequence[str] | None) -> dict[str, Any]:
    """The components, or the parameters of a model that has none."""
    columns = fit.columns if columns is None else columns
    parts = components_of(fit)
    if parts is None:
        return {"model": as_model(fit.model).title, "columns": list(columns), "params": named_values(fit)}
    return {
        "num_components": len(parts.weights),
        "structure": parts.family.name,
        "columns": list(columns),
        "weights": parts.weights,
        **parts.family.written_out(parts.params),
    }


def _cell(selection: Selection, cell: Cell) -> dict[str, Any]:
    return {"k": cell.num_components, "structure": cell.name, "value": selection.value(cell)}
