"""`Comparison`: what `compare` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import ModelError
from jensen.basics.tables import Table, html, text_lines
from jensen.gradients.compare.plots import plot_comparison
from jensen.gradients.compare.totals import totals

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

OF_ONE = ("parameter", "mean", "standard_error")
TOTAL = {"estimator": "estimator", "parameters": "parameters"}
TOTAL |= {name: title for name, title in SHOWN.items() if name not in OF_ONE}
FEW = 6  # parameters whose exact gradient is told below the table
OFF = 5.0  # standard errors, from which a mean is biased
MARKED = f"* biased: by construction, or its mean is more than {OFF:g} standard errors off"


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
        if estimator not in self.samples:
            raise KeyError(f"no estimator {estimator!r}; there are {', '.join(self.samples)}")
        if parameter is None and len(self.parameters) > 1:
            raise ModelError(f"which parameter? there are {', '.join(self.parameters)}")
        wanted = (estimator, self.parameters[0] if parameter is None else parameter)
        for row in self.rows():
            if (row["estimator"], row["parameter"]) == wanted:
                return row
        raise KeyError(f"no parameter {wanted[1]!r}; there are {', '.join(self.parameters)}")

    def totals(self) -> Table:
        """A row for each estimator, with sums over the parameters, as a table with fewer columns.

        ``variance`` is E‖g − E g‖², ``bias`` the largest of all parameters, ``parameters`` their number, and
        ``non_finite`` the number of replicates that are not finite in one of them.
        """
        return totals(self.table, self.samples)

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
        is_short = self.table.num_rows <= most
        shown, rows = (SHOWN, self.rows()) if is_short else (TOTAL, self.totals().rows())
        marked = [self.is_off(row) for row in rows]
        cells = [
            _cells({**row, "estimator": f"{row['estimator']} *"} if is_off else row, shown)
            for row, is_off in zip(rows, marked, strict=True)
        ]
        num = len(self.parameters)
        told = f"sums over {num} parameters, and the largest bias in standard errors; .table has each"
        first = self._exact() if is_short else [told]
        return shown, cells, [*[MARKED] * any(marked), *first, *self.remarks]

    def is_off(self, row: Mapping[str, Any]) -> bool:
        """Whether an estimator is biased, by construction or by what is seen."""
        return row["is_biased"] or (self.has_exact and abs(row["bias"]) > OFF)

    def _exact(self) -> list[str]:
        if not self.has_exact or len(self.parameters) > FEW:
            return []
        truth = [
            f"{name} {self.row(next(iter(self.samples)), name)['truth']:.4g}" for name in self.parameters
        ]
        return [f"exact gradient: {', '.join(truth)}"]


def _cells(row: dict[str, Any], shown: Mapping[str, str]) -> list[str]:
    return [_cell(_shown(row, name)) for name in shown]


def _shown(row: dict[str, Any], name: str) -> Any:
    """0 in place of a spread that is rounding alone."""
    is_spread = name.startswith("variance") or name == "standard_error"
    return 0.0 if is_spread and row["variance"] ** 0.5 <= row["rounding"] else row[name]


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return "–" if np.isnan(value) else f"{value:.4g}"
