"""Tables for a terminal, a pipe or a string (rich)."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from itertools import combinations

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jensen.basics.arrays import Array
from jensen.basics.numbers import criterion_decimals, on_scale_of, signed, spread_text
from jensen.em import Fit
from jensen.report import words
from jensen.report.parts import parts_of
from jensen.selection import Cell, Selection

MAX_COLUMNS = 30
MAX_CORRELATED = 4
GAP = 3
PLAIN_WIDTH = 100
MARKS = {1: "#1", 2: "#2", 3: "#3"}


def make_console(file=None, width: int | None = None, stderr: bool = False) -> Console:
    """A console that takes text as it is: no markup in column names, no colouring of numbers."""
    return Console(file=file, width=width, stderr=stderr, markup=False, highlight=False, emoji=False)


def to_text(renderable: RenderableType, width: int = PLAIN_WIDTH) -> str:
    """Plain text, without colour."""
    console = Console(file=StringIO(), width=width, markup=False, highlight=False, color_system=None)
    console.print(renderable)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def summary(fit: Fit, columns: Sequence[str] | None = None, width: int = PLAIN_WIDTH) -> str:
    """The fit as plain text: weights, means and spreads of the components, and how sure it is.

    Parameters
    ----------
    fit
        Of a Gaussian mixture.
    columns
        Names of the data's columns; x1 … xd by default.
    width
        Characters in a line; tables that are wider are broken into several.

    Examples
    --------
    >>> import jensen
    >>> model = jensen.Mixture(2, jensen.Gaussian(jensen.Tied()))
    >>> fit = jensen.fit(model, jensen.load_dataset("faithful").values)
    >>> print(summary(fit, ["eruptions", "waiting"]).splitlines()[0])
    2 components, tied: the components share one covariance matrix
    """
    return to_text(fit_report(fit, columns, width), width)


def fit_report(fit: Fit, columns: Sequence[str] | None, width: int) -> RenderableType:
    """Everything about one fit."""
    return Group(headline(fit), *component_tables(fit, columns, width), facts(fit))


def headline(fit: Fit) -> Text:
    """Which model."""
    return Text(words.headline(fit), style="bold")


def facts(fit: Fit) -> Table:
    """The verdict and the numbers behind it."""
    table = Table.grid(padding=(0, 2))
    style = "green" if fit.verdict.converged else "yellow" if fit.verdict.proper else "red"
    table.add_row(Text("verdict"), Text(words.verdict(fit), style=style))
    if fit.verdict.advice:
        table.add_row(Text("advice"), Text(fit.verdict.advice))
    columns = fit.params.components.means.shape[1]
    table.add_row(Text("log-likelihood"), Text(words.likelihood(fit, columns)))
    if fit.num_free is not None:
        table.add_row(Text("criteria"), Text(f"{words.criteria(fit)} (smaller is better)"))
    table.add_row(Text("search"), Text(words.starts(fit)))
    return table


# ---- the components -----------------------------------------------------------------------------------


def component_tables(fit: Fit, columns: Sequence[str] | None, width: int) -> list[RenderableType]:
    """Components as columns, as many side by side as fit in ``width``."""
    rows = component_rows(fit, columns)
    shown, note = _cut(rows)
    labels = max(12, min(2 * width // 5, max(len(label) for label, _ in shown)))
    cell = max(len(text) for _, texts in shown for text in texts)
    blocks = _chunks(len(shown[0][1]), cell + GAP, width - labels - GAP)
    parts: list[RenderableType] = [_block(shown, block, labels) for block in blocks]
    caption = "  mean (standard deviation); components are counted from 0"
    return [*parts, Text(f"{caption}{note}\n", style="dim")]


def _chunks(count: int, width: int, room: int) -> list[range]:
    """``count`` columns of ``width`` in blocks that fit in ``room``."""
    each = max(1, room // width)
    return [range(first, min(first + each, count)) for first in range(0, count, each)]


def component_rows(fit: Fit, columns: Sequence[str] | None) -> list[tuple[str, list[str]]]:
    """Label and one text a component: weight, rows, each column's mean (standard deviation), correlations."""
    parts = parts_of(fit)
    weights, means, spreads = parts.weights, parts.means, parts.spreads
    d = means.shape[1]
    names = list(columns) if columns is not None else [f"x{j + 1}" for j in range(d)]
    rows = [
        ("weight", [f"{w:.4f}" for w in weights]),
        ("rows", [f"{w * fit.weight:,.1f}" for w in weights]),
    ]
    rows += [(names[j], _means(means[:, j], spreads[:, j])) for j in range(d)]
    return rows + _correlations(parts.covariances, spreads, names)


def _means(means: Array, spreads: Array) -> list[str]:
    write = on_scale_of(spreads, means)
    return [f"{write(m)} ({spread_text(s, write)})" for m, s in zip(means, spreads, strict=True)]


