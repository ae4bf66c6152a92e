"""`Comparison`: what `compare` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.tables import Table, html, text_lines
from jensen.gradients.compare.plots import plot_comparison

SHOWN = {
    "estimator": "estimator",
    "parameter": "parameter",
    "draws": "draws",
    "mean": "mean",
    "standard_error": "± SE",
    "bias": "bias/SE",
    "variance": "variance",
    "variance_error": "± SE",
    "evaluations": "evals",
    "variance_x_evaluations": "variance × evals",
}

TOTAL = {name: title for name, title in SHOWN.items() if name not in ("mean", "standard_error")}
FEW = 6  # parameters whose exact gradient is told below the table


@dataclass(frozen=True, slots=True)
class Comparison:
    """Estimators of one gradient, side by side.

    Attributes
    ----------
    table
        Columns with a row for each parameter and estimator, for ``pandas.DataFrame(table)`` or
        ``polars.DataFrame(table)``. ``variance`` is that of one replicate, ``variance_per_draw`` that times
        the number of draws; ``bias`` is in standard errors from ``truth``, NaN where there is none;
        ``seconds`` is the measured time of one replicate, ``rounding`` what rounding may do to a mean.
    samples
        For each estimator (replicates, parameters).
    parameters
        Names of the entries of θ.
    remarks
        What is to be known beside the numbers: values that are not finite, and where; biased estimators.
    has_exact
        Whether ``truth`` is exact, or was given; else it is the most precise of the estimates.
    """

    table: Table
    samples: Mapping[str, NDArray[Any]] = field(repr=False)
    parameters: Sequence[str]
    remarks: Sequence[str] = ()
    has_exact: bool = False

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table as dictionaries of Python values."""
        return self.table.rows()

    def row(self, estimator: str, parameter: str | None = None) -> dict[str, Any]:
        """One row, by the name of the estimator; the parameter may be left out where there is only one."""
        if parameter is None and len(self.parameters) > 1:
            raise ValueError(f"which parameter? there are {', '.join(self.parameters)}")
        wanted = (estimator, self.parameters[0] if parameter is None else parameter)
        for row in self.rows():
            if (row["estimator"], row["parameter"]) == wanted:
                return row
        raise KeyError(f"no row {wanted}; the estimators are {', '.join(self.samples)}")

    def totals(self) -> list[dict[str, Any]]:
        """A row for each estimator, with sums over the parameters.

        ``variance`` is E‖g − E g‖², ``bias`` the largest of all parameters, and ``parameter`` their number.
        """
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in self.samples}
        for row in self.rows():
            rows[row["estimator"]].append(row)
        found = []
        for name, mine in rows.items():
            samples = self.samples[name]
            spread = ((samples - samples.mean(axis=0)) ** 2).sum(axis=1) * len(samples) / (len(samples) - 1)
            largest = max(mine, key=lambda row: abs(row["bias"]))
            variance = float(spread.mean())
            total = {
                "parameter": f"all {len(mine)}",
                "variance": variance,
                "variance_error": float(spread.std() / np.sqrt(len(samples))),
                "variance_x_evaluations": variance * largest["evaluations"],
                "variance_x_seconds": variance * largest["seconds"],
                "rounding": float(np.sqrt(sum(row["rounding"] ** 2 for row in mine))),
            }
            found.append({**largest, **total})
        return found

    def plot(self, title: str = "") -> Any:
        """A figure: how the estimates are spread, and their variance."""
        return plot_comparison(self, title)

    def __repr__(self) -> str:
        return self.text()

    def text(self, most: int = 40) -> str:
        """The table as text; of more than ``most`` rows, one for each estimator with sums over parameters."""
        shown, cells, notes = self._printed(most)
        return "\n".join([*text_lines(list(shown.values()), cells, num_left=1), *notes])

    def _repr_html_(self) -> str:
        shown, cells, notes = self._printed(40)
        return html(list(shown.values()), cells) + "".join(f"<p>{escape(note)}</p>" for note in notes)

    def _printed(self, most: int) -> tuple[dict[str, str], list[list[str]], list[str]]:
        """The columns with their titles, the cells, and what is said below."""
        if self.table.num_rows <= most:
            return SHOWN, _cells(self.rows(), SHOWN), [*self._exact(), *self.remarks]
        num = len(self.parameters)
        told = f"sums over {num} parameters, and the largest bias in standard errors; .table has each"
        return TOTAL, _cells(self.totals(), TOTAL), [told, *self.remarks]

    def _exact(self) -> list[str]:
        if not self.has_exact or len(self.parameters) > FEW:
            return []
        truth = [
            f"{name} {self.row(next(iter(self.samples)), name)['truth']:.4g}" for name in self.parameters
        ]
        return [f"exact gradient: {', '.join(truth)}"]


def _cells(rows: list[dict[str, Any]], shown: Mapping[str, str]) -> list[list[str]]:
    return [[_cell(_shown(row, name)) for name in shown] for row in rows]


def _shown(row: dict[str, Any], name: str) -> Any:
    """0 in place of a spread that is rounding alone."""
    is_spread = name.startswith("variance") or name == "standard_error"
    return 0.0 if is_spread and row["variance"] <= row["rounding"] ** 2 else row[name]


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return "–" if np.isnan(value) else f"{value:.4g}"
