"""Whether coordinates whose derivatives are tiny really move nothing, or are measured in tiny units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jensen.basics.arrays import Array
from jensen.em.curvature.parabola import Parabola
from jensen.em.problem import Problem, State
from jensen.spaces.chart import Chart

MOST_NAMES = 8
ALIVE = (-1.0, 0.0, 1.0)  # where no logarithm or logit has saturated
NOTHING = 1e-9  # relative: of the objective
LOSS = (0.05, 5.0)  # nats that one standard error away from a maximum costs: ½ on a parabola


def confirmed(problem: Problem, state: State, u: Array, parabola: Parabola) -> Parabola:
    """The parabola with those of its `vanished` coordinates that are none taken out.

    At a saturated logit and at the mean of data of size 10¹² the second derivative is equally small. One
    standard error to either side tells them apart: at a maximum both cost half a nat, on a plateau one
    side costs nothing. And what moves nothing wherever it is has not vanished: the data say nothing of it.
    A few E-steps for each coordinate in doubt.
    """
    vanished = parabola.vanished.copy()
    for j in map(int, np.flatnonzero(vanished)):
        vanished[j] = not (
            _is_top(problem, state, u, j, parabola.steepness[j]) or _is_idle(problem, state, u, j)
        )
    return replace(parabola, vanished=vanished)


def _is_top(problem: Problem, state: State, u: Array, j: int, steepness: float) -> bool:
    if not steepness > 0:
        return False
    length = 1.0 / np.sqrt(steepness)
    for side in (1.0, -1.0):
        step = np.zeros_like(u)
        step[j] = side * length
        there = problem.attempt(problem.model.chart.from_vector(u + step))
        if there is None or not LOSS[0] < state.objective - there.objective < LOSS[1]:
            return False
    return True


def _is_idle(problem: Problem, state: State, u: Array, j: int) -> bool:
    for place in ALIVE:
        moved = u.copy()
        moved[j] = place
        there = problem.attempt(problem.model.chart.from_vector(moved))
        if there is None or abs(there.objective - state.objective) > NOTHING * (1.0 + abs(state.objective)):
            return False
    return True


def vanished(parabola: Parabola, chart: Chart, names: list[str]) -> str:
    """What moves nothing, in words."""
    gone = np.flatnonzero(parabola.vanished)
    moved = [name for i, name in enumerate(names) if np.isin(chart.cell(i).support, gone).any()]
    shown = ", ".join(moved[:MOST_NAMES])
    return f"the log-likelihood does not change with {shown} here: its derivatives have vanished"
