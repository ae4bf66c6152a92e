"""How every variable is treated, found by looking at the distributions before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.gradients.distributions.domain import require_domain
from jensen.gradients.distributions.noise import Route, route
from jensen.gradients.estimators import Estimator
from jensen.gradients.estimators.auto import resolved
from jensen.gradients.program.jumps import Jump
from jensen.gradients.program.variables import Variable
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
    order
        The order of derivative that is right in every parameter.
    has_path
        Whether a value moves with the parameters, so that f is differentiated in it.
    value
        The shape and type of a value.
    """

    estimator: Estimator
    shape: tuple[int, ...]
    route: Route | None
    is_drawn: bool
    order: float
    has_path: bool
    value: Any = None

    @property
    def seen(self) -> Any:
        """What f is given: real numbers where it is differentiated."""
        is_relaxed = self.has_path and not jnp.issubdtype(self.value.dtype, jnp.inexact)
        return jax.ShapeDtypeStruct(self.value.shape, jnp.result_type(float)) if is_relaxed else self.value


def plan(
    variables: list[Variable],
    estimators: Mapping[str, Estimator],
    layout: Layout,
    vouch: tuple[str, ...],
    for_score: frozenset[str] = frozenset(),
) -> dict[str, Treatment]:
    """The treatment of each variable; a ``ValueError`` where an estimator cannot be used.

    Of the variables ``for_score`` `Auto` does not take a path.
    """
    found: dict[str, Treatment] = {}

    def values(key: Any) -> dict[str, Any]:
        drawn: dict[str, Any] = {}
        for variable in variables:
            name, vouched = variable.name, variable.name in vouch
            distribution = variable.given(drawn)
            require_domain(name, distribution)
            estimator = resolved(estimators[name], distribution, layout, name not in for_score, vouched)
            _refuse(estimator, name, distribution, vouched)
            try:
                drawn[name] = estimator.example(distribution, key)
                found[name] = _treatment(estimator, distribution, key)
            except ImportError as error:
                raise ValueError(f"{name!r} cannot be drawn: {error}") from error
        return drawn

    shapes = jax.eval_shape(values, jax.random.key(0))
    return {name: replace(treatment, value=shapes[name]) for name, treatment in found.items()}


def evaluations(
    describe: Callable[[Any], list[Variable]], treatments: Mapping[str, Treatment], theta: Any
) -> int:
    """How often one draw evaluates f for its value and derivatives in all entries of θ."""
    found: list[int] = []

    def look(theta: Any, values: Any) -> Any:
        found.extend(
            treatments[variable.name].estimator.evaluations(variable.given(values))
            for variable in describe(theta)
        )
        return 0.0

    examples = {name: jnp.zeros(each.value.shape, each.value.dtype) for name, each in treatments.items()}
    at = theta, examples
    jax.eval_shape(lambda *at: jax.jvp(look, at, jax.tree.map(_any_tangent, at)), *at)
    return prod(found)


def _any_tangent(value: Any) -> Any:
    if jnp.issubdtype(jnp.result_type(value), jnp.inexact):
        return value
    return np.zeros(jnp.shape(value), jax.dtypes.float0)


def _treatment(estimator: Estimator, distribution: Any, key: Any) -> Treatment:
    drawn = estimator.drawn(distribution)
    of_values = estimator.order_for(distribution), estimator.has_path(distribution)
    if drawn is None:
        return Treatment(estimator, (), None, False, *of_values)
    return Treatment(estimator, jnp.shape(drawn.sample(key)), route(drawn), True, *of_values)


def _refuse(estimator: Estimator, name: str, distribution: Any, vouched: bool) -> None:
    if why := estimator.refusal(distribution, vouched):
        raise ValueError(f"{type(estimator).__name__} for {name!r}: {why}")


def words_of(jump: Jump, treatment: Treatment, was_auto: bool) -> str:
    """What is to be said of a jump of f; empty where nothing is lost by it."""
    name, estimator = jump.name, type(treatment.estimator).__name__
    if_they_meet = f"If the branches meet, say vouch=({name!r},)"
    if jump.with_theta:
        return (
            f"f {jump.what} {name!r} with something that depends on theta: where its value jumps there, the "
            f"derivative of that jump in theta is in no estimator. {if_they_meet}; else let the distribution "
            "depend on theta in its place"
        )
    if was_auto:
        return (
            f"f {jump.what} {name!r}: Auto takes the score, which is right where the value jumps. "
            f"{if_they_meet} to have the path"
        )
    if not treatment.has_path:
        return ""
    return (
        f"f {jump.what} {name!r}: where its value jumps there, {estimator} gives a wrong gradient and "
        f"ScoreFunction a right one. {if_they_meet}"
    )
