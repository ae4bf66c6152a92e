"""Draws of a variable: from noise where it is made of noise, else from a key; and its log density."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.densities import entries
from jensen.gradients.noise import route
from jensen.gradients.samplers import sample
from jensen.gradients.site import Site


def draw(site: Site, distribution: Any = None) -> Any:
    """A draw whose derivative in the parameters is the distribution's own path."""
    distribution = site.distribution if distribution is None else distribution
    made = route(distribution)
    if made is not None and site.randomness.noise is not None:
        return made.transform(distribution, site.randomness.noise)
    return sample(distribution, site.randomness.key)


def fixed_draw(site: Site) -> Any:
    """A draw without a derivative."""
    return jax.lax.stop_gradient(draw(site))


def log_density(distribution: Any, value: Any) -> Any:
    """log p(value), summed over independent entries."""
    return jnp.sum(entries(distribution, value))
