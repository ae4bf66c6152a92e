"""Derivatives by central differences of the eighth order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from jensen.basics.arrays import Array

# f'(0) ≈ Σ_j c_j (f(jh) − f(−jh)) / h, with an error of the ninth order.
COEFFICIENTS = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
STEP = 0.02
"""Of a function that changes by as much as itself over a distance of 1: truncation and rounding are both near
1e-13.
"""


def jacobian(f: Callable[[Array], Array], u: Array, scale: Array | float = 1.0, step: float = STEP) -> Array:
    """∂f/∂u, (size of f, size of u).

    Parameters
    ----------
    f
        Of a vector, to a vector.
    u
        Where.
    scale
        The unit of every coordinate, or of all.
    step
        In these units.
    """
    steps = step * np.broadcast_to(np.asarray(scale, dtype=float), u.shape)
    columns = []
    for i, h in enumerate(steps):
        total = 0.0
        for j, coefficient in enumerate(COEFFICIENTS, start=1):
            ahead, behind = u.copy(), u.copy()
            ahead[i] += j * h
            behind[i] -= j * h
            total = total + coefficient * (np.atleast_1d(f(ahead)) - np.atleast_1d(f(behind)))
        columns.append(total / h)
    return np.stack(columns, axis=1) if columns else np.zeros((len(np.atleast_1d(f(u))), 0))


def gradient(f: Callable[[Array], float], u: Array, scale: Array | float = 1.0, step: float = STEP) -> Array:
    """∂f/∂u of a number, (size of u,)."""
    return jacobian(lambda v: np.array([f(v)]), u, scale, step)[0]


def curvature_scale(f: Callable[[Array], float], u: Array) -> Array:
    """1/√|∂²f/∂u_i²| of every coordinate, whatever its units; inf where f is flat.

    For a log-likelihood it is the standard error of a coordinate, were it the only one.
    """
    with np.errstate(all="ignore"):
        return np.array([_curvature_scale(f, u, i) for i in range(len(u))])


def _curvature_scale(f: Callable[[Array], float], u: Array, i: int) -> float:
    """From a second difference that is neither rounding nor far from a parabola."""
    here = f(u)
    visible = max(1e-7, 1e-10 * abs(here))
    step = 1e-3 * max(1.0, abs(u[i]))
    for _ in range(30):
        ahead, behind = u.copy(), u.copy()
        ahead[i] += step
        behind[i] -= step
        bend = abs(f(ahead) - 2 * here + f(behind))
        if not bend <= 100 * visible:
            step /= 5.0
        elif bend < visible:
            step *= 3.0
        else:
            return step / float(np.sqrt(bend))
    return np.inf
