"""The maximum of a smooth function in a chart, from its gradient: for M-steps without a closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jensen.basics.arrays import Array

Value = Callable[[Array], float]
Gradient = Callable[[Array], Array]

MOST_COORDINATES = 150  # a second derivative by differences of more is dearer than BFGS
MOST_STEPS = 200
MOST_HALVINGS = 40
STATIONARY = 1e-27  # of 1 + |value|: what the rounding of a closed form leaves to gain
DONE = 1e-30  # of 1 + |value|: what the rounding of the gradient leaves
HIDDEN = 1e-14  # of 1 + |value|: a gain that rounding hides
KEPT = 0.1  # the second derivative is taken anew after a step that gains more than this of the one before
FLAT = 1e-12  # of the largest curvature, in the units given
STEP = 0.1  # of differences of the gradient, in the units given
FITTING = 1e-2, 1e2  # curvatures for which the units will do


@dataclass(slots=True)
class Memory:
    """What one maximization leaves for the next one of nearly the same function.

    Attributes
    ----------
    unit
        (p,): the length of every coordinate over which the function changes by about 1.
    inverse
        (p, p): the inverse of its second derivative, in these units; None where it is not known.
    """

    unit: Array
    inverse: Array | None = None


def maximize(
    value: Value, gradient: Gradient, u: Array, memory: Memory, measure: Callable[[Array], Array]
) -> Array:
    """The maximum of ``value`` near ``u``, to rounding; never lower than at ``u``.

    Newton's steps with the second derivative by differences of the gradient, kept while it serves; directions
    in which the function curves upwards are climbed as far as if it curved downwards as much.

    Parameters
    ----------
    value, gradient
        Of a vector. ``value`` may be −inf outside its domain.
    u
        Where to begin, inside the domain.
    memory
        Of the maximization before; it is updated.
    measure
        The units at a vector, for when those remembered will not do any more; at most 1 for logarithms.
    """
    if len(u) > MOST_COORDINATES:
        return _bfgs(value, gradient, u, memory.unit)
    here, last = value(u), np.inf
    for _ in range(MOST_STEPS):
        fresh = memory.inverse is None
        inverse = _learn(gradient, u, memory, measure) if memory.inverse is None else memory.inverse
        slope = gradient(u) * memory.unit
        step = inverse @ slope
        gain = 0.5 * float(slope @ step)
        lasting = gain < last * KEPT
        if gain > HIDDEN * (1 + abs(here)):
            before = here
            u, here = _search(value, u, before, step * memory.unit)
            risen = here > before
            if fresh and not risen:  # what the step promised is rounding
                break
            memory.inverse, last = inverse if lasting and risen else None, gain
        elif lasting:  # the value shows nothing of it: as long as steps get shorter
            u, last = u + step * memory.unit, gain
        elif fresh or gain <= DONE * (1 + abs(here)):
            break
        else:
            memory.inverse = None
    return u


def is_stationary(here: float, slope: Array, unit: Array) -> bool:
    """Whether no step is worth taking from where the value is ``here`` and the gradient ``slope``."""
    return 0.5 * float(np.square(slope * unit).sum()) <= STATIONARY * (1 + abs(here))


def _learn(gradient: Gradient, u: Array, memory: Memory, measure: Callable[[Array], Array]) -> Array:
    """The inverse of the second derivative at u."""
    memory.inverse = _absolute_inverse(second_derivative(gradient, u, memory, measure))
    return memory.inverse


def _fits(hessian: Array) -> bool:
    diagonal = np.abs(np.diag(hessian))
    return bool(((diagonal > FITTING[0]) & (diagonal < FITTING[1])).all())


def second_derivative(
    gradient: Gradient, u: Array, memory: Memory, measure: Callable[[Array], Array]
) -> Array:
    """−∂²/∂u², (p, p), by differences of the gradient; in the units remembered, or in new ones if need be."""
    found = _differences(gradient, u, memory.unit)
    if not _fits(found):
        memory.unit = measure(u)
        found = _differences(gradient, u, memory.unit)
    return found


def _differences(gradient: Gradient, u: Array, unit: Array) -> Array:
    found = np.zeros((len(u), len(u)))
    for i, step in enumerate(STEP * np.diag(unit)):
        found[i] = unit * (gradient(u - step) - gradient(u + step)) / (2 * STEP)
    return found


def _absolute_inverse(hessian: Array) -> Array:
    """|H|⁻¹, nothing along flat directions; 1 where H cannot be had."""
    if not np.isfinite(hessian).all():
        return np.eye(len(hessian))
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
