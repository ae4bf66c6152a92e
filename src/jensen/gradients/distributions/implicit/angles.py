"""Angles φ in (0, π) of density ∝ sin^m φ · exp(κ cos φ): von Mises (m = 0), von Mises–Fisher (m = d − 2).

With the distribution function F(φ; κ) held fixed, and h(φ) = 1 − cos φ,

    dφ/dκ = −(∂F/∂κ) / q(φ) = −∫₀^φ (E h − h(t)) q(t) dt / q(φ).

The integral over all angles is 0, so that it can be taken on the side where the density falls off: there
q(t)/q(φ) ≤ 1, and nothing overflows or cancels. Every integral is by Gauss and Legendre over the width that
counts, and every function here has derivatives of all orders.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(40)
NEGLIGIBLE = 38.0
"""Densities below exp(−38) of their height are left out."""


def follow(concentration: Any, angle: Any, power: int) -> Any:
    """``angle``, which moves with the concentration at a fixed value of the distribution function."""

    @jax.custom_jvp
    def moved(concentration: Any, angle: Any) -> Any:
        return angle

    @moved.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        here = moved(*primals)
        return here, slope(here, primals[0], power) * tangents[0]

    return moved(jnp.broadcast_to(concentration, jnp.shape(angle)), jax.lax.stop_gradient(angle))


def slope(angle: Any, concentration: Any, power: int) -> Any:
    """dφ/dκ at a fixed value of the distribution function."""
    least = float(np.sqrt(jnp.finfo(angle.dtype).tiny))
    angle = jnp.clip(angle, least, np.pi - least)
    mean = _mean_drop(concentration, power)
    height = _log_height(angle, concentration, power)

    def excess(t: Any) -> Any:
        ratio = jnp.exp(_log_height(t, concentration[..., None], power) - height[..., None])
        return (mean[..., None] - _drop(t)) * ratio  # (E h − h(t)) q(t)/q(φ)

    is_above = angle >= _mode(concentration, power)
    width = _width(concentration, power)
    end = jnp.where(is_above, jnp.minimum(angle + width, np.pi), jnp.maximum(angle - width, 0.0))
    return _integral(excess, angle, end)  # from φ on: minus the integral up to φ, as that over all is 0


def log_normalizer(concentration: Any, power: int) -> Any:
    """log ∫₀^π sin^m φ exp(κ cos φ) dφ."""
    height = _log_height(_mode(concentration, power), concentration, power)
    return concentration + height + jnp.log(_about_mode(jnp.ones_like, concentration, power))


def mean_cosine(concentration: Any, power: int) -> Any:
    """E cos φ."""
    return 1.0 - _mean_drop(concentration, power)


def _mean_drop(concentration: Any, power: int) -> Any:
    """E h, as a ratio of two integrals of one sign: 1 − E cos φ without cancellation."""
    return _about_mode(_drop, concentration, power) / _about_mode(jnp.ones_like, concentration, power)


def _about_mode(f: Callable[[Any], Any], concentration: Any, power: int) -> Any:
    """∫₀^π f(t) q(t) dt / q(mode)."""
    mode, width = _mode(concentration, power), _width(concentration, power)
    height = _log_height(mode, concentration, power)

    def weighted(t: Any) -> Any:
        return f(t) * jnp.exp(_log_height(t, concentration[..., None], power) - height[..., None])

    above = _integral(weighted, mode, jnp.minimum(mode + width, np.pi))
    return above if power == 0 else above - _integral(weighted, mode, jnp.maximum(mode - width, 0.0))


def _integral(f: Callable[[Any], Any], begin: Any, end: Any) -> Any:
    """∫ f(t) dt from ``begin`` to ``end``; f of (…, nodes)."""
    half = ((end - begin) / 2.0)[..., None]
    nodes, weights = jnp.asarray(NODES, half.dtype), jnp.asarray(WEIGHTS, half.dtype)
    return jnp.sum(weights * half * f(begin[..., None] + half * (1.0 + nodes)), axis=-1)


def _mode(concentration: Any, power: int) -> Any:
    """The angle of the greatest density, where integrals are split: it need not move with κ."""
    if power == 0:
        return jnp.zeros_like(concentration)
    root = jnp.sqrt(float(power) ** 2 + 4.0 * concentration**2)
    return jax.lax.stop_gradient(jnp.arccos(2.0 * concentration / (power + root)))


def _width(concentration: Any, power: int) -> Any:
    """How far from an angle the density, falling, is above exp(−38) of what it is there, at most."""
    share = NEGLIGIBLE / 2.0 / jnp.maximum(concentration + power, NEGLIGIBLE / 2.0)
    return jax.lax.stop_gradient(2.0 * jnp.arcsin(jnp.sqrt(share)))


def _drop(angle: Any) -> Any:
    """1 − cos φ, without cancellation."""
    return 2.0 * jnp.sin(angle / 2.0) ** 2


def _log_height(angle: Any, concentration: Any, power: int) -> Any:
    """log q(φ) − κ."""
    height = -concentration * _drop(angle)
    return height if power == 0 else height + power * jnp.log(jnp.sin(angle))