def _correlations(full: Array, spreads: Array, names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Of every pair of columns, where there are few columns and the structure has any."""
    d = len(names)
    if not 2 <= d <= MAX_CORRELATED or not full[:, ~np.eye(d, dtype=bool)].any():
        return []
    scaled = full / spreads[:, :, None] / spreads[:, None, :]
    short = shorten(names)
    return [
        (f"corr {short[a]}, {short[b]}", [signed(f"{r:.3f}") for r in scaled[:, a, b]])
        for a, b in combinations(range(d), 2)
    ]


def shorten(names: Sequence[str], length: int = 9) -> list[str]:
    """Names cut to ``length`` characters, longer where that would make two the same."""
    while len({name[:length] for name in names}) < len(set(names)):
        length += 1
    return [name if len(name) <= length + 1 else f"{name[:length].rstrip()}…" for name in names]


def _cut(rows: list[tuple[str, list[str]]]) -> tuple[list[tuple[str, list[str]]], str]:
    more = len(rows) - 2 - MAX_COLUMNS
    if more <= 0:
        return rows, ""
    return rows[: 2 + MAX_COLUMNS], f"; {more} more columns are not shown"


def _block(rows: list[tuple[str, list[str]]], which: range, label_width: int) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column("component", max_width=label_width, overflow="fold")
    for i in which:
        table.add_column(str(i), justify="right", no_wrap=True)
    for j, (label, texts) in enumerate(rows):
        table.add_row(Text(label), *(Text(texts[i]) for i in which), end_section=j == 1)
    return Padding(table, (1, 0, 0, 2), expand=False)


# ---- the sweep ----------------------------------------------------------------------------------------


def selection_report(
    selection: Selection, columns: Sequence[str] | None, width: int, name: str = "data"
) -> RenderableType:
    """The sweep, the choice, and everything about the chosen fit."""
    parts: list[RenderableType] = [Text(words.task(selection, name)), Text()]
    if len(selection.cells) > 1:
        parts += [sweep_table(selection, width), *_notes(selection), Text()]
    parts.append(Text(words.choice(selection), style="bold"))
    if words.caution(selection):
        parts.append(Text(words.caution(selection), style="bold yellow"))
    return Group(*parts, Text(), fit_report(selection.best, columns, width))


def sweep_table(selection: Selection, width: int = PLAIN_WIDTH) -> RenderableType:
    """The criterion by k (rows) and structure (columns), the best three marked."""
    title = Text.assemble((selection.criterion.title, "bold"), f" ({words.sign_of(selection.criterion)})")
    ranked = selection.ranking if words.trusted(selection) else []
    ranks = {id(cell): rank for rank, cell in enumerate(ranked, start=1)}
    decimals = criterion_decimals(np.array([selection.value(cell) for cell in selection.cells]))
    columns, notes = _sweep_columns(selection)
    rows = [[row[i] for i in columns] for row in selection.grid()]
    texts = [[_cell(selection, cell, ranks, decimals) for cell in row] for row in rows]
    widest = max(len(value) + len(mark) for row in texts for value, mark in row)
    blocks = _chunks(len(columns), widest + 2 * GAP, width - 2 * GAP)
    return Group(title, *(_sweep_block(rows, texts, block) for block in blocks), *notes)


def _sweep_columns(selection: Selection) -> tuple[list[int], list[Text]]:
    """The structures to show, and what is said of those that are others under another name."""
    columns: list[int] = []
    others: dict[str, list[str]] = {}
    for i, column in enumerate(zip(*selection.grid(), strict=True)):
        same = {cell.same_as for cell in column if cell}
        if "" in same or len(same) > 1:
            columns.append(i)
        else:
            name = next(cell.name for cell in column if cell)
            others.setdefault(same.pop(), []).append(name)
    texts = [f"{', '.join(names)}: the same model as {first} here" for first, names in others.items()]
    return columns, [Text(text, style="dim") for text in texts]


def _sweep_block(
    rows: list[list[Cell | None]], texts: list[list[tuple[Text, Text]]], block: range
) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column("k", justify="right")
    for i in block:
        cell = rows[0][i]
        table.add_column(cell.name if cell else "", justify="right", no_wrap=True)
        table.add_column("", no_wrap=True)
    for cells, line in zip(rows, texts, strict=True):
        k = next(cell.num_components for cell in cells if cell)
        table.add_row(Text(str(k)), *(text for i in block for text in line[i]))
    return Padding(table, (1, 0, 0, 0), expand=False)


def _cell(selection: Selection, cell: Cell | None, ranks: dict[int, int], decimals: int) -> tuple[Text, Text]:
    """The value and its mark."""
    if cell is None:
        return Text(), Text()
    if cell.same_as:
        return Text(f"= {cell.same_as}", style="dim"), Text()
    if cell.fit is None:
        return Text("–", style="dim"), Text("×", style="red")
    value = signed(f"{selection.value(cell):.{decimals}f}")
    rank = ranks.get(id(cell), 0)
    if not rank:
        return Text(value, style="dim"), Text("×", style="red")
    style = "bold green" if rank == 1 else "green" if rank in MARKS else ""
    return Text(value, style=style), Text(MARKS.get(rank, ""), style=style)


def _notes(selection: Selection) -> list[Text]:
    lost = words.passed_over(selection)
    best = ["#1 #2 #3 the best three"] if words.trusted(selection) and len(selection.ranking) > 1 else []
    parts = best + ([f"× not to be chosen: {'; '.join(lost)}"] if lost else [])
    return [Text("   ".join(parts), style="dim")] if parts else []
