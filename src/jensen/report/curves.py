"""The criterion over the sweep, where the starts of the search ended, and the climb of one."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from jensen.basics.numbers import signed
from jensen.basics.palette import PALETTE
from jensen.basics.verdict import Outcome
from jensen.em.result import Fit
from jensen.em.start import SAME_OBJECTIVE
from jensen.em.summary import words
from jensen.report.style import LEGEND, LINES, MARKERS, above_legend
from jensen.selection.selection import Cell, Selection

Array = NDArray[Any]

FAR = 2.5  # times the median of what is above the best
VERY_STRONG = 10.0  # of the criterion: what is called very strong evidence
INFORMATIVE = 1.0  # nats that the fit's own climb has to have climbed
IMPROPER = (Outcome.COLLAPSED, Outcome.FAILED)
AT_AN_EDGE = (Outcome.BOUNDARY, Outcome.SADDLE, Outcome.FELL)
LEGEND_COLUMNS = 5
ARROW, BESIDE = r"$\uparrow$", 0.12


def draw_criterion(axes: Axes, selection: Selection) -> None:
    """How far each model is above the best one, by k, a line for each structure."""
    best = selection.value(selection.chosen)
    shown = [
        (i, cells)
        for i, column in enumerate(zip(*selection.grid(), strict=True))
        if (cells := [cell for cell in column if cell is not None and cell.fit is not None])
        and not all(cell.same_as for cell in cells)
    ]
    above = {i: np.array([selection.value(cell) - best for cell in cells]) for i, cells in shown}
    top = _top(np.concatenate([*above.values()]))
    for place, (i, cells) in enumerate(shown):
        _draw_structure(axes, cells, above[i], i, top, BESIDE * (place - (len(shown) - 1) / 2))
    chosen, title = selection.chosen, selection.criterion.title
    lines = ceil(len(shown) / LEGEND_COLUMNS)
    ring = {"markersize": 11, "markerfacecolor": "none", "markeredgecolor": "black"}
    axes.plot(chosen.num_components, 0, "o", zorder=5, clip_on=False, **ring)
    axes.set_ylim(-0.06 * top, top)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: signed(f"{value:,.0f}")))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    improper = any(cell.tier for _, cells in shown for cell in cells)
    beyond = any((values > top).any() for values in above.values())
    notes = ["×: not a proper maximum"] * improper + ["↑: far above"] * beyond
    said = f"  ({notes[0]})" if len(notes) == 1 else "\n" * bool(notes) + ", ".join(notes)
    axes.set(xlabel=f"components k{said}", ylabel=f"{title} − best")
    axes.set_title(f"best {title} {signed(f'{best:.1f}')}: {chosen.label}", pad=above_legend(lines))
    axes.legend(ncols=ceil(len(shown) / lines), **LEGEND)


def _top(above: Array) -> float:
    """Where the panel ends: what is far above the best is at its edge, so that what is near can be seen."""
    above = above[np.isfinite(above) & (above > 0)]
    highest = float(above.max(initial=0.0))
    return 1.08 * max(min(highest, FAR * float(np.median(above))) if len(above) else 0.0, VERY_STRONG)


def _draw_structure(axes: Axes, cells: list[Cell], above: Array, i: int, top: float, beside: float) -> None:
    """A line; what is beyond the ``top`` is an arrow there, a little ``beside`` those of other structures."""
    ks = np.array([cell.num_components for cell in cells])
    sound = np.array([cell.tier == 0 for cell in cells])
    color = PALETTE[i % len(PALETTE)]
    axes.plot(
        ks,
        np.where(sound, above, np.nan),
        color=color,
        linestyle=LINES[i % len(LINES)],
        marker=MARKERS[i % len(MARKERS)],
        markersize=4,
        linewidth=1.1,
        label=cells[0].name,
    )
    beyond = sound & (above > top)
    flawed = np.clip(above, -0.04 * top, top)
    if beyond.any():
        high = np.full(int(beyond.sum()), top)
        axes.plot(
            ks[beyond] + beside, high, marker=ARROW, color=color, markersize=8, linestyle="", clip_on=False
        )
    if not sound.all():
        axes.plot(ks[~sound], flawed[~sound], "x", color=color, markersize=4, clip_on=False)


def draw_climb(axes: Axes, fit: Fit) -> None:
    """The log-likelihood that the steps of the fit still had to gain, on a log axis."""
    line = np.asarray(fit.ledger["objective"], float)
    left = max(fit.remaining, 0.0) if np.isfinite(fit.remaining) else 0.0
    gap = left + fit.objective - line
    seen = gap > 0  # the end itself has nothing to gain
    axes.plot(np.flatnonzero(seen), gap[seen], "o-", markersize=2.5, color=PALETTE[0], linewidth=1.2)
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.set(xlabel="step", ylabel="log-likelihood to gain (log scale)")
    axes.set_title("the climb of this fit")


def has_climb(fit: Fit) -> bool:
    """Whether the climb of the fit tells something."""
    line = np.asarray(fit.ledger["objective"], float) if fit.ledger else np.array([fit.objective])
    return len(line) > 1 and bool(line[-1] - line[0] >= INFORMATIVE)


def draw_ends(axes: Axes, fit: Fit) -> None:
    """How far every start of the search ended below the best one."""
    ends, sound = _sound_ends(fit)
    gap = np.maximum(fit.objective - ends[sound], 0.0)
    maxima = np.asarray(fit.starts["maximum"])[sound]
    there = maxima == maxima[int(gap.argmin())]
    at = np.arange(1, len(gap) + 1)
    for which, color, label in ((there, PALETTE[0], "this maximum"), (~there, "#999999", "others")):
        if which.any():
            axes.plot(at[which], gap[which], "o", markersize=4, color=color, label=label, clip_on=False)
    axes.set(xlim=(0.5, len(gap) + 0.5), ylim=(0.0, 1.05 * max(gap.max(initial=0.0), 1.0)))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    left_out = len(sound) - len(gap)
    note = f"\n{left_out} of {len(sound)} are no proper ends: not drawn" if left_out else ""
    axes.set(xlabel=f"start, best first{note}", ylabel="log-lik. below this fit")
    axes.set_title(words.found(fit))
    axes.legend(loc="best", handletextpad=0.2)


def has_ends(fit: Fit) -> bool:
    """Whether there were several starts that ended somewhere."""
    return bool(fit.starts) and fit.starts.num_rows > 1 and bool(_sound_ends(fit)[1].any())


def _sound_ends(fit: Fit) -> tuple[Array, Array]:
    """Where each start ended, and whether that is an end."""
    ends = np.asarray(fit.starts["objective"], float)
    spurious = np.isin(fit.starts["outcome"], IMPROPER)
    passed_over = np.isin(fit.starts["outcome"], AT_AN_EDGE) & (ends > fit.objective + SAME_OBJECTIVE)
    return ends, np.isfinite(ends) & ~spurious & ~passed_over
