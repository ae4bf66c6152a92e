"""∇ E[f(x)] = ∇ Σ_x p(x) f(x): nothing is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist

from jensen.basics.errors import ModelError
from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.quadrature import Rule, rule, standard_normal
from jensen.gradients.estimators.support import finite_support
from jensen.gradients.site import Cost, Site
from jensen.gradients.surrogates import steep
from jensen.gradients.where import where

BY_LOGITS = (dist.BernoulliLogits, dist.CategoricalLogits, dist.BinomialLogits)
MANY = 10**9  # beyond which a number is not spelled out


@dataclass(frozen=True, slots=True, repr=False)
class Exact(Estimator):
    """The expectation over a variable, summed: over a finite support, or by Gauss's rule.

    A rule of n points is exact for polynomials f of degree 2n − 1 and converges fast where f is smooth. Where
    f has kinks it does not: compare two numbers of points. Where f jumps its gradient is wrong, for any.

    Parameters
    ----------
    num_points
        Of the rule for each entry of a normal, log-normal, uniform, exponential, Laplace, gamma or beta.
    max_values
        Up to how many joint values of all entries are summed.
    """

    num_points: int = 32
    max_values: int = 65_536

    def __post_init__(self) -> None:
        if self.num_points < 1:
            raise ModelError(f"num_points must be at least 1, not {self.num_points}")

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        count = self._count(distribution)
        if count is None:
            return f"{type(distribution).__name__} has no finite support to sum over and no rule of Gauss"
        if count > self.max_values:
            many = count if count < MANY else f"more than {MANY}"
            return f"{many} joint values are too many to sum (max_values={self.max_values})"
        return None

    def evaluations(self, distribution: Any) -> int:
        return self._count(distribution) or 0

    def drawn(self, distribution: Any) -> Any:
        return None

    def has_path(self, distribution: Any) -> bool:
        return not distribution.is_discrete

    def cost(self, site: Site, then: Cost) -> Any:
        values, probabilities = self._grid(site.distribution)
        values = possible_values(values, probabilities, site.distribution)
        return _weighted(probabilities, jax.vmap(then)(values))

    def _count(self, distribution: Any) -> int | None:
        each = self._entry(distribution)
        if each is not None:
            return each.nodes.shape[0] ** prod(each.nodes.shape[1:])
        if isinstance(distribution, dist.MultivariateNormal) and not distribution.batch_shape:
            return self.num_points ** distribution.event_shape[0]
        return None

    def _grid(self, distribution: Any) -> tuple[Any, Any]:
        """All joint values (m, ...) and their probabilities (m,)."""
        each = self._entry(distribution)
        if each is not None:
            return joint_values(each)
        noise, weights = standard_normal(self.num_points, distribution.event_shape[0])
        return distribution.loc + noise @ jnp.tril(distribution.scale_tril).T, weights

    def _entry(self, distribution: Any) -> Rule | None:
        entries = unwrapped(distribution)
        finite = finite_support(entries)
        return rule(entries, self.num_points) if finite is None else finite


def possible_values(values: Any, probabilities: Any, distribution: Any) -> Any:
    """What is left out for good, as labels are by logits of −∞, is never tried: the likeliest value is."""
    if not isinstance(unwrapped(distribution), BY_LOGITS):
        return values
    is_out = (probabilities == 0.0).reshape(-1, *[1] * (values.ndim - 1))
    return where(is_out, values[jnp.argmax(probabilities)], values)


def _weighted(probabilities: Any, costs: Any) -> Any:
    """Σ p c: 0 · ∞ is 0, and its derivative in a probability of 0 is infinite."""
    is_edge = (probabilities == 0.0) & ~jnp.isfinite(costs)
    slope = jax.lax.stop_gradient(where(is_edge, costs, 0.0))
    safe = where(is_edge, 0.0, costs)
    return jnp.sum(probabilities * safe) + steep(probabilities, slope)


def joint_values(each: Rule) -> tuple[Any, Any]:
    """All joint values (m, ...) of entries with these values, and their probabilities (m,)."""
    count, *shape = each.nodes.shape
    size = prod(shape)
    places = np.indices((count,) * size).reshape(size, -1).T
    entry = np.arange(size)
    nodes = each.nodes.reshape(count, size)[places, entry]
    weights = each.weights.reshape(count, size)[places, entry]
    return nodes.reshape(-1, *shape), jnp.prod(weights, axis=1)
