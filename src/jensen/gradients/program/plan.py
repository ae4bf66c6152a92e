"""How every variable is treated, found by looking at the distributions before anything is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions.distribution import validation_enabled

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.gradients.distributions.domain import require_domain
from jensen.gradients.distributions.noise import Route, route
from jensen.gradients.distributions.validity.bounds import NOWHERE, bounds
from jensen.gradients.distributions.validity.edges import edges_of
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.program.doubts import remaining
from jensen.gradients.program.edges import plain_edges
from jensen.gradients.program.jumps import Jump, Traced, depends, inside, may_go_on, traced
from jensen.gradients.program.jumps import jumps as jumps_of
from jensen.gradients.program.look.seen import LOST, Seen
from jensen.gradients.program.memory import where_seen
from jensen.gradients.program.values import anywhere
from jensen.gradients.program.variables import Variable
from jensen.gradients.site import Layout

NOT_OF_X = "f does not depend on x: it is f(x, params), in this order, and its mean needs no draws"


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
    ends
        Of the support.
    edges
        Parameters whose values at an edge of their domain are meant.
    has_edges
        Whether its class has such parameters.
    is_whole
        Whether values are whole numbers, of whatever type, and f is not differentiated in them.
    """

    estimator: Estimator
    shape: tuple[int, ...]
    route: Route | None
    is_drawn: bool
    order: float
    has_path: bool
    value: Any = None
    ends: tuple[float, float] = NOWHERE
    edges: frozenset[str] = frozenset()
    has_edges: bool = False
    is_whole: bool = False

    @property
    def within(self) -> Seen:
        """What is known of a value."""
        return inside(self.ends, not self.is_whole and _is_real(self.value.dtype))

    @property
    def seen(self) -> Any:
        """What f is given: real numbers where it is differentiated."""
        is_relaxed = self.has_path and not _is_real(self.value.dtype)
        return jax.ShapeDtypeStruct(self.value.shape, jnp.result_type(float)) if is_relaxed else self.value


@dataclass(frozen=True, slots=True)
class Plan:
    """How an expectation is taken at some params, found before anything is drawn: ``F.plan(params)``.

    It holds for all params of the same shapes, and may be taken along: ``F(params, key, plan=plan)``.

    Attributes
    ----------
    treatments
        Of every variable, by name.
    jumps
        Where f, or a distribution, compares or rounds a variable that is a real number.
    remarks
        What is to be said of these jumps.
    unvouched
        Those of variables that the user does not vouch for.
    num_draws
        How many draws there are; 1 where nothing is drawn.
    count
        How often one draw evaluates f.
    """

    treatments: Mapping[str, Treatment]
    jumps: tuple[Jump, ...]
    remarks: tuple[str, ...]
    unvouched: tuple[Jump, ...]
    num_draws: int
    count: Callable[[], int] = field(repr=False, compare=False)

    def __repr__(self) -> str:
        lines = [f"Plan: {self.num_draws} draw{'s' * (self.num_draws != 1)}"]
        lines += [f"  {name}: {estimator}" for name, estimator in self.chosen.items()]
        return "\n".join([*lines, *(f"  {remark}" for remark in self.remarks)])

    @property
    def chosen(self) -> dict[str, Estimator]:
        """The estimator of every variable, with what `Auto` takes in its place."""
        return {name: treatment.estimator for name, treatment in self.treatments.items()}

    @property
    def is_doubted(self) -> bool:
        """Whether the gradient may be wrong: f may jump where a path is taken, or a rule sums it up."""
        has_path = {name for name, each in self.treatments.items() if each.has_path}
        by_rule = any(not each.is_drawn and each.has_path for each in self.treatments.values())
        return by_rule or any(jump.with_params or jump.name in has_path for jump in self.unvouched)

    @property
    def is_of_paths(self) -> bool:
        """Whether each cost is that of its own draw: it may be differentiated by itself."""
        return all(each.estimator.is_path or not each.is_drawn for each in self.treatments.values())

    @property
    def order(self) -> float:
        """The order of derivative that is right in every parameter; one beyond it raises."""
        return min(treatment.order for treatment in self.treatments.values())

    @property
    def evaluations(self) -> int:
        """How often one call evaluates f, for its value and its gradient in all of θ.

        An upper bound where measure-valued variables follow each other.
        """
        return self.num_draws * self.count()


