"""The components of a mixture, one at a time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.distributions.wrappers import arguments, full_parameters, unwrapped

MIXTURES = (dist.MixtureSameFamily, dist.MixtureGeneral)


def label_probabilities(mixture: Any) -> Any:
    """(..., K): the weights, normalized and differentiable."""
    mixing = mixture.mixing_distribution
    if isinstance(mixing, dist.CategoricalLogits):
        return jax.nn.softmax(mixing.logits, axis=-1)
    return mixing.probs / jnp.sum(mixing.probs, axis=-1, keepdims=True)


def are_alike(mixture: Any) -> bool:
    """Whether all components are of one kind, and so made of the same noise."""
    return (
        isinstance(mixture, dist.MixtureSameFamily)
        or len(set(map(type, mixture.component_distributions))) == 1
    )


def can_be_taken(mixture: Any) -> bool:
    """Whether its components can be had one at a time."""
    if isinstance(mixture, dist.MixtureGeneral):
        return True
    return bool(arguments(unwrapped(mixture.component_distribution)))


def component(mixture: Any, k: int) -> Any:
    """The k-th component as a distribution of its own."""
    if isinstance(mixture, dist.MixtureGeneral):
        return mixture.component_distributions[k]
    return _taken(mixture.component_distribution, k)


def _taken(distribution: Any, k: int) -> Any:
    """Entry k of the last batch axis."""
    rank = distribution.reinterpreted_batch_ndims if isinstance(distribution, dist.Independent) else 0
    entries = unwrapped(distribution)
    axis = len(entries.batch_shape) - 1 - rank
    parameters = full_parameters(entries, entries.batch_shape)
    taken = {name: jnp.take(value, k, axis=axis) for name, value in parameters.items()}
    return type(entries)(**taken).to_event(rank)
