"""The data and the components in one or two columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from jensen.report.labels import apart
from jensen.report.style import LEGEND, above_legend, colour, marker
from jensen.report.view import View

Array = NDArray[Any]

MAX_TICKS = 300
MAX_BARS = 200  # whole numbers in a range up to which each has its place
JITTER = 0.3  # of the distance between two whole numbers, so that equal rows are seen
HALO = [withStroke(linewidth=2.2, foreground="white")]
LINES: dict[float, Any] = {1.0: "-", 2.0: "--"}
"""Of ellipses, by their standard deviations."""
CIRCLE = np.stack([f(np.linspace(0.0, 2.0 * np.pi, 121)[:-1]) for f in (np.cos, np.sin)])
SIZES = {False: (11.0, 0.115, 0.16), True: (7.5, 0.08, 0.11)}
"""Of a number, by whether a panel is small: points; inches wide a digit; inches high."""


def draw_pair(axes: Axes, view: View, a: int, b: int, small: bool = False) -> None:
    """Rows in columns a and b, and the ellipses of each component."""
    axes.set(xlim=view.limits(a), ylim=view.limits(b), xlabel=view.names[a], ylabel=view.names[b])
    _scatter(axes, view, a, b, small)
    has_ellipses = view.has_ellipses and not (view.is_discrete(a) or view.is_discrete(b))
    for i, (mean, covariance) in enumerate(zip(view.means, view.covariances, strict=True)):
        pair = covariance[np.ix_([a, b], [a, b])]
        for deviations in LINES if has_ellipses else ():
            axes.add_patch(_ellipse(mean[[a, b]], pair, deviations, i, small))
    _numbers(axes, view.means[:, a], view.means[:, b], small)
    if not small:
        drawn = (
            "rows and ellipses by component" if has_ellipses else "rows by component, numbers at the means"
        )
        words = "; ".join(part for part in (drawn, view.thinned()) if part)
        axes.set_title(words, pad=above_legend(1) if has_ellipses else None)
        if has_ellipses:
            axes.legend(handles=_line_legend(), ncols=2, **{**LEGEND, "handlelength": 2.2})


def _line_legend() -> list[Line2D]:
    return [
        Line2D([], [], color="#444444", linestyle=line, linewidth=1.2, label=label)
        for line, label in zip(LINES.values(), ("1 standard deviation", "2 standard deviations"), strict=True)
    ]


def draw_column(axes: Axes, view: View, j: int, small: bool = False) -> None:
    """The mixture, and each component's share of it, over what was observed in column j."""
    (_draw_bars if view.is_discrete(j) else _draw_density)(axes, view, j, small)
    axes.set(xlim=view.limits(j), xlabel=view.names[j])
    if small:
        axes.set_yticks([])


def _draw_density(axes: Axes, view: View, j: int, small: bool) -> None:
    """The density over a histogram."""
    axes.hist(
        view.rows[:, j],
        bins=_bins(view, j),
        weights=view.weight,
        density=True,
        color="#D9D9D9",
        edgecolor="white",
        linewidth=0.3,
    )
    grid = _grid(view, j)
    parts = _shares(view, j, grid)
    for i, part in enumerate(parts):
        axes.plot(grid, part, color=colour(i), linewidth=0.9, linestyle="--" if i // 8 % 2 else "-")
        axes.fill_between(grid, part, color=colour(i), alpha=0.15, linewidth=0)
    if len(parts):
        axes.plot(grid, parts.sum(axis=0), color="black", linewidth=1.0 if small else 1.4)
    axes.set(xlim=view.limits(j), ylim=(0, _top(axes, parts)))
    if len(parts):
        _numbers(axes, grid[parts.argmax(axis=1)], parts.max(axis=1), small)
    if not small:
        axes.set_ylabel("density")
        _rug(axes, view.rows[:, j])
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4))
        axes.set_title(
            "the mixture (black), its components, and a histogram" if len(parts) else "a histogram"
        )


def _draw_bars(axes: Axes, view: View, j: int, small: bool) -> None:
    """Probabilities over how often each value was observed."""
    x = view.rows[:, j]
    values = np.unique(x)
    if np.ptp(x) < MAX_BARS and (values == np.round(values)).all():
        values = np.arange(values[0], values[-1] + 1)
    counts = np.bincount(np.searchsorted(values, x), view.weight, len(values))
    axes.bar(values, counts / counts.sum(), width=0.8, color="#D9D9D9", edgecolor="white", linewidth=0.3)
    parts = _shares(view, j, values)
    size = 2.0 if small else 4.0
    for i, part in enumerate(parts):
        axes.plot(values, part, color=colour(i), marker=marker(i), markersize=size, linewidth=0.9)
    if len(parts):
        axes.plot(values, parts.sum(axis=0), color="black", marker="_", markersize=2 * size, linewidth=0.8)
    axes.set(xlim=view.limits(j), ylim=(0, _top(axes, parts)))
    if len(parts):
        _numbers(axes, values[parts.argmax(axis=1)], parts.max(axis=1), small)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    if not small:
        axes.set_ylabel("probability")
        axes.set_title("the mixture (black), its components, and how often each value is in the data")


