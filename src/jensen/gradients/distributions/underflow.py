"""Draws near the smallest normal number, on their way through transforms that have a logarithm in them.

XLA takes what is below it for 0, so digits are lost, of the draw or of its derivative; a logarithm or a root
makes numbers of ordinary size of what is left, and wrong ones.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from numpyro.distributions import constraints, transforms
from numpyro.distributions.transforms import _InverseTransform as Inverse

FROM_ZERO = (Inverse, transforms.PowerTransform, transforms.SimplexToOrderedTransform)
"""Transforms that may have a slope without bound at 0."""
FACTORS = (
    constraints.corr_cholesky,
    constraints.lower_cholesky,
    constraints.softplus_lower_cholesky,
    constraints.scaled_unit_lower_cholesky,
)


def is_tiny(x: Any) -> Any:
    """Near the smallest normal number: derivatives may be smaller than x by up to a rounding of it."""
    known = jnp.finfo(x.dtype)
    return jnp.abs(x) < known.tiny / known.eps


def told(step: Any, x: Any) -> Any:
    """What a transform is given; NaN where that is lost, if its slope there may have no bound.

    By a factor, so that derivatives are NaN as well.
    """
    while type(step) is transforms.IndependentTransform:
        step = step.base_transform
    if not isinstance(step, FROM_ZERO):
        return x
    if step.domain in FACTORS:
        return x * jnp.where(jnp.eye(x.shape[-1], dtype=bool) & is_tiny(x), jnp.nan, 1.0)
    return x * jnp.where(is_tiny(x), jnp.nan, 1.0) if _starts_at_zero(step.domain) else x


def _starts_at_zero(domain: Any) -> bool:
    if not isinstance(domain, (constraints.greater_than, constraints.interval)):
        return domain is constraints.simplex
    return isinstance(domain.lower_bound, int | float) and domain.lower_bound == 0
