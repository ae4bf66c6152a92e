"""Whether coordinates whose derivatives are tiny really move nothing, or are measured in tiny units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import listed
from jensen.em.curvature.parabola import Parabola
from jensen.spaces.chart import Chart

MOST_NAMES = 8
ALIVE = (-1.0, 0.0, 1.0)  # where no logarithm or logit has saturated
NOTHING = 1e-9  # relative: of the objective
LOSS = (0.05, 5.0)  # nats that one standard error away from a maximum costs: ½ on a parabola
HALF = 0.5  # of the information about a direction
LENGTHS = (1e-3, 1e-1, 1.0)  # relative; both sides of a corner or of −u⁴ cost something


def confirmed(objective_at: Callable[[Array], float], here: float, u: Array, parabola: Parabola) -> Parabola:
    """The parabola with those of its `vanished` coordinates that are none taken out.

    At a saturated logit and at the mean of data of size 10¹² the second derivative is equally small. One
    standard error to either side tells them apart: at a maximum both cost half a nat, on a plateau one
    side costs nothing. And what moves nothing wherever it is has not vanished: the data say nothing of it.
    Where it costs something to leave either way and yet no half nat, as in a corner between rows that
    are told apart without error, there is a maximum and no parabola: its directions are flat.
    A few E-steps for each coordinate in doubt.

    Parameters
    ----------
    objective_at
        The objective at coordinates; −∞ where they are infeasible.
    here
        At ``u``.
    """
    vanished, corner = parabola.vanished.copy(), np.zeros(len(u), bool)
    for j in map(int, np.flatnonzero(vanished)):
        moved = partial(_moved, objective_at, u, j)
        is_parabola = _is_parabola(moved, here, u[j], parabola.steepness[j])
        corner[j] = not is_parabola and _is_top(moved, here, u[j])
        vanished[j] = not (is_parabola or corner[j] or _is_idle(moved, here))
    moves = np.abs(parabola.steepness)[:, None] * np.square(parabola.directions)
    is_corner = corner.any() & (moves[corner].sum(axis=0) > HALF * moves.sum(axis=0))
    noise = np.where(is_corner, np.maximum(parabola.noise, np.abs(parabola.values)), parabola.noise)
    return replace(parabola, vanished=vanished, noise=noise)


def _moved(objective_at: Callable[[Array], float], u: Array, j: int, place: float) -> float:
    there = u.copy()
    there[j] = place
    return objective_at(there)


def _is_parabola(moved: Callable[[float], float], here: float, place: float, steepness: float) -> bool:
    if steepness <= 0:
        return False
    length = 1.0 / np.sqrt(steepness)
    return all(LOSS[0] < here - moved(place + step) < LOSS[1] for step in (length, -length))


def _is_top(moved: Callable[[float], float], here: float, place: float) -> bool:
    resolved = NOTHING * (1.0 + abs(here))
    lengths = np.array(LENGTHS) * (1.0 + abs(place))
    return any(all(resolved < here - moved(place + s) < np.inf for s in (h, -h)) for h in lengths)


def _is_idle(moved: Callable[[float], float], here: float) -> bool:
    return all(abs(moved(place) - here) <= NOTHING * (1.0 + abs(here)) for place in ALIVE)


def vanished(parabola: Parabola, chart: Chart, names: list[str]) -> str:
    """What moves nothing, in words."""
    gone = np.flatnonzero(parabola.vanished)
    moved = [name for i, name in enumerate(names) if np.isin(chart.cell(i).support, gone).any()]
    shown = listed(moved, MOST_NAMES)
    return f"the log-likelihood does not change with {shown} here: its derivatives have vanished"
