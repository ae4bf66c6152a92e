"""A fit on one page: what was fitted, its parameters, the numbers behind it, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from jensen.basics.numbers import as_probabilities, as_sizes, signed
from jensen.em.fitted import Fitted
from jensen.em.summary import words
from jensen.em.summary.grid import Grid
from jensen.em.summary.shown import components_of, named_numbers, numbers_of
from jensen.em.uncertainty.table import Estimates, EstimateTable

WIDTH = 100
MAX_LINES = 30


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Summary:
    """A fit on one page: ``print(summary)``, or as it is in a notebook.

    Attributes
    ----------
    headline
        What was fitted.
    grids
        The components, or the parameters.
    facts
        Labels and texts: the verdict, what to do, the log-likelihood, the criteria, the search.
    parameters
        The numbers, for a data frame: name and estimate; with standard errors also standard_error, z, p, low,
        high and note.
    """

    headline: str
    grids: tuple[Grid, ...]
    facts: tuple[tuple[str, str], ...]
    parameters: EstimateTable

    def text(self, width: int = WIDTH) -> str:
        """In lines of at most ``width``; tables that are wider are broken into several."""
        label = max(len(name) for name, _ in self.facts)
        said = "\n".join(f"{name.ljust(label)}  {text}" for name, text in self.facts)
        return "\n\n".join([self.headline, *(grid.text(width) for grid in self.grids), said])

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        facts = "".join(f"<tr><th>{escape(n)}</th><td>{escape(text)}</td></tr>" for n, text in self.facts)
        tables = "".join(grid.html() for grid in self.grids)
        head = f"<p><strong>{escape(self.headline)}</strong></p>"
        return f"<div>{head}{tables}<table><tbody>{facts}</tbody></table></div>"


def summarize(fit: Fitted, columns: Sequence[str] | None = None, errors: Estimates | None = None) -> Summary:
    """The summary of a fit.

    Parameters
    ----------
    fit
        Of any model.
    columns
        Names of the columns of the data, where the fit has none.
    errors
        A `jensen.Uncertainty`.
    """
    columns = columns or fit.columns or None
    parts = components_of(fit)
    grids = [] if parts is None else [components(fit, parts, columns)]
    numbers = named_numbers(fit)
    kept = {name: value for name, value in numbers.items() if isinstance(value, float)}
    names, values = np.array(list(kept), dtype=str), np.array(list(kept.values()))
    table = EstimateTable({"name": names, "estimate": values}) if errors is None else errors.table()
    if errors is not None:
        grids.append(coefficients(table, errors.kind))
    elif parts is None:
        grids.append(parameters(fit))
    said = words.facts(fit, columns)
    if errors is not None and not errors.verdict.converged:
        said.insert(1, ("standard errors", str(errors.verdict)))
    return Summary(words.headline(fit), tuple(grids), tuple(said), table)


def components(fit: Fitted, parts: Any, columns: Sequence[str] | None) -> Grid:
    """The components as columns: weights, rows, and what the family says of them."""
    family = parts.family
    described = [
        ("weight", list(map(as_probabilities(parts.weights, 4), parts.weights))),
        ("rows", list(map(as_sizes(fit.weight), parts.weights * fit.weight))),
        *family.describe(parts.params, columns),
    ]
    lines = [line for line in described if len(line[1]) == len(parts.weights)]
    shared = [f"{label} {texts[0]}" for label, texts in described if len(texts) < len(parts.weights)]
    same = "; ".join(text.replace(" ", "\N{NO-BREAK SPACE}") for text in shared)
    own = len(lines) - 2
    noun = "columns" if own == family.num_columns else "parameters"
    more = f"; {own - MAX_LINES} more {noun} are not shown" if own > MAX_LINES else ""
    caption = "; ".join(filter(None, [family.caption, "components are counted from 0"]))
    titles = ("component", *map(str, range(len(parts.weights))))
    shown = tuple((label, *texts) for label, texts in lines[: 2 + MAX_LINES])
    below = f"in every component: {same}\n" if same else ""
    return Grid(titles, shown, f"{below}{caption}{more}", divided=2)


def parameters(fit: Fitted) -> Grid:
    """The parameters of a model without components, a number a line."""
    numbers = numbers_of(fit)
    more = len(numbers) - MAX_LINES
    note = f"{more} more parameters are not shown" if more > 0 else ""
    lines = tuple((name, signed(text)) for name, text in numbers[:MAX_LINES])
    return Grid(("parameter", "value"), lines, note)


def coefficients(errors: EstimateTable, kind: str) -> Grid:
    """Estimates with their standard errors, tests and intervals."""
    table = errors.printable()
    titles = tuple(table)
    lines = tuple(zip(*table.values(), strict=True))
    more = len(lines) - 2 * MAX_LINES
    note = f"; {more} more parameters are not shown" if more > 0 else ""
    tests = "; z and p of the hypothesis that a number is 0, where it can be" if "z" in table else ""
    caption = f"standard errors from the {kind}, intervals at 95 %{tests}{note}"
    return Grid(titles, lines[: 2 * MAX_LINES], caption)
