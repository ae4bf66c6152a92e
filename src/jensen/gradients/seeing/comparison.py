"""`Comparison`: what `compare` returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class Comparison:
    """Estimators of one gradient, side by side.

    Attributes
    ----------
    table
        A dict of columns with a row for each parameter and estimator, for ``pandas.DataFrame(table)`` or
        ``polars.DataFrame(table)``. ``variance`` is that of one replicate, ``variance_per_draw`` that times
        the number of draws; ``bias`` is in standard errors from ``truth``, NaN where there is none;
        ``seconds`` is the measured time of one replicate, ``rounding`` what rounding may do to a mean.
    samples
        For each estimator (replicates, parameters).
    parameters
        Names of the entries of θ.
    remarks
        What is to be known beside the numbers: values that are not finite, and where; biased estimators.
    """

    table: Mapping[str, NDArray[Any]]
    samples: Mapping[str, NDArray[Any]] = field(repr=False)
    parameters: Sequence[str]
    remarks: Sequence[str] = ()

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table as dictionaries of Python values."""
        lists = {name: column.tolist() for name, column in self.table.items()}
        count = len(lists["estimator"])
        return [{name: column[i] for name, column in lists.items()} for i in range(count)]

    def row(self, estimator: str, parameter: str | None = None) -> dict[str, Any]:
        """One row, by the name of the estimator; the parameter may be left out where there is only one."""
        if parameter is None and len(self.parameters) > 1:
            raise ValueError(f"which parameter? there are {', '.join(self.parameters)}")
        wanted = (estimator, self.parameters[0] if parameter is None else parameter)
        for row in self.rows():
            if (row["estimator"], row["parameter"]) == wanted:
                return row
        raise KeyError(f"no row {wanted}; the estimators are {', '.join(self.samples)}")

    def plot(self) -> Any:
        """A figure: how the estimates are spread, and their variance."""
        from jensen.gradients.seeing.plots import plot_comparison

        return plot_comparison(self)

    def __repr__(self) -> str:
        return self.text()

    def text(self, most: int = 40) -> str:
        """The table as text; of more than ``most`` rows those in the middle are left out."""
        cells = self._cells()
        half = most // 2
        cut = len(cells) > most
        picked = [*cells[:half], *cells[-half:]] if cut else cells
        widths = [max(map(len, column)) for column in zip(SHOWN.values(), *picked, strict=True)]
        lines = [_line(line, widths) for line in [list(SHOWN.values()), *picked]]
        if cut:
            lines.insert(half + 1, f"… {len(cells) - 2 * half} more rows …")
        return "\n".join([*lines, *self.remarks])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in SHOWN.values())
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in self._cells()
        )
        notes = "".join(f"<p>{escape(remark)}</p>" for remark in self.remarks)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"

    def _cells(self) -> list[list[str]]:
        return [[_cell(_shown(row, name)) for name in SHOWN] for row in self.rows()]


def _line(cells: list[str], widths: list[int]) -> str:
    left, *others = zip(cells, widths, strict=True)
    return "  ".join([left[0].ljust(left[1]), *(text.rjust(width) for text, width in others)]).rstrip()


def _shown(row: dict[str, Any], name: str) -> Any:
    """0 in place of a spread that is rounding alone."""
    is_spread = name.startswith("variance") or name == "standard_error"
    return 0.0 if is_spread and row["variance"] <= row["rounding"] ** 2 else row[name]


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return "–" if np.isnan(value) else f"{value:.4g}"
