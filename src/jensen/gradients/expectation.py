"""`expectation`: E[f(x, θ)] as a function of θ whose derivative is the estimate that was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from numpyro.distributions.distribution import validation_enabled

from jensen.gradients.draws import Draws, Independent
from jensen.gradients.estimators import Auto, Estimator, Pathwise
from jensen.gradients.jumps import warn_of_jumps
from jensen.gradients.plan import Treatment, evaluations, plan
from jensen.gradients.program import ONLY, Variable, is_single, variables_of
from jensen.gradients.randomness import randomness_of
from jensen.gradients.site import Randomness, Site, in_draws

Theta = Any


@dataclass(frozen=True, slots=True, weakref_slot=True)  # jax.jit keeps a weak reference
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

    def __call__(self, theta: Theta, key: Any = None, state: Any = None) -> Any:
        """The estimate of E[f], a mean over the draws. The key may be left out where nothing is drawn."""
        return jnp.mean(self.costs(theta, key, state))

    def costs(self, theta: Theta, key: Any = None, state: Any = None) -> Any:
        """The cost of every draw, (batches, coupled)."""
        with validation_enabled(False):  # θ is looked at once, and not again for every draw
            return self._costs(self.distribution(theta), theta, key, state)

    def _costs(self, described: Any, theta: Theta, key: Any, state: Any) -> Any:
        variables = variables_of(described)
        treatments = self._plan(variables)
        layout = self.draws.layout
        self._warn(described, treatments, theta)

        def run(randomness: dict[str, Randomness]) -> Any:
            def go_on(left: list[Variable], values: dict[str, Any]) -> Any:
                if not left:
                    return _number(self.f(values[ONLY] if is_single(described) else values, theta))
                variable, *later = left
                name = variable.name
                site = Site(
                    name,
                    variable.given(values),
                    randomness[name],
                    layout,
                    self._memory(state, name),
                    name in self.vouch,
                    lambda: variable.given(jax.lax.stop_gradient(values)),
                )
                return treatments[name].estimator.cost(
                    site, lambda value: go_on(later, {**values, name: value})
                )

            return go_on(variables, {})

        return in_draws(run, layout, randomness_of(treatments, self.draws, key))

    def _warn(self, described: Any, treatments: dict[str, Treatment], theta: Theta) -> None:
        """Of an f that jumps in a variable with a path."""
        paths = [name for name, each in treatments.items() if isinstance(each.estimator, Pathwise)]

        def f(values: Any) -> Any:
            return self.f(values[ONLY] if is_single(described) else values, theta)

        shapes = {name: treatment.value for name, treatment in treatments.items()}
        warn_of_jumps(f, shapes, [name for name in paths if name not in self.vouch])

    def chosen(self, theta: Theta) -> dict[str, Estimator]:
        """The estimator of every variable, with what `Auto` takes in its place."""
        return {name: treatment.estimator for name, treatment in self._treatments(theta).items()}

    def evaluations(self, theta: Theta) -> int:
        """How often one call evaluates f, for its value and its gradient in all of θ.

        An upper bound where measure-valued variables follow each other.
        """
        treatments = self._treatments(theta)
        is_drawn = any(each.is_drawn for each in treatments.values())
        num_draws = self.draws.layout.num_draws if is_drawn else 1
        with validation_enabled(False):
            each = evaluations(lambda theta: variables_of(self.distribution(theta)), treatments, theta)
        return num_draws * each

    def order(self, theta: Theta) -> float:
        """The order of derivative that is right in every parameter; one beyond it raises."""
        return min(treatment.order for treatment in self._treatments(theta).values())

    def init(self) -> Any:
        """What baselines with a memory remember before the first call; None where there are none."""
        return self._remember(lambda memory, name: memory.init())

    def update(self, state: Any, value: Any) -> Any:
        """What they remember after a call that returned ``value``."""
        return self._remember(lambda memory, name: memory.update(self._memory(state, name), value))

    def _remember(self, what: Callable[[Any, str], Any]) -> Any:
        if not isinstance(self.estimator, Mapping):
            return None if self.estimator.memory is None else what(self.estimator.memory, ONLY)
        found = {name: each.memory for name, each in self.estimator.items() if each.memory is not None}
        return {name: what(memory, name) for name, memory in found.items()} or None

    def _memory(self, state: Any, name: str) -> Any:
        return state.get(name) if isinstance(self.estimator, Mapping) and state is not None else state

    def _treatments(self, theta: Theta) -> dict[str, Treatment]:
        with validation_enabled(False):
            return self._plan(variables_of(self.distribution(theta)))

    def _plan(self, variables: list[Variable]) -> dict[str, Treatment]:
        return plan(variables, self._estimators(variables), self.draws.layout, self.vouch)

    def _estimators(self, variables: list[Variable]) -> dict[str, Estimator]:
        names = [variable.name for variable in variables]
        if not isinstance(self.estimator, Mapping):
            return dict.fromkeys(names, _checked(self.estimator, "the estimator"))
        if missing := [name for name in names if name not in self.estimator]:
            raise ValueError(f"no estimator for {', '.join(missing)}; there are {', '.join(self.estimator)}")
        if unknown := [name for name in self.estimator if name not in names]:
            raise ValueError(
                f"estimators for {', '.join(unknown)}, which are no variables: {', '.join(names)}"
            )
        return {name: _checked(each, f"the estimator of {name!r}") for name, each in self.estimator.items()}


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
    return Expectation(
        f, distribution, Auto() if estimator is None else estimator, draws or Independent(), tuple(vouch)
    )


def _checked(estimator: Any, what: str) -> Estimator:
    if isinstance(estimator, type) or not isinstance(estimator, Estimator):
        raise TypeError(f"{what} must be an estimator, as Pathwise() is, not {estimator!r}")
    return estimator


def _number(value: Any) -> Any:
    value = jnp.asarray(value)
    if value.shape != ():
        raise ValueError(f"f must return one number for one draw, not an array of shape {value.shape}")
    return value
