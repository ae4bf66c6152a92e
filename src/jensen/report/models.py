"""Saved models, alone and side by side, and the list of data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jensen.basics.numbers import signed
from jensen.em import Fit
from jensen.em import Table as Columns
from jensen.report.tables import fit_report

if TYPE_CHECKING:
    from jensen.files import SavedMixture

KEPT = (
    "log_evidence",
    "log_prior",
    "entropy",
    "remaining",
    "rate",
    "num_steps",
    "num_e_steps",
    "weight",
    "num_free",
    "seconds",
)


def as_fit(saved: SavedMixture) -> Fit:
    """A saved model as the fit it was, without its ledger and its starts."""
    kept = {name: saved.summary[name] for name in KEPT}
    return Fit(
        params=saved.params,
        model=saved.model,
        verdict=saved.verdict,
        ledger=Columns(),
        starts=Columns(),
        **kept,
    )


def model_report(saved: SavedMixture, width: int) -> RenderableType:
    """One saved model."""
    said = saved.summary
    data = f"fitted to {said['data']}, " if said["data"] else ""
    seed = f"seed {said['seed']}, " if said["seed"] is not None else ""
    origin = Text(f"{data}{seed}{said['dtype']} rows, by jensen {said['jensen_version']}", style="dim")
    return Group(fit_report(as_fit(saved), saved.columns, width), origin)


def comparison(paths: Sequence[str], models: Sequence[SavedMixture], width: int) -> RenderableType:
    """Models as columns, so that each line compares one thing."""
    lines = {
        "components": [str(len(m.params.weights)) for m in models],
        "covariance": [m.model.family.covariance.name for m in models],
        "columns": [", ".join(m.columns) for m in models],
        "rows": [f"{m.summary['weight']:,.6g}" for m in models],
        "free parameters": [str(m.summary["num_free"]) for m in models],
        "log-likelihood": [_number(m, "log_evidence", 4) for m in models],
        "BIC": _criterion(models, "bic"),
        "ICL": _criterion(models, "icl"),
        "AIC": _criterion(models, "aic"),
        "verdict": [str(m.verdict.outcome) for m in models],
        "fitted to": [m.summary["data"] or "" for m in models],
    }
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column("model", no_wrap=True)
    for path in paths:
        table.add_column(Text(path, overflow="fold"), justify="right", overflow="fold")
    for label, texts in lines.items():
        table.add_row(Text(label), *map(Text, texts))
    return Group(table, Text(_caution(models), style="dim"))


def dataset_table(table: Columns) -> RenderableType:
    """The built-in data sets with their sources."""
    shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    for name, justify in (("name", "left"), ("n", "right"), ("d", "right"), ("labels", "left")):
        shown.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    shown.add_column("what it is, and its source")
    for row in table.rows():
        about = Text.assemble(row["title"], "\n", (row["source"], "dim"))
        shown.add_row(row["name"], str(row["n"]), str(row["d"]), row["labels"], about)
    return shown


def comparable(models: Sequence[SavedMixture]) -> bool:
    """Whether the criteria are of the same data, as far as the files say."""
    about = {(m.columns, m.summary["weight"], m.summary["data"]) for m in models}
    return len(about) == 1


def _criterion(models: Sequence[SavedMixture], name: str) -> list[str]:
    """Each value, the best one marked where they can be compared."""
    values = [m.summary[name] for m in models]
    proper = [v for v, m in zip(values, models, strict=True) if m.verdict.proper]
    best = min(proper) if proper and comparable(models) else None
    return [
        _number(m, name, 2) + (" *" if m.summary[name] == best and m.verdict.proper else "") for m in models
    ]


def _number(model: SavedMixture, name: str, decimals: int) -> str:
    return signed(f"{model.summary[name]:.{decimals}f}")


def _caution(models: Sequence[SavedMixture]) -> str:
    if comparable(models):
        return "* the best; smaller is better"
    return "fitted to different data: the log-likelihoods and criteria do not compare"
