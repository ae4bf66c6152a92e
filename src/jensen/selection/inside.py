"""A fitted model as a point of another that contains it, and whether it is in the smooth inside of that."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError, one_line
from jensen.em.contract import as_model
from jensen.em.curvature.parabola import FAR
from jensen.em.fitted import Fitted
from jensen.em.problem import Problem
from jensen.em.score import unit_scale
from jensen.em.uncertainty.sandwich import meat
from jensen.models.mixture.params import MixtureParams
from jensen.spaces.chart import Chart

SAME = 1e-8  # relative: of the log-evidence of the same parameters in two models
NO_INFORMATION = 1e-7  # about a direction, relative to the most that there is


def as_params_of(large: Fitted, small: Fitted) -> Params | None:
    """The smaller fit as params of the larger model; None where they are none."""
    model, params = as_model(large.model), small.params
    if isinstance(params, MixtureParams) and model.components_of is not None:
        mine, other = model.components_of(large.params), as_model(small.model).components_of(params)
        if mine.family.name != other.family.name:
            made = mine.family.from_other(other.family, other.params, other.weights)
            return None if made is None else MixtureParams(params.weights, made)
    return params if isinstance(model.chart, Chart) and _takes(model.chart, params) else None


def _takes(chart: Chart, params: Params) -> bool:
    """Whether params are of the model's kind, and inside its space or at its edge."""
    try:
        values = chart.split(params)
        return all(np.shape(values[name]) == space.shape for name, space in chart.spaces.items())
    except (AttributeError, LookupError, TypeError, ValueError):
        return False


def checked_inside(small: Fitted, large: Fitted, inner: Params, given: bool) -> str:
    """What is to be said of the smaller fit as a point of the larger model, once it is seen to be one."""
    at_ends = [f"the {n} fit" for n, fit in (("smaller", small), ("larger", large)) if fit.verdict.at_bound]
    if at_ends:
        return (
            f"parameters of {' and '.join(at_ends)} are at a bound, where the distribution is not chi-square"
        )
    if large.given is None:
        return ""
    problem = Problem.prepared(large.model, large.given.data, large.given.weight)
    try:
        expected = problem.expected(inner)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ModelError(f"the smaller fit is no point of the larger model: {one_line(error):.160}") from None
    if not abs(expected.log_evidence - small.log_evidence) <= SAME * (1.0 + abs(small.log_evidence)):
        raise ModelError(
            f"the {'params within' if given else 'params of the smaller fit'} have log-likelihood "
            f"{expected.log_evidence:.6g} in the larger model and {small.log_evidence:.6g} in the smaller: "
            "the larger model does not contain it"
        )
    return _irregular(problem, inner, expected.stats)


def _irregular(problem: Problem, inner: Params, stats: Any) -> str:
    """Why the smaller model is not a smooth part of the inside of the larger one; empty where it is."""
    model, chart = problem.model, problem.model.chart
    if chart is None:
        return ""
    u, unit = chart.to_vector(inner), unit_scale(model, inner, stats)
    local = chart.local(u, chart.natural_vector(inner), unit)
    ended = (local.ends != 0) & (np.abs(local.v) > FAR * local.far)
    if ended.any() or chart.at_bound(inner).any():
        return (
            "the smaller model is at a bound of the larger one, where the distribution is a mixture of "
            "chi-squares: p is too large"
        )
    if model.scores is None or problem.num_cases <= chart.size:
        return ""
    values = np.linalg.eigvalsh(meat(problem, inner, unit) * np.outer(unit, unit))
    if values.min(initial=1.0) > NO_INFORMATION * values.max(initial=1.0):
        return ""
    return (
        "the larger model is not identified on the smaller one, where the distribution is not chi-square: "
        "compare by BIC, or by a parametric bootstrap"
    )
