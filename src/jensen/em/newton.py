"""The end of a climb where the model has exact second derivatives: Newton's step, and what curvature says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.em.coordinates import is_feasible
from jensen.em.state import Problem, State

Array = NDArray[np.float64]

FLAT = 1e-9  # of the information with its diagonal scaled to 1
DOWN = -1e-6  # a saddle's curvature, on the same scale
MOST_COORDINATES = 300  # an information of more is not worth its time at the end of every fit


@dataclass(frozen=True, slots=True)
class Curvature:
    """The information at a point, with its diagonal scaled to 1.

    Attributes
    ----------
    scale
        (p,): the coordinates are multiplied by it.
    values, vectors
        Eigenvalues, smallest first, and eigenvectors.
    """

    scale: Array
    values: Array
    vectors: Array

    @classmethod
    def of(cls, information: Array) -> Curvature:
        """The eigen-decomposition of D^−½ I D^−½; coordinates without any curvature stay as they are."""
        diagonal = np.abs(np.diag(information))
        scale = np.sqrt(np.where(diagonal > 1e-300, diagonal, 1.0))
        values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
        return cls(scale, values, vectors)

    @property
    def num_flat(self) -> int:
        """Directions in which the evidence does not change: a parameter at its bound, or not identified."""
        return int((np.abs(self.values) <= FLAT).sum())

    @property
    def is_saddle(self) -> bool:
        """Whether the evidence rises to second order in some direction."""
        return bool(self.values[0] < DOWN)

    @property
    def uphill(self) -> Array:
        """The direction, in the chart, in which the curvature is most upwards; about one standard error."""
        return self.vectors[:, 0] / np.sqrt(abs(self.values[0])) / self.scale

    def solve(self, g: Array) -> Array:
        """I⁻¹ g; nothing moves along flat directions, and against the score along none."""
        inverse = np.where(np.abs(self.values) > FLAT, 1.0 / np.maximum(np.abs(self.values), FLAT), 0.0)
        return self.vectors @ (inverse * (self.vectors.T @ (g / self.scale))) / self.scale


@dataclass(frozen=True, slots=True)
class Polished:
    """What Newton's step made of the end of a climb."""

    state: State
    remaining: float
    curvature: Curvature
    left_saddle: bool = False


def can_polish(problem: Problem) -> bool:
    """Whether the model has exact second derivatives, and few enough of them."""
    chart: Any = getattr(problem.model, "chart", None)
    has = getattr(problem.model, "information", None) is not None
    return has and chart is not None and 0 < chart.size <= MOST_COORDINATES


def polish(problem: Problem, state: State) -> Polished:
    """One Newton step from the end of a climb; from a saddle, a step in the direction that climbs."""
    model: Any = problem.model
    u, g = model.chart.to_vector(state.params), problem.score(state)
    curvature = Curvature.of(np.asarray(model.information(state.params, problem.data, problem.weight)))
    if curvature.is_saddle:
        higher = _leave(problem, state, u, curvature.uphill)
        return Polished(higher or state, np.nan, curvature, higher is not None)
    step = curvature.solve(g)
    remaining = 0.5 * float(g @ step)
    better = _at(problem, u + step)
    if better is None or better.objective < state.objective - problem.resolution(state):
        return Polished(state, remaining, curvature)
    g = problem.score(better)
    return Polished(better, 0.5 * float(g @ curvature.solve(g)), curvature)


def _leave(problem: Problem, state: State, u: Array, direction: Array) -> State | None:
    """The best of a few points on either side of a saddle; None where none is visibly higher."""
    best = None
    for length in (0.1, -0.1, 1.0, -1.0):
        there = _at(problem, u + length * direction)
        if there is not None and there.objective > (best or state).objective + problem.resolution(state):
            best = there
    return best


def _at(problem: Problem, u: Array) -> State | None:
    params = problem.model.chart.from_vector(u)  # pyright: ignore[reportAttributeAccessIssue]
    if not is_feasible(problem.model, params):
        return None
    state = problem.e_step(params)
    return state if np.isfinite(state.objective) else None
