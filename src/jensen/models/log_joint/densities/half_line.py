"""Densities of times, amounts, and other numbers from 0."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from jensen.models.log_joint.densities.censoring import ByTails, LogConcave
from jensen.models.log_joint.densities.domains import NON_NEGATIVE, POSITIVE, REAL
from jensen.models.log_joint.densities.lazy import jnp
from jensen.models.log_joint.densities.line import normal
from jensen.models.log_joint.densities.special import (
    LOG_2PI,
    deviance,
    edge,
    exp,
    log1mexp,
    softplus,
    stirling_error,
)


def away_from_zero(x: Any) -> tuple[Any, Any]:
    """Where x is 0, and x with 1 in place of that."""
    zero = x == 0
    return zero, jnp.where(zero, 1.0, x)


class Exponential(ByTails):
    """``exponential(x, rate)``: log rate − rate x for x ≥ 0; the mean is 1 / rate.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.exponential(2.0, 0.5)), 4)
    -1.6931
    """

    name = "exponential"
    support = NON_NEGATIVE
    parameters: ClassVar = {"rate": POSITIVE}

    def _log(self, x: Any, rate: Any) -> Any:
        return jnp.log(rate) - rate * x

    def _upper(self, x: Any, rate: Any) -> Any:
        return -rate * x

    def _lower(self, x: Any, rate: Any) -> Any:
        return log1mexp(-rate * x)

    def _between(self, low: Any, high: Any, at_low: Any, at_high: Any, rate: Any) -> Any:
        return at_low[1] + log1mexp(-rate * (high - low))

    def draw(self, rng: np.random.Generator, rate: Any) -> Any:
        return rng.exponential(1.0 / np.asarray(rate, dtype=float))


class Weibull(ByTails):
    """``weibull(x, shape, scale)``: times x ≥ 0 with the survival function exp (−(x / scale)ˢʰᵃᵖᵉ).

    log (shape / scale) + (shape − 1) log (x / scale) − (x / scale)ˢʰᵃᵖᵉ

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.weibull(2.0, 1.5, 3.0)), 4)
    -1.4402
    """

    name = "weibull"
    support = NON_NEGATIVE
    parameters: ClassVar = {"shape": POSITIVE, "scale": POSITIVE}

    def _log(self, x: Any, shape: Any, scale: Any) -> Any:
        zero, x = away_from_zero(x)
        log_ratio = jnp.log(x / scale)
        inside = jnp.log(shape) - jnp.log(x) + shape * log_ratio - exp(shape * log_ratio)
        return jnp.where(zero, edge(shape - 1.0, -jnp.log(scale)), inside)

    def _upper(self, x: Any, shape: Any, scale: Any) -> Any:
        return -exp(shape * jnp.log(x / scale))

    def _lower(self, x: Any, shape: Any, scale: Any) -> Any:
        return _log_failed(shape * jnp.log(x / scale))

    def _between(self, low: Any, high: Any, at_low: Any, at_high: Any, shape: Any, scale: Any) -> Any:
        """The hazard grows by (low / scale)ˢʰᵃᵖᵉ ((high / low)ˢʰᵃᵖᵉ − 1)."""
        more = shape * jnp.log(high / low)
        return at_low[1] + _log_failed(shape * jnp.log(high / scale) + log1mexp(-more))

    def draw(self, rng: np.random.Generator, shape: Any, scale: Any) -> Any:
        return scale * rng.weibull(*np.broadcast_arrays(shape, scale)[:1])


def _log_failed(log_hazard: Any) -> Any:
    """log (1 − e⁻ʰ) from log h."""
    tiny = log_hazard < -37.0  # it is h to the last digit, which may underflow
    return jnp.where(tiny, log_hazard, log1mexp(-exp(jnp.where(tiny, 0.0, log_hazard))))


class Gamma(LogConcave):
    """``gamma(x, shape, rate)``: x ≥ 0 with the mean shape / rate.

    shape log rate + (shape − 1) log x − rate x − log Γ(shape)

    Its mass between bounds is an integral in log (rate x / shape).

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.gamma(2.0, 1.5, 0.5)), 4)
    -1.5724
    """

    name = "gamma"
    support = NON_NEGATIVE
    parameters: ClassVar = {"shape": POSITIVE, "rate": POSITIVE}

    def _log(self, x: Any, shape: Any, rate: Any) -> Any:
        zero, x = away_from_zero(x)
        off = deviance(shape, rate * x, jnp.log(rate) + jnp.log(x))
        inside = off + log_peak(shape) - jnp.log(x)
        return jnp.where(zero, edge(shape - 1.0, jnp.log(rate)), inside)

    def _coordinate(self, x: Any, shape: Any, rate: Any) -> Any:
        return jnp.log(rate * x / shape)

    def _log_in(self, v: Any, shape: Any, rate: Any) -> Any:
        return shape * (v - jnp.expm1(v))

    def _log_peak(self, shape: Any, rate: Any) -> Any:
        return log_peak(shape)

    def draw(self, rng: np.random.Generator, shape: Any, rate: Any) -> Any:
        return rng.gamma(shape, 1.0 / np.asarray(rate, dtype=float))


def log_peak(shape: Any) -> Any:
    """shape log shape − shape − log Γ(shape): the log-density of log x at its highest point."""
    return 0.5 * (jnp.log(shape) - LOG_2PI) - stirling_error(shape)


class LogNormal(ByTails):
    """``log_normal(x, mean, sd)``: log x is normal with this mean and standard deviation; −∞ at x = 0.

    log N(log x; mean, sd²) − log x

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.log_normal(2.0, 0.0, 1.5)), 4)
    -2.1243
    """

    name = "log_normal"
    support = NON_NEGATIVE
    parameters: ClassVar = {"mean": REAL, "sd": POSITIVE}

    def _log(self, x: Any, mean: Any, sd: Any) -> Any:
        zero, x = away_from_zero(x)
        return jnp.where(zero, -jnp.inf, normal._log(jnp.log(x), mean, sd) - jnp.log(x))

    def _upper(self, x: Any, mean: Any, sd: Any) -> Any:
        return normal._upper(jnp.log(x), mean, sd)

    def _lower(self, x: Any, mean: Any, sd: Any) -> Any:
        return normal._lower(jnp.log(x), mean, sd)

    def draw(self, rng: np.random.Generator, mean: Any, sd: Any) -> Any:
        return rng.lognormal(mean, sd)


class LogLogistic(ByTails):
    """``log_logistic(x, shape, scale)``: times x ≥ 0 with the odds of survival (x / scale)⁻ˢʰᵃᵖᵉ; the
    median is scale.

    log (shape / x) + shape l − 2 log (1 + eˢʰᵃᵖᵉ ˡ), with l = log (x / scale)

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.log_logistic(2.0, 1.5, 3.0)), 4)
    -1.7651
    """

    name = "log_logistic"
    support = NON_NEGATIVE
    parameters: ClassVar = {"shape": POSITIVE, "scale": POSITIVE}

    def _log(self, x: Any, shape: Any, scale: Any) -> Any:
        zero, x = away_from_zero(x)
        log_odds = shape * jnp.log(x / scale)
        inside = jnp.log(shape) - jnp.log(x) - softplus(log_odds) - softplus(-log_odds)
        return jnp.where(zero, edge(shape - 1.0, -jnp.log(scale)), inside)

    def _upper(self, x: Any, shape: Any, scale: Any) -> Any:
        return -softplus(shape * jnp.log(x / scale))

    def _lower(self, x: Any, shape: Any, scale: Any) -> Any:
        return -softplus(-shape * jnp.log(x / scale))

    def draw(self, rng: np.random.Generator, shape: Any, scale: Any) -> Any:
        shape, scale = np.broadcast_arrays(np.asarray(shape, float), np.asarray(scale, float))
        return scale * np.exp(rng.logistic(size=shape.shape) / shape)


exponential, weibull, gamma = Exponential(), Weibull(), Gamma()
log_normal, log_logistic = LogNormal(), LogLogistic()
