"""Distributions that the table does not know: their scores are right where the support stays in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.distributions.densities import entries
from jensen.gradients.distributions.validity.bounds import NOWHERE, bounds
from jensen.gradients.distributions.validity.inside import inside
from jensen.gradients.surrogates import guard


class FixedSupport:
    """A distribution whose log density has a derivative only where that of its support is zero.

    Parameters
    ----------
    distribution
        The distribution.
    why
        What is said where a parameter moves the support.
    """

    def __init__(self, distribution: Any, why: str) -> None:
        self.distribution = distribution
        self.why = why

    def log_prob(self, value: Any) -> Any:
        """The log density; the numbers that the support is described with are guarded."""
        ends = [
            end
            for end in jax.tree.leaves(list(_ends(self.distribution)))
            if jnp.issubdtype(jnp.result_type(end), jnp.inexact)
        ]
        still = sum((0.0 * jnp.sum(jnp.nan_to_num(guard(end, self.why))) for end in ends), jnp.zeros(()))
        return entries(self.distribution, value) + still


def _ends(distribution: Any) -> Iterator[Any]:
    """The supports of all parts; and the transforms, where these may move an end."""
    for part in inside(distribution):
        yield part.support
        if type(part) is dist.TransformedDistribution and bounds(part.base_dist) != NOWHERE:
            yield part.transforms
