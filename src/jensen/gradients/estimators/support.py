"""Values and probabilities of variables with a finite support, entry by entry."""

from __future__ import annotations

from functools import singledispatch
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.distributions.densities import entries, log_ways
from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.quadrature import Rule
from jensen.gradients.where import where


@singledispatch
def finite_support(distribution: Any) -> Rule | None:
    """Each (num_values, *shape); None where the support is not finite or the entries are not independent."""
    values = _enumerated(distribution)
    return None if values is None else Rule(values, jnp.exp(entries(distribution, values)))


def _enumerated(distribution: Any) -> Any:
    if not distribution.has_enumerate_support or distribution.event_shape:
        return None
    try:
        return distribution.enumerate_support(expand=True)
    except (NotImplementedError, jax.errors.JAXTypeError):  # a support that depends on a parent
        return None


@finite_support.register(dist.MaskedDistribution)
def _(distribution: Any) -> Rule | None:
    """A mask leaves something out of a density, and not of the draws."""
    return finite_support(unwrapped(distribution.base_dist))


WHOLE = 4
"""So many derivatives of a power are right where a probability is 0."""


@finite_support.register(dist.BinomialProbs)
def _(distribution: Any) -> Rule | None:
    values, p, n = _enumerated(distribution), distribution.probs, distribution.total_count
    if values is None:
        return None
    return Rule(values, _power(p, values) * _power(1.0 - p, n - values) * jnp.exp(log_ways(n, values)))


def _power(p: Any, count: Any) -> Any:
    """A few factors one by one, the others in the logarithm."""
    few = jnp.clip(count, 0, WHOLE)
    factors = [where(few > k, p, 1.0) for k in range(WHOLE)]
    return prod(factors, start=jnp.ones(())) * jnp.exp((count - few) * jnp.log(where(p > 0.0, p, 1.0)))


@finite_support.register(dist.BernoulliProbs)
def _(distribution: Any) -> Rule | None:
    return _two(distribution, 1.0 - distribution.probs, distribution.probs)


@finite_support.register(dist.BernoulliLogits)
def _(distribution: Any) -> Rule | None:
    return _two(distribution, jax.nn.sigmoid(-distribution.logits), jax.nn.sigmoid(distribution.logits))


@finite_support.register(dist.CategoricalProbs)
def _(distribution: Any) -> Rule | None:
    probabilities = _normalized(distribution.probs)
    return Rule(distribution.enumerate_support(expand=True), jnp.moveaxis(probabilities, -1, 0))


def _normalized(probs: Any) -> Any:
    """Where one is 0 what all add up to is held fixed: an infinite cost moves no other."""
    total = jnp.sum(probs, axis=-1, keepdims=True)
    return where(probs == 0.0, probs / jax.lax.stop_gradient(total), probs / total)


@finite_support.register(dist.CategoricalLogits)
def _(distribution: Any) -> Rule | None:
    probabilities = jax.nn.softmax(distribution.logits, axis=-1)
    return Rule(distribution.enumerate_support(expand=True), jnp.moveaxis(probabilities, -1, 0))


def _two(distribution: Any, zero: Any, one: Any) -> Rule:
    values = distribution.enumerate_support(expand=True)
    shape = distribution.batch_shape
    return Rule(values, jnp.stack([jnp.broadcast_to(zero, shape), jnp.broadcast_to(one, shape)]))
