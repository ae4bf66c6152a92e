"""Densities on the whole line, and on the circle."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from jensen.models.log_joint.densities.censoring import ByTails, LogConcave
from jensen.models.log_joint.densities.density import Density
from jensen.models.log_joint.densities.domains import NON_NEGATIVE, POSITIVE, POSITIVE_OR_INFINITE, REAL
from jensen.models.log_joint.densities.lazy import jnp
from jensen.models.log_joint.densities.special import LOG_2PI, log_i0e, log_ndtr, softplus, stirling_error

LOG_2, LOG_PI = float(np.log(2.0)), float(np.log(np.pi))


class Normal(ByTails):
    """``normal(x, mean, sd)``: log N(x; mean, sd²); ``sd`` is the standard deviation.

    −½ ((x − mean) / sd)² − log sd − ½ log 2π

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.normal(1.0, 0.0, 2.0)), 4)
    -1.7371
    """

    name = "normal"
    support = REAL
    parameters: ClassVar = {"mean": REAL, "sd": POSITIVE}

    def _log(self, x: Any, mean: Any, sd: Any) -> Any:
        return -0.5 * ((x - mean) / sd) ** 2 - jnp.log(sd) - 0.5 * LOG_2PI

    def _upper(self, x: Any, mean: Any, sd: Any) -> Any:
        return self._lower(-x, -mean, sd)

    def _lower(self, x: Any, mean: Any, sd: Any) -> Any:
        return log_ndtr((x - mean) / sd)

    def draw(self, rng: np.random.Generator, mean: Any, sd: Any) -> Any:
        return rng.normal(mean, sd)


class StudentT(LogConcave):
    """``student_t(x, df, location, scale)``: log of Student's t, moved and stretched.

    log Γ((df + 1)/2) − log Γ(df/2) − ½ log (π df) − log scale − ½ (df + 1) log (1 + z²/df) for z = (x −
    location) / scale; ``scale`` is not the standard deviation, which is scale √(df / (df − 2)). df = ∞ is
    the normal.

    Its mass between bounds is an integral in asinh (z / √df), where the density is ∝ cosh⁻ᵈᶠ.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.student_t(1.0, 4.0, 0.0, 2.0)), 4)
    -1.8255
    """

    name = "student_t"
    support = REAL
    parameters: ClassVar = {"df": POSITIVE_OR_INFINITE, "location": REAL, "scale": POSITIVE}

    def _log(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        z, df = (x - location) / scale, _finite(df)
        tail = 0.5 * (df + 1.0) * jnp.log1p(z * z / df)
        return _log_gammas(df) - 0.5 * (LOG_PI + jnp.log(df)) - jnp.log(scale) - tail

    def _coordinate(self, x: Any, df: Any, location: Any, scale: Any) -> Any:
        return jnp.arcsinh((x - location) / scale / jnp.sqrt(_finite(df)))

    def _log_in(self, v: Any, df: Any, location: Any, scale: Any) -> Any:
        return -_finite(df) * _log_cosh(v)

    def _log_peak(self, df: Any, location: Any, scale: Any) -> Any:
        return _log_gammas(_finite(df)) - 0.5 * LOG_PI

    def draw(self, rng: np.random.Generator, df: Any, location: Any, scale: Any) -> Any:
        df = np.asarray(df, dtype=float)
        t = rng.standard_t(
            np.where(np.isinf(df), 1.0, df), np.broadcast_shapes(*map(np.shape, (df, location, scale)))
        )
        z = rng.standard_normal(np.shape(t))
        return location + scale * np.where(np.isinf(df), z, t)


def _finite(df: Any) -> Any:
    """t of 1e20 degrees of freedom is the normal to the last digit."""
    return jnp.where(df < 1e20, df, 1e20)


def _log_gammas(df: Any) -> Any:
    """log Γ((df + 1)/2) − log Γ(df/2)."""
    s = 0.5 * df
    return s * jnp.log1p(0.5 / s) - 0.5 + 0.5 * jnp.log(s) + stirling_error(s + 0.5) - stirling_error(s)


def _log_cosh(v: Any) -> Any:
    near = jnp.abs(v) < 1.0
    small, large = jnp.where(near, v, 0.0), jnp.abs(jnp.where(near, 1.0, v))
    return jnp.where(
        near, jnp.log1p(2.0 * jnp.sinh(0.5 * small) ** 2), large + jnp.log1p(jnp.exp(-2.0 * large)) - LOG_2
    )


class Laplace(ByTails):
    """``laplace(x, location, scale)``: −|x − location| / scale − log 2 scale.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.laplace(1.0, 0.0, 2.0)), 4)
    -1.8863
    """

    name = "laplace"
    support = REAL
    parameters: ClassVar = {"location": REAL, "scale": POSITIVE}

    def _log(self, x: Any, location: Any, scale: Any) -> Any:
        return -jnp.abs(x - location) / scale - jnp.log(scale) - LOG_2

    def _upper(self, x: Any, location: Any, scale: Any) -> Any:
        return self._lower(-x, -location, scale)

    def _lower(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return jnp.where(z < 0, z - LOG_2, jnp.log1p(-0.5 * jnp.exp(-jnp.abs(z))))

    def draw(self, rng: np.random.Generator, location: Any, scale: Any) -> Any:
        return rng.laplace(location, scale)


class Logistic(ByTails):
    """``logistic(x, location, scale)``: −z − 2 log (1 + e⁻ᶻ) − log scale, with z = (x − location) / scale.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.logistic(1.0, 0.0, 2.0)), 4)
    -2.1413
    """

    name = "logistic"
    support = REAL
    parameters: ClassVar = {"location": REAL, "scale": POSITIVE}

    def _log(self, x: Any, location: Any, scale: Any) -> Any:
        z = (x - location) / scale
        return -softplus(z) - softplus(-z) - jnp.log(scale)

    def _upper(self, x: Any, location: Any, scale: Any) -> Any:
        return -softplus((x - location) / scale)

    def _lower(self, x: Any, location: Any, scale: Any) -> Any:
        return -softplus((location - x) / scale)

    def draw(self, rng: np.random.Generator, location: Any, scale: Any) -> Any:
        return rng.logistic(location, scale)


class VonMises(Density):
    """``von_mises(x, location, concentration)``: angles x in radians, of any turn.

    concentration · cos (x − location) − log 2π I₀(concentration); concentration 0 is uniform on the circle.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.von_mises(1.0, 0.0, 2.0)), 4)
    -1.5813
    """

    name = "von_mises"
    support = REAL
    parameters: ClassVar = {"location": REAL, "concentration": NON_NEGATIVE}

    def _log(self, x: Any, location: Any, concentration: Any) -> Any:
        below_top = -2.0 * jnp.sin(0.5 * (x - location)) ** 2
        return concentration * below_top - LOG_2PI - log_i0e(concentration)

    def draw(self, rng: np.random.Generator, location: Any, concentration: Any) -> Any:
        return rng.vonmises(location, concentration)


normal, student_t, laplace, logistic, von_mises = Normal(), StudentT(), Laplace(), Logistic(), VonMises()
