"""The upper tail of the standard normal distribution, by its Mills ratio m(z) = S(z)/p(z), for z above −1."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
LARGE, TERMS = 4.0, 32  # from where the continued fraction is taken, and how much of it
ROUNDS = 12  # of Newton's method, which begins on the side where it cannot overshoot


def above(z: Any) -> Any:
    """What the hazard p/S is above z, without cancellation: 1/(z + 2/(z + 3/(z + …))) (Laplace)."""
    is_large = z > LARGE
    far: Any = jnp.where(is_large, z, LARGE)
    near: Any = jnp.where(is_large, LARGE, z)
    fraction = jnp.zeros_like(far)
    for k in range(TERMS, 0, -1):
        fraction = k / (far + fraction)
    hazard = jnp.exp(-0.5 * near**2 - HALF_LOG_2PI - log_ndtr(-near))
    return jnp.where(is_large, fraction, hazard - near)


def hazard(z: Any) -> Any:
    """p(z)/S(z)."""
    return z + above(z)


def log_mills(z: Any) -> Any:
    """log S(z)/p(z)."""
    return -jnp.log(hazard(z))


def log_density(alpha: Any, w: Any) -> Any:
    """log p(α + w) − log S(α)."""
    return -w * (alpha + 0.5 * w) - log_mills(alpha)


def fall(alpha: Any, w: Any) -> Any:
    """log S(α) − log S(α + w)."""
    return w * (alpha + 0.5 * w) + log_mills(alpha) - log_mills(alpha + w)


@jax.custom_jvp
def excess(alpha: Any, e: Any) -> Any:
    """w such that ``fall(alpha, w) = e``: by Newton's method, which is quick as the fall is convex."""

    def step(_: int, w: Any) -> Any:
        return jnp.maximum(w - (fall(alpha, w) - e) / hazard(alpha + w), 0.0)

    # a first guess: α w + w²/2 = e where α is large
    first = 2.0 * e / (alpha + jnp.sqrt(alpha**2 + 2.0 * e) + 1e-30)
    return jax.lax.fori_loop(0, ROUNDS, step, first)


@excess.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (alpha, e), (alpha_moves, e_moves) = primals, tangents
    w = excess(alpha, e)
    moved = e_moves - (w + above(alpha + w) - above(alpha)) * alpha_moves
    return w, moved / hazard(alpha + w)
