"""`plot_fit`: the data with the components, the criterion over the sweep, where starts ended (matplotlib).

Figures are made with matplotlib's object interface: no global state, no window, any thread.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from numpy.typing import NDArray

from jensen.em.result import Fit
from jensen.em.summary import words
from jensen.report.curves import draw_climb, draw_criterion, draw_ends, has_climb, has_ends
from jensen.report.panels import draw_column, draw_pair
from jensen.report.style import DPI, STYLE
from jensen.report.view import View
from jensen.selection.selection import Selection

Array = NDArray[Any]

MAX_COLUMNS = 6
PANEL = 1.75  # inches, of a panel of the pair matrix
FEW_PANEL = 2.3  # where there are three columns
MAX_NAME = 20
LETTERS = 12  # of the title, in an inch
MAIN = 5.2  # inches, of the data in one or two columns
SIDE = 3.1  # inches, of the curves beside the data


def plot_fit(
    fit: Fit,
    data: Any,
    *,
    columns: Sequence[str] | None = None,
    selection: Selection | None = None,
    weight: Array | None = None,
    name: str = "",
) -> Figure:
    """Draw a fit over its data.

    One column: the density over a histogram, or probabilities over bars. Two: the rows with ellipses of one
    and two standard deviations of each component, where the family has them. More: every pair of columns;
    beyond six, the six in which the components differ most. Beside them the criterion of the sweep by k, and
    where the starts of the search ended; the climb, where there was one. Of many rows some are drawn. Of a
    model without components, or of data that are no table of numbers, the curves alone.

    Parameters
    ----------
    fit
        Of any model.
    data
        What it was fitted to: (n, d), (n,), a dict of columns, or what else the model takes.
    columns
        Names of the columns; x1 … xd by default.
    selection
        The sweep that chose the fit.
    weight
        (n,) of the rows.
    name
        Of the data, for the title.

    Returns
    -------
    matplotlib.figure.Figure
        ``figure.savefig("fit.png")`` writes it.

    Examples
    --------
    >>> import jensen
    >>> data = jensen.load_dataset("faithful")
    >>> found = jensen.select(data.values, 2)
    >>> figure = plot_fit(found.best, data.values, columns=data.columns, selection=found)
    >>> figure.axes[0].get_xlabel()
    'eruptions'
    """
    view = View.of(fit, data, weight, columns)
    curves = _curves(fit, selection)
    with rc_context(STYLE):
        figure, places = _draw_curves_alone(len(curves)) if view is None else _draw_data(view, len(curves))
        for draw, axes in zip(curves, places, strict=True):
            draw(axes)
        title = textwrap.fill(_title(fit, name), int(LETTERS * figure.get_figwidth()))
        figure.suptitle(title, x=0.01, ha="left")
    return figure


def _curves(fit: Fit, selection: Selection | None) -> list[Callable[[Axes], None]]:
    """What goes beside the data: the criterion of a sweep; where starts ended, or the climb of the one."""
    curves: list[Callable[[Axes], None]] = []
    if selection is not None and len({cell.num_components for cell in selection.cells}) > 1:
        curves.append(lambda axes: draw_criterion(axes, selection))
    if has_ends(fit):
        curves.append(lambda axes: draw_ends(axes, fit))
    elif has_climb(fit):
        curves.append(lambda axes: draw_climb(axes, fit))
    return curves


def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """The figure as the content of a ``.png``, ``.pdf`` or ``.svg`` file."""
    buffer = io.BytesIO()
    form = suffix.lower().removeprefix(".")
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form)
    with rc_context(STYLE):
        figure.savefig(buffer, format=form, dpi=DPI, metadata=dated)
    return buffer.getvalue()


def _title(fit: Fit, name: str) -> str:
    text = f"{name} — {words.headline(fit)}" if name else words.headline(fit)
    return text if fit.verdict.converged else f"{text} ({fit.verdict.outcome})"


def _draw_curves_alone(num_curves: int) -> tuple[Figure, list[Axes]]:
    """Empty axes for the curves, side by side."""
    figure = Figure(figsize=(MAIN * max(num_curves, 1), 4.0), layout="constrained")
    axes = [figure.add_subplot(1, max(num_curves, 1), i + 1) for i in range(max(num_curves, 1))]
    if not num_curves:
        axes[0].set_axis_off()
        axes[0].text(0.5, 0.5, "no components and no climb to draw", ha="center", va="center")
    return figure, axes[:num_curves]


def _draw_data(view: View, num_curves: int) -> tuple[Figure, list[Axes]]:
    """The data, and empty axes for the curves."""
    shown = view.shown(MAX_COLUMNS)
    if len(shown) > 2:
        return _pair_matrix(view, shown, num_curves)
    figure, main, curves = _beside(num_curves)
    if len(shown) == 1:
        draw_column(main, view, shown[0])
    else:
        draw_pair(main, view, shown[0], shown[1])
    return figure, curves


def _beside(num_curves: int) -> tuple[Figure, Axes, list[Axes]]:
    """One large panel, and small ones on its right."""
    side = SIDE if num_curves else 0.0
    figure = Figure(figsize=(MAIN + side, 5.0), layout="constrained")
    if not num_curves:
        return figure, figure.add_subplot(), []
    grid = figure.add_gridspec(num_curves, 2, width_ratios=[MAIN, SIDE])
    main = figure.add_subplot(grid[:, 0])
    return figure, main, [figure.add_subplot(grid[i, 1]) for i in range(num_curves)]


def _pair_matrix(view: View, shown: list[int], num_curves: int) -> tuple[Figure, list[Axes]]:
    """Densities on the diagonal, pairs below it, the curves in the corner above it."""
    d = len(shown)
    size = d * (FEW_PANEL if d == 3 else PANEL)
    figure = Figure(figsize=(size + 0.4, size + 0.6), layout="constrained")
    grid = figure.add_gridspec(d, d)
    names = short_names([view.names[column] for column in shown])
    for i, row in enumerate(shown):
        for j, column in enumerate(shown[: i + 1]):
            axes = figure.add_subplot(grid[i, j])
            if i == j:
                draw_column(axes, view, row, small=True)
            else:
                draw_pair(axes, view, column, row, small=True)
            _label_outer(axes, names, j, i, d)
    note = view.note(shown)
    if note:
        figure.supxlabel(note, x=0.01, ha="left")
    return figure, _corner(figure, grid, d, num_curves)


def _label_outer(axes: Axes, names: list[str], column: int, row: int, d: int) -> None:
    """Names and numbers on the outer edge only."""
    i, j = row, column
    axes.set_xlabel(names[j] if i == d - 1 else "")
    axes.set_ylabel(names[i] if j == 0 else "")
    axes.tick_params(labelbottom=i == d - 1, labelleft=j == 0 and i > 0)


def _corner(figure: Figure, grid: GridSpec, d: int, num_curves: int) -> list[Axes]:
    """Panels in the empty corner above the diagonal."""
    if d == 3:
        return [figure.add_subplot(place) for place in (grid[0, 1:], grid[1, 2])[:num_curves]]
    half = d // 2
    inner = grid[:half, d - half :].subgridspec(max(num_curves, 1), 1)
    return [figure.add_subplot(inner[i, 0]) for i in range(num_curves)]


def short_names(names: Sequence[str]) -> list[str]:
    """Names that fit beside a small panel: beginning and end, or else the beginning and where they differ."""
    long = [name for name in names if len(name) > MAX_NAME]
    columns = enumerate(zip(*long, strict=False))
    same = next((i for i, letters in columns if len({*letters}) > 1), 0)
    while same and long[0][same - 1].isalnum():  # up to the last whole word
        same -= 1
    by_end = [_cut(name, name[-6:]) for name in names]
    by_difference = [_cut(name, name[same : same + MAX_NAME // 2]) for name in names]
    return next((cut for cut in (by_end, by_difference) if len({*cut}) == len(names)), list(names))


def _cut(name: str, end: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1 - len(end)]}…{end}"
