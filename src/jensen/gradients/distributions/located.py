"""Draws of a location and a scale, whose density is that of the noise that they were made of.

A location that is large beside its scale rounds what is added to it away: in single precision all draws of
Normal(700, 1e-6) are 700. Where the noise is known, nothing is taken back from the draw.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpyro.distributions as dist
from numpyro.distributions import transforms

from jensen.gradients.distributions.steps import sum_last
from jensen.gradients.distributions.transformed import along, before

Steps = list[Any]

LOCATED: dict[type, Callable[[Any], Any]] = {
    kind: lambda d, kind=kind: kind(0.0, 1.0, validate_args=False)
    for kind in (dist.Normal, dist.Laplace, dist.Logistic, dist.Gumbel, dist.Cauchy)
}
"""By class: the same of location 0 and scale 1."""


def located(d: Any, noise: Any) -> Any:
    """loc + scale · noise."""
    return along(steps_of(d), noise)


def steps_of(d: Any) -> Steps:
    """What noise goes through."""
    if isinstance(d, dist.MultivariateNormal | dist.MultivariateStudentT):
        loc: Any = d.loc
        factor: Any = d.scale_tril
        return [transforms.LowerCholeskyAffine(loc, factor)]
    first = transforms.AffineTransform(d.loc, d.scale)
    return [first, transforms.ExpTransform()] if isinstance(d, dist.LogNormal) else [first]


def noise_of(d: Any, value: Any) -> Any:
    """What a draw was made of; None where that is not known."""
    return before(steps_of(d), value)


def log_density(d: Any, value: Any) -> Any:
    """log p of each event."""
    noise = noise_of(d, value)
    if noise is None:
        return d.log_prob(value)
    if isinstance(d, dist.MultivariateNormal):
        diagonal = jnp.diagonal(jnp.asarray(d.scale_tril), axis1=-2, axis2=-1)
        return sum_last(_normal(noise) - jnp.log(diagonal), 1)
    if isinstance(d, dist.LogNormal):
        return _normal(noise) - jnp.log(d.scale) - (d.loc + d.scale * noise)
    return LOCATED[type(d)](d).log_prob(noise) - jnp.log(d.scale)


def _normal(noise: Any) -> Any:
    return dist.Normal(0.0, 1.0, validate_args=False).log_prob(noise)
