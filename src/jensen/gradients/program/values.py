"""Values at which f is looked at."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.support import finite_support


def anywhere(distribution: Any, estimator: Estimator, dtype: Any, key: Any) -> Any:
    """A value; of few that may be, the rare ones as often as the others."""
    few = None if jnp.issubdtype(dtype, jnp.inexact) else finite_support(unwrapped(distribution))
    if few is None:
        return estimator.example(distribution, key)
    weights = jnp.where(few.weights > 0.0, 0.0, -jnp.inf)
    place = jax.random.categorical(key, jnp.moveaxis(weights, 0, -1), shape=few.nodes.shape[1:])
    return jnp.take_along_axis(few.nodes, place[None], axis=0)[0]
