"""How every variable is treated, found by looking at the distributions before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp

from jensen.gradients.estimators import Estimator
from jensen.gradients.estimators.auto import resolved
from jensen.gradients.noise import Route, route
from jensen.gradients.program import Variable
from jensen.gradients.site import Layout


@dataclass(frozen=True, slots=True)
class Treatment:
    """Of one variable.

    Attributes
    ----------
    estimator
        `Auto` is replaced by what it takes.
    shape
        Of the noise of one draw.
    route
        How a draw is made of noise; None where it is not.
    is_drawn
        Whether there is randomness at all.
    evaluations
        How often one draw evaluates what follows.
    """

    estimator: Estimator
    shape: tuple[int, ...]
    route: Route | None
    is_drawn: bool
    evaluations: int
    value: Any = None
    """The shape and type of a value."""


def plan(
    variables: list[Variable], estimators: Mapping[str, Estimator], layout: Layout, vouch: tuple[str, ...]
) -> dict[str, Treatment]:
    """The treatment of each variable; a ``ValueError`` where an estimator cannot be used."""
    found: dict[str, Treatment] = {}

    def values(key: Any) -> dict[str, Any]:
        drawn: dict[str, Any] = {}
        for variable in variables:
            distribution = variable.given(drawn)
            estimator = resolved(estimators[variable.name], distribution, layout)
            if variable.name not in vouch:
                _refuse(estimator, variable.name, distribution)
            drawn[variable.name] = estimator.example(distribution, key)
            found[variable.name] = _treatment(estimator, distribution, key)
        return drawn

    shapes = jax.eval_shape(values, jax.random.key(0))
    return {name: replace(treatment, value=shapes[name]) for name, treatment in found.items()}


def _treatment(estimator: Estimator, distribution: Any, key: Any) -> Treatment:
    evaluations = estimator.evaluations(distribution)
    drawn = estimator.drawn(distribution)
    if drawn is None:
        return Treatment(estimator, (), None, False, evaluations)
    return Treatment(estimator, jnp.shape(drawn.sample(key)), route(drawn), True, evaluations)


def _refuse(estimator: Estimator, name: str, distribution: Any) -> None:
    if why := estimator.refusal(distribution):
        raise ValueError(f"{type(estimator).__name__} for {name!r}: {why}")
