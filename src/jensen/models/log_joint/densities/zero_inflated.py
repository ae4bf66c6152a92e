"""Counts with more zeros than their density has."""

from __future__ import annotations

from typing import Any

from jensen.basics.errors import ModelTypeError
from jensen.models.log_joint.densities.density import Density, Observed
from jensen.models.log_joint.densities.domains import COUNTS
from jensen.models.log_joint.densities.lazy import jnp, real


def zero_inflated(x: Any, zeros: Any, density: Density, *params: Any) -> Any:
    """A zero with probability ``zeros``, else a value of ``density``, be it 0 again.

    log (zeros + (1 − zeros) p(0)) at x = 0, and log (1 − zeros) + log p(x) elsewhere. Amounts have no
    probability at 0: there, zeros are a value of z of their own.

    Raises
    ------
    TypeError
        The density is not one of counts.

    Examples
    --------
    >>> import jensen
    >>> round(float(jensen.densities.zero_inflated(0, 0.3, jensen.densities.poisson, 2.0)), 4)
    -0.9295
    """
    if isinstance(x, Observed):
        raise x.cannot("zero_inflated is a sum of two densities")
    if density.support is not COUNTS:
        raise ModelTypeError(
            f"zero_inflated is for counts, and densities.{density.name} is for {density.support.says}"
        )
    x, zeros = real(x), real(zeros)
    log_p = density(x, *params)
    share = jnp.where((zeros >= 0) & (zeros <= 1), zeros, jnp.nan)
    rest = jnp.log1p(-share)
    is_zero = x == 0
    likely = log_p > -30.0
    near, far = jnp.where(likely, log_p, -1.0), jnp.where(likely, -31.0, log_p)
    more = near + jnp.log1p(share * jnp.expm1(-near))
    both = jnp.where(likely, more, jnp.log(share + (1.0 - share) * jnp.exp(far)))
    none = share == 0
    return jnp.where(is_zero & ~none, both, rest + log_p)
