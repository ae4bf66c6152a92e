"""What is to hold in a sweep, found out apart from the library: log-likelihoods by formula, and which models
contain which.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import logsumexp
from scipy.stats import poisson

from benchmarks.sweep_cases import Case
from jensen.families import Categorical, Gaussian, Poisson, Product
from jensen.selection import Cell, Selection

Array = NDArray[Any]

BELOW = 0.01  # nats
AGREES = 1e-8, 1e-3  # relative, and nats, within which two computations of a log-likelihood agree
CONTAINS = {
    "full": ("tied", "diag", "eei", "spherical", "eii"),
    "tied": ("eei", "eii"),
    "diag": ("eei", "spherical", "eii"),
    "eei": ("eii",),
    "spherical": ("eii",),
    "eii": (),
}


def check(case: Case, selection: Selection) -> Counter[str]:
    """How many cells and pairs of cells there are, and of each fault."""
    found: Counter[str] = Counter(cells=len(selection.cells))
    own = [cell for cell in selection.cells if not cell.same_as]
    proper = [cell for cell in own if cell.fit is not None and cell.fit.verdict.proper]
    found["fitted"] = sum(cell.fit is not None for cell in own)
    found["proper"] = len(proper)
    found["without a reason"] = sum(not _says_why(cell) for cell in own)
    found["edge not said"] = _edge_is_not_said(selection)
    values = {id(cell): log_likelihood(cell, case) for cell in proper}
    for cell in proper:
        assert cell.fit is not None
        allowed = AGREES[0] * abs(values[id(cell)]) + AGREES[1]
        found["another log-likelihood"] += abs(values[id(cell)] - cell.fit.log_evidence) > allowed
    if case.prior is not None:
        return found
    for cell in proper:
        for other in proper:
            kind = nested(cell, other)
            if kind:
                found["pairs"] += 1
                if values[id(cell)] < values[id(other)] - BELOW:
                    found[f"{kind}, {'marked' if cell.note else 'unmarked'}"] += 1
    found["marked without need"] = sum(
        bool(cell.note) and not any(nested(cell, o) and values[id(cell)] < values[id(o)] for o in proper)
        for cell in proper
    )
    found["copies that differ"] = sum(_differs(cell, selection) for cell in selection.cells)
    found["searched on"] = sum(
        "reached from" in cell.fit.verdict.search for cell in own if cell.fit is not None
    )
    return found


def nested(cell: Cell, other: Cell) -> str:
    """In what way a cell contains another; empty where it does not."""
    k, j = cell.num_components, other.num_components
    if cell.family == other.family:
        return "k above fewer" if j < k else ""
    if j > k:
        return ""
    return "richer above poorer" if _is_richer(cell.family, other.family) else ""


def _is_richer(family: Any, other: Any) -> bool:
    if isinstance(family, Product):
        parts, others = family.parts.values(), other.parts.values()
        pairs = [(a, b) for a, b in zip(parts, others, strict=True) if repr(a) != repr(b)]
        return all(_is_richer(a, b) for a, b in pairs)
    return isinstance(family, Gaussian) and other.name in CONTAINS[family.name]


def _says_why(cell: Cell) -> bool:
    """Whether a cell that is not to be chosen says why."""
    if cell.fit is None:
        return bool(cell.message)
    return cell.fit.verdict.proper or bool(cell.fit.verdict.message)


def _edge_is_not_said(selection: Selection) -> bool:
    ks = sorted({cell.num_components for cell in selection.cells})
    if not selection.ranking or len(ks) < 2:
        return False
    best = selection.chosen.num_components
    return bool(best == ks[-1] or best == ks[0] > 1) != bool(selection.edge)


def _differs(cell: Cell, selection: Selection) -> bool:
    """Whether a cell that is the same model as another shows another fit."""
    if not cell.same_as:
        return False
    (original,) = (
        c for c in selection.cells if c.name == cell.same_as and c.num_components == cell.num_components
    )
    return cell.fit is not original.fit


# ---- log-likelihoods by formula ----------------------------------------------------------------------------


def log_likelihood(cell: Cell, case: Case) -> float:
    """Σ_n w_n log Σ_k π_k p(x_n | k), by formula."""
    assert cell.fit is not None
    weights, params = cell.fit.params
    family = cell.fit.model.family
    data = np.asarray(case.data)
    logs = _log_densities(family, params, data) + np.log(np.maximum(weights, 1e-300))
    w = np.ones(len(data)) if case.weight is None else case.weight
    return float((w * np.asarray(logsumexp(logs, axis=1))).sum())


def _log_densities(family: Any, params: Any, data: Array) -> Array:
    """(n, k)."""
    if isinstance(family, Product):
        which = {label: np.asarray(columns, int) for label, columns in family.columns.items()}
        parts = family.parts.items()
        own = [_log_densities(part, params[label], data[:, which[label]]) for label, part in parts]
        return np.sum(own, axis=0)
    if isinstance(family, Poisson):
        return poisson.logpmf(data[:, None, :], params.rates).sum(axis=2)
    if isinstance(family, Categorical):
        with np.errstate(divide="ignore"):
            return np.sum(
                [np.log(table)[:, column].T for table, column in zip(params.values(), data.T, strict=True)],
                axis=0,
            )
    return _gaussian(family.name, params, data)


def _gaussian(name: str, params: Any, data: Array) -> Array:
    k, d = params.means.shape
    given, eye = params.covariances, np.eye(d)
    full = {
        "full": lambda: given,
        "tied": lambda: np.broadcast_to(given, (k, d, d)),
        "diag": lambda: given[:, :, None] * eye,
        "eei": lambda: np.broadcast_to(np.asarray(given)[:, None] * eye, (k, d, d)),
        "spherical": lambda: given[:, None, None] * eye,
        "eii": lambda: np.broadcast_to(given * eye, (k, d, d)),
    }[name]()
    scale = data.std(axis=0)  # units may differ by many orders
    columns = []
    for mean, covariance in zip(params.means, full, strict=True):
        root = np.linalg.cholesky(covariance / np.outer(scale, scale))
        away = solve_triangular(root, ((data - mean) / scale).T, lower=True)
        log_det = 2.0 * np.log(np.diagonal(root)).sum() + 2.0 * np.log(scale).sum()
        columns.append(-0.5 * (d * np.log(2.0 * np.pi) + log_det + np.square(away).sum(axis=0)))
    return np.transpose(columns)
