"""Derivatives by central differences of the eighth order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# f'(0) ≈ Σ_j c_j (f(jh) − f(−jh)) / h, with an error of the ninth order.
COEFFICIENTS = (4 / 5, -1 / 5, 4 / 105, -1 / 280)
STEP = 0.02
"""In units of the scale over which the function changes: truncation and rounding are both near 1e-13."""


def jacobian(f: Callable[[Array], Array], u: Array, scale: Array | float = 1.0) -> Array:
    """∂f/∂u, (size of f, size of u).

    Parameters
    ----------
    f
        Of a vector, to a vector.
    u
        Where.
    scale
        The distance, of every coordinate or of all, over which f changes by as much as itself.
    """
    steps = STEP * np.broadcast_to(np.asarray(scale, dtype=float), u.shape)
    columns = []
    for i, step in enumerate(steps):
        total = 0.0
        for j, coefficient in enumerate(COEFFICIENTS, start=1):
            ahead, behind = u.copy(), u.copy()
            ahead[i] += j * step
            behind[i] -= j * step
            total = total + coefficient * (np.atleast_1d(f(ahead)) - np.atleast_1d(f(behind)))
        columns.append(total / step)
    return np.stack(columns, axis=1) if columns else np.zeros((len(np.atleast_1d(f(u))), 0))


def gradient(f: Callable[[Array], float], u: Array, scale: Array | float = 1.0) -> Array:
    """∂f/∂u of a number, (size of u,)."""
    return jacobian(lambda v: np.array([f(v)]), u, scale)[0]


def curvature(f: Callable[[Array], float], u: Array, step: float = 1e-3) -> Array:
    """|∂²f/∂u_i²| of every coordinate, roughly: enough to choose the steps of a derivative by."""
    here = f(u)
    found = np.zeros(len(u))
    for i in range(len(u)):
        ahead, behind = u.copy(), u.copy()
        ahead[i] += step
        behind[i] -= step
        found[i] = abs(f(ahead) - 2 * here + f(behind)) / step**2
    return found
