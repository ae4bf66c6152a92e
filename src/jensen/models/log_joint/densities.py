"""Log-densities for log-joints in JAX, for one row; written so that rows never meet a matrix factorization.

``jax.numpy`` and NumPyro's distributions do as well, except for the multivariate normal: one that factors or
solves in every row is many times slower than one that multiplies by an inverse factor of the parameters
alone.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi
from typing import Any

LOG_2PI = log(2 * pi)


def normal(x: Any, mean: Any, sd: Any) -> Any:
    """log N(x; mean, sd²) of numbers; ``sd`` is the standard deviation.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.normal(1.0, 0.0, 2.0)), 4)
    -1.7371
    """
    import jax.numpy as jnp

    return -0.5 * ((x - mean) / sd) ** 2 - jnp.log(sd) - 0.5 * LOG_2PI


def multivariate_normal(x: Any, mean: Any, covariance: Any) -> Any:
    """log N(x; mean, covariance) of one row x (d,), for mean (d,) and covariance (d, d).

    The inverse of the Cholesky factor depends on the covariance alone: in a `jensen.LogJoint` it is computed
    once for every value of z.
    """
    import jax.numpy as jnp

    inverse = inverse_factor(covariance)
    whitened = jnp.sum(inverse * (x - mean), axis=-1)
    log_det = jnp.sum(jnp.log(jnp.diagonal(inverse)))
    return log_det - 0.5 * jnp.sum(whitened**2) - 0.5 * len(inverse) * LOG_2PI


def inverse_factor(covariance: Any) -> Any:
    """L⁻¹ (d, d) with covariance = L Lᵀ: x − mean times it has covariance 1."""
    import jax.numpy as jnp
    from jax.scipy.linalg import solve_triangular

    factor = jnp.linalg.cholesky(covariance)
    return solve_triangular(factor, jnp.eye(len(factor)), lower=True)


def poisson(x: Any, rate: Any) -> Any:
    """log P(x; rate) of counts; NaN for what is no count."""
    from jax.scipy.special import gammaln

    return _of_counts(x, lambda x: xlogy(x, rate) - rate - gammaln(x + 1.0))


def binomial(x: Any, count: Any, probability: Any) -> Any:
    """log P(x; count, probability): x successes of ``count``; NaN for what cannot be."""
    from jax.scipy.special import gammaln

    count = _real(count)

    def density(x: Any) -> Any:
        ways = gammaln(count + 1.0) - gammaln(x + 1.0) - gammaln(count - x + 1.0)
        return ways + xlogy(x, probability) + xlogy(count - x, 1.0 - probability)

    return _of_counts(x, density, count)


def bernoulli(x: Any, probability: Any) -> Any:
    """log P(x; probability) of zeros and ones; NaN for anything else."""
    return _of_counts(x, lambda x: xlogy(x, probability) + xlogy(1.0 - x, 1.0 - probability), 1.0)


def _of_counts(x: Any, density: Callable[[Any], Any], most: Any = None) -> Any:
    """The density at whole numbers from 0 (to ``most``), and NaN elsewhere: nothing is clamped in silence."""
    import jax.numpy as jnp

    x = _real(x)
    inside = (x >= 0) & (x == jnp.floor(x))
    if most is not None:
        inside &= x <= most
    return jnp.where(inside, density(jnp.where(inside, x, 0.0)), jnp.nan)


def categorical(x: Any, probabilities: Any) -> Any:
    """log P(x; probabilities) of a category x = 0, …, the last axis of ``probabilities``; NaN for any
    other x.

    For an x of several items (m,), probabilities (m, c): one number for each item.
    """
    import jax.numpy as jnp

    p, x = jnp.asarray(probabilities), _real(x)
    inside = (x >= 0) & (x < p.shape[-1]) & (x == jnp.floor(x))
    code: Any = jnp.where(inside, x, 0.0)
    code = code.astype(int)
    logs = jnp.log(jnp.take_along_axis(p, code[..., None], axis=-1)[..., 0])
    return jnp.where(inside, logs, jnp.nan)


def xlogy(x: Any, y: Any) -> Any:
    """x log y, and 0 where x is 0; x may be an integer, and derivatives with respect to y are finite."""
    import jax.numpy as jnp

    x = _real(x)
    safe: Any = jnp.where(x == 0, 1.0, y)
    return jnp.where(x == 0, 0.0, x * jnp.log(safe))


def _real(x: Any) -> Any:
    import jax.numpy as jnp

    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(float)
