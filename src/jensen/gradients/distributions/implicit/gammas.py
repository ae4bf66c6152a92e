"""Draws of the gamma distribution and of those that are made of it, with a path in the shape.

Small shapes, whose draws underflow, are drawn as g·u^(1/α) with g of shape α + 1 (Marsaglia and Tsang, 2000).
The second factor has an explicit path, and neither underflows in the logarithm. A draw that is too small, or
too large, for a number underflows or overflows itself, whatever its scale.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.distributions import stirling
from jensen.gradients.surrogates import guard
from jensen.gradients.where import where

ONCE = "a path through the shape of a gamma-like draw is right to the first derivative only"
SMALL = 0.3
"""The shape below which the logarithm of a draw is put together."""
LARGE = {jnp.dtype("float64"): 1e5, jnp.dtype("float32"): 100.0}
"""The shape above which the path is taken from a series in its inverse: nearer there than what JAX has."""
BENT = (-1 / 3, 1 / 18, 1 / 540, -7 / 1620, 25 / 18144, -1.72447579855e-4)

Shape = tuple[int, ...]


def gamma(key: Any, concentration: Any, shape: Shape, rate: Any = 1.0) -> Any:
    """Draws of a rate."""
    large, log_small, is_small = _factors(key, concentration, shape)
    log_of_small = jnp.log(large) + log_small - jnp.log(rate)
    return where(is_small, jnp.exp(where(is_small, log_of_small, 0.0)), large / rate)


def inverse_gamma(key: Any, concentration: Any, shape: Shape, rate: Any) -> Any:
    """The rate over draws of rate 1."""
    large, log_small, is_small = _factors(key, concentration, shape)
    log_of_small = jnp.log(rate) - jnp.log(large) - log_small
    return where(is_small, jnp.exp(where(is_small, log_of_small, 0.0)), rate / large)


def log_gamma(key: Any, concentration: Any, shape: Shape) -> Any:
    """The logarithm of draws of rate 1, also where they underflow."""
    large, log_small, _ = _factors(key, concentration, shape)
    return jnp.log(large) + log_small


def _factors(key: Any, concentration: Any, shape: Shape) -> tuple[Any, Any, Any]:
    """A gamma draw, the logarithm of what it is multiplied by, and whether it is."""
    concentration = jnp.broadcast_to(concentration, shape)
    is_small = concentration < SMALL
    of_gamma, of_power = jax.random.split(key)
    shifted = jnp.where(is_small, concentration + 1.0, concentration)
    drawn = jax.random.gamma(of_gamma, jax.lax.stop_gradient(shifted), shape)
    power = -jax.random.exponential(of_power, shape, drawn.dtype)
    return _follow(shifted, drawn), jnp.where(is_small, power / concentration, 0.0), is_small


@jax.custom_jvp
def _follow(concentration: Any, drawn: Any) -> Any:
    """``drawn``, which moves with the shape at a fixed value of the distribution function."""
    return drawn


@_follow.defjvp
def _(primals: Any, tangents: Any) -> Any:
    concentration, drawn = primals
    slope = path(jax.lax.stop_gradient(concentration), jax.lax.stop_gradient(drawn))
    return drawn, (slope + 0.0 * guard(concentration, ONCE)) * tangents[0]


def path(shape: Any, x: Any) -> Any:
    """∂x/∂shape at a fixed value of the distribution function, of rate 1."""
    is_large = shape > LARGE[jnp.dtype(jnp.result_type(x))]
    some, value = where(is_large, 1.0, shape), where(is_large, 1.0, x)
    # Pyright sees the signature of what JAX wraps.
    slope = jax.lax.random_gamma_grad(some, value)  # pyright: ignore[reportCallIssue]
    return where(is_large, _path_of_large(where(is_large, shape, 1.0), where(is_large, x, 1.0)), slope)


def _path_of_large(shape: Any, x: Any) -> Any:
    """By the uniform expansion of the quantile (Temme, 1992), to an error of 1/shape².

    With λ = x/shape and η²/2 = λ − 1 − log λ, η + L(η)/(η shape) is a normal number, and L = log (η/(λ − 1)).
    """
    d = (x - shape) / shape
    half = -stirling.log1p_less(d)
    is_middle = d == 0.0
    safe: Any = where(is_middle, 1.0, d)
    ratio = where(is_middle, 0.0, half / safe)
    steepness = where(is_middle, 1.0, jnp.sqrt(2.0 * half) / jnp.abs(safe))
    bend = stirling.polynomial(jnp.clip(steepness * d, -1.0, 1.0), BENT)
    return (1.0 + d) * (1.0 - ratio - steepness * bend / (2.0 * shape))
