"""How the plots look: readable when printed, by anyone."""

from __future__ import annotations

from typing import Any

from jensen.basics.palette import PALETTE

DPI = 200

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES = ("-", "--", "-.", ":")

STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "figure.titlesize": 10,
    "figure.labelsize": 8,
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "jensen",
}


def colour(i: int) -> str:
    """Of component i."""
    return PALETTE[i % len(PALETTE)]


def marker(i: int) -> str:
    """Of component i: another one than its neighbours', and than that of the same colour."""
    return MARKERS[(i + i // len(PALETTE)) % len(MARKERS)]


LEGEND: dict[str, Any] = {
    "loc": "lower left",
    "bbox_to_anchor": (-0.02, 1.02),
    "handlelength": 1.8,
    "handletextpad": 0.4,
    "columnspacing": 0.9,
    "borderpad": 0.0,
}
"""Where a legend is: in lines between a title and its axes, off the data."""


def above_legend(lines: int) -> float:
    """How far above the axes a title is, with a legend of so many lines below it, in points."""
    return 10.0 + 12.0 * lines
