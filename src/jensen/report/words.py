"""What a selection says, in sentences; what a fit says is in `jensen.em.summary.words`."""

from __future__ import annotations

from jensen.basics.numbers import count, duration, signed
from jensen.em.summary.words import size
from jensen.selection.criteria import Criterion
from jensen.selection.selection import Cell, Selection


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
