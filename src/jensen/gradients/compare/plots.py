"""A figure of a comparison: how the estimates are spread, and their variance (matplotlib)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jensen.basics.palette import colours_of
from jensen.gradients.compare.menu import MENU

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BIASED = " *"
MOST = 4  # parameters that are drawn
WIDTH = 34  # letters of a name in a line


class Shown(Protocol):
    """What is drawn: a `Comparison`."""

    @property
    def samples(self) -> Mapping[str, NDArray[Any]]: ...
    @property
    def parameters(self) -> Sequence[str]: ...
    @property
    def has_exact(self) -> bool: ...
    def is_off(self, row: Mapping[str, Any]) -> bool: ...
    def rows(self) -> list[dict[str, Any]]: ...


def plot_comparison(found: Shown, title: str = "") -> Figure:
    """A row of two panels for each parameter."""
    from matplotlib.figure import Figure

    shown = _most_spread(found)
    height = 1.2 + 0.42 * len(found.samples)
    figure = Figure(figsize=(10.0, max(2.8, height) * len(shown)), layout="constrained")
    colors = colours_of(found.samples, MENU)  # by their places on it: the same in every figure
    panels = figure.subplots(len(shown), 2, squeeze=False, width_ratios=(3, 2))
    for parameter, (left, right) in zip(shown, panels, strict=True):
        rows = [row for row in found.rows() if row["parameter"] == parameter]
        _draw_spread(left, found, parameter, rows, colors)
        _draw_variance(right, rows, colors)
    if title:
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    if len(found.parameters) > MOST:
        left = len(found.parameters) - MOST
        figure.supxlabel(f"{left} more parameters, whose estimates vary less, are not drawn", fontsize=8)
    return figure


def _most_spread(found: Shown) -> list[str]:
    """Those whose estimates vary most, in their own order: there may be more than can be looked at."""
    most = dict.fromkeys(found.parameters, -1.0)
    for row in found.rows():
        if np.isfinite(cost := row["variance_x_evaluations"]):
            most[row["parameter"]] = max(most[row["parameter"]], cost)
    drawn = set(sorted(most, key=lambda name: -most[name])[:MOST])
    return [name for name in found.parameters if name in drawn]


def _costs(rows: list[dict[str, Any]]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Variance × evaluations of f, and which of them are more than rounding."""
    cost = np.array([row["variance_x_evaluations"] for row in rows])
    size = np.array([row["mean"] ** 2 for row in rows])
    return cost, np.isfinite(cost) & (cost > 1e-9 * np.maximum(size, 1.0))


def _draw_spread(
    axes: Any, found: Shown, parameter: str, rows: list[dict[str, Any]], colors: Mapping[str, str]
) -> None:
    """For each estimator where 50 % and 98 % of its replicates are, and their mean."""
    column = found.parameters.index(parameter)
    for i, row in enumerate(rows):
        color = colors[row["estimator"]]
        values = found.samples[row["estimator"]][:, column]
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        low, quarter, middle, high = np.quantile(values, [0.01, 0.25, 0.75, 0.99])
        axes.plot([low, high], [i, i], color=color, lw=1.2, solid_capstyle="butt")
        axes.plot([quarter, middle], [i, i], color=color, lw=7, solid_capstyle="butt", alpha=0.55)
        axes.plot(row["mean"], i, "o", color=color, ms=5, mec="white", mew=0.8)
    has_line = found.has_exact and np.isfinite(rows[0]["truth"])
    if has_line:
        axes.axvline(rows[0]["truth"], color="black", lw=0.8, ls=":", zorder=0)
    axes.set_yticks(range(len(rows)), [_called(row, found.is_off(row)) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    if not axes.lines:
        axes.text(0.5, 0.5, "no estimate is finite", transform=axes.transAxes, ha="center", fontsize=9)
        axes.set_xticks([])
    axes.set_xlabel(f"estimates of the gradient in {parameter}", loc="left")
    exact = "; dotted: exact" if has_line else ""
    biased = "; * biased" if any(map(found.is_off, rows)) else ""
    axes.set_title(f"mean, middle 50 % and 98 %{exact}{biased}", fontsize=9, loc="left")
    _plain(axes)


def _called(row: dict[str, Any], is_off: bool) -> str:
    """A long name in two lines, marked where it is biased; of more than one draw, with their number."""
    lines = wrap(row["estimator"] + BIASED * is_off, WIDTH)
    name = "\n".join(lines) if len(lines) < 3 else f"{lines[0]}\n{lines[1][:-1]}…"
    return name if row["draws"] == 1 else f"{name}\n{row['draws']} draws"


def _draw_variance(axes: Any, rows: list[dict[str, Any]], colors: Mapping[str, str]) -> None:
    """Variance × evaluations of f, with four of its standard errors; and in figures, where dots are close."""
    cost, seen = _costs(rows)
    error = np.array([row["variance_error"] * row["evaluations"] for row in rows])
    for i, row in enumerate(rows):
        color = colors[row["estimator"]]
        if seen[i]:
            low, high = max(cost[i] - 4 * error[i], 0.0), cost[i] + 4 * error[i]
            axes.plot([low, high], [i, i], color=color, lw=1.5)
            axes.plot(cost[i], i, "o", color=color, ms=5.5)
        word = f"{cost[i]:.3g}" if seen[i] else "0" if np.isfinite(cost[i]) else "not finite"
        axes.text(1.02, i, word, transform=axes.get_yaxis_transform(), va="center", fontsize=9, color=color)
    axes.set_xlim(left=0.0)
    if not seen.any():
        axes.set_xticks([0.0])
    axes.set_yticks(range(len(rows)), [])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("variance × evaluations of f", loc="left")
    axes.set_title("± 4 standard errors", fontsize=9, loc="left")
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3, labelsize=9)
    axes.ticklabel_format(axis="x", scilimits=(-3, 4))
    axes.grid(axis="x", lw=0.4, alpha=0.5)
