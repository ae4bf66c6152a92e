"""How the plots look: readable when printed, by anyone."""

from __future__ import annotations

from typing import Any

DPI = 200

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F", "#000000")
"""Okabe and Ito (2008), for any kind of colour vision; without the yellow, which is lost on white."""

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
    """Of component i: another one each time the colours start again."""
    return MARKERS[(i // len(PALETTE)) % len(MARKERS)]
