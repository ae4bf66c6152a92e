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

    def _log_peak(self, a: Any, b: Any) -> Any:
        return log_peak(a, b)

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
    """The log-density of v = logit x − log (a / b), for x of Beta(a, b), less its highest.

    That is m s − n log (1 + m (eˢ − 1) / n), with n = a + b, for the smaller m of a and b and
    s = v or −v; of the larger, both terms would be of the size n v, and cancel.
    """
    is_a = a < b
    m, s, n = jnp.where(is_a, a, b), jnp.where(is_a, v, -v), a + b
    share = m / n
    far = s > 30.0
    near, large = jnp.where(far, 0.0, s), jnp.where(far, s, 30.0)
    beyond = large + jnp.log(share + (1.0 - share) * jnp.exp(-large))
    return m * s - n * jnp.where(far, beyond, jnp.log1p(share * jnp.expm1(near)))


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

    def _valid(self, *params: Any) -> Any:
        low, high = params
        return super()._valid(*params) & (low < high)

    def _log(self, x: Any, low: Any, high: Any) -> Any:
        width = jnp.where(low < high, high - low, 1.0)
        return jnp.where((x >= low) & (x <= high), -jnp.log(width), -jnp.inf)

    def _inside(self, low: Any, high: Any, from_left: Any, to_right: Any, begin: Any, end: Any) -> Any:
        first = jnp.where(from_left, begin, jnp.maximum(low, begin))
        last = jnp.where(to_right, end, jnp.minimum(high, end))
        some = (first < last) & (begin < end)
        ratio = jnp.where(some, last - first, 1.0) / jnp.where(begin < end, end - begin, 1.0)
        return jnp.where(some, jnp.log(ratio), -jnp.inf)

    def draw(self, rng: np.random.Generator, low: Any, high: Any) -> Any:
        return rng.uniform(low, high)


beta, uniform = Beta(), Uniform()
