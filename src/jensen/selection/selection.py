"""Which mixture do the data support? A sweep over the number of components and the covariance structure.

Every cell of the sweep (`jensen.selection.sweep`) is a fit of its own, with its own verdict. A cell that
fails is a row that says why; a cell that is no proper maximum is shown, and never chosen while there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from jensen.basics.errors import ModelError
from jensen.basics.tables import Table, text_lines
from jensen.basics.verdict import Outcome
from jensen.em.result import Fit
from jensen.families.family import Family
from jensen.selection.criteria import Criterion

TIERS = {
    Outcome.CONVERGED: 0,
    Outcome.INTERRUPTED: 0,  # the user has said that this is far enough
    Outcome.STEP_LIMIT: 1,
    Outcome.BOUNDARY: 2,
    Outcome.SADDLE: 2,
}


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One model of the sweep.

    Attributes
    ----------
    num_components, family
        The model.
    name
        Of the kind of components, ``tied``; ``tied (2)`` for the second kind of that name in a sweep.
    num_free
        Its free parameters.
    fit
        What became of it; None where it could not be fitted.
    message
        Why there is no fit.
    note
        What is to be known of the fit beside its verdict: a model that it contains is better.
    same_as
        The kind with which this one is the same model (k = 1, or d = 1), and whose fit it shows.
    """

    num_components: int
    family: Family
    name: str
    num_free: int | None
    fit: Fit | None
    message: str = ""
    same_as: str = ""
    note: str = ""

    @property
    def outcome(self) -> Outcome:
        """The verdict's outcome; failed where there is no fit."""
        return Outcome.FAILED if self.fit is None else self.fit.verdict.outcome

    @property
    def k(self) -> int:
        """The number of components."""
        return self.num_components

    @property
    def label(self) -> str:
        """For instance ``k = 3, tied``."""
        return f"k = {self.num_components}, {self.name}"

    @property
    def tier(self) -> int:
        """0: a proper maximum that was reached. 1: sound as far as it got. 2: flawed. 3: worthless."""
        return 3 if self.fit is None else TIERS.get(self.outcome, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """The sweep: every cell, and which one the criterion chooses.

    Attributes
    ----------
    cells
        In the order in which they were fitted.
    criterion
        Smaller is better.
    interrupted
        Whether the user stopped the sweep; the cells are those that were reached.
    seconds
        Wall time.
    """

    cells: tuple[Cell, ...]
    criterion: Criterion
    interrupted: bool = False
    seconds: float = field(default=0.0, repr=False)

    @property
    def fits(self) -> dict[tuple[int, str], Fit]:
        """The fits by (k, name of the structure)."""
        return {(c.num_components, c.name): c.fit for c in self.cells if c.fit is not None}

    @property
    def ranking(self) -> list[Cell]:
        """The cells that may be chosen, best first.

        These are the proper maxima that were reached; only where there are none, the climbs that were cut
        short; only where there are none, the boundaries and saddles; and only then what has collapsed.
        """
        fitted = [cell for cell in self.cells if cell.fit is not None and not cell.same_as]
        tier = min((cell.tier for cell in fitted), default=0)
        return sorted((cell for cell in fitted if cell.tier == tier), key=self.value)

    @property
    def chosen(self) -> Cell:
        """The best cell.

        Raises
        ------
        ValueError
            If no cell could be fitted.
        """
        ranking = self.ranking
        if not ranking:
            reasons = "; ".join(dict.fromkeys(cell.message for cell in self.cells if cell.message))
            raise ModelError(f"no model could be fitted: {reasons or 'there was nothing to fit'}")
        return ranking[0]

    @property
    def best(self) -> Fit:
        """The fit of the best cell. It is improper (see its ``verdict``) only if every cell is."""
        chosen = self.chosen.fit
        assert chosen is not None
        return chosen

    @property
    def runner_up(self) -> Cell | None:
        """The second best cell."""
        return next(iter(self.ranking[1:2]), None)

    @property
    def difference(self) -> float:
        """How far the criterion of the runner-up is above that of the best; infinite without one."""
        second = self.runner_up
        return np.inf if second is None else self.value(second) - self.value(self.chosen)

    def value(self, cell: Cell) -> float:
        """The criterion of a cell; NaN where there is no fit."""
        return np.nan if cell.fit is None else self.criterion.of(cell.fit)

    @property
    def table(self) -> Table:
        """One row a cell; ``rank`` counts from 1, and 0 is not ranked.

        Columns: k, structure, log_evidence, num_free, aic, bic, icl, outcome, message, same_as, rank.
        """
        ranks = {id(cell): i for i, cell in enumerate(self.ranking, start=1)}
        return Table.from_rows([{**_row(cell), "rank": ranks.get(id(cell), 0)} for cell in self.cells])

    def _sentence(self) -> str:
        if not self.ranking:
            return "no model could be fitted"
        text = f"best by {self.criterion.title}: {self.chosen.label}"
        if not self.best.verdict.converged:
            text += f" ({self.best.verdict.outcome})"
        if self.runner_up is not None:
            text += f"; next: {self.runner_up.label}, {self.difference:.2f} above"
        text += self.edge
        return text + ("; interrupted" if self.interrupted else "")

    @property
    def edge(self) -> str:
        """A remark where the best k is the largest that was tried, or the smallest above 1; empty
        elsewhere.
        """
        ks = [cell.num_components for cell in self.cells]
        if not self.ranking or len(set(ks)) < 2:
            return ""
        best = self.chosen.num_components
        if best == max(ks):
            return "; the largest k of the sweep: larger ones may be better"
        return "; the smallest k of the sweep: smaller ones may be better" if best == min(ks) > 1 else ""

    def grid(self) -> list[list[Cell | None]]:
        """The cells by k (rows) and structure (columns) in the order of the sweep; None where not reached."""
        at = {(cell.num_components, cell.name): cell for cell in self.cells}
        ks, names = (list(dict.fromkeys(column)) for column in zip(*at, strict=True)) if at else ([], [])
        return [[at.get((k, name)) for name in names] for k in ks]

    def __repr__(self) -> str:
        titles = list(dict.fromkeys(cell.name for cell in self.cells))
        lines = []
        for row in self.grid():
            k = next(cell.num_components for cell in row if cell)
            lines.append([str(k), *(self._shown(cell) for cell in row)])
        body = text_lines(["k", *titles], lines) if lines else []
        return "\n".join([f"Selection: {self._sentence()}", *body])

    def _shown(self, cell: Cell | None) -> str:
        if cell is None:
            return ""
        if cell.same_as:
            return f"= {cell.same_as}"
        value = f"{self.value(cell):.2f}" if cell.fit is not None else ""
        return f"{value} {'' if cell.tier == 0 else cell.outcome}".strip()

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._sentence())}</p>{self.table._repr_html_()}"


def _row(cell: Cell) -> dict[str, Any]:
    found = cell.fit
    values = dict.fromkeys(("log_evidence", "aic", "bic", "icl"), np.nan)
    if found is not None:
        values = {
            "log_evidence": found.log_evidence,
            "aic": found.aic,
            "bic": found.bic,
            "icl": found.icl,
        }
    return {
        "k": cell.num_components,
        "structure": cell.name,
        "log_evidence": values["log_evidence"],
        "num_free": cell.num_free,
        "aic": values["aic"],
        "bic": values["bic"],
        "icl": values["icl"],
        "outcome": str(cell.outcome),
        "message": cell.message
        if found is None
        else "; ".join(filter(None, (found.verdict.message, cell.note))),
        "same_as": cell.same_as,
    }
