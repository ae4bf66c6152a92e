"""Climbs of a search with steps of the model itself: under a prior, and for families without quicker ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.verdict import Outcome
from jensen.em.acceleration.extrapolation import Squarem
from jensen.em.algorithms import EM
from jensen.em.coordinates import Natural
from jensen.em.problem import Problem, State
from jensen.families.carriers import End
from jensen.families.family import Family
from jensen.models.mixture.params import MixtureParams
from jensen.models.mixture.search.ground import Ground

PATIENCE = 100.0  # these are slow families' climbs: what is gained in a cycle is little beside what is left


def by_steps(ground: Ground, end: End, tol: float, max_e_steps: int, hold: bool) -> None:
    """SQUAREM where the model has coordinates, else plain EM; plain EM with the shared parameters as they
    are under ``hold``.
    """
    problem, tol = Problem(ground.model, ground.data, ground.weight), tol / PATIENCE
    algorithm: Any = EM() if hold or Natural().of(ground.model) is None else Squarem(begin=np.inf)
    calm = 0
    end.outcome = Outcome.STEP_LIMIT
    try:
        state = algorithm.init(problem, MixtureParams(end.weights, end.params))
        while problem.num_e_steps < max_e_steps and calm < 2:
            new = _held(problem, ground.family, state) if hold else algorithm.step(problem, state)
            calm = calm + 1 if new.objective - state.objective < tol else 0
            state = new
        end.weights, end.params = state.params.weights, state.params.components
        end.objective = float(state.objective)
        if not np.isfinite(end.objective):
            end.outcome, end.objective = Outcome.FAILED, -np.inf
        elif calm == 2:
            end.outcome = Outcome.CONVERGED
    except TypeError:  # something is of another kind: no start will do
        raise
    except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
        end.outcome, end.objective, end.note = Outcome.FAILED, -np.inf, str(error)
    end.num_e_steps += problem.num_e_steps


def _held(problem: Problem, family: Family, state: State) -> State:
    """A step of EM that leaves the shared parameters."""
    params, there = state.params, problem.m_step(state)
    kept = {name: value for name, value in family.split(params.components).items() if name in family.shared}
    moved = {**family.split(there.components), **kept}
    return problem.e_step(MixtureParams(there.weights, family.join(params.components, moved)))
