"""`expectation`: E[f(x, θ)] as a function of θ whose derivative is the estimate that was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp

from jensen.gradients.draws import Draws, Independent
from jensen.gradients.estimators import Estimator, Pathwise
from jensen.gradients.program import ONLY, Variable, is_single, variables_of
from jensen.gradients.randomness import randomness_of
from jensen.gradients.site import Randomness, Site, in_draws

Theta = Any


@dataclass(frozen=True, slots=True)
class Expectation:
    """E[f(x, θ)] over x ~ p(·; θ). Call it with θ and a key; differentiate it with JAX.

    Attributes
    ----------
    f
        ``f(x, theta)``, a number.
    distribution
        ``distribution(theta)``: a distribution, or a dict of distributions and functions of parents.
    estimator
        For all variables, or a dict with one for each.
    draws
        How many, and how they are arranged.
    vouch
        Names of variables whose derivatives the user vouches for, though the table does not.
    """

    f: Callable[[Any, Theta], Any]
    distribution: Callable[[Theta], Any]
    estimator: Any
    draws: Draws
    vouch: tuple[str, ...] = ()

    def __call__(self, theta: Theta, key: Any, state: Any = None) -> Any:
        """The estimate of E[f], a mean over the draws."""
        return jnp.mean(self.costs(theta, key, state))

    def costs(self, theta: Theta, key: Any, state: Any = None) -> Any:
        """The cost of every draw, (batches, coupled)."""
        described = self.distribution(theta)
        variables = variables_of(described)
        estimators = self._estimators(variables)
        layout = self.draws.layout

        def run(randomness: dict[str, Randomness]) -> Any:
            def go_on(left: list[Variable], values: dict[str, Any]) -> Any:
                if not left:
                    return _number(self.f(values[ONLY] if is_single(described) else values, theta))
                variable, *later = left
                name = variable.name
                distribution = variable.given(values)
                self._refuse(estimators[name], name, distribution)
                site = Site(name, distribution, randomness[name], layout, state, name in self.vouch)
                return estimators[name].cost(site, lambda value: go_on(later, {**values, name: value}))

            return go_on(variables, {})

        return in_draws(run, randomness_of(variables, self.draws, key))

    def _refuse(self, estimator: Estimator, name: str, distribution: Any) -> None:
        if name not in self.vouch and (why := estimator.refusal(distribution)):
            raise ValueError(f"{type(estimator).__name__} for {name!r}: {why}")

    def _estimators(self, variables: list[Variable]) -> dict[str, Estimator]:
        names = [variable.name for variable in variables]
        if not isinstance(self.estimator, Mapping):
            return dict.fromkeys(names, self.estimator)
        if missing := [name for name in names if name not in self.estimator]:
            raise ValueError(f"no estimator for {', '.join(missing)}; there are {', '.join(self.estimator)}")
        if unknown := [name for name in self.estimator if name not in names]:
            raise ValueError(
                f"estimators for {', '.join(unknown)}, which are no variables: {', '.join(names)}"
            )
        return dict(self.estimator)


def expectation(
    f: Callable[[Any, Theta], Any],
    distribution: Callable[[Theta], Any],
    estimator: Any = None,
    draws: Draws | None = None,
    vouch: tuple[str, ...] = (),
) -> Expectation:
    """E[f(x, θ)] over x ~ distribution(θ), as a function of θ and a key.

    Examples
    --------
    >>> import jax
    >>> from numpyro.distributions import Normal
    >>> from jensen import gradients as gr
    >>> F = gr.expectation(
    ...     lambda x, theta: x**2, lambda theta: Normal(theta["mu"], 1.0), gr.Pathwise(), gr.Independent(1000)
    ... )
    >>> gradient = jax.grad(F)({"mu": 0.5}, jax.random.key(0))
    >>> bool(abs(gradient["mu"] - 1.0) < 0.3)
    True
    """
    return Expectation(f, distribution, estimator or Pathwise(), draws or Independent(), tuple(vouch))


def _number(value: Any) -> Any:
    value = jnp.asarray(value)
    if value.shape != ():
        raise ValueError(f"f must return one number for one draw, not an array of shape {value.shape}")
    return value
