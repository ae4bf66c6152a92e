"""An exact gradient to compare with: sums and fine quadrature, by two rules that must agree.

Apart from `Exact`, which is itself among what is compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import constraints

from jensen.gradients.draws import Independent
from jensen.gradients.estimators import Estimator
from jensen.gradients.expectation import Expectation
from jensen.gradients.sampling import log_density
from jensen.gradients.seeing.door import distributions_at
from jensen.gradients.seeing.names import flat
from jensen.gradients.site import Cost, Site

POINTS = {0: 1, 1: 4096, 2: 512}  # of the finer rule, by how many variables have no finite support
MOST = 2**20  # joint values that are summed
FAR = 30.0  # of t in x = sinh t and the like
TOLERANCE = 1e-3


class Reference(NamedTuple):
    """A gradient, flat, its error as the two rules tell, and E[f]."""

    gradient: Any
    error: Any
    value: float = float("nan")


def reference(F: Expectation, theta: Any) -> Reference | None:
    """The exact gradient; None where there is no rule for some variable, or the rules do not agree."""
    found = list(distributions_at(F, theta).values())
    points = _points(found)
    if points is None or prod(_count(each, points) for each in found) > MOST:
        return None
    mass, value, rough, fine = jax.device_get(jax.jit(partial(_by_rules, F, points))(theta))
    rough, fine = flat(rough), flat(fine)
    error = np.abs(fine - rough) + abs(mass - 1.0) * (1.0 + np.abs(fine))
    if not (error < TOLERANCE * (1.0 + np.abs(fine))).all():  # NaN among them
        return None
    return Reference(fine, error + 64 * np.finfo(fine.dtype).eps * (1.0 + np.abs(fine)), float(value))


def expected(F: Expectation, f: Any, theta: Any) -> Any:
    """E of something else than f under the same distribution, where there is a reference."""
    points = _points(list(distributions_at(F, theta).values()))
    assert points is not None
    return jax.jit(_sum(F, f, points).__call__)(theta)


def _points(distributions: list[Any]) -> int | None:
    """Of the finer rule."""
    if not all(map(_has_rule, distributions)):
        return None
    return POINTS.get(sum(not _is_finite(each) for each in distributions))


def _by_rules(F: Expectation, points: int, theta: Any) -> Any:
    """The mass, which should be 1, E[f], and its gradient by a rule of half the points and by all."""
    mass = _sum(F, lambda x, theta: 1.0, points // 2)(theta)
    rough = jax.grad(_sum(F, F.f, points // 2))(theta)
    value, fine = jax.value_and_grad(_sum(F, F.f, points))(theta)
    return mass, value, rough, fine


def _sum(F: Expectation, f: Any, num: int) -> Any:
    """E[f] as a function of θ."""
    return replace(F, f=f, estimator=Quadrature(num), draws=Independent(1), vouch=())


@dataclass(frozen=True, slots=True)
class Quadrature(Estimator):
    """Σ w(x) p(x) f(x) over a grid that moves with the support and with nothing else."""

    num: int

    def evaluations(self, distribution: Any) -> int:
        return _count(distribution, self.num)

    def drawn(self, distribution: Any) -> Any:
        return None

    def cost(self, site: Site, then: Cost) -> Any:
        distribution = site.distribution
        x, width = _grid(distribution, self.num)
        log_p: Any = jax.vmap(lambda value: log_density(distribution, value))(x)
        seen = log_p > jnp.log(jnp.finfo(log_p.dtype).tiny)
        middle = x[jnp.argmax(log_p)]
        # Where the density is no number at all any more, f may overflow: nothing is evaluated there.
        x, safe = jnp.where(seen, x, middle), jnp.asarray(jnp.where(seen, log_p, 0.0))
        weight = jnp.where(seen, width * jnp.exp(safe), 0.0)
        return jnp.sum(weight * jax.vmap(then)(x))


def _is_finite(distribution: Any) -> bool:
    return bool(getattr(distribution, "has_enumerate_support", False))


def _has_rule(distribution: Any) -> bool:
    if distribution.batch_shape or distribution.event_shape:
        return False
    return _is_finite(distribution) or _transform(distribution.support) is not None


def _count(distribution: Any, num: int) -> int:
    return len(distribution.enumerate_support()) if _is_finite(distribution) else num


def _grid(distribution: Any, num: int) -> tuple[Any, Any]:
    """Values, and the width of the cell of each."""
    if _is_finite(distribution):
        values = distribution.enumerate_support()
        return values, jnp.ones(len(values))
    support = distribution.support
    if distribution.is_discrete:
        values = support.lower_bound + jnp.arange(num)
        return values, jnp.ones(num)
    t = jnp.linspace(-FAR, FAR, num)
    transform = _transform(support)
    assert transform is not None
    seen: Any = jax.lax.stop_gradient(distribution.sample(jax.random.key(0), (255,)))
    x, slope = jax.vmap(jax.value_and_grad(lambda t: transform(t, seen)))(t)
    return x, slope * (t[1] - t[0])


def _transform(support: Any) -> Any:
    """x(t) for t from −∞ to ∞, with the help of some draws that tell where the mass is."""
    if support.is_discrete:
        return support if hasattr(support, "lower_bound") else None
    if isinstance(support, type(constraints.real)):
        return lambda t, seen: jnp.median(seen) + _spread(seen, jnp.median(seen)) * jnp.sinh(t)
    low, high = getattr(support, "lower_bound", None), getattr(support, "upper_bound", None)
    if low is not None and high is not None:
        return lambda t, seen: low + (high - low) * jax.nn.sigmoid(t)
    if low is not None:
        return lambda t, seen: low + _spread(seen, jax.lax.stop_gradient(low)) * jnp.exp(t)
    return None


def _spread(seen: Any, middle: Any) -> Any:
    """A scale that is not 0 and not that of the far tails."""
    return jnp.maximum(jnp.median(jnp.abs(seen - middle)), jnp.finfo(seen.dtype).tiny)
