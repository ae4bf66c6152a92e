"""The data and the components in one or two columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from jensen.em import Fit
from jensen.report.parts import mixture_of, parts_of
from jensen.report.style import colour, marker

Array = NDArray[Any]

MAX_POINTS = 10_000
MAX_SHADED = 200_000
MAX_TICKS = 300
HALO = [withStroke(linewidth=2.2, foreground="white")]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What the panels draw: the rows to show, and the components as full matrices.

    Attributes
    ----------
    rows, weight, labels
        (m, d), (m,) or None, (m,): at most `MAX_SHADED` rows, spread evenly over the data.
    total
        Rows in all.
    weights, means, covariances
        (k,), (k, d), (k, d, d).
    """

    rows: Array
    weight: Array | None
    labels: Array
    total: int
    weights: Array
    means: Array
    covariances: Array
    names: list[str]

    @classmethod
    def of(cls, fit: Fit, data: Array, weight: Array | None, names: list[str]) -> View:
        every = -(-len(data) // MAX_SHADED)
        rows = np.ascontiguousarray(data[::every])
        weights, means, full, _ = parts_of(fit)
        labels = mixture_of(fit).posterior(fit.params, rows).responsibilities.argmax(axis=1)
        thinned = None if weight is None else np.asarray(weight, float)[::every]
        return cls(np.asarray(rows, float), thinned, labels, len(data), weights, means, full, names)

    @property
    def shaded(self) -> bool:
        """Whether there are too many rows to draw each."""
        return len(self.rows) > MAX_POINTS

    def separation(self) -> Array:
        """Of each column: the spread of the component means over that within components, (d,)."""
        centre = self.weights @ self.means
        between = self.weights @ np.square(self.means - centre)
        return between / (self.weights @ np.diagonal(self.covariances, axis1=1, axis2=2))

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
        return "; ".join(part for part in (cut, self.thinned()) if part)

    def thinned(self) -> str:
        """How many of the rows are drawn."""
        return f"{len(self.rows):,} of {self.total:,} rows drawn" if len(self.rows) < self.total else ""

    def limits(self, j: int) -> tuple[float, float]:
        """Of column j: the rows, and the components as far as they are near the rows."""
        low, high = float(self.rows[:, j].min()), float(self.rows[:, j].max())
        room = 0.25 * (high - low) or 1.0
        reach = 2.1 * np.sqrt(self.covariances[:, j, j])
        inner_low, inner_high = (self.means[:, j] - reach).min(), (self.means[:, j] + reach).max()
        pad = 0.04 * (high - low)
        return max(low - room, min(low - pad, inner_low)), min(high + room, max(high + pad, inner_high))


def draw_pair(axes: Axes, view: View, a: int, b: int, small: bool = False) -> None:
    """Rows in columns a and b, and the ellipses of each component."""
    axes.set(xlim=view.limits(a), ylim=view.limits(b), xlabel=view.names[a], ylabel=view.names[b])
    (_shade if view.shaded else _scatter)(axes, view, a, b, small)
    for i, (mean, covariance) in enumerate(zip(view.means, view.covariances, strict=True)):
        pair = covariance[np.ix_([a, b], [a, b])]
        for deviations, line in ((1.0, "-"), (2.0, "--")):
            axes.add_patch(_ellipse(mean[[a, b]], pair, deviations, i, line, small))
        if axes.get_xlim()[0] <= mean[a] <= axes.get_xlim()[1]:
            _number(axes, mean[a], mean[b], i, small)
    if not small:
        note = "ellipses: 1 and 2 standard deviations" + (f"; {view.thinned()}" if view.thinned() else "")
        axes.set_title(note)


def draw_density(axes: Axes, view: View, j: int, small: bool = False) -> None:
    """The mixture's density, and each component's share of it, over a histogram of column j."""
    x = view.rows[:, j]
    low, high = view.limits(j)
    axes.hist(
        x,
        bins=_bins(view, j),
        weights=view.weight,
        density=True,
        color="#D9D9D9",
        edgecolor="white",
        linewidth=0.3,
    )
    grid = _grid(view, j, low, high)
    parts = _densities(view, j, grid)
    for i, part in enumerate(parts):
        axes.plot(grid, part, color=colour(i), linewidth=0.9, linestyle="--" if i // 8 else "-")
        axes.fill_between(grid, part, color=colour(i), alpha=0.15, linewidth=0)
        peak = int(part.argmax())
        _number(axes, grid[peak], part[peak], i, small)
    axes.plot(grid, parts.sum(axis=0), color="black", linewidth=1.0 if small else 1.4)
    axes.set(xlim=(low, high), xlabel=view.names[j], ylabel="" if small else "density")
    axes.set_ylim(0, _top(axes, parts))
    if small:
        axes.set_yticks([])
    else:
        _rug(axes, x)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4))
        axes.set_title("the mixture (black), its components, and a histogram")


