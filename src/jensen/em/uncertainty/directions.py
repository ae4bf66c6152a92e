"""Directions at the end of a climb: how fast EM goes along each, and which of them leads on from a saddle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.basics.notebook import InNotebook
from jensen.basics.progress import Progress
from jensen.em.curvature.information import complete_information
from jensen.em.curvature.matrix import Information
from jensen.em.curvature.parabola import Parabola
from jensen.em.curvature.uphill import highest_along
from jensen.em.problem import Problem, State

VISIBLE = 1e-2  # nats: a gain that is more than the rest of a slow climb
EM_STEPS = 20
MOST_TRIED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rates(InNotebook):
    """EM's rate of convergence in every direction.

    Attributes
    ----------
    values
        (p,): eigenvalues of I_c⁻¹ (I_c − I), the fraction of the information that is missing because z is not
        seen; largest first. A step of EM leaves this share of the distance to the maximum.
    directions
        (m, p): the directions in the natural parameters, of length 1, the largest entry positive.
    names
        Of the natural parameters.
    """

    values: Array
    directions: Array
    names: list[str]

    @property
    def slowest(self) -> float:
        """The rate that EM has in the end."""
        return float(self.values[0]) if len(self.values) else 0.0

    def __repr__(self) -> str:
        lines = []
        for value, direction in zip(self.values, self.directions.T, strict=True):
            parts = [
                f"{x:+.3f} {name}" for x, name in zip(direction, self.names, strict=True) if abs(x) > 0.05
            ]
            lines.append(f"{round(value, 6) + 0.0:.6f}  along {' '.join(parts)}")
        return "\n".join(lines)


def rates(problem: Problem, params: Params, information: Information) -> Rates:
    """From the observed information I and that of complete data, I_c = −∂²Q(·, S)/∂u² (Dempster, Laird and
    Rubin 1977, section 3).
    """
    model = problem.model
    stats = problem.expected(params).stats
    scale = information.scale
    complete = complete_information(model, params, stats, scale).scaled
    values, vectors = np.linalg.eigh(complete)
    known = values > 1e-8 * max(values.max(initial=0.0), 1e-300)
    root = vectors[:, known] / np.sqrt(values[known])
    missing = root.T @ (complete - information.scaled) @ root
    found, turned = np.linalg.eigh((missing + missing.T) / 2)
    order = np.argsort(-found)
    jacobian = model.chart.jacobian(model.chart.to_vector(params))
    directions = jacobian @ (scale[:, None] * (root @ turned[:, order]))
    length = np.linalg.norm(directions, axis=0)
    largest = directions[np.abs(directions).argmax(axis=0), np.arange(len(length))]
    directions = directions / np.where(length > 0, length, 1.0) * np.where(largest < 0, -1.0, 1.0)
    return Rates(found[order], directions, problem.names)


def climb_away(problem: Problem, params: Params, u: Array, parabola: Parabola) -> Params | None:
    """Params that are visibly higher than those of a saddle; None where no direction leads to any.

    Along each direction that climbs, to where the objective is highest. Along flat ones (where components are
    the same, the rise is of the fourth order) EM itself is let go from points to either side.
    """
    here = problem.e_step(params)
    reach = max(1.0, float(np.sqrt(here.expected.weight)) / 2)
    visible = max(VISIBLE, 2 * parabola.remaining, 10 * problem.resolution(here))
    best = here
    with Progress("uphill") as progress:
        for step in parabola.directions[:, parabola.climbing].T:
            for side in (1.0, -1.0):
                best = highest_along(problem, u, side * step, best)
                progress.update(f"objective {best.objective:.6f}")
        if best.objective > here.objective + 10 * problem.resolution(here):
            return best.params
        for step in parabola.directions[:, parabola.flat].T[:MOST_TRIED]:
            for length in (reach, -reach, 1.0, -1.0):
                there = _released(problem, u + length * step)
                progress.update(f"objective {best.objective:.6f}")
                if there is not None and there.objective > here.objective + visible:
                    return there.params
    return None


def _released(problem: Problem, u: Array) -> State | None:
    """Where a few EM steps lead from u."""
    state = problem.attempt(problem.model.chart.from_vector(u))
    for _ in range(EM_STEPS):
        if state is None or not np.isfinite(state.objective):
            return None
        state = problem.e_step(problem.m_step(state))
    return state
