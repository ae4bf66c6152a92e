"""Truncated distributions, also far out in a tail, where distribution functions are 0 or 1.

What is cut off is told by the excess w = z − α over the end that is nearer to the middle: with the survival
function S, log S(α) − log S(α + w) = e, where e is an exponential number, cut off where the other end is.
Neither S nor a difference of values of S is ever computed, except where the cut is in the other half.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.special import ndtr
from numpyro.distributions.transforms import AffineTransform

from jensen.gradients.distributions import mills
from jensen.gradients.distributions.transformed import along, before
from jensen.gradients.where import where

FAR = -1.0  # standard deviations from the middle: an end beyond it is told by the excess


class Tail(NamedTuple):
    """The upper tail of a symmetric distribution of location 0 and scale 1.

    Attributes
    ----------
    fall
        ``fall(alpha, w)``: log S(α) − log S(α + w).
    excess
        ``excess(alpha, e)``: w, from that.
    log_density
        ``log_density(alpha, w)``: log p(α + w) − log S(α).
    survival
        ``survival(z)``: S, for z above 0.
    """

    fall: Callable[[Any, Any], Any]
    excess: Callable[[Any, Any], Any]
    log_density: Callable[[Any, Any], Any]
    survival: Callable[[Any], Any]


def _fall_of_laplace(alpha: Any, w: Any) -> Any:
    return where(alpha > 0.0, w, _of_laplace(alpha + w) - _of_laplace(alpha))


def _of_laplace(z: Any) -> Any:
    """−log 2 S(z)."""
    below = jnp.minimum(z, 0.0)
    return where(z > 0.0, z, -jnp.log(2.0 - jnp.exp(below)))


def _excess_of_laplace(alpha: Any, e: Any) -> Any:
    """Below the middle e leads to −log 2 S = t < 0, and z = log (2 − exp(−t))."""
    t = _of_laplace(alpha) + e
    z = where(t > 0.0, t, jnp.log(2.0 - jnp.exp(-jnp.minimum(t, 0.0))))
    return where(alpha > 0.0, e, z - alpha)


def _left(z: Any) -> Any:
    """−log S − z of the logistic distribution."""
    return jax.nn.softplus(-z)


def _excess_of_logistic(alpha: Any, e: Any) -> Any:
    return e + _left(alpha) + jnp.log1p(-jnp.exp(-e - jax.nn.softplus(alpha)))


def _angle(z: Any) -> Any:
    """π S of the Cauchy distribution."""
    return jnp.arctan2(jnp.ones_like(z), z)


def _excess_of_cauchy(alpha: Any, e: Any) -> Any:
    return 1.0 / jnp.tan(_angle(alpha) * jnp.exp(-e)) - alpha


def _log_arc(z: Any) -> Any:
    """log (atan(t) / t), t = exp(−z): what log S is above its asymptote."""
    t = jnp.exp(-z)
    small = t < 1e-3
    safe = where(small, 1.0, t)
    return where(small, -(t**2) / 3.0, jnp.log(jnp.arctan(safe) / safe))


def _excess_of_soft_laplace(alpha: Any, e: Any) -> Any:
    """log tan(θ) of the angle θ = atan(exp(−α)) exp(−e); for small θ it is log θ + θ²/3."""
    more = e - _log_arc(alpha)
    angle = jnp.exp(-alpha - more)
    small = angle < 1e-3
    log_tan = jnp.log(jnp.tan(where(small, 1.0, angle)))
    return where(small, more - angle**2 / 3.0, -log_tan - alpha)


TAILS: dict[type, Tail] = {
    dist.Normal: Tail(mills.fall, mills.excess, mills.log_density, lambda z: ndtr(-z)),
    dist.Laplace: Tail(
        _fall_of_laplace,
        _excess_of_laplace,
        lambda alpha, w: _of_laplace(alpha) - jnp.abs(alpha + w),
        lambda z: 0.5 * jnp.exp(-z),
    ),
    dist.Logistic: Tail(
        lambda alpha, w: w + _left(alpha + w) - _left(alpha),
        _excess_of_logistic,
        lambda alpha, w: _left(alpha) - w - 2.0 * _left(alpha + w),
        lambda z: jax.nn.sigmoid(-z),
    ),
    dist.Cauchy: Tail(
        lambda alpha, w: jnp.log(_angle(alpha)) - jnp.log(_angle(alpha + w)),
        _excess_of_cauchy,
        lambda alpha, w: -jnp.log1p((alpha + w) ** 2) - jnp.log(_angle(alpha)),
        lambda z: _angle(z) / jnp.pi,
    ),
    dist.SoftLaplace: Tail(
        lambda alpha, w: w + _log_arc(alpha) - _log_arc(alpha + w),
        _excess_of_soft_laplace,
        lambda alpha, w: -w - jax.nn.softplus(-2.0 * (alpha + w)) - _log_arc(alpha),
        lambda z: 2.0 / jnp.pi * jnp.arctan(jnp.exp(-z)),
    ),
}

TRUNCATED = (
    dist.LeftTruncatedDistribution,
    dist.RightTruncatedDistribution,
    dist.TwoSidedTruncatedDistribution,
)


class Cut(NamedTuple):
    """A truncated distribution, mirrored where its upper end is nearer to the middle than its lower.

    Attributes
    ----------
    base
        The class of what is truncated.
    end
        The nearer end, as a value; ``sign`` times the excess is added to it.
    sign
        1, or −1 where it is mirrored.
    scale
        Of what is truncated.
    alpha
        The nearer end, in scales above the middle.
    width
        Of the support, in scales; infinite where one end only is cut.
    """

    base: type
    end: Any
    sign: Any
    scale: Any
    alpha: Any
    width: Any


def is_known(distribution: Any) -> bool:
    """Whether the tails of what is truncated are known."""
    return type(distribution.base_dist) in TAILS


def _cut(d: Any) -> Cut:
    base = d.base_dist
    if isinstance(d, dist.LeftTruncatedDistribution):
        return Cut(type(base), d.low, 1.0, base.scale, (d.low - base.loc) / base.scale, jnp.inf)
    if isinstance(d, dist.RightTruncatedDistribution):
        return Cut(type(base), d.high, -1.0, base.scale, (base.loc - d.high) / base.scale, jnp.inf)
    low, high = d.low, d.high
    is_low = low - base.loc > base.loc - high
    return Cut(
        type(base),
        where(is_low, low, high),
        where(is_low, 1.0, -1.0),
        base.scale,
        where(is_low, low - base.loc, base.loc - high) / base.scale,
        (high - low) / base.scale,
    )


def quantile(d: Any, u: Any) -> Any:
    """A draw from uniform noise; it moves with the location, the scale and both ends."""
    cut = _cut(d)
    u = where(cut.sign > 0.0, u, 1.0 - u)
    is_far = cut.alpha > FAR
    far = _far_quantile(cut._replace(alpha=where(is_far, cut.alpha, 0.0)), u)
    near = _near_quantile(_near(cut, is_far), u)
    return along(_of_excess(cut), where(is_far, far, near))


def _of_excess(cut: Cut) -> list[Any]:
    """What the excess goes through."""
    return [AffineTransform(cut.end, cut.sign * cut.scale)]


def _far_quantile(cut: Cut, u: Any) -> Any:
    tail = TAILS[cut.base]
    most = _most(cut)
    return jnp.minimum(tail.excess(cut.alpha, -jnp.log1p(-u * _share(most))), cut.width)


def _share(most: Any) -> Any:
    """1 − exp(−most), whose derivative is not lost where it is next to 1."""
    is_small = most < 0.7
    small: Any = where(is_small, most, 0.0)
    return where(is_small, -jnp.expm1(-small), 1.0 - jnp.exp(-where(is_small, 1.0, most)))


def _most(cut: Cut) -> Any:
    """Of the exponential number."""
    is_wide = jnp.isinf(cut.width)
    fall = TAILS[cut.base].fall(cut.alpha, where(is_wide, 1.0, cut.width))
    return where(is_wide, jnp.inf, fall)


def _near(cut: Cut, is_far: Any) -> Cut:
    """The same, where it is not told by the excess; else some other one."""
    return cut._replace(alpha=where(is_far, FAR, cut.alpha), width=where(is_far, 1.0 - FAR, cut.width))


def _near_quantile(cut: Cut, u: Any) -> Any:
    """By the distribution function, of an end that is on the other side of the middle."""
    whole, below, above = _whole(cut)
    z = whole.icdf(below + u * (above - below))
    return jnp.clip(z - cut.alpha, 0.0, cut.width)


def _whole(cut: Cut) -> tuple[Any, Any, Any]:
    """What is truncated, and its distribution function at both ends."""
    whole = cut.base(0.0, 1.0)
    is_wide = jnp.isinf(cut.width)
    beyond = TAILS[cut.base].survival(cut.alpha + where(is_wide, -cut.alpha, cut.width))
    return whole, whole.cdf(cut.alpha), 1.0 - where(is_wide, 0.0, beyond)


def log_density(d: Any, value: Any) -> Any:
    """log p, −∞ outside of the support."""
    cut = _cut(d)
    w = before(_of_excess(cut), value)
    w = cut.sign * (value - cut.end) / cut.scale if w is None else w
    is_inside = (w >= 0.0) & (w <= cut.width)
    w = where(is_inside, w, 0.0)
    is_far = cut.alpha > FAR
    of_far = _far_log_density(cut._replace(alpha=where(is_far, cut.alpha, 0.0)), w)
    near = _near(cut, is_far)
    whole, below, above = _whole(near)
    of_near = whole.log_prob(near.alpha + w) - jnp.log(above - below)
    inside = where(is_far, of_far, of_near) - jnp.log(cut.scale)
    return where(is_inside, inside, -jnp.inf)


def _far_log_density(cut: Cut, w: Any) -> Any:
    most = _most(cut)
    is_wide = jnp.isinf(most)
    share = where(is_wide, 0.0, jnp.log(_share(where(is_wide, 1.0, most))))
    return TAILS[cut.base].log_density(cut.alpha, w) - share
