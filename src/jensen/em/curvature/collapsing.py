"""A likelihood without bound, as its curvature shows it, for any model with a chart."""

from __future__ import annotations

import numpy as np

from jensen.basics.verdict import Outcome, Verdict
from jensen.em.curvature.parabola import Parabola
from jensen.spaces.chart import Chart

ADVICE = "bound the scale from below: Interval(low, high) in place of Positive, or a log_prior"
MOST_NAMES = 4


def collapsed(parabola: Parabola, chart: Chart, names: list[str]) -> Verdict | None:
    """A scale that shrinks for ever, or has shrunk below what floating point resolves; None at a maximum."""
    if parabola.unbounded.any():
        concerned = [names[i] for i in parabola.endless]
        return Verdict(
            Outcome.COLLAPSED, f"the log-likelihood grows without bound along {_list(concerned)}", ADVICE
        )
    if parabola.unresolved.any():
        lost = np.flatnonzero(parabola.unresolved)
        concerned = [name for i, name in enumerate(names) if np.isin(chart.cell(i).support, lost).any()]
        return Verdict(
            Outcome.COLLAPSED,
            f"{_list(concerned)} would be known beyond the digits of floating point: a scale has shrunk "
            "below what the data resolve",
            ADVICE,
        )
    return None


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown
