"""What log densities are made of that do not cancel, whatever the size of a shape or a count (Loader, 2000).

log Γ(s) is s log s − s − ``peak(s)``, and what is left of a density is a deviance, which is small where the
density is large. Derivatives are written down, and cancel no more than the values do.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.where import where

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400)
FROM, SHIFT = 10.0, 8  # where Stirling's series is taken; smaller numbers are moved up by so many
NEAR = 0.1  # up to where log (1 + d) − d is taken from a series
ARTANH = (1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13)


def error(s: Any) -> Any:
    """δ(s) = log Γ(s) − (s − ½) log s + s − ½ log 2π for s > 0, which falls as 1/12s."""
    is_small = s < FROM
    low: Any = where(is_small, s, 1.0)
    product = low
    for i in range(1, SHIFT):
        product = product * (low + i)
    back = _leading(low + SHIFT) - _leading(low) - jnp.log(product)
    t = 1.0 / where(is_small, low + SHIFT, s)
    return t * polynomial(t * t, SERIES) + where(is_small, back, 0.0)


def _leading(s: Any) -> Any:
    return (s - 0.5) * jnp.log(s) - s


def polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    """From the constant on."""
    total: Any = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


def peak(s: Any) -> Any:
    """s log s − s − log Γ(s)."""
    return 0.5 * jnp.log(s) - HALF_LOG_2PI - error(s)


def factors(count: Any) -> Any:
    """log n! less n log n − n; 0 of 0."""
    some: Any = where(count > 0.0, count, 1.0)
    return where(count > 0.0, HALF_LOG_2PI + 0.5 * jnp.log(some) + error(some), 0.0)


def log_rise(s: Any, more: Any) -> Any:
    """log Γ(s + m) − log Γ(s) − m log s."""
    return s * log1p_less(more / s) + (more - 0.5) * jnp.log1p(more / s) + error(s + more) - error(s)


def log_sum_less(a: Any, b: Any) -> Any:
    """log a + log b − log (a + b)."""
    is_less = a < b
    low, high = where(is_less, a, b), where(is_less, b, a)
    return jnp.log(low) - jnp.log1p(low / high)


@jax.custom_jvp
def log1p_less(d: Any) -> Any:
    """log (1 + d) − d."""
    is_near = jnp.abs(d) < NEAR
    near: Any = where(is_near, d, 0.0)
    # log (1 + d) = 2 artanh r with r = d / (2 + d), and 2 r − d = −r d
    r = near / (2.0 + near)
    return where(is_near, 2.0 * r**3 * polynomial(r * r, ARTANH) - r * near, jnp.log1p(d) - d)


@log1p_less.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (d,), (moves,) = primals, tangents
    return log1p_less(d), -d / (1.0 + d) * moves


@jax.custom_jvp
def log_ratio(x: Any, log_mean: Any, off: Any) -> Any:
    """log (m / x), of log m and m − x."""
    d: Any = off / x
    is_near = jnp.abs(d) < 0.5
    return where(is_near, jnp.log1p(where(is_near, d, 0.0)), log_mean - jnp.log(x))


@log_ratio.defjvp
def _(primals: Any, tangents: Any) -> Any:
    found = log_ratio(*primals)
    return found, jnp.broadcast_to(tangents[1] - tangents[0] / primals[0], found.shape)


@jax.custom_jvp
def deviance(x: Any, log_mean: Any, off: Any) -> Any:
    """x log (m / x) + x − m for x ≥ 0, of log m and m − x: never above 0."""
    some = where(x > 0.0, x, 1.0)
    d = off / some
    is_near = jnp.abs(d) < 0.5
    found = where(is_near, some * log1p_less(where(is_near, d, 0.0)), some * (log_mean - jnp.log(some)) - off)
    return where(x > 0.0, found, -off)


@deviance.defjvp
def _(primals: Any, tangents: Any) -> Any:
    x, log_mean, off = primals
    by_x = where(x > 0.0, log_ratio(where(x > 0.0, x, 1.0), log_mean, off), 0.0)
    return deviance(*primals), by_x * tangents[0] - off * tangents[1]


def parted(a: Any, b: Any, log_p: Any, log_q: Any, off: Any) -> Any:
    """a log (n p / a) + b log (n q / b), of n = a + b, p + q = 1 and n p − a = b p − a q."""
    log_n = jnp.log(a + b)
    return deviance(a, log_n + log_p, off) + deviance(b, log_n + log_q, -off)


@jax.custom_jvp
def failures(size: Any, mean: Any, count: Any) -> Any:
    """The same of size and count, whose shares are as size and mean; it does not move with the count."""
    is_some = count > 0.0
    of_size, of_mean = -jnp.log1p(mean / size), -jnp.log1p(size / where(is_some, mean, 1.0))
    some = where(is_some, count, 1.0)
    found = parted(size, some, of_size, of_mean, (some - mean) * (size / (size + mean)))
    return where(is_some, found, size * of_size)


@failures.defjvp
def _(primals: Any, tangents: Any) -> Any:
    size, mean, count = primals
    whole = size + mean
    d = (count - mean) / whole
    is_near = jnp.abs(d) < 0.5
    by_size = where(is_near, log1p_less(where(is_near, d, 0.0)), jnp.log(size + count) - jnp.log(whole) - d)
    by_mean = (count / where(count > 0.0, mean, 1.0) - 1.0) * (size / whole)
    return failures(*primals), by_size * tangents[0] + by_mean * tangents[1]


def others(x: Any) -> Any:
    """The sum of all others along the last axis, also where one is much larger than they are."""
    before = jnp.cumsum(x, axis=-1)
    after = jnp.flip(jnp.cumsum(jnp.flip(x, -1), axis=-1), -1)
    nothing = jnp.zeros_like(x[..., :1])
    return jnp.concatenate([nothing, before[..., :-1]], -1) + jnp.concatenate([after[..., 1:], nothing], -1)