@dataclass(frozen=True, slots=True)
class Program:
    """What is planned.

    Attributes
    ----------
    variables
        Parents first, as they are at these params.
    estimators
        For each of them.
    layout
        Of the draws.
    vouch
        Names of variables whose paths the user vouches for.
    describe
        The variables, as a function of params.
    follows
        All that depends on the values of the variables, as a function of these and of params.
    what
        Follows: the same where ``follows`` does the same.
    needs_x
        Whether nothing is to be estimated where f does not depend on x.
    memory
        What has been seen of that before.
    """

    variables: list[Variable]
    estimators: Mapping[str, Estimator]
    layout: Layout
    vouch: tuple[str, ...]
    describe: Callable[[Params], list[Variable]]
    follows: Callable[[Any, Params], Any]
    what: Any
    needs_x: bool = False
    memory: dict[Any, list[Jump]] = field(default_factory=dict)


def plan(program: Program, params: Params) -> Plan:
    """The treatment of each variable; a ``ValueError`` where an estimator cannot be used.

    Where f jumps `Auto` takes the score and not the path.
    """
    treatments = _treatments(program, frozenset())
    seen = {name: treatment.seen for name, treatment in treatments.items()}
    of = traced(program.follows, seen, params, program.what)
    jumps = _jumps(program, params, treatments, of)
    jumping = [jump for jump in jumps if jump.name not in program.vouch]
    was_left = {name for name, each in treatments.items() if each.estimator is not program.estimators[name]}
    for_score = frozenset(
        jump.name for jump in jumping if jump.name in was_left and treatments[jump.name].has_path
    )
    if for_score:
        treatments = _treatments(program, for_score)
    treatments = _with_edges(treatments, program, params)
    said = [_words(jump, treatments[jump.name], jump.name in for_score) for jump in jumping]
    if program.needs_x and not depends(of):
        said.append(NOT_OF_X)
    is_drawn = any(treatment.is_drawn for treatment in treatments.values())
    shapes = jax.eval_shape(lambda params: params, params)  # no values: a plan may outlive a trace
    return Plan(
        treatments,
        jumps,
        tuple(word for word in said if word),
        tuple(jumping),
        program.layout.num_evaluated if is_drawn else 1,
        partial(_evaluations, program.describe, treatments, shapes),
    )


def _jumps(
    program: Program, params: Params, treatments: Mapping[str, Treatment], of: Traced
) -> tuple[Jump, ...]:
    """Where f may jump, and is not seen to be continuous all the same."""
    seen = {name: treatment.seen for name, treatment in treatments.items()}
    within = {name: treatment.within for name, treatment in treatments.items()}
    real = {name for name, each in treatments.items() if not each.is_whole and _is_real(seen[name].dtype)}
    found, stopped = jumps_of(of, real, within)
    doubted = [jump for jump in (*found, *stopped) if jump.name not in program.vouch]
    if not doubted:
        return tuple(found)
    if may_go_on(of):  # what may never end is not looked at
        return (*found, *stopped)

    def draw(params: Params, key: Any) -> dict[str, Any]:
        drawn: dict[str, Any] = {}
        for variable in program.describe(params):
            key, own = jax.random.split(key)
            treatment = treatments[variable.name]
            value = anywhere(variable.given(drawn), treatment.estimator, treatment.seen.dtype, own)
            drawn[variable.name] = value.astype(treatment.seen.dtype)
        return drawn

    ends = {name: treatment.ends for name, treatment in treatments.items()}
    at = where_seen(doubted, ends, params)
    left = program.memory.get(at)
    if left is None:
        left = program.memory[at] = remaining(doubted, program.follows, draw, params, ends)
    return tuple(
        jump for jump in (*found, *stopped) if jump in left or (jump in found and jump not in doubted)
    )


def _is_real(dtype: Any) -> bool:
    return bool(jnp.issubdtype(dtype, jnp.inexact))


def _treatments(program: Program, for_score: frozenset[str]) -> dict[str, Treatment]:
    """Of the variables ``for_score`` `Auto` does not take a path."""
    found: dict[str, Treatment] = {}

    def values(key: Any) -> dict[str, Any]:
        drawn: dict[str, Any] = {}
        for variable in program.variables:
            name, vouched = variable.name, variable.name in program.vouch
            distribution = variable.given(drawn)
            require_domain(name, distribution)
            asked = program.estimators[name]
            estimator = asked.resolved(distribution, program.layout, name not in for_score, vouched)
            _refuse(estimator, name, distribution, vouched, program.layout)
            try:
                drawn[name] = estimator.example(distribution, key)
                found[name] = _treatment(estimator, distribution, key, program.layout)
            except ImportError as error:
                raise ModelError(f"{name!r} cannot be drawn: {error}") from error
        return drawn

    shapes = jax.eval_shape(values, jax.random.key(0))
    return {name: replace(treatment, value=shapes[name]) for name, treatment in found.items()}


