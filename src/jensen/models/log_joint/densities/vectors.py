"""Densities of a row of several numbers, and of categories."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from jensen.models.log_joint.densities.counts import log_factorial
from jensen.models.log_joint.densities.density import Density, Observed
from jensen.models.log_joint.densities.domains import COUNTS, REAL, UNIT
from jensen.models.log_joint.densities.lazy import jnp, real
from jensen.models.log_joint.densities.special import LOG_2PI, xlogy


class MultivariateNormal(Density):
    """``multivariate_normal(x, mean, covariance)``: log N of one row x (d,), for mean (d,), covariance (d,
    d).

    The inverse of the Cholesky factor depends on the covariance alone: in a `jensen.LogJoint` it is computed
    once for every value of z.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> round(float(jensen.densities.multivariate_normal(np.zeros(2), np.zeros(2), np.eye(2))), 4)
    -1.8379
    """

    name = "multivariate_normal"
    support = REAL
    parameters: ClassVar = {"mean": REAL, "covariance": REAL}

    def shape(self, *params: Any) -> tuple[int, ...]:
        return ()

    def _at(self, x: Any, *params: Any) -> Any:
        x, *values = (real(value) for value in (x, *params))
        self._tell(x, jnp.isfinite(x), values)
        return self._log(x, *values)

    def _log(self, x: Any, mean: Any, covariance: Any) -> Any:
        inverse = inverse_factor(covariance)
        whitened = jnp.sum(inverse * (x - mean), axis=-1)
        log_det = jnp.sum(jnp.log(jnp.diagonal(inverse)))
        return log_det - 0.5 * jnp.sum(whitened**2) - 0.5 * len(inverse) * LOG_2PI

    def draw(self, rng: np.random.Generator, mean: Any, covariance: Any) -> Any:
        mean, factor = np.asarray(mean, float), np.linalg.cholesky(covariance)
        noise = rng.standard_normal(np.broadcast_shapes(mean.shape, factor.shape[:-1]))
        return mean + np.einsum("...de,...e->...d", factor, noise)


def inverse_factor(covariance: Any) -> Any:
    """L⁻¹ (d, d) with covariance = L Lᵀ: x − mean times it has covariance 1.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> jensen.densities.inverse_factor(4.0 * np.eye(1)).tolist()
    [[0.5]]
    """
    from jax.scipy.linalg import solve_triangular

    factor = jnp.linalg.cholesky(covariance)
    return solve_triangular(factor, jnp.eye(len(factor)), lower=True)


class Categorical(Density):
    """``categorical(x, probabilities)``: a category x = 0, 1, …; probabilities along their last axis.

    For an x of several items (m,), probabilities (m, c): one number for each item.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> round(float(jensen.densities.categorical(2, np.array([0.2, 0.3, 0.5]))), 4)
    -0.6931
    """

    name = "categorical"
    support = COUNTS
    parameters: ClassVar = {"probabilities": UNIT}

    def shape(self, *params: Any) -> tuple[int, ...]:
        return np.shape(params[0])[:-1]

    def _at(self, x: Any, *params: Any) -> Any:
        x, p = real(x), jnp.asarray(params[0])
        inside = self._contains(x, p)
        self._tell(x, inside, (p,))
        return jnp.where(inside, self._log(jnp.where(inside, x, 0.0), p), jnp.nan)

    def _contains(self, x: Any, *params: Any) -> Any:
        return COUNTS.contains(x) & (x < params[0].shape[-1])

    def _support_says(self, *params: Any) -> str:
        return f"whole numbers from 0 to {np.shape(params[0])[-1] - 1}"

    def _log(self, x: Any, probabilities: Any) -> Any:
        return jnp.log(jnp.take_along_axis(probabilities, x.astype(int)[..., None], axis=-1)[..., 0])

    def draw(self, rng: np.random.Generator, probabilities: Any) -> Any:
        cumulative = np.cumsum(np.asarray(probabilities, float), axis=-1)
        u = rng.random(cumulative.shape[:-1])[..., None] * cumulative[..., -1:]
        return np.minimum((u >= cumulative).sum(axis=-1), cumulative.shape[-1] - 1)


class Multinomial(Density):
    """``multinomial(x, probabilities)``: how often each category occurred, x (c,), for probabilities (c,).

    log n! − Σ_c log x_c! + Σ_c x_c log p_c with n = Σ_c x_c

    Examples
    --------
    >>> import numpy as np, jensen
    >>> round(float(jensen.densities.multinomial(np.array([1, 0, 2]), np.array([0.2, 0.3, 0.5]))), 4)
    -1.8971
    """

    name = "multinomial"
    support = COUNTS
    parameters: ClassVar = {"probabilities": UNIT}

    def __call__(self, x: Any, *params: Any, **named: Any) -> Any:
        if isinstance(x, Observed):
            raise x.cannot("how many there are in a row of a multinomial is not said in the log-joint")
        return super().__call__(x, *params, **named)

    def _at(self, x: Any, *params: Any) -> Any:
        x, p = real(x), real(params[0])
        inside = self._contains(x)
        self._tell(x, inside, (p,))
        valid = inside.all(axis=-1) & UNIT.contains(p).all(axis=-1)
        return jnp.where(valid, self._log(jnp.where(inside, x, 0.0), p), jnp.nan)

    def _log(self, x: Any, probabilities: Any) -> Any:
        ways = log_factorial(x.sum(axis=-1)) - log_factorial(x).sum(axis=-1)
        return ways + xlogy(x, probabilities).sum(axis=-1)

    def draw(self, rng: np.random.Generator, probabilities: Any, count: Any = 1) -> Any:
        """Counts of ``count`` draws from each row of the probabilities."""
        return rng.multinomial(count, probabilities)


multivariate_normal, categorical, multinomial = MultivariateNormal(), Categorical(), Multinomial()
