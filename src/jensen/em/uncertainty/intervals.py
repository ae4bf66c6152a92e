"""Confidence intervals: Wald's, from the standard error, and those of the profile likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from jensen.basics.notebook import InNotebook
from jensen.basics.progress import Progress
from jensen.em.uncertainty.against_zero import quantile
from jensen.em.uncertainty.estimate import Estimate
from jensen.em.uncertainty.profile import End, Held, Point, Surface, end, maximize
from jensen.spaces.links import Link


class Bounds(NamedTuple):
    """An interval, and what there is to say about it."""

    low: float
    high: float
    note: str = ""


class IntervalMethod(Protocol):
    """How to compute intervals."""

    def bounds(self, uncertainty: Estimate, entries: list[int], level: float) -> list[Bounds]:
        """The interval of each of these natural numbers."""
        ...


@dataclass(frozen=True, slots=True)
class Wald(InNotebook):
    """Estimate ± z standard errors.

    Parameters
    ----------
    in_chart
        On a scale where the number has no bounds (logarithm, logit), and mapped back: the interval stays
        within them. False: on the number's own scale.
    """

    in_chart: bool = True

    def bounds(self, uncertainty: Estimate, entries: list[int], level: float) -> list[Bounds]:
        known = uncertainty.chart.links() if self.in_chart else [Link()] * len(uncertainty.names)
        errors = np.sqrt(np.diag(uncertainty.covariance))
        return [
            self._one(known[i], float(uncertainty.estimate[i]), float(errors[i]), level, uncertainty.why(i))
            for i in entries
        ]

    def _one(self, link: Link, value: float, error: float, level: float, why: str) -> Bounds:
        if not error > 0:
            return Bounds(value, value) if error == 0 else Bounds(np.nan, np.nan, why)
        middle, reach = float(link.to(value)), quantile(level) * error / link.slope(value)
        return Bounds(float(link.back(middle - reach)), float(link.back(middle + reach)))


@dataclass(frozen=True, slots=True)
class Profile(InNotebook):
    """All values whose profile log-likelihood is within z²/2 of the maximum (Wilks 1938).

    It needs no parabola, respects bounds, and does not depend on how the parameter is written. One climb per
    point that is tried, a few dozen E-steps in all for an interval; an end that the evidence does not give is
    the bound of the number.
    """

    def bounds(self, uncertainty: Estimate, entries: list[int], level: float) -> list[Bounds]:
        unc = uncertainty
        surface = Surface(unc.problem, unc.information.scale)
        known, found = unc.chart.links(), {}
        with Progress("profile") as progress:
            top = maximize(surface, surface.at(unc.u), unc.parabola.metric(), None).point
            for i in entries:
                progress.update(unc.names[i])
                twin = next((j for j in found if np.array_equal(unc.jacobian[i], unc.jacobian[j])), None)
                found[i] = self._one(unc, surface, top, i, known[i], level) if twin is None else found[twin]
        return [found[i] for i in entries]

    def _one(self, unc: Estimate, surface: Surface, top: Point, i: int, link: Link, level: float) -> Bounds:
        parabola, held = unc.parabola, Held(link, unc.chart.cell(i))
        own = parabola.own(i)
        start = top if own is None else surface.at(parabola.inside(top.u, own))
        metric = parabola.metric(own)
        a = held.gradient(start.u)
        spread = float(np.sqrt(max(0.0, a @ metric @ a)))
        value = float(unc.estimate[i])
        if not spread > 1e-12:  # it does not move: fixed, or held by a bound that is not its own
            missing = bool(np.isnan(unc.covariance[i, i]))
            return Bounds(np.nan, np.nan, unc.why(i)) if missing else Bounds(value, value)
        inwards = (-1, 1) if own is None else (int(np.sign(a @ parabola.inwards(own))),)
        ends = {s: end(surface, start, top.value, metric, held, s, spread, quantile(level)) for s in inwards}
        low, high = (float(link.back(ends[s].t)) if s in ends else value for s in (-1, 1))
        if own is not None:
            low, high = (link.low, high) if 1 in ends else (low, link.high)
        return Bounds(low, high, _note(ends, top))


def _note(ends: dict[int, End], top: Point) -> str:
    if max(e.top for e in ends.values()) > top.value + 1e-6 * (1.0 + abs(top.value)) ** 0.5:
        return "a higher maximum was met on the way: fit again"
    if not all(e.reached for e in ends.values()):
        return "a maximum on the way was not reached"
    sides = [{-1: "below", 1: "above"}[side] for side, e in ends.items() if e.is_open]
    if len(ends) == 1:
        sides.insert(0, "at its bound")
    return f"open {' and '.join(sides)}" if sides and len(ends) == 2 else ", ".join(sides)
