"""Densities of counts, in the form that does not cancel for large ones (Loader, 2000).

log x! is (x + ½) log x − x + ½ log 2π + δ(x), and with it a probability is a deviance, which is small where
the probability is large.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from jensen.models.log_joint.densities.censoring import ByTails
from jensen.models.log_joint.densities.density import Density
from jensen.models.log_joint.densities.domains import BINARY, COUNTS, NON_NEGATIVE, POSITIVE, UNIT
from jensen.models.log_joint.densities.half_line import away_from_zero
from jensen.models.log_joint.densities.half_line import gamma as gamma_density
from jensen.models.log_joint.densities.interval import log_beta_logit, log_peak
from jensen.models.log_joint.densities.lazy import jnp
from jensen.models.log_joint.densities.quadrature import log_mass
from jensen.models.log_joint.densities.special import LOG_2PI, deviance, log_ratio, stirling_error, xlogy


def log_root(x: Any) -> Any:
    """½ log 2πx."""
    return 0.5 * (LOG_2PI + jnp.log(x))


def log_factors(x: Any) -> Any:
    """log x! less x log x − x."""
    return log_root(x) + stirling_error(x)


def log_factorial(x: Any) -> Any:
    """log x!"""
    zero, x = away_from_zero(x)
    return jnp.where(zero, 0.0, x * jnp.log(x) - x + log_factors(x))


def xlog1py(x: Any, y: Any) -> Any:
    """x log (1 + y), and 0 where x is 0."""
    return jnp.where(x == 0, 0.0, x * jnp.log1p(jnp.where(x == 0, 0.0, y)))


def log_beta_mass(logit: Any, above: Any, a: Any, b: Any) -> Any:
    """log P(logit X < logit) for X of Beta(a, b) where ``above``, else of logit X > logit."""
    v = logit - jnp.log(a / b)
    return log_peak(a, b) + log_mass(log_beta_logit, v, v, above, ~above, a, b)


def certain(above: Any) -> Any:
    """log P(X > x) where ``above``, else log P(X ≤ x), for an x that X is not above."""
    return jnp.where(above, -jnp.inf, 0.0)


class Counted(ByTails):
    """A density of counts, with its tails by those of a gamma or a beta."""

    support = COUNTS

    @property
    def _first(self) -> float:
        return -0.5

    def _is_interval(self, low: Any, high: Any) -> Any:
        whole = (low == jnp.floor(low)) & (high == jnp.floor(high))  # infinite ones too
        return (low < high) & (high >= 0) & whole

    def _mass(self, low: Any, high: Any, some: Any, *params: Any) -> Any:
        return super()._mass(jnp.where(low <= 0, -jnp.inf, low - 1.0), high, jnp.floor(some), *params)

    def _survival(self, x: Any, *params: Any) -> Any:
        return super()._survival(jnp.floor(x), *params)

    def _cdf(self, x: Any, *params: Any) -> Any:
        return super()._cdf(jnp.floor(x), *params)

    def _upper(self, x: Any, *params: Any) -> Any:
        return self._tail(x, jnp.asarray(True), *params)

    def _lower(self, x: Any, *params: Any) -> Any:
        return self._tail(x, jnp.asarray(False), *params)

    def _tails(self, x: Any, *params: Any) -> tuple[Any, Any]:
        above = jnp.reshape(jnp.asarray([True, False]), (2, *[1] * x.ndim))
        upper, lower = self._tail(jnp.stack([x, x]), above, *params)
        return upper, lower

    @abstractmethod
    def _tail(self, *args: Any, **kwargs: Any) -> Any:
        """``_tail(x, above, …)``: log P(X > x) where ``above``, else log P(X ≤ x), for a count x."""


class Poisson(Counted):
    """``poisson(x, rate)``: x log rate − rate − log x!

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.poisson(3, 2.0)), 4)
    -1.7123
    """

    name = "poisson"
    parameters: ClassVar = {"rate": NON_NEGATIVE}

    def _log(self, x: Any, rate: Any) -> Any:
        zero, x = away_from_zero(x)
        some = deviance(x, jnp.where(zero, 1.0, rate)) - log_factors(x)
        return jnp.where(zero, -rate, some)

    def _tail(self, x: Any, above: Any, rate: Any) -> Any:
        """P(X ≤ x) = P(Gamma(x + 1) > rate)."""
        none = rate == 0
        shape = x + 1.0
        v = jnp.log(jnp.where(none, 1.0, rate) / shape)
        unit = (shape, jnp.ones_like(shape))
        mass = log_mass(gamma_density._log_in, v, v, above, ~above, *unit)
        return jnp.where(none, certain(above), gamma_density._log_peak(*unit) + mass)

    def draw(self, rng: np.random.Generator, rate: Any) -> Any:
        return rng.poisson(rate)


class Binomial(Counted):
    """``binomial(x, count, probability)``: x successes of ``count``.

    log count! − log x! − log (count − x)! + x log probability + (count − x) log (1 − probability)

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.binomial(3, 7, 0.2)), 4)
    -2.1655
    """

    name = "binomial"
    parameters: ClassVar = {"count": COUNTS, "probability": UNIT}

    def _contains(self, x: Any, *params: Any) -> Any:
        return COUNTS.contains(x) & (x <= params[0])

    def _within(self, x: Any, inside: Any, *params: Any) -> Any:
        return jnp.where(inside, x, 0.0)

    def _support_says(self, *params: Any) -> str:
        return f"whole numbers from 0 to {float(np.max(params[0])):g}"

    def _log(self, x: Any, count: Any, probability: Any) -> Any:
        rest = count - x
        middle = (x > 0) & (rest > 0)
        edges = xlogy(x, probability) + xlog1py(rest, -probability)
        x, rest = jnp.where(middle, x, 1.0), jnp.where(middle, rest, 1.0)
        n = x + rest
        ways = log_root(n) + stirling_error(n) - log_factors(x) - log_factors(rest)
        p = jnp.where(middle, probability, 0.5)
        found = ways + deviance(x, n * p) + deviance(rest, n * (1.0 - p))
        return jnp.where(middle, found, edges)

    def _tail(self, x: Any, above: Any, count: Any, probability: Any) -> Any:
        """P(X ≤ x) = P(Beta(x + 1, count − x) > probability)."""
        all_, sure, never = x >= count, probability == 1, probability == 0
        rest = jnp.where(all_, 1.0, count - x)
        p = jnp.where(sure | never, 0.5, probability)
        found = log_beta_mass(jnp.log(p) - jnp.log1p(-p), above, x + 1.0, rest)
        surely_above = sure & ~all_
        found = jnp.where(surely_above, certain(~above), found)
        return jnp.where(all_ | never, certain(above), found)

    def draw(self, rng: np.random.Generator, count: Any, probability: Any) -> Any:
        return rng.binomial(np.asarray(count, int), probability)


class NegativeBinomial(Counted):
    """``negative_binomial(x, mean, size)``: counts of the variance mean + mean² / size; Poisson as size
    grows.

    log Γ(size + x) − log Γ(size) − log x! + size log (size / (size + mean)) + x log (mean / (size + mean)). A
    number of failures before ``size`` successes of probability p has the mean size (1 − p) / p.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.negative_binomial(3, 2.0, 1.5)), 4)
    -2.167
    """

    name = "negative_binomial"
    parameters: ClassVar = {"mean": NON_NEGATIVE, "size": POSITIVE}

    def _log(self, x: Any, mean: Any, size: Any) -> Any:
        zero, x = away_from_zero(x)
        at_zero = -size * jnp.log1p(mean / size)
        mean = jnp.where(zero, 1.0, mean)
        both, off = size + mean, x - mean
        gained = size * log_ratio(size + x, both, off)
        lost = x * log_ratio(mean * (size + x), x * both, -size * off)
        ways = stirling_error(size + x) - stirling_error(size) - 0.5 * jnp.log1p(x / size) - log_factors(x)
        return jnp.where(zero, at_zero, gained + lost + ways)

    def _tail(self, x: Any, above: Any, mean: Any, size: Any) -> Any:
        """P(X ≤ x) = P(Beta(x + 1, size) > mean / (mean + size))."""
        none = mean == 0
        found = log_beta_mass(jnp.log(jnp.where(none, 1.0, mean) / size), above, x + 1.0, size)
        return jnp.where(none, certain(above), found)

    def draw(self, rng: np.random.Generator, mean: Any, size: Any) -> Any:
        mean, size = np.broadcast_arrays(np.asarray(mean, float), np.asarray(size, float))
        return rng.poisson(rng.gamma(size, mean / size))


class Bernoulli(Density):
    """``bernoulli(x, probability)``: x = 1 with this probability, else 0.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.bernoulli(1, 0.2)), 4)
    -1.6094
    """

    name = "bernoulli"
    support = BINARY
    parameters: ClassVar = {"probability": UNIT}

    def _log(self, x: Any, probability: Any) -> Any:
        return xlogy(x, probability) + xlog1py(1.0 - x, -probability)

    def draw(self, rng: np.random.Generator, probability: Any) -> Any:
        return rng.binomial(1, probability)


poisson, binomial, negative_binomial, bernoulli = Poisson(), Binomial(), NegativeBinomial(), Bernoulli()