def _scatter(axes: Axes, view: View, a: int, b: int, small: bool) -> None:
    size = (4.0 if small else 14.0) * min(1.0, (1000 / len(view.rows)) ** 0.5)
    sizes = size if view.weight is None else size * np.clip(view.weight / view.weight.mean(), 0.05, 10.0)
    for i in range(len(view.weights)):
        mine = view.labels == i
        axes.scatter(
            view.rows[mine, a],
            view.rows[mine, b],
            s=sizes if np.isscalar(sizes) else np.asarray(sizes)[mine],
            color=colour(i),
            marker=marker(i),
            alpha=0.55,
            linewidths=0,
            rasterized=len(view.rows) > 2000,
        )


def _shade(axes: Axes, view: View, a: int, b: int, small: bool) -> None:
    extent = (*axes.get_xlim(), *axes.get_ylim())
    axes.hexbin(
        view.rows[:, a],
        view.rows[:, b],
        C=view.weight,
        reduce_C_function=np.sum,
        gridsize=40 if small else 70,
        bins="log",
        cmap="Greys",
        mincnt=1,
        linewidths=0,
        extent=extent,
        rasterized=True,
    )


def _ellipse(centre: Array, covariance: Array, deviations: float, i: int, line: str, small: bool) -> Ellipse:
    values, vectors = np.linalg.eigh(covariance)
    width, height = 2.0 * deviations * np.sqrt(np.maximum(values, 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0])))
    return Ellipse(
        (float(centre[0]), float(centre[1])),
        width,
        height,
        angle=angle,
        fill=False,
        edgecolor=colour(i),
        linestyle=line,
        linewidth=(1.0 if small else 1.6) * (1.0 if line == "-" else 0.7),
        path_effects=[withStroke(linewidth=2.4 if small else 3.2, foreground="white", alpha=0.6)],
    )


def _number(axes: Axes, x: float, y: float, i: int, small: bool) -> None:
    """The component's number, on a white halo: told apart without colour."""
    axes.annotate(
        str(i),
        (x, y),
        color=colour(i),
        ha="center",
        va="center",
        fontsize=7.5 if small else 11,
        fontweight="bold",
        path_effects=HALO,
        annotation_clip=True,
    )


def _bins(view: View, j: int) -> int:
    """The rule of Freedman and Diaconis for a normal sample, with the spread within components."""
    within = float(view.weights @ np.sqrt(view.covariances[:, j, j]))
    width = 2.7 * within / len(view.rows) ** (1 / 3)
    return int(np.clip(np.ptp(view.rows[:, j]) / width, 12, 80))


def _grid(view: View, j: int, low: float, high: float) -> Array:
    """Even points, and points about every mean so that narrow components keep their peaks."""
    near = view.means[:, j, None] + np.sqrt(view.covariances[:, j, j])[:, None] * np.linspace(-4, 4, 41)
    points = np.concatenate([np.linspace(low, high, 400), near.ravel()])
    return np.unique(points[(points >= low) & (points <= high)])


def _densities(view: View, j: int, grid: Array) -> Array:
    variances = view.covariances[:, j, j][:, None]
    squares = np.square(grid - view.means[:, j, None]) / variances
    return view.weights[:, None] * np.exp(-0.5 * squares) / np.sqrt(2 * np.pi * variances)


def _top(axes: Axes, parts: Array) -> float:
    """Room for the histogram and the curve, but not for a spike that would flatten everything else."""
    bars = max((patch.get_height() for patch in axes.patches), default=0.0)  # type: ignore[attr-defined]
    return 1.08 * max(bars, min(float(parts.sum(axis=0).max()), 2.0 * bars or np.inf))


def _rug(axes: Axes, x: Array) -> None:
    if len(x) <= MAX_TICKS:
        axes.plot(x, np.zeros(len(x)), "|", color="black", alpha=0.5, markersize=7, clip_on=False)
