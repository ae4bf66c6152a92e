"""Parameters whose draws the numbers of a precision cannot tell, as far as their values are known."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist

from jensen.gradients.distributions.by_type import ByType
from jensen.gradients.distributions.validity.tracers import concrete

FARTHEST = 10.0  # standard deviations above the mean that counts go
ROUNDED = 16.0  # roundings of 1, which 1 − x should be on the average

BEYOND = ByType()
"""By class: what is wrong with the draws; empty where nothing is."""


def beyond(distribution: Any) -> str:
    """What is wrong with the draws of a distribution in this precision."""
    seen = BEYOND.get(distribution)
    return "" if seen is None else seen(distribution)


@BEYOND.add(
    dist.Poisson,
    dist.GammaPoisson,
    dist.NegativeBinomial2,
    dist.NegativeBinomialProbs,
    dist.NegativeBinomialLogits,
)
def _(d: Any) -> str:
    """Counts would stop at the largest whole number."""
    with jax.ensure_compile_time_eval():
        mean, highest = concrete(d.mean), concrete(d.mean + FARTHEST * jnp.sqrt(d.variance))
    most = jnp.iinfo(jnp.result_type(int)).max
    if highest is None or not np.any(highest > 0.9 * most):
        return ""
    return (
        f"the mean of {type(d).__name__} is {short(mean)}, and its draws go beyond {most}, the largest whole "
        "number in this precision"
    )


@BEYOND.add(dist.Beta, dist.BetaProportion)
def _(d: Any) -> str:
    """Of draws that round to 1 nothing is told, unless the density rises up to there as a power does."""
    with jax.ensure_compile_time_eval():
        a, b = concrete(d.concentration1), concrete(d.concentration0)
    if a is None or b is None:
        return ""
    eps = ROUNDED * float(jnp.finfo(jnp.result_type(a, b, float)).eps)
    if not np.any((b < eps * (a + b)) & (a * eps > 1.0)):
        return ""
    return (
        f"draws of {type(d).__name__} of the shapes {short(a)} and {short(b)} round to 1 in this precision: "
        "take that of 1 − x, with the shapes exchanged, or float64"
    )


def short(value: Any) -> str:
    """Numbers in a message."""
    return " ".join(np.array2string(np.asarray(value), precision=6, threshold=6).split())
