"""The maximum of a smooth function in a chart, from its gradient: for M-steps without a closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Value = Callable[[Array], float]
Gradient = Callable[[Array], Array]

MOST_COORDINATES = 150  # a second derivative by differences of more is dearer than BFGS
MOST_STEPS = 100
MOST_HALVINGS = 40
DONE = 1e-27  # of 1 + |value|: what is left to gain
KEPT = 1e-3  # the second derivative is taken anew after a step that gains more than this of the one before
HIDDEN = 1e-14  # of 1 + |value|: a gain that rounding hides
FLAT = 1e-12  # of the largest curvature, in the units given
STEP = 0.1  # of differences of the gradient, in the units given


def maximize(value: Value, gradient: Gradient, u: Array, unit: Array) -> Array:
    """The maximum of ``value`` near ``u``, to rounding; never lower than at ``u``.

    Newton's steps with the second derivative by differences of the gradient; directions in which the
    function curves upwards are climbed as far as if it curved downwards as much.

    Parameters
    ----------
    value, gradient
        Of a vector. ``value`` may be −inf outside its domain.
    u
        Where to begin, inside the domain.
    unit
        (p,): the length of every coordinate over which ``value`` changes by about 1, at most 1 for logarithms.
    """
    if len(u) > MOST_COORDINATES:
        return _bfgs(value, gradient, u, unit)
    here, last, inverse = value(u), np.inf, None
    for _ in range(MOST_STEPS):
        g = gradient(u) * unit
        fresh = inverse is None
        inverse = _inverse(gradient, u, unit) if inverse is None else inverse
        step = inverse @ g
        gain = 0.5 * float(g @ step)
        if gain > HIDDEN * (1 + abs(here)):
            new, here = _search(value, u, here, step * unit)
            if new is u:
                break
            inverse = inverse if gain < last * KEPT else None
            u, last = new, gain
        elif gain < last * KEPT:  # the value shows nothing of it: as long as steps get shorter
            u, last = u + step * unit, gain
        elif fresh:
            break
        else:
            inverse = None
    return u


def is_stationary(here: float, g: Array, unit: Array) -> bool:
    """Whether no step is worth taking from where the value is ``here`` and the gradient g."""
    return 0.5 * float(np.square(g * unit).sum()) <= DONE * (1 + abs(here))


def _inverse(gradient: Gradient, u: Array, unit: Array) -> Array:
    """|H|⁻¹ in the units; 1 where it cannot be had."""
    hessian = np.zeros((len(u), len(u)))
    for i, step in enumerate(STEP * np.diag(unit)):
        hessian[i] = unit * (gradient(u - step) - gradient(u + step)) / (2 * STEP)
    if not np.isfinite(hessian).all():
        return np.eye(len(u))
    values, vectors = np.linalg.eigh(0.5 * (hessian + hessian.T))
    size = np.abs(values)
    inverse = np.where(size > FLAT * size.max(), 1.0 / np.maximum(size, 1e-300), 0.0)
    return (vectors * inverse) @ vectors.T


def _search(value: Value, u: Array, here: float, step: Array) -> tuple[Array, float]:
    """The first of ever shorter steps that does not go down; ``u`` itself if there is none."""
    for halvings in range(MOST_HALVINGS):
        new = u + step / 2**halvings
        there = value(new)
        if there >= here:
            return new, there
    return u, here


def _bfgs(value: Value, gradient: Gradient, u: Array, unit: Array) -> Array:
    """For many coordinates."""
    from scipy.optimize import minimize

    def negative(v: Array) -> tuple[float, Array]:
        there = value(u + unit * v)
        if not np.isfinite(there):
            return 1e300, np.zeros_like(v)
        return -there, -unit * gradient(u + unit * v)

    options = {"ftol": 0.0, "gtol": 1e-9, "maxiter": 10_000}
    found = minimize(negative, np.zeros_like(u), jac=True, method="L-BFGS-B", options=options)
    end = u + unit * found.x
    return end if value(end) >= value(u) else u
