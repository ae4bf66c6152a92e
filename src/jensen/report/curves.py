"""The criterion over the sweep, and how EM climbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from jensen.basics.numbers import signed
from jensen.basics.verdict import Outcome
from jensen.em.algorithms import EM
from jensen.em.contract import as_model
from jensen.em.fit import fit as run_em
from jensen.em.result import Fit
from jensen.report.shown import components_of, num_columns
from jensen.report.style import LINES, MARKERS, PALETTE
from jensen.selection.selection import Cell, Selection

Array = NDArray[Any]

BELOW = -1.0  # where a cell is drawn that is better and not to be chosen
LINEAR_BELOW = 10.0  # of the criterion: what is called very strong evidence
NUM_CLIMBS = 6
MAX_STEPS = 300
MAX_WORK = 2e6  # of a pass over the data, so that all climbs take about a second
INFORMATIVE = 1.0  # nats that the fit's own climb has to have climbed
SAME = 0.01  # nats
SMALLEST = 1e-5  # nats
IMPROPER = (Outcome.COLLAPSED, Outcome.FAILED)

LEGEND: dict[str, Any] = {
    "loc": "lower left",
    "bbox_to_anchor": (-0.02, 0.97),
    "handlelength": 1.8,
    "handletextpad": 0.4,
    "columnspacing": 0.9,
    "borderpad": 0.0,
}


def draw_criterion(axes: Axes, selection: Selection) -> None:
    """How far each model is above the best one, by k, a line for each structure."""
    best = selection.value(selection.chosen)
    for i, column in enumerate(zip(*selection.grid(), strict=True)):
        cells = [cell for cell in column if cell is not None and cell.fit is not None]
        if not cells or all(cell.same_as for cell in cells):
            continue
        _draw_structure(axes, selection, cells, best, i)
    chosen, title = selection.chosen, selection.criterion.title
    ring = {"markersize": 11, "markerfacecolor": "none", "markeredgecolor": "black"}
    axes.plot(chosen.num_components, 0, "o", zorder=5, **ring)
    axes.set_yscale("symlog", linthresh=LINEAR_BELOW, linscale=1.0)
    axes.set_ylim(bottom=2 * BELOW)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: signed(f"{value:,.0f}")))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    improper = any(cell.fit is not None and cell.tier for cell in selection.cells)
    note = "  (×: not a proper maximum)" if improper else ""
    axes.set(xlabel=f"components k{note}", ylabel=f"{title} − best")
    axes.set_title(f"best {title} {signed(f'{best:.1f}')}: {chosen.label}", pad=18)
    axes.legend(ncols=5, **LEGEND)


def _draw_structure(axes: Axes, selection: Selection, cells: list[Cell], best: float, i: int) -> None:
    ks = [cell.num_components for cell in cells]
    above = np.array([selection.value(cell) - best for cell in cells])
    sound = np.array([cell.tier == 0 for cell in cells])
    axes.plot(
        ks,
        np.where(sound, above, np.nan),
        color=PALETTE[i % len(PALETTE)],
        linestyle=LINES[i % len(LINES)],
        marker=MARKERS[i % len(MARKERS)],
        markersize=4,
        linewidth=1.1,
        label=cells[0].name,
    )
    if not sound.all():
        axes.plot(
            np.array(ks)[~sound],
            np.where(above[~sound] < 0, BELOW, above[~sound]),
            "x",
            color=PALETTE[i % len(PALETTE)],
            markersize=4,
        )


def draw_climbs(axes: Axes, climbs: Climbs, fit: Fit) -> None:
    """The log-likelihood still to be gained, step by step, on a log axis."""
    left = max(fit.remaining, 0.0) if np.isfinite(fit.remaining) else 0.0
    top = left + max([fit.objective, *(climb[-1] for climb in climbs.lines)])
    for line in climbs.lines:
        gap = np.maximum(top - line, SMALLEST)
        reached = gap[-1] < SAME
        end = int(np.argmin(gap)) + 1 if reached else len(gap)
        axes.plot(
            np.arange(end),
            gap[:end],
            color=PALETTE[0] if reached else "#999999",
            linewidth=1.2,
            linestyle="-" if reached else "--",
            zorder=2 if reached else 1,
        )
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.set(xlabel=climbs.label, ylabel="log-likelihood to gain")
    axes.set_title(climbs.title)


def draw_ends(axes: Axes, fit: Fit) -> None:
    """How far every start ended below the best one."""
    ends = np.asarray(fit.starts["objective"], float)
    sound = np.isfinite(ends) & ~np.isin(fit.starts["outcome"], IMPROPER)
    gap = np.maximum(fit.objective - ends[sound], SMALLEST)
    axes.plot(np.arange(1, len(gap) + 1), gap, "o", markersize=4, color=PALETTE[0])
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.set(xlabel="start, best first", ylabel="log-likelihood below this fit")
    axes.set_title("where the starts ended")


@dataclass(frozen=True, slots=True, eq=False)
class Climbs:
    """Objectives step by step, and what they are."""

    lines: list[Array]
    title: str
    label: str


def climbs_of(fit: Fit, data: Any, weight: Array | None) -> Climbs | None:
    """The fit's own climb where it tells something; else plain EM from random starts, for the picture.

    None where that would take long: rows × components × columns² of a pass, times climbs and steps.
    """
    own = np.asarray(fit.ledger["objective"], float) if fit.ledger else np.array([fit.objective])
    if own[-1] - own[0] >= INFORMATIVE:
        return Climbs([own], "the climb of this fit", "step")
    parts, model = components_of(fit), as_model(fit.model)
    k = 1 if parts is None else len(parts.weights)
    rows, columns = fit.weight if weight is None else len(weight), num_columns(fit) or 1
    if k == 1 or model.start is None or rows * k * columns**2 > MAX_WORK:
        return None
    starts = (model.start(data, weight, np.random.default_rng(seed)) for seed in range(NUM_CLIMBS))
    runs = [
        run_em(model, data, start, weight=weight, algorithm=EM(), max_steps=MAX_STEPS) for start in starts
    ]
    lines = [
        np.asarray(run.ledger["objective"], float) for run in runs if run.verdict.outcome not in IMPROPER
    ]
    reached = sum(line[-1] > fit.objective - SAME for line in lines)
    title = f"{reached} of {NUM_CLIMBS} starts reach this"
    return Climbs(lines, title, "EM step, from random starts") if lines else None
