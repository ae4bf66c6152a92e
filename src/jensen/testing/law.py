"""What all laws share: the error, the tolerance, and parameters to try a law at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from math import sqrt
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Data, Params, Weight
from jensen.em.cases import precision
from jensen.em.contract import Model, as_model
from jensen.em.coordinates import InChart, Natural, is_feasible
from jensen.em.identities import em_map, log_prior

Take = Callable[[Data, NDArray[np.intp]], Data]
Chart = tuple[Callable[[Params], Array], Callable[[Array], Params | None]]


class LawError(AssertionError):
    """A law does not hold.

    Attributes
    ----------
    law
        Its name: that of the function in `jensen.testing`.
    """

    def __init__(self, law: str, found: str, usually: str) -> None:
        super().__init__(f"{law}: {found}. This usually means {usually}.")
        self.law = law


def rounding(model: Any, params: Params, data: Data, weight: Weight = None) -> float:
    """How far rounding alone can move a sum of the rows' log-evidence.

    Returns
    -------
    float
        eps · (p + √n) · (Σ_n w_n (1 + |log p(x_n | θ)|) + |log p(θ)|). A row's term is a sum over at most the
        p parameters. BLAS adds the n terms of a dot product one after the other, in as many runs as its
        kernel for the processor has: their errors go as a random walk. eps is that of the data.
    """
    each = 1.0 + np.abs(np.asarray(model.posterior(params, data).log_evidence, dtype=float))
    size = float(each.sum() if weight is None else np.asarray(weight) @ each)
    return unit(model, params, data) * (size + abs(log_prior(model, params)))


def unit(model: Any, params: Params, data: Data) -> float:
    """eps · (p + √n): the relative rounding of a sum over the cases."""
    return precision(data) * (num_values(params) + sqrt(as_model(model).cases.count(data)))


def num_values(params: Any) -> int:
    """How many numbers the parameters hold."""
    if isinstance(params, dict):
        return sum(num_values(value) for value in params.values())
    if isinstance(params, (tuple, list)):
        return sum(num_values(value) for value in params)
    if is_dataclass(params):
        return sum(num_values(attrgetter(field.name)(params)) for field in fields(params))
    return int(np.size(params))


def ones(model: Model, data: Data, weight: Weight) -> Array:
    """The weights, 1 where there are none."""
    count = model.cases.count(data)
    return np.ones(count) if weight is None else np.asarray(weight, dtype=float)


def prepared(model: Any, data: Data, weight: Weight) -> Model:
    """The model with what the data fix, as ``fit`` makes it."""
    model = as_model(model)
    return model if model.prepare is None else as_model(model.prepare(data, weight))


def neighbours(
    model: Any,
    params: Params,
    data: Data,
    weight: Weight,
    rng: np.random.Generator,
    count: int,
    spread: float = 0.5,
) -> list[Params]:
    """Feasible parameters near the next M-step: EM steps under random weights (a Bayesian bootstrap)."""
    base = ones(as_model(model), data, weight)
    draws = [1.0 + spread * (rng.exponential(size=len(base)) - 1.0) for _ in range(count)]
    return [em_map(model, params, data, base * draw) for draw in draws]


def chart_of(model: Any, chart: Chart | None) -> Chart | None:
    """The chart given, or the two maps of the model's own, or its ``pack`` and ``unpack``, or None."""
    if chart is not None:
        return chart
    model = as_model(model)
    own = Natural() if model.pack is not None else InChart()
    maps = own.of(model)
    if maps is None:
        return None

    def unpack(vector: Array) -> Params | None:
        params = maps.unpack(vector)
        return params if params is not None and is_feasible(model, params) else None

    return maps.pack, unpack


def slope(f: Callable[[float], float], noise: float, data: Data) -> tuple[float, float]:
    """f′(0), and how wrong that may be.

    Central differences, extrapolated from two step sizes; the tolerance is the rounding of f (``noise``) over
    the step, and what the extrapolation itself changed.
    """
    h = precision(data) ** 0.2  # balances h⁴ against eps / h
    near = (f(h / 2) - f(-h / 2)) / h
    far = (f(h) - f(-h)) / (2 * h)
    return near + (near - far) / 3, abs(far - near) + 8 * noise / h


def require_close(law: str, usually: str, what: str, found: float, expected: float, tolerance: float) -> None:
    """Raise unless the two numbers agree."""
    if not abs(found - expected) <= tolerance:
        apart = f"{found - expected:.3g} apart (rounding: {tolerance:.2g})"
        raise LawError(law, f"{what}: {found!r} against {expected!r}, {apart}", usually)


def require_same_expected(
    law: str,
    usually: str,
    model: Any,
    found: Any,
    expected: Any,
    at: list[Params],
    data: Data,
    weight: Weight,
) -> None:
    """Raise unless two `Expected` agree: in their sums, and in their statistics through Q at several θ.

    Statistics matter only through Q, so that is where they are compared: no law has to know what is in them.
    """
    tolerance = rounding(model, at[0], data, weight)
    for name in ("log_evidence", "entropy", "weight"):
        value = attrgetter(name)
        require_close(law, usually, name, value(found), value(expected), tolerance)
    require_same_stats(law, usually, model, found.stats, expected.stats, at, data, weight)


def require_same_stats(
    law: str,
    usually: str,
    model: Any,
    found: Any,
    expected: Any,
    at: list[Params],
    data: Data,
    weight: Weight,
) -> None:
    """Raise unless Q(θ, ·) is the same for two statistics, at several θ."""
    for i, params in enumerate(at):
        q_found = float(model.expected_log_joint(params, found))
        q_expected = float(model.expected_log_joint(params, expected))
        tolerance = rounding(model, params, data, weight) + unit(model, params, data) * abs(q_expected)
        require_close(law, usually, f"Q(θ, S) at θ number {i}", q_found, q_expected, tolerance)
