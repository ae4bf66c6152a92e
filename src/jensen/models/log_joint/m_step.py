"""The M-step: the user's closed form, validated; or Newton's method on Q, to its last digits."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.spaces.chart import Chart

MOST_STEPS = 200
LONGEST = 3.0  # no logarithm or logit moves further in one step: a factor of 20
SETTLED = 1e-13  # a step that changes no coordinate by more than this, relative to 1 + |u|, is the last


def takes_params(m_step: Callable[..., Any]) -> bool:
    """Whether a closed form is m_step(S, params) and not m_step(S)."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(m_step).parameters.values()
    return sum(p.kind in kinds and p.default is p.empty for p in parameters) > 1


def validated(chart: Chart, found: Any) -> dict[str, Array]:
    """What a closed form returned, as arrays inside their spaces.

    Raises
    ------
    ValueError
        Naming the parameter that is missing, misshapen, not finite or outside its space.
    """
    if not isinstance(found, dict):
        raise ModelError(f"the m_step given must return a dict of params, not {type(found).__name__}")
    values = {name: np.asarray(value, dtype=float) for name, value in found.items()}
    values = {n: chart.spaces[n].tidy(v) if n in chart.spaces else v for n, v in values.items()}
    try:
        chart.check(values)
    except ValueError as error:
        raise ModelError(f"the m_step given returned params that will not do: {error}") from error
    return {name: values[name] for name in chart.spaces}


def newton(
    value: Callable[[Array], float],
    derivatives: Callable[[Array], tuple[float, Array, Array]],
    u: Array,
    reach: Array,
) -> Array:
    """The maximum of a function from u upwards, exactly: Newton's method with curvatures made positive.

    Parameters
    ----------
    value
        Of the function at a point.
    derivatives
        (value, gradient, Hessian) at a point.
    u, reach
        (p,): where to start, and how far a coordinate may go in one step.

    Notes
    -----
    Steps go along the eigenvectors of the Hessian with the absolute values of its eigenvalues, so that they
    climb from anywhere; flat directions (coordinates at the edge of their chart) stay. Once the gain of a
    step is below what rounding shows, steps are taken on the gradient alone while they shrink.
    """
    last = np.inf
    for _ in range(MOST_STEPS):
        here, gradient, hessian = derivatives(u)
        step = _ascent(gradient, hessian, reach)
        size = float(np.max(np.abs(step) / (1.0 + np.abs(u)), initial=0.0))
        gain = float(gradient @ step)
        hidden = 1e-12 * (1.0 + abs(here))
        if not np.isfinite(gain) or (gain <= hidden and size >= last):
            return u
        if gain <= hidden:
            u, last = u + step, size
        else:
            length = _length(value, u, step, here, gain)
            if length == 0.0:
                return u
            u = u + length * step
        if size <= SETTLED:
            return u
    return u


def _ascent(gradient: Array, hessian: Array, reach: Array) -> Array:
    if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        return np.full(len(gradient), np.nan)
    diagonal = np.abs(np.diag(hessian))
    scale = np.sqrt(np.where(diagonal > 1e-300, diagonal, 1.0))
    curvatures, vectors = np.linalg.eigh(-hessian / np.outer(scale, scale))
    along = vectors.T @ (gradient / scale)
    size = np.abs(curvatures)
    flat = size <= 1e-12
    step = vectors @ np.where(flat, 0.0, along / np.where(flat, 1.0, size)) / scale
    return step * min(1.0, 1.0 / max(float(np.max(np.abs(step) / reach, initial=0.0)), 1e-300))


def _length(value: Callable[[Array], float], u: Array, step: Array, here: float, gain: float) -> float:
    """How far along a step the function rises as it should; 0 where it does not."""
    length = 1.0
    for _ in range(40):
        there = value(u + length * step)
        if np.isfinite(there) and there - here >= 1e-4 * length * gain:
            return length
        length *= 0.5
    return 0.0
