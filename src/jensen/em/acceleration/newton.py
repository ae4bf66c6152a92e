"""The end of a climb where the model has exact second derivatives: Newton's step, and what curvature says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jensen.basics.arrays import Array
from jensen.em.curvature.matrix import Information
from jensen.em.curvature.parabola import Parabola
from jensen.em.curvature.uphill import highest_along
from jensen.em.curvature.vanishing import confirmed
from jensen.em.problem import Problem, State

INSIDE = 3.0  # a logarithm or logit at which nothing has vanished yet
PROBES = 0.5 * 1.5 ** np.arange(15)  # to 146: beyond what a logit of doubles can be saturated by
MOST_COORDINATES = 300  # an information of more is not worth its time at the end of every fit


@dataclass(frozen=True, slots=True)
class Polished:
    """What Newton's step made of the end of a climb."""

    state: State
    remaining: float
    parabola: Parabola
    left_saddle: bool = False

    @property
    def is_saddle(self) -> bool:
        """Whether the evidence rises to second order in some direction."""
        return bool(self.parabola.climbing.any())


def can_polish(problem: Problem) -> bool:
    """Whether the model has exact second derivatives, and few enough of them."""
    model = problem.model
    if model.information is None or model.chart is None:
        return False
    return 0 < model.chart.size <= MOST_COORDINATES


def polish(problem: Problem, state: State) -> Polished | None:
    """One Newton step from the end of a climb; from a saddle, a step in the direction that climbs.

    None where the second derivatives are not finite, as at a collapse.
    """
    u, parabola = _parabola(problem, state)
    if parabola is None:
        return None
    if parabola.unbounded.any() or parabola.unresolved.any():  # higher for ever, or as rounding has it
        return Polished(state, parabola.remaining, parabola)
    higher = _uphill(problem, state, u, parabola)
    if higher is not None:
        return Polished(higher, np.nan, parabola, left_saddle=True)
    return newton_step(problem, state, parabola)


def newton_step(problem: Problem, state: State, parabola: Parabola) -> Polished:
    """Where Newton's step on a parabola leads and what is left there; the state as it is where
    that is lower.
    """
    chart = problem.model.chart
    u = chart.to_vector(state.params)
    better = problem.attempt(chart.from_vector(u + parabola.inverse @ parabola.g))
    if better is None or better.objective < state.objective - problem.resolution(state):
        return Polished(state, parabola.remaining, parabola)
    g = problem.score(better)
    return Polished(better, 0.5 * float(g @ parabola.inverse @ g), parabola)


def _parabola(problem: Problem, state: State) -> tuple[Array, Parabola | None]:
    model = problem.model
    u, g = model.chart.to_vector(state.params), problem.score(state)
    matrix = np.asarray(model.information(state.params, problem.data, problem.weight), dtype=float)
    if not (np.isfinite(matrix).all() and np.isfinite(g).all()):
        return u, None
    limits = model.chart.widest()
    with np.errstate(divide="ignore"):
        alone = 1.0 / np.sqrt(np.abs(np.diag(matrix)))
    unit = np.where(np.isfinite(np.minimum(alone, limits)), np.minimum(alone, limits), 1.0)
    held = model.chart.at_bound(state.params)
    found = Parabola.of(model.chart, u, g, Information(matrix, unit), state.expected.weight, held)
    return u, confirmed(problem.objective_at, state.objective, u, found)


def _uphill(problem: Problem, state: State, u: Array, parabola: Parabola) -> State | None:
    """The highest point along directions that climb and away from bounds that are none; None at a maximum."""
    best, from_vector = state, problem.model.chart.from_vector
    for direction in parabola.directions[:, parabola.climbing].T:
        for side in (1.0, -1.0):
            best = highest_along(problem, u, side * direction, best)
    best = _beyond(problem, u, parabola, best)
    for way in _ways_back(parabola):
        there = problem.attempt(from_vector(u + way))
        best = there if there is not None and there.objective > best.objective else best
    visible = problem.tolerated_fall(state) + 2 * abs(parabola.remaining)
    return best if best.objective > state.objective + visible else None


def _beyond(problem: Problem, u: Array, parabola: Parabola, best: State) -> State:
    """The highest point along coordinates that move nothing here, to either side: beyond a saturated logit;
    of a component without weight, where its parameters would give it some.
    """
    lost = parabola.idle | (parabola.frozen & (np.abs(parabola.local.v) < parabola.local.far))
    ways = [*np.eye(len(u))[parabola.vanished], *parabola.local.basis[:, lost].T]
    begin, fall = best.objective, problem.tolerated_fall(best)
    for way in ways:
        for side in (1.0, -1.0):
            for length in PROBES:
                there = problem.attempt(problem.model.chart.from_vector(u + side * length * way))
                if there is None or there.objective < begin - fall:
                    break
                best = there if there.objective > best.objective else best
    return best


def _ways_back(parabola: Parabola) -> list[Array]:
    """Steps back from where a long step took a coordinate to its end although it has a maximum inside.

    There score and curvature vanish as at a bound, but the score points inwards.
    """
    place = parabola.local
    slope = place.basis.T @ parabola.g
    outwards = np.where(place.ends == 2, np.sign(place.v), place.ends)
    rises = -outwards * slope * np.exp(np.minimum(np.abs(place.v), place.far))
    lost = (parabola.frozen | parabola.idle) & (rises > 0.01) & (np.abs(place.v) > INSIDE)
    return [-outwards[i] * (abs(place.v[i]) - INSIDE) * place.basis[:, i] for i in np.flatnonzero(lost)]
