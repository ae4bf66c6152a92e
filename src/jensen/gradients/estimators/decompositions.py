"""Weak derivatives of densities: ∂p/∂η = c·(p⁺ − p⁻), and draws of p⁺ and p⁻ (Mohamed et al. 2020)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.distributions.noise import uniform


class Weak(NamedTuple):
    """Of one parameter, for every entry of a value by itself.

    Attributes
    ----------
    parameter
        In the shape of the value.
    constant
        c.
    plus, minus
        Draws of p⁺ and p⁻; None stands for the draw of the variable itself.
    """

    parameter: Any
    constant: Any
    plus: Any
    minus: Any


Decomposition = Callable[[Any, Any, Any, bool], list[Weak]]

DECOMPOSITIONS: dict[type, Decomposition] = {}
"""``decomposition(distribution, x, key, coupled)`` by class."""

WITHOUT: dict[type, tuple[str, ...]] = {dist.Gamma: ("concentration",), dist.Weibull: ("concentration",)}
"""Parameters whose weak derivative has no simple sampler."""


def _of(*kinds: type) -> Callable[[Decomposition], Decomposition]:
    def added(decomposition: Decomposition) -> Decomposition:
        DECOMPOSITIONS.update(dict.fromkeys(kinds, decomposition))
        return decomposition

    return added


def _apart(key: Any, num: int) -> list[Any]:
    """So many keys, each computed by itself if it is used."""
    return [jax.random.fold_in(key, i) for i in range(num)]


@_of(dist.Normal)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    """The mean: two Rayleigh (Weibull) halves. The scale: a double-sided Maxwell against the normal."""
    loc, scale = (jnp.broadcast_to(value, x.shape) for value in (distribution.loc, distribution.scale))
    first, second, third, fourth = _apart(key, 4)
    up = _rayleigh(first, x)
    down = up if coupled else _rayleigh(second, x)
    maxwell = jax.random.double_sided_maxwell(third, 0.0, 1.0, x.shape, x.dtype)
    normal = maxwell * uniform(fourth, x.shape) if coupled else jax.random.normal(fourth, x.shape, x.dtype)
    return [
        Weak(loc, 1.0 / (scale * math.sqrt(2.0 * math.pi)), loc + scale * up, loc - scale * down),
        Weak(scale, 1.0 / scale, loc + scale * maxwell, loc + scale * normal),
    ]


def _rayleigh(key: Any, x: Any) -> Any:
    return jnp.sqrt(2.0 * jax.random.exponential(key, x.shape, x.dtype))


@_of(dist.Poisson)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    rate = jnp.broadcast_to(distribution.rate, x.shape)
    if coupled:
        return [Weak(rate, 1.0, x + 1, None)]
    first, second = _apart(key, 2)
    return [Weak(rate, 1.0, distribution.sample(first) + 1, distribution.sample(second))]


@_of(dist.Exponential)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    """Against Gamma(2, rate), which is one exponential more."""
    rate = jnp.broadcast_to(distribution.rate, x.shape)
    first, second, third = _apart(key, 3)
    plus, more = (None, x) if coupled else (distribution.sample(first), distribution.sample(second))
    return [Weak(rate, 1.0 / rate, plus, more + jax.random.exponential(third, x.shape, x.dtype) / rate)]


@_of(dist.Gamma)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    """The rate: against Gamma(concentration + 1, rate), which is one exponential more."""
    rate = jnp.broadcast_to(distribution.rate, x.shape)
    first, second, third = _apart(key, 3)
    plus, more = (None, x) if coupled else (distribution.sample(first), distribution.sample(second))
    minus = more + jax.random.exponential(third, x.shape, x.dtype) / rate
    return [Weak(rate, distribution.concentration / rate, plus, minus)]


@_of(dist.Weibull)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    """The scale: (x/scale)^k is exponential, and one exponential more is p⁺."""
    scale, power = (jnp.broadcast_to(v, x.shape) for v in (distribution.scale, distribution.concentration))
    first, second, third = _apart(key, 3)
    minus, more = (None, x) if coupled else (distribution.sample(first), distribution.sample(second))
    longer = (more / scale) ** power + jax.random.exponential(third, x.shape, x.dtype)
    return [Weak(scale, power / scale, scale * longer ** (1.0 / power), minus)]


@_of(dist.BernoulliProbs)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    return [Weak(jnp.broadcast_to(distribution.probs, x.shape), 1.0, jnp.ones_like(x), jnp.zeros_like(x))]


@_of(dist.BernoulliLogits)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    logits = jnp.broadcast_to(distribution.logits, x.shape)
    constant = jax.nn.sigmoid(logits) * jax.nn.sigmoid(-logits)
    return [Weak(logits, constant, jnp.ones_like(x), jnp.zeros_like(x))]


@_of(dist.CategoricalProbs)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    """Each probability, less that of the draw: the changes of probabilities add up to 0."""
    probs = jnp.broadcast_to(distribution.probs, (*x.shape, distribution.probs.shape[-1]))
    other = None if coupled else distribution.sample(key)
    whole = 1.0 / jnp.sum(probs, axis=-1)
    return [Weak(probs[..., k], whole, jnp.full_like(x, k), other) for k in range(probs.shape[-1])]


@_of(dist.CategoricalLogits)
def _(distribution: Any, x: Any, key: Any, coupled: bool) -> list[Weak]:
    logits = jnp.broadcast_to(distribution.logits, (*x.shape, distribution.logits.shape[-1]))
    probs = jax.nn.softmax(logits, axis=-1)
    other = None if coupled else distribution.sample(key)
    return [Weak(logits[..., k], probs[..., k], jnp.full_like(x, k), other) for k in range(logits.shape[-1])]
