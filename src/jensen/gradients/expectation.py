"""`expectation`: E[f(x, θ)] as a function of θ whose derivative is the estimate that was chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Distribution
from numpyro.distributions.distribution import validation_enabled

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.gradients.distributions.trails import trails_kept
from jensen.gradients.distributions.validity.tracers import concrete
from jensen.gradients.distributions.validity.warning import warn
from jensen.gradients.estimators.auto import Auto
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.labels import label, names_of, takes_more
from jensen.gradients.program.jumps import Jump
from jensen.gradients.program.plan import Plan, Program
from jensen.gradients.program.plan import plan as plan_of
from jensen.gradients.program.precision import require_precision
from jensen.gradients.program.record import Record, noted, recorded, taken
from jensen.gradients.program.untraceable import explained
from jensen.gradients.program.variables import ONLY, Variable, as_given, names_in, variables_of
from jensen.gradients.randomness.assign import noise_of, randomness_of
from jensen.gradients.randomness.draws import Draws, as_draws
from jensen.gradients.renaming import params_was_theta
from jensen.gradients.site import Layout, Randomness, Site, in_draws, of_particles
from jensen.gradients.surrogates import guard

MEMORIES: WeakKeyDictionary[Any, WeakKeyDictionary[Any, dict[Any, Any]]] = WeakKeyDictionary()
"""What was seen of an f over a distribution, which is costly, for the next call and other estimators."""

FOR_PARAMS = {"params", "theta"}  # names that a draw does not have

SINGLE = (
    "the derivative of single costs is right for paths only. Differentiate the expectation itself, take "
    "Pathwise(), or importance_bound where single costs are weighed against each other"
)


@dataclass(frozen=True, slots=True)
class Particles:
    """Draws that are weighed against each other.

    Attributes
    ----------
    num
        How many.
    doubly
        f for estimators that are doubly reparameterized.
    """

    num: int
    doubly: Callable[[Any, Params], Any]


# jax.jit wants a hash and a weak reference
@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False, repr=False)
class Expectation:
    """E[f(x, θ)] over x ~ p(·; θ). Call it with θ and a key; differentiate it with JAX.

    Attributes
    ----------
    f
        ``f(x, params)``, a number.
    distribution
        ``distribution(params)``: a distribution, or a dict of distributions and functions of parents.
    estimator
        For all variables, or a dict with one for each.
    draws
        How many, and how they are arranged.
    vouch
        Names of variables whose paths the user vouches for: they are not in the table, or f only looks as if
        it jumped there. What is known to be wrong stays refused.
    log_joint
        Of a `bound`: ``log_joint(params, z)``, f without the guide.
    particles
        Of an `importance_bound`: the draws that are weighed against each other.
    """

    f: Callable[[Any, Params], Any]
    distribution: Callable[[Params], Any]
    estimator: Any
    draws: Draws
    vouch: tuple[str, ...] = ()
    log_joint: Callable[[Params, Any], Any] | None = None
    particles: Particles | None = None

    def __repr__(self) -> str:
        what = f"E[{label(self.f)}(x, params)]"
        if self.log_joint is not None:
            what = f"bound of {label(self.log_joint)}"
        if self.particles is not None:
            what = f"importance-weighted {what} by {self.particles.num} particles"
        return f"{what} over {label(self.distribution)}: {label(self.estimator)}, {label(self.draws)}"

    @params_was_theta
    def __call__(
        self, params: Params, key: Any = None, state: Any = None, *, plan: Plan | None = None
    ) -> Any:
        """The estimate of E[f], a mean over the draws. The key may be left out where nothing is drawn."""
        found = self.estimates(params, key, state, plan=plan)
        _warn_of_nan(found)
        return jnp.mean(found)

    @params_was_theta
    def costs(self, params: Params, key: Any = None, state: Any = None, *, plan: Plan | None = None) -> Any:
        """The cost of every draw, (batches, coupled). A plan that is given is not made again.

        Their derivative is right for paths only, and raises elsewhere: what estimators add to a cost has the
        right mean, and nothing but a mean may be taken of it.
        """
        with recorded(record := Record()):
            found = self.estimates(params, key, state, plan=plan)
        assert record.plan is not None
        return found if record.plan.is_of_paths else guard(found, f"{self!r}: {SINGLE}")

    def estimates(
        self,
        params: Params,
        key: Any = None,
        state: Any = None,
        *,
        plan: Plan | None = None,
        noise: Mapping[str, Any] | None = None,
    ) -> Any:
        """What every draw adds to the mean, (batches, coupled): means of it are right, and of its slope.

        ``noise`` is what `noise` makes of the same plan and key.
        """
        # θ is looked at once, and not again for every draw
        with validation_enabled(False), explained(), taken() as record:
            described = self.distribution(params)
            planned = self.plan_of(described, params) if plan is None else plan
            noise = self.noise(planned, key) if noise is None else noise
            randomness = randomness_of(planned.treatments, self.layout, key, noise)
            return self._costs(described, planned, noted(record, planned), params, randomness, state)

    def noise(self, plan: Plan, key: Any) -> dict[str, Any]:
        """Of all draws, by variable; None where one is drawn from a key. Params do not matter."""
        return noise_of(plan.treatments, self.draws, self.layout, key)

    @property
    def layout(self) -> Layout:
        """How the draws are arranged, with their particles."""
        return replace(self.draws.layout, num_particles=self.particles and self.particles.num)

    def _costs(
        self,
        described: Any,
        planned: Plan,
        note: Callable[[str, Any], None],
        params: Params,
        randomness: dict[str, Randomness],
        state: Any,
    ) -> Any:
        for remark in planned.remarks:
            warn(remark)
        treatments = planned.treatments
        variables = variables_of(described)
        layout = self.layout
        is_weighed = self.particles is not None
        f = self.f
        if self.particles is not None and any(each.estimator.is_doubly for each in treatments.values()):
            f = self.particles.doubly

        def run(randomness: dict[str, Randomness]) -> Any:
            def go_on(left: list[Variable], values: dict[str, Any]) -> Any:
                if not left:
                    cost = f(as_given(described, values), params)
                    return cost if is_weighed else one_number(cost)
                variable, *later = left
                name = variable.name
                here = variable.given(values)
                note(name, here)
                site = Site(
                    name,
                    here,
                    randomness[name],
                    layout,
                    self._memory(state, name),
                    name in self.vouch,
                    self.log_joint is not None,
                    lambda: variable.given(jax.lax.stop_gradient(values)),
                    treatments[name].edges,
                )
                return treatments[name].estimator.cost(
                    site, lambda value: go_on(later, {**values, name: value})
                )

            with trails_kept():
                return go_on(variables, {})

        each = of_particles(run, log_mean_exp) if is_weighed else run
        return in_draws(each, layout, randomness)

    @params_was_theta
    def plan(self, params: Params) -> Plan:
        """How every variable is treated, what f does with it, and what one call costs."""
        with validation_enabled(False), explained():
            return self.plan_of(self.distribution(params), params)

    @params_was_theta
    def chosen(self, params: Params) -> dict[str, Estimator]:
        """The estimator of every variable, with what `Auto` takes in its place."""
        return self.plan(params).chosen

    @params_was_theta
    def evaluations(self, params: Params) -> int:
        """How often one call evaluates f, for its value and its gradient in all of θ.

        An upper bound where measure-valued variables follow each other.
        """
        return self.plan(params).evaluations

    @params_was_theta
    def order(self, params: Params) -> float:
        """The order of derivative that is right in every parameter; one beyond it raises."""
        return self.plan(params).order

    @params_was_theta
    def jumps(self, params: Params) -> list[Jump]:
        """Where f, or a distribution, compares or rounds a variable that is a real number."""
        return list(self.plan(params).jumps)

    def init(self) -> Any:
        """What baselines with a memory remember before the first call; None where there are none."""
        return self._remember(lambda memory, name: memory.init())

    def update(self, state: Any, value: Any) -> Any:
        """What they remember after a call that returned ``value``."""
        state = self.init() if state is None else state
        return self._remember(lambda memory, name: memory.update(self._memory(state, name), value))

    def _remember(self, what: Callable[[Any, str], Any]) -> Any:
        if not isinstance(self.estimator, Mapping):
            return None if self.estimator.memory is None else what(self.estimator.memory, ONLY)
        found = {name: each.memory for name, each in self.estimator.items() if each.memory is not None}
        return {name: what(memory, name) for name, memory in found.items()} or None

    def _memory(self, state: Any, name: str) -> Any:
        return state.get(name) if isinstance(self.estimator, Mapping) and state is not None else state

    def plan_of(self, described: Any, params: Params) -> Plan:
        """The same, of what the distribution is at these params."""
        variables = variables_of(described)
        estimators = self._estimators(variables)
        _require_names(self.vouch, estimators)

        def describe(params: Params) -> list[Variable]:
            return variables_of(self.distribution(params))

        require_precision(params)
        memory = _memory_of(self.f, self.distribution)
        return plan_of(
            Program(
                variables,
                estimators,
                self.layout,
                self.vouch,
                describe,
                self.following(described),
                self.what,
                self.log_joint is None,
                memory,
            ),
            params,
        )

    @property
    def what(self) -> Any:
        """What is asked for, whatever the estimator: the functions themselves, and not where they are kept,
        which may be another's next.
        """
        return self.f, self.log_joint, self.distribution

    def following(self, described: Any) -> Callable[[Any, Params], Any]:
        """What values of the variables decide: f, or the log-joint of a bound; and what depends on them.

        ``described`` is what the distribution is at any params: who has parents is the same at all.
        """
        has_parents = any(variable.parents for variable in variables_of(described))

        def follows(values: Any, params: Params) -> Any:
            here = variables_of(self.distribution(params)) if has_parents else []
            later = [variable.given(values) for variable in here if variable.parents]
            x = as_given(described, values)
            cost = self.f(x, params) if self.log_joint is None else self.log_joint(params, x)
            return cost, jax.tree.leaves(later)

        return follows

    def _estimators(self, variables: list[Variable]) -> dict[str, Estimator]:
        names = [variable.name for variable in variables]
        if not isinstance(self.estimator, Mapping):
            return dict.fromkeys(names, _checked(self.estimator, "the estimator"))
        if unknown := [name for name in self.estimator if name not in names]:
            known = ", ".join(names)
            raise ModelError(f"estimators for {', '.join(map(str, unknown))}; the variables are {known}")
        if missing := [name for name in names if name not in self.estimator]:
            raise ModelError(f"no estimator for {', '.join(missing)}: Auto() takes one by itself")
        return {name: _checked(each, f"the estimator of {name!r}") for name, each in self.estimator.items()}


def log_mean_exp(logs: Any) -> Any:
    """Of the particles, the leading axis; the sum of it over groups that are weighed by themselves."""
    return jnp.sum(jax.nn.logsumexp(logs, axis=0) - jnp.log(len(logs)))


def expectation(
    f: Callable[[Any, Params], Any],
    distribution: Callable[[Params], Any],
    estimator: Any = None,
    draws: Draws | int | None = None,
    vouch: tuple[str, ...] | str = (),
) -> Expectation:
    """E[f(x, θ)] over x ~ distribution(θ), as a function of θ and a key.

    Parameters
    ----------
    f
        ``f(x, params)``, a number; x is a value, or a dict of them where the distribution is a dict.
    distribution
        ``distribution(params)``: a distribution of NumPyro, or a dict whose values are distributions or
        functions that return them, whose arguments are named as the variables that they depend on.
    estimator
        How the derivative is taken: an `Estimator` for all variables, or a dict with one for each. `Auto` by
        default.
    draws
        How many, and how they are arranged: 64 independent ones by default; a number is that of those.
    vouch
        Names of variables (``"x"`` where there is only one) whose paths are right though the table does not
        know them, or though f compares them: the branches meet.

    Returns
    -------
    Expectation
        ``F(params, key)`` is the mean of f over the draws; its derivative in JAX is the estimate, and
        includes that of f in θ. Baselines with a memory need ``F(params, key, state)``.

    Raises
    ------
    TypeError, ValueError
        Here or at a call: an f that returns something else than a number, an estimator that cannot be used
        for a distribution, parameters outside of their domain (seen where they have values: not in ``jit``).
    InvalidGradientError
        Where a derivative is taken that is wrong or beyond ``F.order(params)``, also inside ``jit``.

    Examples
    --------
    >>> import jax
    >>> from numpyro.distributions import Normal
    >>> from jensen import gradients as gr
    >>> normal = lambda params: Normal(params["mu"], 1.0)
    >>> F = gr.expectation(lambda x, params: x**2, normal, gr.Pathwise(), gr.Independent(1000))
    >>> gradient = jax.grad(F)({"mu": 0.5}, jax.random.key(0))
    >>> bool(abs(gradient["mu"] - 1.0) < 0.3)
    True
    """
    _require_functions(f, distribution)
    return Expectation(
        f, distribution, Auto() if estimator is None else estimator, as_draws(draws), names_in(vouch)
    )


def _warn_of_nan(costs: Any) -> None:
    """Where costs have values, outside of ``jit``."""
    known = concrete(costs)
    if known is not None and (num := int(np.isnan(known).sum())):
        warn(
            f"{num} of {known.size} costs are no numbers (NaN): f is not defined there, or a density is "
            "asked for at a draw that no longer tells what it was made of"
        )


def _memory_of(f: Any, distribution: Any) -> dict[Any, Any]:
    try:
        return MEMORIES.setdefault(f, WeakKeyDictionary()).setdefault(distribution, {})
    except TypeError:  # without a hash, or a weak reference
        return {}


def _checked(estimator: Any, what: str) -> Estimator:
    if isinstance(estimator, type) or not isinstance(estimator, Estimator):
        raise ModelTypeError(f"{what} must be an estimator, as Pathwise() is, not {estimator!r}")
    return estimator


def _require_names(vouch: tuple[str, ...], variables: Mapping[str, Any]) -> None:
    if unknown := [name for name in vouch if name not in variables]:
        raise ModelError(f"vouch names {', '.join(unknown)}; the variables are {', '.join(variables)}")


def _require_functions(f: Any, distribution: Any) -> None:
    if not callable(f):
        raise ModelTypeError(f"f must be a function f(x, params), not {f!r}")
    names = names_of(f)
    if len(names) == 1 and not takes_more(f):
        raise ModelTypeError(f"{label(f)}({names[0]}): it is called as f(x, params), with both")
    if len(names) == 2 and names[0] in FOR_PARAMS and names[1] not in FOR_PARAMS:
        raise ModelTypeError(f"{label(f)}({', '.join(names)}): it is called as f(x, params), in this order")
    if isinstance(distribution, (Distribution, Mapping)) or not callable(distribution):
        raise ModelTypeError(
            f"distribution must be a function of params that returns a distribution or a dict, not a "
            f"{type(distribution).__name__}: lambda params: ..."
        )


def one_number(value: Any) -> Any:
    """What f returns, as a real number; an error where it returns something else."""
    try:
        value = jnp.asarray(value)
    except (TypeError, ValueError):
        value = None
    if value is None:
        raise ModelTypeError("f must return one number for one draw, and returns something else")
    if value.shape != ():
        raise ModelError(f"f must return one number for one draw, not an array of shape {value.shape}")
    return value if jnp.issubdtype(value.dtype, jnp.inexact) else value.astype(jnp.result_type(float))
