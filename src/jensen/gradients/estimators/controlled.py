"""Control variates: functions of a draw whose mean is known; the cost less them, plus their mean."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.linalg import block_diag

from jensen.basics.errors import ModelError
from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.labels import Labelled
from jensen.gradients.site import Cost, Site

Function = Callable[[Any], Any]


class Control(Labelled, ABC):
    """A control variate."""

    def refusal(self, distribution: Any) -> str | None:
        """Why its mean is not known for a distribution; None where it is."""
        return None

    def evaluations(self, distribution: Any) -> int:
        """How often it evaluates the cost."""
        return 0

    @abstractmethod
    def of(self, site: Site, then: Cost) -> tuple[Function, Any]:
        """h(x), which may depend on θ through what is held fixed only, and E[h(x)] as it depends on θ."""


@dataclass(frozen=True, slots=True, repr=False)
class KnownMean(Control):
    """A function whose mean is known.

    Parameters
    ----------
    function
        h(x).
    mean
        ``mean(distribution)``: E[h(x)].
    coefficient
        What h is multiplied with.
    """

    function: Function
    mean: Callable[[Any], Any]
    coefficient: float = 1.0

    def of(self, site: Site, then: Cost) -> tuple[Function, Any]:
        return lambda x: self.coefficient * self.function(x), self.coefficient * self.mean(site.distribution)


MOMENTS = (
    dist.Normal,
    dist.MultivariateNormal,
    dist.LogNormal,
    dist.Laplace,
    dist.Logistic,
    dist.Gumbel,
    dist.Uniform,
    dist.Gamma,
    dist.Exponential,
    dist.Beta,
    dist.Poisson,
    dist.BernoulliProbs,
    dist.BernoulliLogits,
)
"""Whose mean and variance are finite and right."""


@dataclass(frozen=True, slots=True, repr=False)
class Taylor(Control):
    """The cost expanded around the mean of the variable (the delta method): its mean needs two moments only.

    For smooth costs of variables whose mean and variance are known; d entries need a d×d second derivative.

    Parameters
    ----------
    degree
        1 or 2.
    """

    degree: int = 2

    def __post_init__(self) -> None:
        if self.degree not in (1, 2):
            raise ModelError(f"the degree of a Taylor expansion must be 1 or 2, not {self.degree}")

    def refusal(self, distribution: Any) -> str | None:
        entries = unwrapped(distribution)
        if type(entries) in MOMENTS:
            return None
        return f"the mean and variance of {type(entries).__name__} are not known here"

    def evaluations(self, distribution: Any) -> int:
        return 1

    def of(self, site: Site, then: Cost) -> tuple[Function, Any]:
        mean = jnp.asarray(site.distribution.mean)
        middle = jax.lax.stop_gradient(mean)
        value, slope, curvature = jax.lax.stop_gradient(self._expanded(then, middle))

        def h(x: Any) -> Any:
            away = (x - middle).reshape(-1)
            return value + slope @ away + 0.5 * away @ curvature @ away

        spread = 0.5 * jnp.sum(curvature * _covariance(site.distribution, mean.size))
        return h, h(mean) + spread

    def _expanded(self, then: Cost, middle: Any) -> tuple[Any, Any, Any]:
        def flat(x: Any) -> Any:
            return then(x.reshape(middle.shape))

        start = middle.reshape(-1)
        value, slope = jax.value_and_grad(flat)(start)
        if self.degree == 1:
            return value, slope, jnp.zeros((start.size, start.size), start.dtype)
        return value, slope, jax.hessian(flat)(start)


def _covariance(distribution: Any, size: int) -> Any:
    entries = unwrapped(distribution)
    if isinstance(entries, dist.MultivariateNormal):
        dimension = entries.event_shape[0]
        given: Any = entries.scale_tril
        factor = jnp.tril(given)
        covariance: Any = factor @ jnp.swapaxes(factor, -1, -2)
        full = jnp.broadcast_to(covariance, (*entries.batch_shape, dimension, dimension))
        return block_diag(*full.reshape(-1, dimension, dimension))
    return jnp.diag(jnp.broadcast_to(distribution.variance, distribution.shape()).reshape(size))


@dataclass(frozen=True, slots=True, repr=False)
class Controlled(Estimator):
    """Any estimator, of the cost less a control variate h, plus the mean of h.

    Parameters
    ----------
    estimator
        For f − h.
    control
        h.
    """

    estimator: Estimator
    control: Control

    @property
    def order(self) -> float:
        return self.estimator.order

    def order_for(self, distribution: Any) -> float:
        return self.estimator.order_for(distribution)

    @property
    def is_biased(self) -> bool:
        return self.estimator.is_biased

    @property
    def memory(self) -> Any:
        return self.estimator.memory

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        return self.estimator.refusal(distribution, vouched) or self.control.refusal(distribution)

    def evaluations(self, distribution: Any) -> int:
        return self.estimator.evaluations(distribution) + self.control.evaluations(distribution)

    def drawn(self, distribution: Any) -> Any:
        return self.estimator.drawn(distribution)

    def example(self, distribution: Any, key: Any) -> Any:
        return self.estimator.example(distribution, key)

    def has_path(self, distribution: Any) -> bool:
        return self.estimator.has_path(distribution)

    def paths(self, distribution: Any) -> Sequence[Any]:
        return self.estimator.paths(distribution)

    def cost(self, site: Site, then: Cost) -> Any:
        h, mean = self.control.of(site, then)
        return self.estimator.cost(site, lambda x: then(x) - h(x)) + mean
