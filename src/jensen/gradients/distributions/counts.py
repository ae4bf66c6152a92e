"""Poisson draws, also of large rates: by transformed rejection (Hörmann, 1993).

A count is drawn as its distance from the rate, which fits into single precision, and its probability
is a deviance, which does not cancel. JAX's own sampler cancels: at a rate of 10⁸ its variance is off by half.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.distributions import stirling
from jensen.gradients.where import where

FEW = 10.0
"""The rate below which counts are drawn one by one."""


def poisson(key: Any, rate: Any, shape: tuple[int, ...]) -> Any:
    """Counts of a rate."""
    rate = jnp.broadcast_to(jnp.asarray(rate, jnp.result_type(rate, float)), shape)
    is_large = rate >= FEW
    of_few, of_many = jax.random.split(key)
    few = _few(of_few, where(is_large, 0.0, rate))
    most = 0.9 * jnp.iinfo(few.dtype).max
    return where(is_large, _many(of_many, jnp.clip(where(is_large, rate, FEW), FEW, most)), few)


def _few(key: Any, rate: Any) -> Any:
    """As many as exponential numbers have a sum up to the rate."""

    def again(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        key, total, count = state
        key, own = jax.random.split(key)
        total = total + jax.random.exponential(own, rate.shape, rate.dtype)
        return key, total, count + (total <= rate)

    start = key, jnp.zeros_like(rate), jnp.zeros(rate.shape, int)
    return jax.lax.while_loop(lambda state: jnp.any(state[1] <= rate), again, start)[2]


def _many(key: Any, rate: Any) -> Any:
    whole = jnp.floor(rate)
    part = rate - whole
    width = 0.931 + 2.53 * jnp.sqrt(rate)
    slant = -0.059 + 0.02483 * width
    height = 1.1239 + 1.1328 / (width - 3.4)
    log_rate = jnp.log(rate)

    def tried(key: Any) -> tuple[Any, Any]:
        """How far from the whole rate, and whether it is taken."""
        one, other = jax.random.split(key)
        u = jax.random.uniform(one, rate.shape, rate.dtype) - 0.5
        v = jax.random.uniform(other, rate.shape, rate.dtype)
        room = jnp.maximum(0.5 - jnp.abs(u), jnp.finfo(rate.dtype).eps)
        far = jnp.floor((2.0 * slant / room + width) * u + part + 0.43)
        count = jnp.maximum(whole + far, 0.0)
        log_p = stirling.deviance(count, log_rate, part - far) - stirling.factors(count)
        log_v = jnp.log(v * height / (slant / room**2 + width))
        is_surely_out = (far < -whole) | ((room < 0.013) & (v > room))
        return far, ~is_surely_out & (log_v <= log_p)

    def again(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        key, far, is_done = state
        key, own = jax.random.split(key)
        new, is_taken = tried(own)
        return key, where(is_done, far, new), is_done | is_taken

    start = key, jnp.zeros_like(rate), jnp.zeros(rate.shape, bool)
    _, far, _ = jax.lax.while_loop(lambda state: ~jnp.all(state[2]), again, start)
    return whole.astype(int) + far.astype(int)
