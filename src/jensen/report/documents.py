"""Fits and selections as plain dictionaries, for JSON. NaN and infinity are null."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from jensen.em import Fit
from jensen.report.parts import Parts, parts_of, take_apart
from jensen.selection import Cell, Selection

if TYPE_CHECKING:
    from jensen.files import SavedMixture


def selection_document(selection: Selection, columns: Sequence[str]) -> dict[str, Any]:
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


def fit_document(fit: Fit, columns: Sequence[str]) -> dict[str, Any]:
    """One fit. Components are counted from 0; covariances are (k, d, d) whatever the structure."""
    return plain(
        {
            **_parts(parts_of(fit), columns),
            "log_evidence": fit.log_evidence,
            "log_prior": fit.log_prior,
            "entropy": fit.entropy,
            "num_free": fit.num_free,
            "weight": fit.weight,
            "bic": fit.bic,
            "icl": fit.icl,
            "aic": fit.aic,
            "verdict": verdict_document(fit),
            "starts": fit.starts.rows(),
            "num_steps": fit.num_steps,
            "num_e_steps": fit.num_e_steps,
            "seconds": fit.seconds,
        }
    )


def saved_document(path: str, saved: SavedMixture) -> dict[str, Any]:
    """A model file, with its covariances written out."""
    parts = take_apart(saved.model, saved.params)
    return plain({"path": path, **_parts(parts, saved.columns), **saved.summary})


def verdict_document(fit: Fit) -> dict[str, Any]:
    """How the fit ended."""
    found = fit.verdict
    return {
        "outcome": str(found.outcome),
        "message": found.message,
        "advice": found.advice,
        "converged": found.converged,
        "proper": found.proper,
        "remaining": fit.remaining,
        "rate": fit.rate,
    }


def plain(value: Any) -> Any:
    """The value with NaN and infinity as None, which is what JSON can say."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _parts(parts: Parts, columns: Sequence[str]) -> dict[str, Any]:
    return {
        "num_components": len(parts.weights),
        "structure": parts.structure,
        "columns": list(columns),
        "weights": parts.weights.tolist(),
        "means": parts.means.tolist(),
        "covariances": parts.covariances.tolist(),
    }


def _cell(selection: Selection, cell: Cell) -> dict[str, Any]:
    return {"k": cell.num_components, "structure": cell.name, "value": selection.value(cell)}
