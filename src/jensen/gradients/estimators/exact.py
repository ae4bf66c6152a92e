"""∇ E[f(x)] = ∇ Σ_x p(x) f(x): nothing is drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.site import Cost, Site


@dataclass(frozen=True, slots=True)
class Exact:
    """The expectation over a variable with few values, summed."""

    @property
    def order(self) -> float:
        return math.inf

    @property
    def is_biased(self) -> bool:
        return False

    def refusal(self, distribution: Any) -> str | None:
        if not getattr(distribution, "has_enumerate_support", False):
            return f"{type(distribution).__name__} has no finite support to sum over"
        if distribution.batch_shape:
            return (
                f"a {type(distribution).__name__} of shape {distribution.batch_shape} has too many joint values "
                "to sum over: make its entries variables of their own"
            )
        return None

    def cost(self, site: Site, then: Cost) -> Any:
        values = site.distribution.enumerate_support()
        probabilities = jnp.exp(jax.vmap(site.distribution.log_prob)(values))
        return jnp.sum(probabilities * jax.vmap(then)(values))
