"""Along a direction that climbs."""

from __future__ import annotations

from jensen.basics.arrays import Array
from jensen.em.problem import Problem, State


def highest_along(problem: Problem, u: Array, step: Array, best: State) -> State:
    """The highest point of doubled steps from u, for as long as they rise above ``best``."""
    chart = problem.model.chart
    length = 0.25
    while length < 1e6:
        there = problem.attempt(chart.from_vector(u + length * step))
        if there is None or there.objective <= best.objective:
            break
        best, length = there, 2 * length
    return best
