"""Densities between two bounds."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from jensen.models.log_joint.densities.censoring import LogConcave, Ordered
from jensen.models.log_joint.densities.domains import POSITIVE, REAL, UNIT
from jensen.models.log_joint.densities.lazy import jnp
from jensen.models.log_joint.densities.special import LOG_2PI, deviance, edge, stirling_error


class Beta(LogConcave):
    """``beta(x, a, b)``: shares x from 0 to 1, with the mean a / (a + b).

    (a − 1) log x + (b − 1) log (1 − x) − log B(a, b)

    Its mass between bounds is an integral in the logit of x.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.beta(0.3, 2.0, 3.0)), 4)
    0.5676
    """

    name = "beta"
    support = UNIT
    parameters: ClassVar = {"a": POSITIVE, "b": POSITIVE}

    def __call__(self, x: Any, a: Any, b: Any) -> Any:
        return self._at(x, a, b)

    def _log(self, x: Any, a: Any, b: Any) -> Any:
        zero, one = x == 0, x == 1
        x = jnp.where(zero | one, 0.5, x)
        off = deviance(a, x * (a + b)) + deviance(b, (1.0 - x) * (a + b))
        inside = off + log_peak(a, b) - jnp.log(x) - jnp.log1p(-x)
        at_zero, at_one = edge(a - 1.0, jnp.log(b)), edge(b - 1.0, jnp.log(a))
        return jnp.where(zero, at_zero, jnp.where(one, at_one, inside))

    def _coordinate(self, x: Any, a: Any, b: Any) -> Any:
        return jnp.log(x) - jnp.log1p(-x) - jnp.log(a / b)

    def _log_in(self, v: Any, a: Any, b: Any) -> Any:
        return log_beta_logit(v, a, b)

    def draw(self, rng: np.random.Generator, a: Any, b: Any) -> Any:
        return rng.beta(a, b)


def log_peak(a: Any, b: Any) -> Any:
    """The log-density of logit x at its highest point."""
    return (
        0.5 * (jnp.log(a) - jnp.log1p(a / b) - LOG_2PI)
        + stirling_error(a + b)
        - stirling_error(a)
        - stirling_error(b)
    )


def log_beta_logit(v: Any, a: Any, b: Any) -> Any:
    """The log-density of v = logit x − log (a / b), for x of Beta(a, b)."""
    share = a / (a + b)
    near = jnp.abs(v) < 1.0
    small = jnp.where(near, v, 0.0)
    close = -jnp.log1p(share * jnp.expm1(small)) * (a + b) + a * small
    large = jnp.where(near, 1.0, v)
    log_share, log_rest = -jnp.log1p(b / a), -jnp.log1p(a / b)
    far = a * large - (a + b) * jnp.logaddexp(log_rest, log_share + large)
    return jnp.where(near, close, far) + log_peak(a, b)


class Uniform(Ordered):
    """``uniform(x, low, high)``: −log (high − low) from low to high, and −∞ elsewhere; for noise and
    outliers.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.uniform(0.3, 0.0, 2.0)), 4)
    -0.6931
    """

    name = "uniform"
    support = REAL
    parameters: ClassVar = {"low": REAL, "high": REAL}

    def __call__(self, x: Any, low: Any, high: Any) -> Any:
        return self._at(x, low, high)

    def _log(self, x: Any, low: Any, high: Any) -> Any:
        wide = high > low
        inside = (x >= low) & (x <= high)
        density = jnp.where(wide, -jnp.log(jnp.where(wide, high - low, 1.0)), jnp.nan)
        return jnp.where(inside | ~wide, density, -jnp.inf)

    def _mass(self, low: Any, high: Any, some: Any, *params: Any) -> Any:
        begin, end = params
        wide = end > begin
        length = jnp.minimum(high, end) - jnp.maximum(low, begin)
        some = length > 0
        ratio = jnp.where(some, length, 1.0) / jnp.where(wide, end - begin, 1.0)
        return jnp.where(wide, jnp.where(some, jnp.log(ratio), -jnp.inf), jnp.nan)

    def _survival(self, x: Any, *params: Any) -> Any:
        return self._mass(x, jnp.full_like(x, jnp.inf), x, *params)

    def _cdf(self, x: Any, *params: Any) -> Any:
        return self._mass(jnp.full_like(x, -jnp.inf), x, x, *params)

    def draw(self, rng: np.random.Generator, low: Any, high: Any) -> Any:
        return rng.uniform(low, high)


beta, uniform = Beta(), Uniform()
