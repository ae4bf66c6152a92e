"""∇ E[f(x)] = c·(E⁺[f(x)] − E⁻[f(x)]): the density is differentiated as a difference of two densities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.distributions.validity.parts import parameter
from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.decompositions import DECOMPOSITIONS, WITHOUT, Weak
from jensen.gradients.sampling import fixed_draw
from jensen.gradients.site import Cost, Site
from jensen.gradients.surrogates import guard, linear, moves

SECOND = "MeasureValued is right to first derivatives only"


@dataclass(frozen=True, slots=True, repr=False)
class MeasureValued(Estimator):
    """The measure-valued (weak) derivative (Pflug, 1989).

    f need not be differentiable. It is evaluated up to twice for each entry of each parameter. There is one
    for the mean and scale of a normal, Poisson, exponential, the rate of a gamma, the scale of a Weibull,
    Bernoulli and categorical.

    Parameters
    ----------
    coupled
        Whether the two draws of a difference share what they can; its variance is then mostly smaller.
    """

    coupled: bool = True

    @property
    def order(self) -> float:
        return 1

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        if type(unwrapped(distribution)) not in DECOMPOSITIONS:
            return f"the weak derivative of {type(distribution).__name__} is not known here"
        return None

    def evaluations(self, distribution: Any) -> int:
        entries = unwrapped(distribution)
        key = jax.random.key(0)
        x = jax.lax.stop_gradient(entries).sample(key)
        moved = [weak for weak in self._weak(entries, x, key) if moves(weak.parameter)]
        return 1 + x.size * sum(len(_evaluated(weak)) for weak in moved)

    def cost(self, site: Site, then: Cost) -> Any:
        distribution = unwrapped(site.distribution)
        x = fixed_draw(site)
        total = base = then(x)
        for weak in self._weak(distribution, x, jax.random.fold_in(site.randomness.key, 1)):
            plus, minus = _costs(weak, x, base, then)
            constant = jax.lax.stop_gradient(weak.constant)
            total = total + linear(weak.parameter, constant * (plus - minus), SECOND)
        return total + _refused(distribution)

    def _weak(self, distribution: Any, x: Any, key: Any) -> list[Weak]:
        return DECOMPOSITIONS[type(distribution)](distribution, x, key, self.coupled)


def _evaluated(weak: Weak) -> list[Any]:
    return [draws for draws in (weak.plus, weak.minus) if draws is not None]


def _costs(weak: Weak, x: Any, base: Any, then: Cost) -> list[Any]:
    """Of x with one entry replaced by that of p⁺, and of p⁻; for every entry."""
    flat = x.reshape(-1)

    def replaced(entry: Any, value: Any) -> Any:
        return then(flat.at[entry].set(value).reshape(x.shape))

    def costs(draws: Any) -> Any:
        if draws is None:
            return jnp.broadcast_to(base, x.shape)
        each = jax.lax.stop_gradient(draws).astype(x.dtype).reshape(-1)
        return jax.vmap(replaced)(jnp.arange(flat.size), each).reshape(x.shape)

    return [costs(weak.plus), costs(weak.minus)]


def _refused(distribution: Any) -> Any:
    """0; a derivative in a parameter without a weak derivative raises."""
    total = jnp.zeros(())
    for name in WITHOUT.get(type(distribution), ()):
        why = f"the weak derivative of {type(distribution).__name__} in its {name} is not known here"
        total = total + 0.0 * jnp.sum(guard(parameter(distribution, name), why))
    return total
