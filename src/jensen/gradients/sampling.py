"""Draws of a variable: from noise where it is made of noise, else from a key; and its log density."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.lax import stop_gradient

from jensen.gradients.distributions import trails
from jensen.gradients.distributions.densities import entries
from jensen.gradients.distributions.noise import route
from jensen.gradients.distributions.samplers import sample
from jensen.gradients.site import Site


def draw(site: Site, distribution: Any = None) -> Any:
    """A draw whose derivative in the parameters is the distribution's own path."""
    return own_draw(site, site.distribution) if distribution is None else _drawn(site, distribution)


def own_draw(site: Site, distribution: Any) -> Any:
    """The same, where parameters of the distribution of the site are guarded or held fixed."""
    return trails.owned(_drawn(site, distribution))


def _drawn(site: Site, distribution: Any) -> Any:
    made = route(distribution)
    if made is not None and site.randomness.noise is not None:
        return made.transform(distribution, site.randomness.noise)
    return sample(distribution, site.randomness.key)


def fixed_draw(site: Site) -> Any:
    """A draw without a derivative, of any order: that of a sampler is never asked for."""
    return trails.fixed(own_draw(site, fixed(site.distribution)))


def fixed(distribution: Any) -> Any:
    """The distribution, whose parameters have no derivative; as it is where JAX cannot take it apart."""
    if not can_be_taken_apart(distribution):
        return distribution
    return jax.tree.map(stop_gradient, distribution)


def can_be_taken_apart(distribution: Any) -> bool:
    """Whether a distribution is all in its leaves, as those of NumPyro are.

    What its class has, such as a covariance that is computed when asked for, need not be in them.
    """
    leaves, structure = jax.tree.flatten(distribution)
    made = vars(jax.tree.unflatten(structure, leaves))
    return {*vars(distribution)} <= {*made, *dir(type(distribution))}


def log_density(distribution: Any, value: Any) -> Any:
    """log p(value), summed over independent entries."""
    return jnp.sum(entries(distribution, value))


def own_entries(distribution: Any, value: Any) -> Any:
    """log p of the entries of a draw, under the distribution of its variable, from what it was made of."""
    with trails.of_own():
        return entries(distribution, value)


def own_log_density(distribution: Any, value: Any) -> Any:
    """The same, summed."""
    return jnp.sum(own_entries(distribution, value))
