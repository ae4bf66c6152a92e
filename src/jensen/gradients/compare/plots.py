"""A figure of a comparison: how the estimates are spread, and their variance (matplotlib)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jensen.basics.palette import colours_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 4  # parameters that are drawn
FIRST = (
    *("score", "mean-baseline", "best-baseline", "leave-one-out", "path", "antithetic-path"),
    *("measure-valued", "optimal-coefficient", "stratified-path", "sobol-path", "arm", "disarm", "rebar"),
    *("concrete", "straight-through", "taylor-score", "taylor-path", "exact"),
)
"""The names on the command line, by whose places they have their colours: the same in every figure."""
LOG_FROM = 30.0  # ratio of variances from which their axes are logarithmic


class Shown(Protocol):
    """What is drawn: a `Comparison`."""

    @property
    def samples(self) -> Mapping[str, NDArray[Any]]: ...
    @property
    def parameters(self) -> Sequence[str]: ...
    @property
    def has_exact(self) -> bool: ...
    def rows(self) -> list[dict[str, Any]]: ...


def plot_comparison(found: Shown, title: str = "") -> Figure:
    """A row of two panels for each parameter."""
    from matplotlib.figure import Figure

    shown = found.parameters[:MOST]
    height = 1.2 + 0.42 * len(found.samples)
    figure = Figure(figsize=(10.0, max(2.8, height) * len(shown)), layout="constrained")
    colors = colours_of(found.samples, FIRST)
    is_log = _is_wide(found, shown)
    panels = figure.subplots(len(shown), 2, squeeze=False, width_ratios=(3, 2))
    for parameter, (left, right) in zip(shown, panels, strict=True):
        rows = [row for row in found.rows() if row["parameter"] == parameter]
        _draw_spread(left, found, parameter, rows, colors)
        _draw_variance(right, rows, colors, is_log)
    if title:
        figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    if len(found.parameters) > MOST:
        figure.supxlabel(f"{len(found.parameters) - MOST} more parameters are not drawn", fontsize=8)
    return figure


def _is_wide(found: Shown, parameters: Sequence[str]) -> bool:
    """Whether the costs of any parameter differ so much that all panels of them are on a log scale."""
    for parameter in parameters:
        rows = [row for row in found.rows() if row["parameter"] == parameter]
        cost, seen = _costs(rows)
        if seen.any() and cost[seen].max() > LOG_FROM * cost[seen].min():
            return True
    return False


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
    axes.set_yticks(range(len(rows)), [_called(row) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"estimates of the gradient in {parameter}")
    exact = "; dotted: exact" if has_line else ""
    axes.set_title(f"mean, middle 50 % and 98 %{exact}", fontsize=9, loc="left")
    _plain(axes)


def _called(row: dict[str, Any]) -> str:
    """Of more than one draw, with their number."""
    return row["estimator"] if row["draws"] == 1 else f"{row['estimator']}\n{row['draws']} draws"


def _draw_variance(axes: Any, rows: list[dict[str, Any]], colors: Mapping[str, str], is_log: bool) -> None:
    """Variance × evaluations of f, with four of its standard errors."""
    cost, seen = _costs(rows)
    error = np.array([row["variance_error"] * row["evaluations"] for row in rows])
    places = np.arange(len(rows))
    mine = [colors[row["estimator"]] for row in rows]
    picked = [color for color, sees in zip(mine, seen, strict=True) if sees]
    low = cost[seen] - 4 * error[seen]
    low = np.maximum(low, 0.02 * cost[seen]) if is_log else low
    axes.hlines(places[seen], low, cost[seen] + 4 * error[seen], colors=picked, lw=1.5)
    axes.scatter(cost[seen], places[seen], c=picked, s=28, zorder=3)
    if is_log:
        axes.set_xscale("log")
    else:
        axes.set_xlim(left=0.0)
    for i in places[~seen]:
        word = "0" if np.isfinite(cost[i]) else "not finite"
        axes.text(0.01, i, word, transform=axes.get_yaxis_transform(), va="center", color=mine[i])
    axes.set_yticks(places, [])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel("variance × evaluations of f" + " (log scale)" * is_log)
    axes.set_title("± 4 standard errors", fontsize=9, loc="left")
    _plain(axes)


def _plain(axes: Any) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3, labelsize=9)
    axes.grid(axis="x", lw=0.4, alpha=0.5)
