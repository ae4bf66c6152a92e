"""A second look at the end of a climb: bounds, flat directions and saddles, which a climb does not see.

What rows tell of a direction is their scores along it: where Σ_n w_n s_n s_nᵀ is singular, or leaves much
to be gained, there may be one of these; then the curvature is computed, by which `jensen.uncertainty` judges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jensen.basics.errors import listed
from jensen.basics.verdict import AT_BOUND, Outcome, Verdict
from jensen.em.curvature.collapsing import collapsed
from jensen.em.curvature.information import definite, observed_information
from jensen.em.curvature.parabola import Parabola
from jensen.em.curvature.vanishing import confirmed, vanished
from jensen.em.problem import Problem, State
from jensen.spaces.chart import Chart

MOST_COORDINATES = 300
MOST_NUMBERS = 400_000  # scores of rows that are looked at: rows × coordinates
SINGULAR = 1e-4  # information of rows about a direction, relative to that about its coordinates
LEFT = 2e-3  # nats that may be left, as far as the scores of rows tell
CHEAP = 160  # E-steps that a second look may always cost; else a small share of what the search has cost,
SHARE = 0.05  # whose E-steps are quicker
MOST_NAMES = 4
PERHAPS = "the data may not tell all parameters apart, see jensen.uncertainty"


@dataclass(frozen=True, slots=True)
class Look:
    """What a second look has seen: the curvature, or that it may be worth its price."""

    parabola: Parabola | None = None
    is_suspect: bool = False
    is_unknown: bool = False
    """Whether it was asked for and is not finite."""


def second_look(problem: Problem, state: State, spent: int) -> Look:
    """The curvature at an end where something may be wrong, unless it would cost more than the climbs did,
    ``spent`` E-steps.
    """
    model, chart = problem.model, problem.model.chart
    if not isinstance(chart, Chart) or not 0 < chart.size <= MOST_COORDINATES or state.draws:
        return Look()
    is_affordable = model.information is not None or 8 * chart.size <= max(CHEAP, SHARE * spent)
    if model.scores is None:
        return _looked(problem, state) if is_affordable else Look()
    if not _is_suspect(problem, state):
        return Look()
    return _looked(problem, state) if is_affordable else Look(is_suspect=True)


def _looked(problem: Problem, state: State) -> Look:
    found = curvature(problem, state)
    return Look(found, is_unknown=found is None)


def end_of(problem: Problem, parabola: Parabola) -> Verdict | None:
    """What keeps a point where the climb stands still from being a maximum: a likelihood without bound, or
    coordinates that move nothing; None where nothing does.
    """
    chart, names = problem.model.chart, problem.names
    if (fall := collapsed(parabola, chart, names)) is not None:
        return fall
    if parabola.vanished.any():
        said = vanished(parabola, chart, names)
        return Verdict(Outcome.NOT_IDENTIFIED, said, "start elsewhere, or hold them fixed")
    return None


def curvature(problem: Problem, state: State) -> Parabola | None:
    """The score and the information at an end, taken apart; None where they are not finite."""
    chart, params = problem.model.chart, state.params
    try:
        with np.errstate(all="ignore"):
            information = observed_information(problem.again(), params, state.expected.stats, definite)
            g = np.asarray(problem.score(state), dtype=float)
    except (ArithmeticError, ValueError):  # LinAlgError is a ValueError
        return None
    if not (np.isfinite(information.matrix).all() and np.isfinite(g).all()):
        return None
    held, u = chart.at_bound(params), chart.to_vector(params)
    found = Parabola.of(chart, u, g, information, state.expected.weight, held)
    return confirmed(problem.again().objective_at, state.objective, u, found)


def _is_suspect(problem: Problem, state: State) -> bool:
    """Whether the scores of some rows are singular, or say that the end is none."""
    model, rows = problem.model, problem
    most = max(MOST_NUMBERS // model.chart.size, 2 * model.chart.size)
    if problem.num_cases > most:
        rows = problem.take(np.linspace(0, problem.num_cases - 1, most).astype(int))
    scores = np.asarray(model.scores(state.params, rows.data), dtype=float)
    if rows.weight is not None:
        scores = np.sqrt(np.asarray(rows.weight, dtype=float))[:, None] * scores
    if not np.isfinite(scores).all():
        return True
    share = np.sqrt(problem.num_cases / rows.num_cases)
    limits = model.chart.widest()
    with np.errstate(divide="ignore"):
        unit = np.minimum(1.0 / (share * np.linalg.norm(scores, axis=0)), limits)
    if not np.isfinite(unit).all():
        return True
    scaled = share * scores * unit
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    if values[0] < SINGULAR:
        return True
    g = np.asarray(problem.score(state), dtype=float) * unit
    return bool(0.5 * np.square(g @ vectors) @ (1.0 / values) > LEFT)


def at_bound(problem: Problem, state: State, parabola: Parabola, reorder: bool) -> str:
    """Which numbers are at a bound, in the order of components that is returned; empty where none is."""
    canonical = problem.model.canonical
    if len(parabola.entries) and reorder and canonical is not None:
        params = canonical(state.params)
        there = problem.again().attempt(params)
        parabola = (None if there is None else curvature(problem, there)) or parabola
    return _said([problem.names[i] for i in parabola.entries])


def flat(parabola: Parabola) -> str:
    """Directions of which the data say nothing, in words; empty where there are none."""
    number = int(parabola.flat.sum()) if parabola.is_clear else 0
    ways = f"{number} direction{'s' * (number > 1)}"
    return f"not identified: flat in {ways}, see jensen.uncertainty" if number else ""


def _said(names: list[str]) -> str:
    verb = "is" if len(names) == 1 else "are"
    return f"{listed(names, MOST_NAMES)} {verb} {AT_BOUND}" if names else ""
