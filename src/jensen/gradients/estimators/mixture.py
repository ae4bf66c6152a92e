"""∇ E[f(x)] over a mixture = ∇ Σ_k w_k E_k[f(x)]: the label is summed, and not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax.numpy as jnp

from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.components import (
    MIXTURES,
    are_alike,
    can_be_taken,
    component,
    label_probabilities,
)
from jensen.gradients.estimators.pathwise import Pathwise
from jensen.gradients.site import Cost, Randomness, Site


@dataclass(frozen=True, slots=True, repr=False)
class ExactLabel(Estimator):
    """The expectation over the label of a mixture, summed; that over the component that it picks, estimated.

    The components share their noise.

    Parameters
    ----------
    inside
        The estimator for the components; the path by default.
    """

    inside: Estimator = field(default_factory=Pathwise)

    @property
    def order(self) -> float:
        return self.inside.order

    def order_for(self, distribution: Any) -> float:
        return min(self.inside.order_for(part) for part in _components(distribution))

    @property
    def is_biased(self) -> bool:
        return self.inside.is_biased

    @property
    def is_path(self) -> bool:
        return self.inside.is_path

    @property
    def is_of_one_value(self) -> bool:
        return False  # a sum over the labels

    @property
    def memory(self) -> Any:
        return self.inside.memory

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        if not isinstance(distribution, MIXTURES):
            return f"{type(distribution).__name__} is not a mixture and has no label"
        if distribution.batch_shape:
            return (
                f"{distribution.batch_shape} mixtures have too many labels: make them variables of their own"
            )
        if not can_be_taken(distribution):
            return "its components cannot be taken one at a time: MixtureGeneral has them as a list"
        refusals = (self.inside.refusal(part, vouched) for part in _components(distribution))
        return next((f"in a component, {why}" for why in refusals if why), None)

    def evaluations(self, distribution: Any) -> int:
        return sum(self.inside.evaluations(part) for part in _components(distribution))

    def drawn(self, distribution: Any) -> Any:
        return self.inside.drawn(component(distribution, 0)) if are_alike(distribution) else distribution

    def has_path(self, distribution: Any) -> bool:
        return any(self.inside.has_path(part) for part in _components(distribution))

    def paths(self, distribution: Any) -> Sequence[Any]:
        return [each for part in _components(distribution) for each in self.inside.paths(part)]

    def cost(self, site: Site, then: Cost) -> Any:
        mixture = site.distribution
        randomness = site.randomness if are_alike(mixture) else Randomness(site.randomness.key)

        def of(part: Any) -> Any:
            return self.inside.cost(replace(site, distribution=part, randomness=randomness, apart=None), then)

        costs = [of(part) for part in _components(mixture)]
        return jnp.sum(label_probabilities(mixture) * jnp.stack(costs))


def _components(mixture: Any) -> list[Any]:
    return [component(mixture, k) for k in range(mixture.mixture_size)]