def _with_edges(treatments: dict[str, Treatment], program: Program, params: Params) -> dict[str, Treatment]:
    """Where the score is taken, parameters whose values at an edge of their domain are meant."""
    if not any(treatment.has_edges for treatment in treatments.values()):
        return treatments
    edges = plain_edges(program.describe, params)
    return {name: replace(each, edges=edges.get(name, each.edges)) for name, each in treatments.items()}


def _evaluations(
    describe: Callable[[Params], list[Variable]], treatments: Mapping[str, Treatment], params: Params
) -> int:
    """How often one draw evaluates f for its value and derivatives in all entries of θ."""
    found: list[int] = []

    def look(params: Params, values: Any) -> Any:
        found.extend(
            treatments[variable.name].estimator.evaluations(variable.given(values))
            for variable in describe(params)
        )
        return 0.0

    examples = {name: jnp.zeros(each.value.shape, each.value.dtype) for name, each in treatments.items()}
    at = params, examples
    with validation_enabled(False):
        jax.eval_shape(lambda *at: jax.jvp(look, at, jax.tree.map(_any_tangent, at)), *at)
    return prod(found)


def _any_tangent(value: Any) -> Any:
    if jnp.issubdtype(jnp.result_type(value), jnp.inexact):
        return value
    return np.zeros(jnp.shape(value), jax.dtypes.float0)


def _treatment(estimator: Estimator, distribution: Any, key: Any, layout: Layout) -> Treatment:
    drawn = estimator.drawn(distribution)
    order = 1 if layout.particles and estimator.is_doubly else estimator.order_for(distribution)
    of_values = order, estimator.has_path(distribution)
    of_values = *of_values, None, bounds(distribution)
    is_whole = bool(distribution.is_discrete) and not estimator.has_path(distribution)
    if drawn is None:
        return Treatment(estimator, (), None, False, *of_values, is_whole=is_whole)
    shape = jnp.shape(drawn.sample(key))
    has_edges = bool(edges_of(distribution))
    return Treatment(estimator, shape, route(drawn), True, *of_values, has_edges=has_edges, is_whole=is_whole)


def _refuse(estimator: Estimator, name: str, distribution: Any, vouched: bool, layout: Layout) -> None:
    if layout.particles and not estimator.is_of_one_value:
        raise ModelError(
            f"{type(estimator).__name__} for {name!r}: particles are weighed against each other along paths: "
            "DReG() or Pathwise()"
        )
    if why := estimator.refusal(distribution, vouched):
        raise ModelError(f"{type(estimator).__name__} for {name!r}: {why}")


def _words(jump: Jump, treatment: Treatment, was_auto: bool) -> str:
    """What is to be said of a jump of f; empty where nothing is lost by it."""
    name, estimator = jump.name, type(treatment.estimator).__name__
    if jump.what in LOST:
        return _lost(jump, treatment, was_auto)
    if_they_meet = f"If the branches meet, say vouch=({name!r},)"
    if jump.with_params:
        return (
            f"f {jump.what} {name!r} with something that depends on params: where its value jumps there, "
            f"the derivative of that jump in params is in no estimator. {if_they_meet}; else let the "
            "distribution depend on params in its place"
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


def _lost(jump: Jump, treatment: Treatment, was_auto: bool) -> str:
    """The same of a derivative that is not that of the values of f."""
    begin, vouch = f"f {jump.what} {jump.name!r}, and it is not that of its values", f"vouch=({jump.name!r},)"
    if jump.with_params:
        return f"{begin}, also in params: no estimator is right. If it is meant, say {vouch}"
    if was_auto:
        return (
            f"{begin}: Auto takes the score, which does without. If it is meant, say {vouch} to have the path"
        )
    if not treatment.has_path:
        return ""
    estimator = type(treatment.estimator).__name__
    return f"{begin}: {estimator} follows it, and ScoreFunction is right. If it is meant, say {vouch}"
