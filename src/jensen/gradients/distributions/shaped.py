"""Log densities with shapes of any size, and draws that a number may lose: by deviances (`stirling`)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular

from jensen.gradients.distributions import stirling
from jensen.gradients.where import where


def inverse_gamma(shape: Any, rate: Any, value: Any) -> Any:
    """A draw that overflows stands for all values above the largest number."""
    x, is_lost = jnp.minimum(value, _limits(value).max), jnp.isposinf(value)
    log_x: Any = where(is_lost, jax.lax.stop_gradient(jnp.log(x)), jnp.log(x))
    off = rate / x - shape
    whole = stirling.deviance(shape, jnp.log(rate) - log_x, off) + stirling.peak(shape)
    return whole - where(is_lost, jnp.log(shape), log_x)


def gamma(shape: Any, rate: Any, value: Any) -> Any:
    """A draw that underflows stands for all values below the smallest number."""
    x, slope = _kept(shape, jnp.minimum(value, _limits(value).max), _limits(value).tiny)
    whole = stirling.deviance(shape, jnp.log(rate) + jnp.log(x), rate * x - shape) + stirling.peak(shape)
    return whole - slope


def _kept(shape: Any, x: Any, edge: float) -> tuple[Any, Any]:
    """x, and its logarithm; of those below ``edge`` the density is that of all of them, ∫ t^(c−1) dt."""
    is_lost = x < edge
    x = where(is_lost, edge, x)
    return x, where(is_lost, jnp.log(shape), jnp.log(x))


def _limits(value: Any) -> Any:
    return jnp.finfo(jnp.result_type(value, float))


def beta(a: Any, b: Any, value: Any) -> Any:
    """Draws that underflow, or round to 1, stand for all that do."""
    limits = _limits(value)
    x, of_x = _kept(a, value, limits.tiny)
    y, of_y = _kept(b, 1.0 - value, limits.eps / 2.0)  # what 1 − x loses
    # Both logarithms have the derivative of their own number.
    log_y = where(value < 0.5, jnp.log1p(-where(value < 0.5, value, 0.0)), jnp.log(y))
    of_y = where(value < 0.5, log_y, of_y)
    whole = stirling.parted(a, b, jnp.log(x), log_y, x * b - y * a)
    peaks = stirling.log_sum_less(a, b) / 2.0 - stirling.HALF_LOG_2PI
    return whole + peaks + stirling.error(a + b) - stirling.error(a) - stirling.error(b) - of_x - of_y


def dirichlet(shapes: Any, value: Any) -> Any:
    """Entries that underflow stand for all that do."""
    total = jnp.sum(shapes, axis=-1, keepdims=True)
    x, of_x = _kept(shapes, value, _limits(value).tiny)
    off = x * stirling.others(shapes) - stirling.others(x) * shapes
    each = stirling.deviance(shapes, jnp.log(x) + jnp.log(total), off) + stirling.peak(shapes) - of_x
    return jnp.sum(each, axis=-1) - stirling.peak(total)[..., 0]


def failures(size: Any, mean: Any, value: Any) -> Any:
    """Counts of this mean, whose variance is mean + mean²/size."""
    count = jnp.asarray(value, jnp.result_type(size, mean, float))
    parted = stirling.failures(size, mean, count)
    return parted - stirling.factors(count) - _grown(size, count)


def _grown(shape: Any, count: Any) -> Any:
    """The peak of shape + count, less that of shape."""
    more = stirling.error(shape + count) - stirling.error(shape)
    return 0.5 * jnp.log1p(count / shape) - more


def counted(shapes: Any, value: Any) -> Any:
    """Counts of labels, along the last axis, whose probabilities are of a Dirichlet distribution."""
    counts = jnp.asarray(value, jnp.result_type(shapes, float))
    some, others = jnp.broadcast_arrays(shapes, counts)
    shape, count = (jnp.sum(each, axis=-1, keepdims=True) for each in (some, others))
    off = (counts * stirling.others(shapes) - shapes * stirling.others(counts)) / (shape + count)
    log_p, log_q = -jnp.log1p(count / shape), -jnp.log1p(shape / where(count > 0.0, count, 1.0))
    each = (
        stirling.parted(some, others, log_p, log_q, off) - _grown(shapes, counts) - stirling.factors(counts)
    )
    return jnp.sum(each, axis=-1) + (_grown(shape, count) + stirling.factors(count))[..., 0]


def student(df: Any, scale: Any, noise: Any, value: Any) -> Any:
    """Of a draw and what it was made of. Draws that overflow stand for all that do, on one side."""
    is_lost = jnp.isinf(value)
    z = jnp.abs(where(is_lost, 0.0, noise))
    is_far = is_lost | (z > 0.5 * jnp.sqrt(df))
    log_z = where(is_lost, jnp.log(_limits(value).max) - jnp.log(scale), jnp.log(where(is_far, z, 1.0)))
    log_p = _student(df, 1, where(is_far, 0.0, z) ** 2, 2.0 * log_z, is_far)
    return log_p + where(is_lost, log_z - jnp.log(df), -jnp.log(scale))


def vector_student(df: Any, scale_tril: Any, off: Any) -> Any:
    """Of a distance from the location."""
    off = off[..., None]
    factor = jnp.broadcast_to(scale_tril, (*off.shape[:-2], *scale_tril.shape[-2:]))
    square = jnp.sum(solve_triangular(factor, off, lower=True) ** 2, axis=(-2, -1))
    is_far = square > 0.25 * df
    log_scale = jnp.sum(jnp.log(jnp.diagonal(scale_tril, axis1=-2, axis2=-1)), axis=-1)
    log_square = jnp.log(where(is_far, square, 1.0))
    return _student(df, off.shape[-2], square, log_square, is_far) - log_scale


def _student(df: Any, num: int, square: Any, log_square: Any, is_far: Any) -> Any:
    """Of a vector of ``num`` numbers, from its square; far out from the logarithm of that only."""
    near = where(is_far, 0.0, square)
    of_near = (1.0 + num / df) * near + (df + num) * stirling.log1p_less(near / df)
    of_far = (df + num) * jax.nn.softplus(where(is_far, log_square - jnp.log(df), 0.0))
    shared = stirling.log_rise(df / 2.0, num / 2.0) - num * stirling.HALF_LOG_2PI
    return shared - 0.5 * where(is_far, of_far, of_near)


def weibull(shape: Any, scale: Any, value: Any) -> Any:
    """Draws that underflow, or overflow, stand for all that do."""
    limits = _limits(value)
    is_low, is_high = value < limits.tiny, jnp.isposinf(value)
    x = jnp.clip(where(is_low | is_high, jax.lax.stop_gradient(value), value), limits.tiny, limits.max)
    log_hazard = shape * stirling.log_ratio(scale, jnp.log(x), x - scale)
    inside = jnp.log(shape) - jnp.log(x) + log_hazard - jnp.exp(log_hazard)
    is_small = log_hazard < -30.0
    below = where(is_small, log_hazard, _log1mexp(where(is_small, 1.0, jnp.exp(log_hazard))))
    return where(is_low, below, where(is_high, -jnp.exp(log_hazard), inside))


def pareto(alpha: Any, scale: Any, value: Any) -> Any:
    """Draws that overflow stand for all that do."""
    log_x = jnp.log(jnp.minimum(value, _limits(value).max))
    inside = jnp.log(alpha) - alpha * (log_x - jnp.log(scale)) - log_x
    return where(jnp.isposinf(value), -alpha * (log_x - jnp.log(scale)), inside)


def kumaraswamy(a: Any, b: Any, value: Any) -> Any:
    """Draws that underflow, or round to 1, stand for all that do."""
    limits = _limits(value)
    is_low, is_high = value < limits.tiny, value == 1.0
    x = where(is_low, limits.tiny, where(is_high, 0.5, value))
    fall = -a * jnp.log(x)  # −log xᵃ
    # A root of what is within some roundings of 1 is 1: beyond this x, which stays where a moves.
    still = jax.lax.stop_gradient(a)
    log_end = jnp.log(limits.eps / 4.0 * (2.0 * jnp.ceil(still / 2.0) - 1.0)) + jnp.log(a / still)
    log_rest = where(is_high, log_end, _log1mexp(fall))
    inside = jnp.log(a) + jnp.log(b) - fall - jnp.log(x) + (b - 1.0) * log_rest
    is_small = fall > 30.0
    below = where(is_small, jnp.log(b) - fall, _log1mexp(-b * where(is_small, -1.0, log_rest)))
    return where(is_low, below, where(is_high, b * log_rest, inside))


def _log1mexp(x: Any) -> Any:
    """log (1 − e⁻ˣ) for x > 0."""
    is_small = x < 0.7
    small: Any = where(is_small, x, 1.0)
    return where(is_small, jnp.log(-jnp.expm1(-small)), jnp.log1p(-jnp.exp(-where(is_small, 1.0, x))))
