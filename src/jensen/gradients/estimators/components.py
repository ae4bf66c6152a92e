"""The components of a mixture, one at a time."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

MIXTURES = (dist.MixtureSameFamily, dist.MixtureGeneral)


def label_probabilities(mixture: Any) -> Any:
    """(..., K): the weights, normalized and differentiable."""
    mixing = mixture.mixing_distribution
    logits = getattr(mixing, "logits", None) if "logits" in vars(mixing) else None
    if logits is not None:
        return jax.nn.softmax(logits, axis=-1)
    return mixing.probs / jnp.sum(mixing.probs, axis=-1, keepdims=True)


def are_alike(mixture: Any) -> bool:
    """Whether all components are of one kind, and so made of the same noise."""
    return (
        isinstance(mixture, dist.MixtureSameFamily)
        or len(set(map(type, mixture.component_distributions))) == 1
    )


def component(mixture: Any, k: int) -> Any:
    """The k-th component as a distribution of its own."""
    if isinstance(mixture, dist.MixtureGeneral):
        return mixture.component_distributions[k]
    return _taken(mixture.component_distribution, k)


def _taken(distribution: Any, k: int) -> Any:
    """Entry k of the last batch axis."""
    if isinstance(distribution, dist.Independent):
        rank = distribution.reinterpreted_batch_ndims
        return _entry(distribution.base_dist, k, rank).to_event(rank)
    return _entry(distribution, k, 0)


def _entry(distribution: Any, k: int, rank: int) -> Any:
    shape = distribution.batch_shape

    def take(name: str, value: Any) -> Any:
        event = jnp.shape(value)[jnp.ndim(value) - distribution.arg_constraints[name].event_dim :]
        full = jnp.broadcast_to(value, (*shape, *event))
        return jnp.take(full, k, axis=len(shape) - 1 - rank)

    arguments = _own_arguments(distribution)
    return type(distribution)(**{name: take(name, value) for name, value in arguments.items()})


def _own_arguments(distribution: Any) -> dict[str, Any]:
    if isinstance(distribution, dist.MultivariateNormal):
        return {"loc": distribution.loc, "scale_tril": distribution.scale_tril}
    return dict(distribution.get_args())
