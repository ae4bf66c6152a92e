"""A fit for a terminal, a pipe or a string (rich)."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from jensen.em.result import Fit
from jensen.em.summary import words
from jensen.em.summary.grid import Grid, chunks
from jensen.em.summary.summary import summarize

GAP = 3
PLAIN_WIDTH = 100


def make_console(file=None, width: int | None = None, stderr: bool = False) -> Console:
    """A console that takes text as it is: no markup in column names, no colouring of numbers."""
    return Console(file=file, width=width, stderr=stderr, markup=False, highlight=False, emoji=False)


def to_text(renderable: RenderableType, width: int = PLAIN_WIDTH) -> str:
    """Plain text, without colour."""
    console = Console(file=StringIO(), width=width, markup=False, highlight=False, color_system=None)
    console.print(renderable)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def summary(fit: Fit, columns: Sequence[str] | None = None, width: int = PLAIN_WIDTH) -> str:
    """The fit as plain text: the components or the parameters, and how sure it is.

    Parameters
    ----------
    fit
        Of any model. One with components is shown by them, as their family describes them; another by its
        parameters.
    columns
        Names of the data's columns; x1 … xd by default.
    width
        Characters in a line; tables that are wider are broken into several.

    Examples
    --------
    >>> import jensen
    >>> model = jensen.Mixture(2, jensen.Gaussian(jensen.Tied()))
    >>> fit = jensen.fit(model, jensen.load_dataset("faithful").values)
    >>> print(summary(fit, ["eruptions", "waiting"]).splitlines()[0])
    2 components, tied: the components share one covariance matrix
    """
    return to_text(fit_report(fit, columns, width), width)


def fit_report(
    fit: Fit, columns: Sequence[str] | None, width: int, num_rows: int | None = None
) -> RenderableType:
    """Everything about one fit."""
    page = summarize(fit, columns)
    grids = [part for grid in page.grids for part in grid_report(grid, width)]
    return Group(Text(page.headline, style="bold"), *grids, facts(fit, columns, num_rows))


def facts(fit: Fit, columns: Sequence[str] | None = None, num_rows: int | None = None) -> Table:
    """The verdict and the numbers behind it."""
    table = Table.grid(padding=(0, 2))
    style = "green" if fit.verdict.converged else "yellow" if fit.verdict.proper else "red"
    for label, text in words.facts(fit, columns, num_rows):
        table.add_row(Text(label), Text(text, style=style if label == "verdict" else ""))
    return table


# ---- the components, or the parameters ----------------------------------------------------------------


def grid_report(grid: Grid, width: int) -> list[RenderableType]:
    """A table of texts, as many columns side by side as fit in ``width``."""
    labels = max(12, min(2 * width // 5, max(len(line[0]) for line in grid.lines)))
    widest = max(len(text) for line in grid.lines for text in line[1:])
    blocks = chunks([widest + GAP] * (len(grid.titles) - 1), width - labels - GAP)
    found: list[RenderableType] = [_block(grid, block, labels) for block in blocks]
    return [*found, Text(f"{grid.below(width)}\n" if grid.caption else "", style="dim")]


def _block(grid: Grid, which: range, label_width: int) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column(Text(grid.titles[0]), max_width=label_width, overflow="fold")
    for i in which:
        table.add_column(Text(grid.titles[i + 1]), justify="right", no_wrap=True)
    for j, (label, *texts) in enumerate(grid.lines, start=1):
        table.add_row(Text(label), *(Text(texts[i]) for i in which), end_section=j == grid.divided)
    return Padding(table, (1, 0, 0, 2), expand=False)
