"""What the panels draw of a fit and its data: rows, components, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.tables import default_columns
from jensen.em.contract import as_model
from jensen.em.posteriors import labels_of
from jensen.em.result import Fit
from jensen.em.summary.shown import components_of
from jensen.families.family import Components, Family

Array = NDArray[Any]

MAX_POINTS = 10_000  # that a panel draws; fewer where there are many panels
MAX_ROWS = 200_000  # of which histograms are made
MANY_PANELS_POINTS = 2_500
LEAST_POINTS = 60  # of every component, where it has as many
ELLIPSES = "ellipses: 1 (solid) and 2 (dashed) standard deviations"


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What the panels draw: the rows to show, and the components.

    Attributes
    ----------
    rows, weight, labels
        (m, d), (m,) or None, (m,): at most `MAX_ROWS` rows, spread evenly over the data.
    total
        Rows in all.
    shape
        Of one row, as the family takes it.
    weights, means, covariances
        (k,), (k, d), (k, d, d): of the rows of each component, by the family or else by the rows.
    """

    rows: Array
    weight: Array | None
    labels: Array
    total: int
    shape: tuple[int, ...]
    family: Family
    params: Any
    weights: Array
    means: Array
    covariances: Array
    names: list[str]

    @classmethod
    def of(
        cls, fit: Fit, data: Any, weight: Array | None, columns: Sequence[str] | None = None
    ) -> View | None:
        """None where there are no components, or the data are no table of numbers."""
        parts, model = components_of(fit), as_model(fit.model)
        keys = () if parts is None else parts.family.keys
        names, table = as_table({key: data[key] for key in keys} if keys else data)
        if parts is None or table is None:
            return None
        every = -(-len(table) // MAX_ROWS)
        thinned = model.cases.take(data, np.arange(0, len(table), every))
        rows = np.ascontiguousarray(table[::every])
        r = labels_of(model.posterior(fit.params, thinned))
        if r is None or len(r) != len(rows):  # z is no label, or a case is not a row
            return None
        w = None if weight is None else np.asarray(weight, float)[::every]
        means, covariances = _moments(parts, rows, r if w is None else w[:, None] * r)
        return cls(
            rows,
            w,
            r.argmax(axis=1),
            len(table),
            np.shape(thinned)[1:],
            parts.family,
            parts.params,
            parts.weights,
            means,
            covariances,
            names if columns is None else list(columns),
        )

    def drawn(self, small: bool) -> Array:
        """Which rows a panel draws, by chance over all of them and some of every component, the same in each
        panel.
        """
        most = MANY_PANELS_POINTS if small and len(self.names) > 2 else MAX_POINTS
        if len(self.rows) <= most:
            return np.arange(len(self.rows))
        order = np.random.default_rng(0).permutation(len(self.rows))
        of_each = [order[self.labels[order] == label][:LEAST_POINTS] for label in np.unique(self.labels)]
        return np.unique(np.concatenate([order[:most], *of_each]))

    @property
    def has_ellipses(self) -> bool:
        """Whether the family has moments, in columns that are no whole numbers."""
        discrete = all(self.is_discrete(j) for j in range(len(self.names)))
        return self.family.moments is not None and not discrete

    def separation(self) -> Array:
        """Of each column: the spread of the component means over that within components, (d,)."""
        centre = self.weights @ self.means
        between = self.weights @ np.square(self.means - centre)
        within = self.weights @ np.diagonal(self.covariances, axis1=1, axis2=2)
        return between / np.maximum(within, np.finfo(float).tiny)

    def shown(self, most: int) -> list[int]:
        """The columns to draw: all of them, or those in which the components differ most, in their order."""
        d = len(self.names)
        return (
            sorted(np.argsort(-self.separation(), kind="stable")[:most].tolist())
            if d > most
            else list(range(d))
        )

    def note(self, shown: list[int]) -> str:
        """What is not drawn."""
        d = len(self.names)
        cut = f"the {len(shown)} of {d} columns in which the components differ most" if len(shown) < d else ""
        ellipses = ELLIPSES if self.has_ellipses else ""
        return "; ".join(part for part in (cut, ellipses, self.thinned(small=True)) if part)

    def thinned(self, small: bool = False) -> str:
        """How many of the rows are drawn."""
        drawn = len(self.drawn(small))
        return f"{drawn:,} of {self.total:,} rows drawn" if drawn < self.total else ""

    def is_discrete(self, j: int) -> bool:
        """Whether column j has probabilities, and no density."""
        return self.family.is_discrete(j)

    def limits(self, j: int) -> tuple[float, float]:
        """Of column j: the rows, and the components as far as they are near the rows."""
        low, high = float(self.rows[:, j].min()), float(self.rows[:, j].max())
        if self.is_discrete(j):
            return low - 0.7, high + 0.7
        if self.family.marginal is None:  # what is beyond the rows may be impossible
            pad = 0.02 * (high - low) or 1.0
            return low - pad, high + pad
        room = 0.25 * (high - low) or 1.0
        reach = 2.1 * np.sqrt(self.covariances[:, j, j])
        inner_low, inner_high = (self.means[:, j] - reach).min(), (self.means[:, j] + reach).max()
        pad = 0.04 * (high - low)
        return max(low - room, min(low - pad, inner_low)), min(high + room, max(high + pad, inner_high))


def as_table(data: Any) -> tuple[list[str], Array | None]:
    """Names and numbers (n, d) of an array, or of a dict of columns; None where there is no such table."""
    if isinstance(data, Mapping):
        parts = [np.asarray(column) for column in data.values()]
        is_table = bool(parts) and all(part.ndim == 1 for part in parts)
        found = np.column_stack(parts) if is_table and len({len(part) for part in parts}) == 1 else None
    else:
        found = np.asarray(data)
        found = found[:, None] if found.ndim == 1 else found
    if found is None or found.ndim != 2 or found.dtype.kind not in "biuf":
        return [], None
    names = map(str, data) if isinstance(data, Mapping) else default_columns(found.shape[1])
    return list(names), np.asarray(found, float)


def _moments(parts: Components, rows: Array, wr: Array) -> tuple[Array, Array]:
    """Means and covariances by the family; else of the rows under responsibilities, column by column."""
    if parts.family.moments is not None:
        return parts.family.moments(parts.params)
    total = np.maximum(wr.sum(axis=0), np.finfo(float).tiny)[:, None]
    means = wr.T @ rows / total
    variances = np.stack([w @ np.square(rows - mean) for w, mean in zip(wr.T, means, strict=True)]) / total
    return means, variances[:, :, None] * np.eye(rows.shape[1])
