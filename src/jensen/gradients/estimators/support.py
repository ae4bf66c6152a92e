"""Values and probabilities of variables with a finite support, entry by entry."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.distributions.densities import entries
from jensen.gradients.estimators.quadrature import Rule


@singledispatch
def finite_support(distribution: Any) -> Rule | None:
    """Each (num_values, *shape); None where the support is not finite or the entries are not independent."""
    if not distribution.has_enumerate_support or distribution.event_shape:
        return None
    try:
        values = distribution.enumerate_support(expand=True)
    except (NotImplementedError, jax.errors.JAXTypeError):  # a support that depends on a parent
        return None
    return Rule(values, jnp.exp(entries(distribution, values)))


@finite_support.register(dist.BernoulliProbs)
def _(distribution: Any) -> Rule | None:
    return _two(distribution, 1.0 - distribution.probs, distribution.probs)


@finite_support.register(dist.BernoulliLogits)
def _(distribution: Any) -> Rule | None:
    return _two(distribution, jax.nn.sigmoid(-distribution.logits), jax.nn.sigmoid(distribution.logits))


@finite_support.register(dist.CategoricalProbs)
def _(distribution: Any) -> Rule | None:
    probabilities = distribution.probs / jnp.sum(distribution.probs, axis=-1, keepdims=True)
    return Rule(distribution.enumerate_support(expand=True), jnp.moveaxis(probabilities, -1, 0))


@finite_support.register(dist.CategoricalLogits)
def _(distribution: Any) -> Rule | None:
    probabilities = jax.nn.softmax(distribution.logits, axis=-1)
    return Rule(distribution.enumerate_support(expand=True), jnp.moveaxis(probabilities, -1, 0))


def _two(distribution: Any, zero: Any, one: Any) -> Rule:
    values = distribution.enumerate_support(expand=True)
    shape = distribution.batch_shape
    return Rule(values, jnp.stack([jnp.broadcast_to(zero, shape), jnp.broadcast_to(one, shape)]))
