"""The doubly truncated power law, also where its exponent is near −1 and powers of its ends cancel.

With a = α + 1, L = log (high/low) and y = a L, its normalizer is low^a L (exp y − 1)/y, and the logarithm of
a quantile is log low + L log (1 + u (exp y − 1))/y. Both are smooth at y = 0, by series there.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from jensen.gradients.where import where

SMALL = {jnp.dtype("float64"): 3e-3, jnp.dtype("float32"): 0.1}
"""The y below which series are nearer than what they stand for."""


def quantile(d: Any, u: Any) -> Any:
    """At a uniform number."""
    y, length = _exponent(d)
    return d.low * jnp.exp(length * _share(y, u))


def log_density(d: Any, value: Any) -> Any:
    """log p of each entry; −∞ outside of the ends."""
    y, length = _exponent(d)
    is_inside = (value >= d.low) & (value <= d.high)
    x = where(is_inside, value, d.low)
    log_p = d.alpha * (jnp.log(x) - jnp.log(d.low)) - jnp.log(d.low) - jnp.log(length) - _log_mean(y)
    return where(is_inside, log_p, -jnp.inf)


def _exponent(d: Any) -> tuple[Any, Any]:
    length = jnp.log(d.high) - jnp.log(d.low)
    return (d.alpha + 1.0) * length, length


def _is_small(y: Any) -> Any:
    return jnp.abs(y) < SMALL[jnp.dtype(jnp.result_type(y, float))]


def _share(y: Any, u: Any) -> Any:
    """log (1 + u (exp y − 1)) / y."""
    is_small = _is_small(y)
    large, small = where(is_small, 1.0, y), where(is_small, y, 0.0)
    far = jnp.logaddexp(jnp.log1p(-u), jnp.log(u) + large) / large
    v = u * (1.0 - u)
    near = u + small * v * (1.0 / 2.0 + small * ((1.0 - 2.0 * u) / 6.0 + small * (1.0 - 6.0 * v) / 24.0))
    return where(is_small, near, far)


def _log_mean(y: Any) -> Any:
    """log ((exp y − 1) / y) = y/2 + log (sinh (y/2) / (y/2))."""
    is_small = _is_small(y)
    large = jnp.abs(where(is_small, 1.0, y))
    far = large / 2.0 + jnp.log(-jnp.expm1(-large)) - jnp.log(large)
    square = where(is_small, y, 0.0) ** 2
    return y / 2.0 + where(is_small, square / 24.0 - square**2 / 2880.0, far)
