"""A likelihood without bound, as its curvature shows it, for any model with a chart."""

from __future__ import annotations

import numpy as np

from jensen.basics.errors import listed
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.curvature.parabola import Parabola
from jensen.spaces.chart import Chart

ADVICE = "bound the scale from below: Interval(low, high) in place of Positive, or a log_prior"
MOST_NAMES = 4


def collapsed(parabola: Parabola, chart: Chart, names: list[str]) -> Verdict | None:
    """A scale that shrinks for ever, or has shrunk below what floating point resolves; None at a maximum."""
    if parabola.unbounded.any():
        concerned = listed([names[i] for i in parabola.endless], MOST_NAMES)
        return Verdict(
            Outcome.COLLAPSED,
            f"the log-likelihood grows without bound along {concerned}",
            ADVICE,
        )
    if parabola.unresolved.any():
        lost = np.flatnonzero(parabola.unresolved)
        gone = [name for i, name in enumerate(names) if np.isin(chart.cell(i).support, lost).any()]
        return Verdict(
            Outcome.COLLAPSED,
            f"{listed(gone, MOST_NAMES)} would be known beyond the digits of floating point: a scale has "
            "shrunk below what the data resolve",
            ADVICE,
        )
    return None