def _scatter(axes: Axes, view: View, a: int, b: int, small: bool) -> None:
    drawn = view.drawn(small)
    size = (4.0 if small else 14.0) * min(1.0, (1000 / len(drawn)) ** 0.5)
    sizes = np.full(len(drawn), size)
    if view.weight is not None:
        sizes *= np.clip(view.weight[drawn] / view.weight.mean(), 0.05, 10.0)
    x, y, labels = _apart(view, a)[drawn], _apart(view, b)[drawn], view.labels[drawn]
    for i in range(len(view.weights)):
        mine = labels == i
        axes.scatter(
            x[mine],
            y[mine],
            s=sizes[mine],
            color=colour(i),
            marker=marker(i),
            alpha=0.55 if len(drawn) <= 2000 else 0.35,
            linewidths=0,
            rasterized=len(drawn) > 2000,
        )


def _ellipse(centre: Array, covariance: Array, deviations: float, i: int, small: bool) -> Polygon:
    """Where the Mahalanobis distance is ``deviations``; each coordinate on its own scale, for any units."""
    spread = np.sqrt(np.maximum(np.diagonal(covariance), np.finfo(float).tiny))
    correlation = float(np.clip(covariance[0, 1] / spread[0] / spread[1], -1.0, 1.0))
    factor = np.array([[1.0, 0.0], [correlation, np.sqrt(1.0 - correlation**2)]])
    line = LINES[deviations]
    return Polygon(
        centre + (deviations * spread[:, None] * (factor @ CIRCLE)).T,
        closed=True,
        fill=False,
        edgecolor=colour(i),
        linestyle=line,
        linewidth=(1.0 if small else 1.6) * (1.0 if line == "-" else 0.7),
        path_effects=[withStroke(linewidth=2.4 if small else 3.2, foreground="white", alpha=0.6)],
    )


def _numbers(axes: Axes, x: Array, y: Array, small: bool) -> None:
    """The numbers of the components where they are, or beside it with a line to it where others are."""
    points, wide, high = SIZES[small]
    inches = axes.get_window_extent().size / axes.get_figure(root=True).dpi  # type: ignore[union-attr]
    corner = np.array([axes.get_xlim()[0], axes.get_ylim()[0]])
    span = np.array([axes.get_xlim()[1], axes.get_ylim()[1]]) - corner
    at = np.stack([x, y], axis=1)
    seen = np.flatnonzero(((at >= corner) & (at <= corner + span)).all(axis=1))
    digits = len(str(len(x) - 1))
    moved = apart((at[seen] - corner) / span * inches, (digits * wide, high), tuple(inches))
    for i, place in zip(seen.tolist(), moved / inches * span + corner, strict=True):
        far = np.abs((place - at[i]) / span * inches).max() > high / 2
        line = {"arrowstyle": "-", "color": colour(i), "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0}
        number = axes.annotate(
            str(i),
            at[i],
            place,
            color=colour(i),
            ha="center",
            va="center",
            fontsize=points,
            fontweight="bold",
            path_effects=HALO,
            annotation_clip=True,
            arrowprops=line if far else None,
        )
        number.set_in_layout(False)


def _apart(view: View, j: int) -> Array:
    """Column j to be drawn: rows with the same whole number side by side."""
    x = view.rows[:, j]
    if not view.is_discrete(j):
        return x
    return x + np.random.default_rng(j).uniform(-JITTER, JITTER, len(x))


def _bins(view: View, j: int) -> int:
    """The rule of Freedman and Diaconis for a normal sample, with the spread within components."""
    within = float(view.weights @ np.sqrt(view.covariances[:, j, j]))
    width = 2.7 * within / len(view.rows) ** (1 / 3)
    return int(np.clip(np.ptp(view.rows[:, j]) / width, 12, 80)) if width > 0 else 12


def _grid(view: View, j: int) -> Array:
    """Even points, and points about every mean so that narrow components keep their peaks."""
    low, high = view.limits(j)
    if view.family.marginal is None:
        low, high = float(view.rows[:, j].min()), float(view.rows[:, j].max())
    near = view.means[:, j, None] + np.sqrt(view.covariances[:, j, j])[:, None] * np.linspace(-4, 4, 41)
    points = np.concatenate([np.linspace(low, high, 400), near.ravel()])
    return np.unique(points[(points >= low) & (points <= high)])


def _shares(view: View, j: int, points: Array) -> Array:
    """(k, m): of each component, its weight times its density or its probabilities; (0, m) if not known."""
    if view.family.marginal is not None:
        return view.weights[:, None] * np.asarray(view.family.marginal(view.params, j, points), float)
    if view.rows.shape[1] > 1:
        return np.zeros((0, len(points)))
    with np.errstate(all="ignore"):
        density = np.exp(view.family.log_density(view.params, points.reshape(-1, *view.shape))).T
    return view.weights[:, None] * np.where(np.isfinite(density), density, 0.0)


def _top(axes: Axes, parts: Array) -> float:
    """Room for the histogram and the curve, but not for a spike that would flatten everything else."""
    bars = max((patch.get_height() for patch in axes.patches), default=0.0)  # type: ignore[attr-defined]
    return 1.08 * max(bars, min(float(parts.sum(axis=0).max(initial=0.0)), 2.0 * bars or np.inf))


def _rug(axes: Axes, x: Array) -> None:
    if len(x) <= MAX_TICKS:
        axes.plot(x, np.zeros(len(x)), "|", color="black", alpha=0.5, markersize=7, clip_on=False)
