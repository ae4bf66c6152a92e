"""Laws of a model's chart, and of the derivatives that it gives in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from jensen.basics.arrays import Data, Params, Weight
from jensen.em.identities import e_step, log_prior
from jensen.testing.law import (
    Array,
    LawError,
    neighbours,
    num_values,
    precision,
    prepared,
    require_close,
    rounding,
    slope,
)

CLOSE = float(np.finfo(float).eps) ** 0.5  # a round trip through a Cholesky factor loses its condition


def chart_inverts(model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0) -> None:
    """The chart and its inverse undo each other, every vector is feasible, and every number has a name.

    Raises
    ------
    LawError
        The map to the vector and the map back do not belong together.
    """
    law, usually = "chart_inverts", "a to_vector and a from_vector that do not belong together"
    model, drawn = prepared(model, data, weight), np.random.default_rng(rng)
    chart = model.chart
    for there in [params, *neighbours(model, params, data, weight, drawn, 3)]:
        u, natural = chart.to_vector(there), chart.natural_vector(there)
        if len(u) != chart.size or not len(natural) == len(chart.names) == len(set(chart.names)):
            found = f"{len(u)} coordinates, size {chart.size}; {len(natural)} numbers, names {chart.names}"
            raise LawError(law, found, "a size or names of another parameterization")
        again = chart.natural_vector(chart.from_vector(u))
        _require_same(law, usually, "parameters → vector → parameters", again, natural)
        moved = u + 0.3 * drawn.standard_normal(len(u))
        back = chart.to_vector(chart.from_vector(moved))
        _require_same(law, usually, "vector → parameters → vector", back, moved)


def _require_same(law: str, usually: str, what: str, found: Array, expected: Array) -> None:
    size = max(1.0, float(np.abs(expected).max(initial=0.0)))
    worst = float(np.abs(found - expected).max(initial=0.0))
    require_close(law, usually, what, worst, 0.0, CLOSE * size)


def score_is_slope(model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0) -> None:
    """The model's ``score(params, stats)`` = ∂(Q(·, S) + log p(·))/∂u, also where S is of another θ.

    Raises
    ------
    LawError
        The derivative is wrong, or is not that in the chart.
    """
    model = prepared(model, data, weight)
    stats = e_step(model, params, data, weight).stats
    others = neighbours(model, params, data, weight, np.random.default_rng(rng), 4)
    usually = (
        "a wrong derivative, or one in the natural parameters and not in the chart, or without the prior's"
    )
    for here in [params, others[0]]:
        score = np.asarray(model.score(here, stats), dtype=float)

        def value(there: Params) -> float:
            return float(model.expected_log_joint(there, stats)) + log_prior(model, there)

        for v, found, tolerance in _slopes(model, here, others[1:], value, data, weight):
            require_close(
                "score_is_slope",
                usually,
                "score · v against the slope of Q",
                float(score @ v),
                found,
                tolerance,
            )


def scores_add(model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0) -> None:
    """Σ_n w_n of the rows' ``scores(params, data)`` = ∂ log p(x | θ)/∂u.

    Raises
    ------
    LawError
        A row's score is not that of its log-evidence.
    """
    model = prepared(model, data, weight)
    scores = np.asarray(model.scores(params, data), dtype=float)
    total = scores.sum(axis=0) if weight is None else np.asarray(weight) @ scores
    others = neighbours(model, params, data, weight, np.random.default_rng(rng), 4)
    usually = "scores that are weighted already, or of Q at another θ, or in other coordinates"

    def value(there: Params) -> float:
        return e_step(model, there, data, weight).log_evidence

    for v, found, tolerance in _slopes(model, params, others, value, data, weight):
        require_close(
            "scores_add",
            usually,
            "Σ scores · v against the slope of log p",
            float(total @ v),
            found,
            tolerance,
        )


def information_is_curvature(
    model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0
) -> None:
    """The model's ``information(params, data, weight)`` = −∂²(log p(x | θ) + log p(θ))/∂u².

    Raises
    ------
    LawError
        The second derivatives are wrong, or not those in the chart.
    """
    law, usually = (
        "information_is_curvature",
        "a wrong Hessian, or one in the natural parameters, or a wrong sign",
    )
    model = prepared(model, data, weight)
    information = np.asarray(model.information(params, data, weight), dtype=float)
    _require_same(law, "an asymmetric formula", "information, transposed", information.T, information)
    origin = model.chart.to_vector(params)
    h = precision(data) ** (1 / 6)  # balances h⁴ against eps / h²

    def value(u: Array) -> float:
        there = model.chart.from_vector(u)
        return e_step(model, there, data, weight).log_evidence + log_prior(model, there)

    noise = rounding(model, params, data, weight)
    for other in neighbours(model, params, data, weight, np.random.default_rng(rng), 4):
        v = model.chart.to_vector(other) - origin
        near, far = (
            -(value(origin + step * v) - 2 * value(origin) + value(origin - step * v)) / step**2
            for step in (h / 2, h)
        )
        found, tolerance = near + (near - far) / 3, abs(far - near) + 32 * noise / h**2
        require_close(
            law, usually, "vᵀ I v against the curvature", float(v @ information @ v), found, tolerance
        )


def _slopes(
    model: Any, params: Params, others: list[Params], value: Any, data: Data, weight: Weight
) -> Iterator[tuple[Array, float, float]]:
    """Directions v from ``params`` in the chart, the slope of ``value`` along each, and its error."""
    origin = model.chart.to_vector(params)
    size = abs(value(params)) * num_values(params)
    noise = rounding(model, params, data, weight) + precision(data) * size
    for other in others:
        v = model.chart.to_vector(other) - origin

        def along(step: float, v: Array = v) -> float:
            return value(model.chart.from_vector(origin + step * v))

        found, tolerance = slope(along, noise, data)
        yield v, found, tolerance
