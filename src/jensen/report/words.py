"""What a fit and a selection say, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from jensen.basics.numbers import count, duration, signed
from jensen.basics.verdict import Outcome
from jensen.em.contract import as_model
from jensen.em.result import Fit
from jensen.report.shown import components_of, named_values, num_columns
from jensen.selection.criteria import Criterion
from jensen.selection.selection import Cell, Selection

NOT_CHOOSABLE = {str(Outcome.COLLAPSED), str(Outcome.FAILED), str(Outcome.FELL)}


def sign_of(criterion: Criterion) -> str:
    """Which way is better, and who prints it the other way."""
    return "smaller is better" + (f"; {criterion.note}" if criterion.note else "")


def headline(fit: Fit) -> str:
    """Which model, and what its kind of components says."""
    parts = components_of(fit)
    if parts is None:
        return f"{as_model(fit.model).title}: {', '.join(named_values(fit))}"
    family, k = parts.family, len(parts.weights)
    meaning = family.meaning(k, parts.params)
    return f"{count(k, 'component')}, {family.name}" + (f": {meaning}" if meaning else "")


def task(selection: Selection, name: str, num_rows: int | None = None) -> str:
    """What was fitted to what, and how long it took."""
    fitted = sum(cell.fit is not None and not cell.same_as for cell in selection.cells)
    took = duration(selection.seconds)
    return (
        f"{name}: {size(selection.best, ', ', num_rows=num_rows)}; {count(fitted, 'model')} fitted in {took}"
    )


def size(fit: Fit, between: str, columns: Sequence[str] | None = None, num_rows: int | None = None) -> str:
    """Rows, their weight where that is another number, and columns where their number is known."""
    d = num_columns(fit, columns)
    rows = count(fit.weight, "row")
    if num_rows is not None and num_rows != fit.weight:
        rows = f"{count(num_rows, 'row')} of weight {fit.weight:,.6g}"
    return rows if d is None else f"{rows}{between}{count(d, 'column')}"


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


def verdict(fit: Fit) -> str:
    """How the fit ended."""
    found = fit.verdict
    if found.converged:
        return f"converged ({found.message})" if found.message else "converged"
    return f"{found.outcome}: {found.message}" if found.message else str(found.outcome)


def likelihood(fit: Fit, columns: Sequence[str] | None = None, num_rows: int | None = None) -> str:
    """The likelihood and what it is of."""
    free = "" if fit.num_free is None else f", {count(fit.num_free, 'free parameter')}"
    between = " of " if num_rows is None or num_rows == fit.weight else ", "
    prior = f", log-prior {signed(f'{fit.log_prior:.4f}')}" if fit.log_prior else ""
    return f"{signed(f'{fit.log_evidence:.4f}')}{prior}{free}, {size(fit, between, columns, num_rows)}"


def criteria(fit: Fit) -> str:
    """All three criteria."""
    values = {"BIC": fit.bic, "ICL": fit.icl, "AIC": fit.aic}
    return ", ".join(f"{name} {signed(f'{value:.2f}')}" for name, value in values.items())


def found(fit: Fit) -> str:
    """``found by 13 of 22 starts``, as the verdict says."""
    table = fit.starts
    usable = [row for row in table.rows() if row["outcome"] not in NOT_CHOOSABLE]
    tried = sum(end.tried for end in fit.ends) if fit.ends else table.num_rows
    times = usable[0]["times_found"] if usable else 0
    return f"found by {times} of {count(tried, 'start')}"


def starts(fit: Fit) -> str:
    """How many starts there were, and how often the best maximum was found."""
    table = fit.starts
    usable = [row for row in table.rows() if row["outcome"] not in NOT_CHOOSABLE]
    tried = sum(end.tried for end in fit.ends) if fit.ends else table.num_rows
    text = count(tried, "start")
    if tried > 1 and usable:
        times = usable[0]["times_found"]
        text += f", {times} of them found this maximum" if times > 1 else ", one of them found this maximum"
        text += "; unsettled" if "unsettled" in fit.verdict.search else ""
    lost = [row["outcome"] for row in table.rows() if row["outcome"] in NOT_CHOOSABLE]
    for outcome in dict.fromkeys(lost):
        text += f", {lost.count(outcome)} {outcome}"
    effort = f"{count(fit.num_e_steps, 'E-step')} in {duration(fit.seconds)}"
    return f"{text}; {effort}" if table.num_rows else effort
