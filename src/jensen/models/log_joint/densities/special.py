"""Functions of which the plain formula cancels, overflows, or has NaN for a derivative at an edge.

Where a formula is right on a part of the line only, its argument is replaced elsewhere *before* it is
evaluated: ``where`` alone lets the derivative of the part that is not taken through as 0 · ∞.
"""

from __future__ import annotations

from math import log, pi
from typing import Any

from jensen.models.log_joint.densities.lazy import jnp, real
from jensen.models.log_joint.precision import require_jax

LOG_2PI = log(2 * pi)
LARGEST_EXPONENT = 700.0


def xlogy(x: Any, y: Any) -> Any:
    """x log y, and 0 where x is 0; x may be an integer, and derivatives with respect to y are finite.

    Examples
    --------
    >>> import jensen
    >>> float(jensen.densities.xlogy(0, 0.0))
    0.0
    """
    x = real(x)
    safe = jnp.where(x == 0, 1.0, y)
    return jnp.where(x == 0, 0.0, x * jnp.log(safe))


def exp(x: Any) -> Any:
    """eˣ, and ∞ with derivative 0 where it overflows."""
    fits = x < LARGEST_EXPONENT
    return jnp.where(fits, jnp.exp(jnp.where(fits, x, 0.0)), jnp.inf)


def softplus(x: Any) -> Any:
    """log (1 + eˣ)."""
    return jnp.maximum(x, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(x)))


def log1mexp(x: Any) -> Any:
    """log (1 − eˣ) for x ≤ 0 (Mächler, 2012); −∞ with derivative 0 at 0 and above."""
    below = x < 0
    x = jnp.where(below, x, -1.0)
    near = x > -0.7
    found = jnp.where(
        near, jnp.log(-jnp.expm1(jnp.where(near, x, -0.5))), jnp.log1p(-jnp.exp(jnp.where(near, -1.0, x)))
    )
    return jnp.where(below, found, -jnp.inf)


def edge(power: Any, at_zero: Any) -> Any:
    """The limit of log x · ``power`` + ``at_zero`` as x falls to 0."""
    infinite = jnp.where(power > 0, -jnp.inf, jnp.inf)
    return jnp.where(power == 0, at_zero, infinite)


def deviance(x: Any, mean: Any, log_mean: Any = None) -> Any:
    """x log (mean / x) + x − mean for x > 0: what is lost to the best mean, without cancelling (Loader,
    2000).

    ``log_mean`` where the mean itself could underflow.
    """
    off = mean - x
    near = jnp.abs(off) < 0.1 * x
    d = jnp.where(near, off / x, 0.0)
    # log (1 + d) = 2 artanh r with r = d / (2 + d), and 2 r − d = −r d
    r = d / (2.0 + d)
    close = 2.0 * r**3 * _polynomial(r * r, [1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13]) - r * d
    log_mean = jnp.log(jnp.where(near, 1.0, mean)) if log_mean is None else log_mean
    return jnp.where(near, x * close, x * (log_mean - jnp.log(x)) - off)


def log_ratio(numerator: Any, denominator: Any, difference: Any) -> Any:
    """log (numerator / denominator), from their difference where they are near each other."""
    relative = difference / denominator
    near = jnp.abs(relative) < 0.5
    close = jnp.log1p(jnp.where(near, relative, 0.0))
    return jnp.where(near, close, jnp.log(jnp.where(near, 1.0, numerator) / denominator))


STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400]
SHIFT = 8


def stirling_error(s: Any) -> Any:
    """δ(s) = log Γ(s) − (s − ½) log s + s − ½ log 2π for s > 0, which falls as 1/12s.

    Stirling's series from 10 on; below, that of s + 8, brought back by Γ(s + 1) = s Γ(s). Log-gamma functions
    of large numbers cancel in densities, and these do not; they are elementary, and so are their derivatives.
    """
    small = s < 10.0
    low = jnp.where(small, s, 1.0)
    product = low
    for i in range(1, SHIFT):
        product = product * (low + i)
    back = _stirling(low + SHIFT) - _stirling(low) - jnp.log(product)
    t = 1.0 / jnp.where(small, low + SHIFT, s)
    return t * _polynomial(t * t, STIRLING) + jnp.where(small, back, 0.0)


def _stirling(s: Any) -> Any:
    return (s - 0.5) * jnp.log(s) - s


def _polynomial(x: Any, coefficients: list[float]) -> Any:
    total = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total


BESSEL_TERMS = 14
BESSEL_LARGE = 30.0


def log_i0e(x: Any) -> Any:
    """log (I₀(x) e⁻ˣ) for x ≥ 0; beyond 30 by its asymptotic series, of which derivatives do not cancel."""
    large = x > BESSEL_LARGE
    near, t = jnp.where(large, 1.0, x), 1.0 / jnp.where(large, x, BESSEL_LARGE)
    coefficients = [1.0]
    for k in range(1, BESSEL_TERMS):
        coefficients.append(coefficients[-1] * (2 * k - 1) ** 2 / (8 * k))
    far = jnp.log(_polynomial(t, coefficients)) + 0.5 * (jnp.log(t) - LOG_2PI)
    return jnp.where(large, far, jnp.log(require_jax().scipy.special.i0e(near)))


MILLS_FROM = 5.0
MILLS_TERMS = 12


def log_ndtr(z: Any) -> Any:
    """log Φ(z); below −5 by Laplace's continued fraction of Mills' ratio, of which derivatives do not
    cancel.
    """
    far = z < -MILLS_FROM
    t = jnp.where(far, -z, MILLS_FROM)
    fraction = t
    for k in range(MILLS_TERMS, 0, -1):
        fraction = t + k / fraction
    tail = -0.5 * (t * t + LOG_2PI) - jnp.log(fraction)
    return jnp.where(far, tail, require_jax().scipy.special.log_ndtr(jnp.where(far, 0.0, z)))
