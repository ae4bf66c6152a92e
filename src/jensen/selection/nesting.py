"""Models of a sweep that contain others: k + 1 components contain k, a richer structure a poorer one.

At its best a model is no worse than one that it contains. Where the search has left it worse, it is searched
on from the better one; what remains is marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jensen.basics.arrays import Data, Weight
from jensen.em.result import Fit
from jensen.families.family import Family
from jensen.models.mixture.params import MixtureParams
from jensen.models.mixture.search.grown import grown
from jensen.selection.selection import Cell

NESTED = 1e-3  # nats by which a model may seem to be worse than one that it contains
TRIED = 3  # models better than the one that contains them, from which it is searched


@dataclass(slots=True)
class Nesting:
    """The cells of a sweep, as far as they contain each other.

    Attributes
    ----------
    cells
        In the order of the sweep; changed in place.
    models
        The mixtures, as they were asked for.
    data
        As every family takes them.
    weight, seed
        Of every fit.
    climbed
        ``climbed(model, data, params) -> Fit``: the fit from there.
    """

    cells: list[Cell]
    models: list[Any]
    data: Mapping[Family, Data]
    weight: Weight
    seed: Any
    climbed: Callable[[Any, Data, MixtureParams], Fit]

    def mend(self) -> None:
        """Search from better models where there are some that a cell contains; then `mark`.

        What a cell contains comes before it, so that it is compared with what is final.
        """
        try:
            for i in sorted(self._comparable(), key=self._size):
                self._mend(i)
        finally:  # also where the user interrupts
            self.mark()

    def mark(self) -> None:
        """A note for every cell that is below one that it contains; and one fit for cells that are the
        same.
        """
        for i in self._comparable():
            cell = self.cells[i]
            better = next((other for other, _ in self._better(cell)), None)
            below = better is not None and cell.fit is not None and _is_below(cell.fit, better)
            note = f"below {better.label}, which it contains" if better is not None and below else ""
            self.cells[i] = replace(cell, note=note)
        shown = {(cell.num_components, cell.name): cell for cell in self.cells if not cell.same_as}
        for i, cell in enumerate(self.cells):
            if cell.same_as:
                original = shown[cell.num_components, cell.same_as]
                self.cells[i] = replace(cell, fit=original.fit, note=original.note)

    def _comparable(self) -> list[int]:
        """Cells of likelihoods: a prior weighs more components, and richer ones, by another density."""
        return [
            i
            for i, cell in enumerate(self.cells)
            if cell.family in self.data and not cell.same_as and self.models[i].prior is None
        ]

    def _size(self, i: int) -> tuple[int, int]:
        """Of a model: what it contains is smaller."""
        return self.cells[i].num_components, self.cells[i].num_free or 0

    def _better(self, cell: Cell) -> Iterator[tuple[Cell, MixtureParams]]:
        """Proper fits of models that the cell contains and that it should reach, with their params as those
        of its family; best first.
        """
        proper = [
            self.cells[i]
            for i in self._comparable()
            if self.cells[i] is not cell and self.cells[i].num_components <= cell.num_components
        ]
        proper = [other for other in proper if other.fit is not None and other.fit.verdict.proper]
        for other in sorted(proper, key=lambda other: -_value(other)):
            if cell.fit is not None and _reaches(cell.fit, other):
                return
            params = self._given(cell, other)
            if params is not None:
                yield other, params

    def _given(self, cell: Cell, other: Cell) -> MixtureParams | None:
        """The params of another cell as those of the cell's family, where they are some."""
        assert other.fit is not None
        weights, components = other.fit.params
        if other.family == cell.family:
            return None if other.num_components == cell.num_components else other.fit.params
        family = cell.family if cell.fit is None else cell.fit.model.family
        mine = family.from_other(other.fit.model.family, components, weights)
        return None if mine is None else MixtureParams(weights, mine)

    def _mend(self, i: int) -> None:
        for number, (better, params) in enumerate(self._better(self.cells[i])):
            fit_here = self.cells[i].fit
            if fit_here is None or number == TRIED or _reaches(fit_here, better):
                return
            self.cells[i] = self._searched(self.cells[i], fit_here, better, params)

    def _searched(self, cell: Cell, before: Fit, better: Cell, params: MixtureParams) -> Cell:
        """The cell climbed from a model that it contains, where that is better."""
        model, data = before.model, self.data[cell.family]
        generator = np.random.default_rng(self.seed)
        try:
            for k in range(better.num_components + 1, cell.num_components + 1):
                larger = grown(replace(model, num_components=k), params, data, self.weight, generator)
                if larger is None:
                    return cell
                params = larger
            found = self.climbed(model, data, params)
        except (ArithmeticError, ValueError):  # LinAlgError is a ValueError
            return cell
        is_more = not before.verdict.proper or found.log_evidence > before.log_evidence
        if not (found.verdict.proper and is_more):
            return cell
        verdict = replace(found.verdict, search=f"reached from {better.label}")
        params = model.canonical(found.params)
        found = replace(found, params=params, verdict=verdict, starts=before.starts, columns=before.columns)
        return replace(cell, fit=found)


def _value(cell: Cell) -> float:
    assert cell.fit is not None
    return cell.fit.log_evidence


def _is_below(fit: Fit, other: Cell) -> bool:
    return fit.log_evidence < _value(other) - NESTED


def _reaches(fit: Fit, other: Cell) -> bool:
    """Whether a fit needs no search from another cell."""
    return fit.verdict.proper and not _is_below(fit, other)
