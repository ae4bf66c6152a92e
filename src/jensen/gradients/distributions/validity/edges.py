"""Parameters at an edge of their domain, where a score sees less than all values that it needs.

A probability of exactly 0 lets a value never be drawn, and what its cost would add to the derivative is not
seen. A sum over all values sees it, and so does a weak derivative.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist

from jensen.gradients.distributions.validity.tracers import concrete
from jensen.gradients.distributions.validity.warning import warn

EDGES: dict[type, dict[str, tuple[float, ...]]] = {
    dist.BernoulliProbs: {"probs": (0.0, 1.0)},
    dist.BinomialProbs: {"probs": (0.0, 1.0)},
    dist.GeometricProbs: {"probs": (1.0,)},
    dist.CategoricalProbs: {"probs": (0.0,)},
    dist.MultinomialProbs: {"probs": (0.0,)},
    dist.NegativeBinomialProbs: {"probs": (0.0,)},
    dist.Poisson: {"rate": (0.0,)},
    dist.ZeroInflatedPoisson: {"gate": (1.0,), "rate": (0.0,)},
}
"""By class and parameter: where some values have a probability of 0."""

WRAPPERS = (dist.Independent, dist.ExpandedDistribution)


def entries_of(distribution: Any) -> Any:
    """What is wrapped, whose parameters have their names in the table."""
    while isinstance(distribution, WRAPPERS):
        distribution = distribution.base_dist
    return distribution


def edges_of(distribution: Any) -> dict[str, tuple[float, ...]]:
    """The edges of its parameters."""
    return EDGES.get(type(entries_of(distribution)), {})


def without_edges(distribution: Any, name: str, x: Any) -> Any:
    """The same numbers, whose derivative is NaN at the edges; and where these are seen, a warning."""
    edges = edges_of(distribution)[name]
    known = concrete(x)
    if known is not None and np.isin(known, edges).any():
        kind = type(entries_of(distribution)).__name__
        at = " or ".join(f"{edge:g}" for edge in edges)
        warn(
            f"{name} of {kind} is {at} somewhere: a score does not see values of probability 0, and its "
            "derivative there is NaN. Exact() and MeasureValued() have it"
        )
    return _without(edges, x)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _without(edges: tuple[float, ...], x: Any) -> Any:
    return x


@_without.defjvp
def _(edges: tuple[float, ...], primals: Any, tangents: Any) -> Any:
    (x,), (moves,) = primals, tangents
    is_edge = jnp.isin(x, jnp.asarray(edges, x.dtype))
    return x, moves * jnp.where(is_edge, jnp.nan, 1.0).astype(x.dtype)
