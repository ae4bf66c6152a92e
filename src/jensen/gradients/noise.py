"""Distributions as functions of noise: x = g(ε, θ), with ε standard normal or uniform.

Noise of all draws is made at once, and is mirrored, stratified or taken from a Sobol sequence where draws are
coupled. Distributions that are not here are drawn by their own samplers, one key a draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.special import ndtri

Transform = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Noise:
    """A kind of noise.

    Attributes
    ----------
    sample
        ``sample(key, shape)``.
    from_uniform
        The noise at uniform numbers in (0, 1).
    """

    sample: Callable[..., Any]
    from_uniform: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """How a distribution is made of noise.

    Attributes
    ----------
    noise
        Of which kind; in the shape of a value.
    transform
        ``transform(distribution, noise)``: the value.
    """

    noise: Noise
    transform: Transform


def uniform(key: Any, shape: tuple[int, ...]) -> Any:
    """Uniform in (0, 1), both ends left out."""
    dtype = jnp.result_type(float)
    tiny = jnp.finfo(dtype).eps / 2
    return jnp.clip(jax.random.uniform(key, shape, dtype), tiny, 1.0 - tiny)


NORMAL = Noise(jax.random.normal, ndtri)
UNIFORM = Noise(uniform, lambda u: u)


@singledispatch
def route(distribution: Any) -> Route | None:
    """How a distribution is made of noise; None where it has a sampler of its own only."""
    return None


def _add(kind: type, noise: Noise, transform: Transform) -> None:
    route.register(kind, lambda distribution: Route(noise, transform))


_add(dist.Normal, NORMAL, lambda d, e: d.loc + d.scale * e)
_add(dist.BernoulliProbs, UNIFORM, lambda d, u: jnp.where(u < d.probs, 1, 0))
_add(dist.BernoulliLogits, UNIFORM, lambda d, u: jnp.where(u < jax.nn.sigmoid(d.logits), 1, 0))


@route.register(dist.Independent)
def _(distribution: Any) -> Route | None:
    inner = route(distribution.base_dist)
    return None if inner is None else Route(inner.noise, lambda d, e: inner.transform(d.base_dist, e))
