"""Distributions of independent entries without ``to_event`` and ``expand``."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpyro.distributions as dist


def unwrapped(distribution: Any) -> Any:
    """The distribution whose batch is the entries; what cannot be unwrapped is returned as it is."""
    if isinstance(distribution, dist.Independent):
        return unwrapped(distribution.base_dist)
    if not isinstance(distribution, dist.ExpandedDistribution):
        return distribution
    base = unwrapped(distribution.base_dist)
    within = base.batch_shape[len(distribution.base_dist.batch_shape) :]
    shape = (*distribution.batch_shape, *within)
    parameters = full_parameters(base, shape)
    return type(base)(**parameters, validate_args=False) if parameters else distribution


def full_parameters(distribution: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    """The parameters of a distribution, each with this batch shape."""

    def full(name: str, value: Any) -> Any:
        event = jnp.shape(value)[jnp.ndim(value) - distribution.arg_constraints[name].event_dim :]
        return jnp.broadcast_to(value, (*shape, *event))

    return {name: full(name, value) for name, value in arguments(distribution).items()}


def arguments(distribution: Any) -> dict[str, Any]:
    """What its class makes it of; empty where that is not its parameters."""
    if isinstance(distribution, dist.MultivariateNormal):
        return {"loc": distribution.loc, "scale_tril": distribution.scale_tril}
    return dict(distribution.get_args())
