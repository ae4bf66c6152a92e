"""The data and the components in one or two columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from jensen.basics.tables import default_columns
from jensen.em.contract import as_model
from jensen.em.posteriors import labels_of
from jensen.em.result import Fit
from jensen.em.summary.shown import components_of
from jensen.families.family import Components, Family
from jensen.report.labels import apart
from jensen.report.style import colour, marker

Array = NDArray[Any]

MAX_POINTS = 10_000  # that a panel draws; fewer where there are many panels
MAX_ROWS = 200_000  # of which histograms are made
MANY_PANELS_POINTS = 2_500
MAX_TICKS = 300
MAX_BARS = 200  # whole numbers in a range up to which each has its place
JITTER = 0.3  # of the distance between two whole numbers, so that equal rows are seen
HALO = [withStroke(linewidth=2.2, foreground="white")]
LINES: dict[float, Any] = {1.0: "-", 2.0: "--"}
"""Of ellipses, by their standard deviations."""
CIRCLE = np.stack([f(np.linspace(0.0, 2.0 * np.pi, 121)[:-1]) for f in (np.cos, np.sin)])
ELLIPSES = "ellipses: 1 (solid) and 2 (dashed) standard deviations"
SIZES = {False: (11.0, 0.115, 0.16), True: (7.5, 0.08, 0.11)}
"""Of a number, by whether a panel is small: points; inches wide a digit; inches high."""


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
        """Which rows a panel draws, spread over all of them by chance, the same in each panel."""
        most = MANY_PANELS_POINTS if small and len(self.names) > 2 else MAX_POINTS
        if len(self.rows) <= most:
            return np.arange(len(self.rows))
        return np.sort(np.random.default_rng(0).choice(len(self.rows), most, replace=False))

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
        axes.set_title("; ".join(part for part in (drawn, view.thinned()) if part))
        if has_ellipses:
            axes.legend(handles=_line_legend(), loc="best", handlelength=2.2)


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


def _moments(parts: Components, rows: Array, wr: Array) -> tuple[Array, Array]:
    """Means and covariances by the family; else of the rows under responsibilities, column by column."""
    if parts.family.moments is not None:
        return parts.family.moments(parts.params)
    total = np.maximum(wr.sum(axis=0), np.finfo(float).tiny)[:, None]
    means = wr.T @ rows / total
    variances = np.stack([w @ np.square(rows - mean) for w, mean in zip(wr.T, means, strict=True)]) / total
    return means, variances[:, :, None] * np.eye(rows.shape[1])


def _top(axes: Axes, parts: Array) -> float:
    """Room for the histogram and the curve, but not for a spike that would flatten everything else."""
    bars = max((patch.get_height() for patch in axes.patches), default=0.0)  # type: ignore[attr-defined]
    return 1.08 * max(bars, min(float(parts.sum(axis=0).max(initial=0.0)), 2.0 * bars or np.inf))


def _rug(axes: Axes, x: Array) -> None:
    if len(x) <= MAX_TICKS:
        axes.plot(x, np.zeros(len(x)), "|", color="black", alpha=0.5, markersize=7, clip_on=False)
