"""Tables for a terminal, a pipe or a string (rich)."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jensen.basics.numbers import criterion_decimals, signed
from jensen.em.result import Fit
from jensen.em.summary import words as fit_words
from jensen.em.summary.grid import Grid, chunks
from jensen.em.summary.summary import summarize
from jensen.report import words
from jensen.selection.selection import Cell, Selection

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
    """The fit as plain text: the components or the parameters, and how sure it is.

    Parameters
    ----------
    fit
        Of any model. One with components is shown by them, as their family describes them; another by its
        parameters.
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


def fit_report(
    fit: Fit, columns: Sequence[str] | None, width: int, num_rows: int | None = None
) -> RenderableType:
    """Everything about one fit."""
    page = summarize(fit, columns)
    grids = [part for grid in page.grids for part in grid_report(grid, width)]
    return Group(Text(page.headline, style="bold"), *grids, facts(fit, columns, num_rows))


def facts(fit: Fit, columns: Sequence[str] | None = None, num_rows: int | None = None) -> Table:
    """The verdict and the numbers behind it."""
    table = Table.grid(padding=(0, 2))
    style = "green" if fit.verdict.converged else "yellow" if fit.verdict.proper else "red"
    for label, text in fit_words.facts(fit, columns, num_rows):
        table.add_row(Text(label), Text(text, style=style if label == "verdict" else ""))
    return table


# ---- the components, or the parameters ----------------------------------------------------------------


def grid_report(grid: Grid, width: int) -> list[RenderableType]:
    """A table of texts, as many columns side by side as fit in ``width``."""
    labels = max(12, min(2 * width // 5, max(len(line[0]) for line in grid.lines)))
    widest = max(len(text) for line in grid.lines for text in line[1:])
    blocks = chunks([widest + GAP] * (len(grid.titles) - 1), width - labels - GAP)
    found: list[RenderableType] = [_block(grid, block, labels) for block in blocks]
    return [*found, Text(f"{grid.below(width)}\n" if grid.caption else "", style="dim")]


def _block(grid: Grid, which: range, label_width: int) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column(Text(grid.titles[0]), max_width=label_width, overflow="fold")
    for i in which:
        table.add_column(Text(grid.titles[i + 1]), justify="right", no_wrap=True)
    for j, (label, *texts) in enumerate(grid.lines, start=1):
        table.add_row(Text(label), *(Text(texts[i]) for i in which), end_section=j == grid.divided)
    return Padding(table, (1, 0, 0, 2), expand=False)


# ---- the sweep ----------------------------------------------------------------------------------------


def selection_report(
    selection: Selection,
    columns: Sequence[str] | None,
    width: int,
    name: str = "data",
    num_rows: int | None = None,
) -> RenderableType:
    """The sweep, the choice, and everything about the chosen fit."""
    parts: list[RenderableType] = [Text(words.task(selection, name, num_rows)), Text()]
    if len(selection.cells) > 1:
        parts += [sweep_table(selection, width), *_notes(selection), Text()]
    parts.append(Text(words.choice(selection), style="bold"))
    if words.caution(selection):
        parts.append(Text(words.caution(selection), style="bold yellow"))
    return Group(*parts, Text(), fit_report(selection.best, columns, width, num_rows))


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
    blocks = chunks([widest + 2 * GAP] * len(columns), width - 2 * GAP)
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
    parts += [words.marked(selection)] if words.marked(selection) else []
    return [Text("   ".join(parts), style="dim")] if parts else []
