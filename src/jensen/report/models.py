"""Saved models, alone and side by side, and the list of data sets."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from jensen.basics.numbers import signed
from jensen.basics.tables import Table as Columns
from jensen.em.contract import as_model
from jensen.em.summary.shown import components_of
from jensen.files.saved import Saved
from jensen.report.tables import fit_report


def model_report(saved: Saved, width: int) -> RenderableType:
    """One saved model."""
    said = saved.summary
    data = f"fitted to {said['data']}, " if said["data"] else ""
    seed = f"seed {said['seed']}, " if said["seed"] is not None else ""
    origin = Text(f"{data}{seed}{said['dtype']} rows, by jensen {said['jensen_version']}", style="dim")
    return Group(fit_report(saved.fit, saved.columns or None, width), origin)


def comparison(paths: Sequence[str], models: Sequence[Saved], width: int) -> RenderableType:
    """Models as columns, so that each line compares one thing."""
    kind, titles = _titles(models)
    lines = {
        "components": [components for components, _ in titles],
        kind: [name for _, name in titles],
        "columns": [", ".join(m.columns) for m in models],
        "rows": [f"{m.summary['weight']:,.6g}" for m in models],
        "free parameters": [_text(m.summary["num_free"], "d") for m in models],
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


def _titles(models: Sequence[Saved]) -> tuple[str, list[tuple[str, str]]]:
    """What the kinds of components are called, if all are of one kind; how many components and which."""
    found = [components_of(saved.fit) for saved in models]
    kinds = {"model" if parts is None else parts.family.kind for parts in found}
    titles = [
        ("", as_model(saved.model).title) if parts is None else (str(len(parts.weights)), parts.family.name)
        for saved, parts in zip(models, found, strict=True)
    ]
    return (kinds.pop() if len(kinds) == 1 else "kind"), titles


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


def comparable(models: Sequence[Saved]) -> bool:
    """Whether the criteria are of the same data, as far as the files say."""
    about = {(m.columns, m.summary["weight"], m.summary["data"]) for m in models}
    return len(about) == 1


def _criterion(models: Sequence[Saved], name: str) -> list[str]:
    """Each value, the best one marked where they can be compared."""
    values = [m.summary[name] for m in models]
    proper = [v for v, m in zip(values, models, strict=True) if m.verdict.proper and v is not None]
    best = min(proper) if proper and comparable(models) else None
    return [
        _number(m, name, 2) + (" *" if v is not None and v == best and m.verdict.proper else "")
        for v, m in zip(values, models, strict=True)
    ]


def _number(model: Saved, name: str, decimals: int) -> str:
    return _text(model.summary[name], f".{decimals}f")


def _text(value: float | None, form: str) -> str:
    """The number, or nothing where the model does not say."""
    return "" if value is None else signed(f"{value:{form}}")


def _caution(models: Sequence[Saved]) -> str:
    if comparable(models):
        return "* the best; smaller is better"
    return "data of other names, rows or columns: the criteria may not compare"
