"""log ∫ e^g over an interval, for a log-concave g: the mass of what is only known to lie between two bounds.

Incomplete gamma and beta functions are integrals of log-concave functions in the right coordinate, whatever
their parameters. From the highest point of the interval g falls on both sides, ever faster: each side is
cut where e⁻⁴⁰ of the top is left, and integrated by Gauss's rule. So the logarithm does not underflow in
the tails, and derivatives in all parameters are those of the sum, to any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from jensen.models.log_joint.densities.lazy import jnp
from jensen.models.log_joint.precision import require_jax

NODES = 48
DROP = 40.0
REACH = (-50.0, 28.0)
"""Logarithms of the shortest and of the longest side that is looked for."""
HALVINGS = 12


def log_mass(g: Callable[..., Any], low: Any, high: Any, from_left: Any, to_right: Any, *params: Any) -> Any:
    """log ∫ exp g(v, *params) dv over ``low`` < v < ``high``.

    Both sides of the highest point are one array: a program of g is compiled once for each derivative, and
    not once for each of its places.

    Parameters
    ----------
    g
        Concave in v, highest at v = 0, where it is 0.
    low, high
        The bounds; finite, also where they are not used. Their last axes are those of the parameters.
    from_left, to_right
        Where the interval begins at −∞, and where it ends at ∞.
    """
    lax = require_jax().lax
    low_, high_ = jnp.where(from_left, -jnp.inf, low), jnp.where(to_right, jnp.inf, high)
    top = jnp.where(low_ > 0, low, jnp.where(high_ < 0, high, 0.0))
    sign = jnp.reshape(jnp.asarray([-1.0, 1.0], top.dtype), (2, *[1] * top.ndim))
    reach = _reach(g, top, sign, *params)
    left = jnp.where(top - low_ < reach[0], top - jnp.where(from_left, 0.0, low), reach[0])
    right = jnp.where(high_ - top < reach[1], jnp.where(to_right, 0.0, high) - top, reach[1])
    peak = lax.stop_gradient(g(top, *params))
    sums = _sides(g, top, jnp.stack([left, right]), sign, peak, params).sum(0)
    empty = sums <= 0
    return jnp.where(empty, -jnp.inf, peak + jnp.log(jnp.where(empty, 1.0, sums)))


def _sides(g: Callable[..., Any], top: Any, length: Any, sign: Any, peak: Any, params: Sequence[Any]) -> Any:
    """∫ exp (g − peak) over ``length`` to the sides of ``top``, in log (1 + distance)."""
    nodes, weights = _rule()
    whole = jnp.log1p(length)[..., None]
    distance = jnp.expm1(whole * nodes)
    at = top[..., None] + sign[..., None] * distance
    values = jnp.exp(g(at, *(p[..., None] for p in params)) - peak[..., None])
    return (whole * (1.0 + distance) * values) @ weights


def _reach(g: Callable[..., Any], top: Any, sign: Any, *params: Any) -> Any:
    """How far from ``top`` g has fallen by `DROP`: a number for the rule, and no part of the derivative."""
    lax = require_jax().lax
    top, *fixed = (lax.stop_gradient(value) for value in (top, *params))
    peak = g(top, *fixed)

    def halve(_: Any, bounds: Any) -> Any:
        near, far = bounds
        middle = 0.5 * (near + far)
        beyond = peak - g(top + sign * jnp.exp(middle), *fixed) < DROP
        return jnp.where(beyond, middle, near), jnp.where(beyond, far, middle)

    shortest, longest = (jnp.full((2, *jnp.shape(peak)), bound, top.dtype) for bound in REACH)
    return lax.stop_gradient(jnp.exp(lax.fori_loop(0, HALVINGS, halve, (shortest, longest))[1]))


@cache
def _rule() -> tuple[Any, Any]:
    """Gauss and Legendre's on (0, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return 0.5 * (nodes + 1.0), 0.5 * weights
