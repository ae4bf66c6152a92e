"""What a fit says, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from jensen.basics.numbers import count, duration, signed
from jensen.basics.verdict import Outcome
from jensen.em.contract import as_model
from jensen.em.fitted import Fitted
from jensen.em.start import times_found
from jensen.em.summary.shown import components_of, named_values, num_columns, rows_of

NOT_CHOOSABLE = {Outcome.COLLAPSED, Outcome.FAILED, Outcome.FELL}


def headline(fit: Fitted) -> str:
    """Which model, and what its kind of components says."""
    parts = components_of(fit)
    if parts is None:
        return f"{as_model(fit.model).title}: {', '.join(named_values(fit))}"
    family, k = parts.family, len(parts.weights)
    meaning = family.meaning(k, parts.params)
    return f"{count(k, 'component')}, {family.name}" + (f": {meaning}" if meaning else "")


def size(fit: Fitted, between: str, columns: Sequence[str] | None = None, num_rows: int | None = None) -> str:
    """Rows, their weight where that is another number, and columns where their number is known."""
    d = num_columns(fit, columns)
    rows = count(fit.weight, "row")
    if num_rows is not None and num_rows != fit.weight:
        rows = f"{count(num_rows, 'row')} of weight {fit.weight:,.6g}"
    return rows if d is None else f"{rows}{between}{count(d, 'column')}"


def verdict(fit: Fitted) -> str:
    """How the fit ended."""
    found = fit.verdict
    if found.converged:
        return f"converged ({found.message})" if found.message else "converged"
    return f"{found.outcome}: {found.message}" if found.message else str(found.outcome)


def likelihood(fit: Fitted, columns: Sequence[str] | None = None, num_rows: int | None = None) -> str:
    """The likelihood and what it is of."""
    free = "" if fit.num_free is None else f", {count(fit.num_free, 'free parameter')}"
    between = " of " if num_rows is None or num_rows == fit.weight else ", "
    prior = f", log-prior {signed(f'{fit.log_prior:.4f}')}" if fit.log_prior else ""
    return f"{signed(f'{fit.log_evidence:.4f}')}{prior}{free}, {size(fit, between, columns, num_rows)}"


def criteria(fit: Fitted) -> str:
    """All three criteria."""
    values = {"BIC": fit.bic, "ICL": fit.icl, "AIC": fit.aic}
    text = ", ".join(f"{name} {signed(f'{value:.2f}')}" for name, value in values.items())
    n = fit.num_observations
    return text if isnan(n) or n == fit.weight else f"{text}, with n = {count(n, 'observation')}"


def found(fit: Fitted) -> str:
    """``found by 13 of 22 starts``, as the verdict says."""
    return f"found by {times_found(fit.starts, fit.objective)} of {count(fit.starts.num_rows, 'start')}"


def starts(fit: Fitted) -> str:
    """How many starts there were, and how often the best maximum was found."""
    table = fit.starts
    effort = f"{count(fit.num_e_steps, 'E-step')} in {duration(fit.seconds)}"
    if not table.num_rows:
        return "; ".join(filter(None, (fit.verdict.search, effort)))
    text = count(table.num_rows, "start")
    times = times_found(table, fit.objective)
    if table.num_rows > 1 and times:
        text += f", {times} of them found this maximum" if times > 1 else ", one of them found this maximum"
        text += "; unsettled" if "unsettled" in fit.verdict.search else ""
    lost = [outcome for outcome in table["outcome"].tolist() if outcome in NOT_CHOOSABLE]
    for outcome in dict.fromkeys(lost):
        text += f", {lost.count(outcome)} {outcome}"
    return f"{text}; {effort}"


def facts(
    fit: Fitted, columns: Sequence[str] | None = None, num_rows: int | None = None
) -> list[tuple[str, str]]:
    """The verdict and the numbers behind it: a label and what is said."""
    num_rows = rows_of(fit) if num_rows is None else num_rows
    found = [("verdict", verdict(fit))]
    if fit.verdict.advice:
        found.append(("advice", fit.verdict.advice))
    found.append(("log-likelihood", likelihood(fit, columns, num_rows)))
    if fit.num_free is not None:
        found.append(("criteria", f"{criteria(fit)} (smaller is better)"))
    return [*found, ("search", starts(fit))]
