"""Laws of the climb: it never falls, the M-step is what it claims, the report is of what is returned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from jensen.basics.arrays import Data, Params, Weight
from jensen.em.acceleration.extrapolation import Squarem
from jensen.em.acceleration.quasi_newton import QuasiNewton
from jensen.em.algorithms import EM, Algorithm, as_algorithm
from jensen.em.contract import Model
from jensen.em.fit import fit
from jensen.em.identities import e_step, log_prior, m_step
from jensen.em.problem import Problem
from jensen.em.stopping import Never
from jensen.testing.law import LawError, chart_of, neighbours, prepared, require_close, rounding

SIZES = (1.0, 1e-1, 1e-2, 1e-3)  # of perturbations, as fractions of the way to a neighbour


def never_falls(
    model: Any,
    params: Params,
    data: Data,
    *,
    weight: Weight = None,
    algorithm: Algorithm | None = None,
    steps: int = 40,
) -> None:
    """The objective does not fall along a climb, plain or accelerated, beyond rounding.

    Parameters
    ----------
    algorithm
        The one to try; without it EM, SQUAREM where the model has coordinates, quasi-Newton EM where it has
        a chart, and its own.

    Raises
    ------
    LawError
        The M-step is wrong or precision was lost.
    """
    model = prepared(model, data, weight)
    for climber in _climbers(model) if algorithm is None else [as_algorithm(algorithm)]:
        problem = Problem(model, data, weight)
        state = climber.init(problem, params)
        for i in range(steps):
            new = climber.step(problem, state)
            fall = state.objective - new.objective
            if not fall <= 2 * rounding(model, new.params, data, weight):
                found = f"step {i + 1} of {climber.name} lowered the objective by {fall:.3g}"
                raise LawError(
                    "never_falls", found, "an M-step that does not maximize Q, or precision lost in S"
                )
            state = new


def _climbers(model: Model) -> list[Algorithm]:
    """Every way of climbing that the model allows."""
    own = model.algorithm
    climbers: list[Algorithm] = [EM()] if own is None else [EM(), as_algorithm(own)]
    if chart_of(model, None) is not None:
        climbers.append(Squarem())
    if model.chart is not None:
        climbers.append(QuasiNewton())
    return climbers


def m_step_is_best(model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0) -> None:
    """The M-step is what the model's ``m_step_kind`` claims.

    ``"exact"`` (the default): Q(m_step(S), S) ≥ Q(θ', S) for θ' about it, and at θ. ``"generalized"``:
    Q(m_step(S), S) ≥ Q(θ, S). ``"conditional"``: the objective does not fall. With a prior, Q + log p(θ).

    Raises
    ------
    LawError
        Something nearby, or the θ it came from, is better.
    """
    model = prepared(model, data, weight)
    stats = e_step(model, params, data, weight).stats
    best = m_step(model, stats, params)

    def value(at: Params) -> float:
        if kind == "conditional":
            return e_step(model, at, data, weight).log_evidence + log_prior(model, at)
        return float(model.expected_log_joint(at, stats)) + log_prior(model, at)

    kind = model.m_step_kind
    usually = f"an m_step that is not {kind}, as the model claims (m_step_kind)"
    rivals: Iterator[tuple[str, Params]] = iter([("the θ it came from", params)])
    if kind == "exact":
        rivals = _rivals(model, params, best, data, weight, np.random.default_rng(rng))
    top = value(best)
    for name, rival in rivals:
        gain = value(rival) - top
        if not gain <= 2 * rounding(model, rival, data, weight):
            raise LawError("m_step_is_best", f"{name} is better than the M-step by {gain:.3g}", usually)


def _rivals(
    model: Any, params: Params, best: Params, data: Data, weight: Weight, rng: np.random.Generator
) -> Iterator[tuple[str, Params]]:
    """θ itself, and feasible parameters near the M-step at several distances."""
    yield "the θ it came from", params
    for size in SIZES:
        for near in neighbours(model, params, data, weight, rng, 8, size):
            yield f"the M-step of weights changed by {size:g}", near
    coordinates = chart_of(model, None)
    if coordinates is None:
        return
    pack, unpack = coordinates
    origin = pack(best)
    directions = [pack(near) - origin for near in [params, *neighbours(model, params, data, weight, rng, 8)]]
    for direction in directions:
        for size in SIZES:
            for sign in (1, -1):
                near = unpack(origin + sign * size * direction)
                if near is not None:
                    yield f"a θ at {sign * size:g} of the way to a neighbour", near


def reported_is_returned(
    model: Any, params: Params, data: Data, *, weight: Weight = None, algorithm: Algorithm | None = None
) -> None:
    """What a `Fit` and its ledger report is of the parameters that are returned: no lag of one step.

    Raises
    ------
    LawError
        The log-evidence, entropy or log-prior reported is that of other parameters.
    """
    law, usually = "reported_is_returned", "a lag of one step: the statistics are of the parameters before"
    for steps in (1, 2, 7):
        result = fit(model, data, params, weight=weight, algorithm=algorithm, max_steps=steps, stop=Never())
        again = e_step(result.model, result.params, data, weight)
        tolerance = rounding(result.model, result.params, data, weight)
        pairs = [
            ("log_evidence", result.log_evidence, again.log_evidence),
            ("entropy", result.entropy, again.entropy),
            ("log_prior", result.log_prior, log_prior(result.model, result.params)),
            ("the ledger's last log_evidence", result.ledger["log_evidence"][-1], again.log_evidence),
            ("Q + H in the ledger", _bound(result.ledger), again.log_evidence),
        ]
        for name, found, expected in pairs:
            require_close(law, usually, f"{name} after {steps} steps", float(found), expected, 2 * tolerance)


def _bound(ledger: Any) -> float:
    return float(ledger["expected_log_joint"][-1] + ledger["entropy"][-1])
