"""A sweep for a terminal, a pipe or a string (rich): its table, the choice in words, and the chosen fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jensen.basics.numbers import count, criterion_decimals, duration, signed
from jensen.em.summary.grid import chunks
from jensen.em.summary.words import size
from jensen.report.tables import GAP, PLAIN_WIDTH, fit_report
from jensen.selection.criteria import Criterion
from jensen.selection.selection import Cell, Selection

MARKS = {1: "#1", 2: "#2", 3: "#3"}


def selection_report(
    selection: Selection,
    columns: Sequence[str] | None,
    width: int,
    name: str = "data",
    num_rows: int | None = None,
) -> RenderableType:
    """The sweep, the choice, and everything about the chosen fit."""
    parts: list[RenderableType] = [Text(task(selection, name, num_rows)), Text()]
    if len(selection.cells) > 1:
        parts += [sweep_table(selection, width), *_notes(selection), Text()]
    parts.append(Text(choice(selection), style="bold"))
    if caution(selection):
        parts.append(Text(caution(selection), style="bold yellow"))
    return Group(*parts, Text(), fit_report(selection.best, columns, width, num_rows))


def sweep_table(selection: Selection, width: int = PLAIN_WIDTH) -> RenderableType:
    """The criterion by k (rows) and structure (columns), the best three marked."""
    title = Text.assemble((selection.criterion.title, "bold"), f" ({sign_of(selection.criterion)})")
    ranked = selection.ranking if trusted(selection) else []
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
    lost = passed_over(selection)
    best = ["#1 #2 #3 the best three"] if trusted(selection) and len(selection.ranking) > 1 else []
    parts = best + ([f"× not to be chosen: {'; '.join(lost)}"] if lost else [])
    parts += [marked(selection)] if marked(selection) else []
    return [Text("   ".join(parts), style="dim")] if parts else []


# ---- in words ------------------------------------------------------------------------------------------


def sign_of(criterion: Criterion) -> str:
    """Which way is better, and who prints it the other way."""
    return "smaller is better" + (f"; {criterion.note}" if criterion.note else "")


def task(selection: Selection, name: str, num_rows: int | None = None) -> str:
    """What was fitted to what, and how long it took."""
    fitted = sum(cell.fit is not None and not cell.same_as for cell in selection.cells)
    took = duration(selection.seconds)
    return (
        f"{name}: {size(selection.best, ', ', num_rows=num_rows)}; {count(fitted, 'model')} fitted in {took}"
    )


def choice(selection: Selection) -> str:
    """Which model is chosen, and how sure that is."""
    chosen, criterion = selection.chosen, selection.criterion
    value = signed(f"{selection.value(chosen):.2f}")
    if not trusted(selection):
        what = f"{chosen.label}, {criterion.title} {value}: {chosen.outcome}"
        return f"Nothing is a proper maximum here; the least bad: {what}."
    text = f"Chosen: {chosen.label}, {criterion.title} {value}."
    second = selection.runner_up
    if second is None:
        return text
    text += f" Next: {second.label}, {selection.difference:.2f} above"
    strength = criterion.strength(selection.difference)
    return f"{text}: {strength} ({criterion.source})." if strength else f"{text}."


def trusted(selection: Selection) -> bool:
    """Whether the cells that are ranked are sound, if not all at their end."""
    return selection.chosen.tier <= 1


def caution(selection: Selection) -> str:
    """What stands in the way of trusting the choice; empty where nothing does."""
    if selection.interrupted:
        return "Interrupted: this is the best of the models that were reached."
    if selection.chosen.tier == 1:
        return "No model of the sweep was climbed to its end; this is the best so far."
    return ""


def passed_over(selection: Selection) -> list[str]:
    """The cells that cannot be chosen, by reason."""
    reasons: dict[str, list[Cell]] = {}
    ranked = {id(cell) for cell in selection.ranking} if trusted(selection) else set()
    for cell in selection.cells:
        if id(cell) not in ranked and not cell.same_as:
            reasons.setdefault(str(cell.outcome) if cell.fit else cell.message, []).append(cell)
    return [f"{_reason(cells)}: {_listed(cells, selection)}" for cells in reasons.values()]


def marked(selection: Selection) -> str:
    """The cells that stayed below a model that they contain; empty where none did."""
    cells = [cell for cell in selection.cells if cell.note and not cell.same_as]
    if not cells:
        return ""
    return f"below a model that they contain, so not at their best: {_listed(cells, selection)}"


def _reason(cells: list[Cell]) -> str:
    """What became of the cells, and why where it is the same for all."""
    messages = {cell.message if cell.fit is None else cell.fit.verdict.message for cell in cells}
    outcome = "not fitted" if cells[0].fit is None else str(cells[0].outcome)
    return f"{outcome} ({messages.pop()})" if len(messages) == 1 and messages != {""} else outcome


def _listed(cells: list[Cell], selection: Selection) -> str:
    """The cells by k, and which structures unless it is all of them."""
    parts = []
    for k in dict.fromkeys(cell.num_components for cell in cells):
        mine = [cell.name for cell in cells if cell.num_components == k]
        whole = [cell for cell in selection.cells if cell.num_components == k and not cell.same_as]
        parts.append(f"k = {k}" + ("" if len(mine) == len(whole) else f" {', '.join(mine)}"))
    return "; ".join(parts)
