"""Draws of the gamma distribution and of those that are made of it, with a path in the shape.

Small shapes, whose draws underflow, are drawn as g·u^(1/α) with g of shape α + 1 (Marsaglia and Tsang, 2000).
The second factor has an explicit path, and neither underflows in the logarithm.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.surrogates import guard

ONCE = "a path through the shape of a gamma-like draw is right to the first derivative only"
SMALL = 0.3
"""The shape below which the logarithm of a draw is put together."""

Shape = tuple[int, ...]


def gamma(key: Any, concentration: Any, shape: Shape) -> Any:
    """Draws of rate 1."""
    large, log_small = _factors(key, concentration, shape)
    return large * jnp.exp(log_small)


def log_gamma(key: Any, concentration: Any, shape: Shape) -> Any:
    """The logarithm of draws of rate 1, also where they underflow."""
    large, log_small = _factors(key, concentration, shape)
    return jnp.log(large) + log_small


def _factors(key: Any, concentration: Any, shape: Shape) -> tuple[Any, Any]:
    """A gamma draw, and the logarithm of what it is multiplied by."""
    concentration = jnp.broadcast_to(concentration, shape)
    is_small = concentration < SMALL
    of_gamma, of_power = jax.random.split(key)
    shifted = jnp.where(is_small, concentration + 1.0, concentration)
    drawn = jax.random.gamma(of_gamma, jax.lax.stop_gradient(shifted), shape)
    power = -jax.random.exponential(of_power, shape, drawn.dtype)
    return _follow(shifted, drawn), jnp.where(is_small, power / concentration, 0.0)


@jax.custom_jvp
def _follow(concentration: Any, drawn: Any) -> Any:
    """``drawn``, which moves with the shape at a fixed value of the distribution function."""
    return drawn


@_follow.defjvp
def _(primals: Any, tangents: Any) -> Any:
    concentration, drawn = primals
    fixed = jax.lax.stop_gradient(concentration)
    # Pyright sees the signature of what JAX wraps.
    slope = jax.lax.random_gamma_grad(fixed, jax.lax.stop_gradient(drawn))  # pyright: ignore[reportCallIssue]
    return drawn, (slope + 0.0 * guard(concentration, ONCE)) * tangents[0]
