"""E[f] and its gradient by sums and quadrature: three rules at once, which must agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions.distribution import validation_enabled

from jensen.basics.arrays import Params
from jensen.gradients.compare.ahead import Ahead
from jensen.gradients.compare.grids import grid, is_finite
from jensen.gradients.expectation import Expectation, one_number
from jensen.gradients.program.running import runs
from jensen.gradients.program.variables import Variable, as_given, variables_of
from jensen.gradients.sampling import fixed, log_density
from jensen.gradients.where import where

SCAN = 2**18 + 1  # points of one variable: f may jump, or have peaks
FEWER = 64  # times fewer see all of it where nothing is narrow
RESOLVED = 200.0  # roundings of E[|f|] that these may miss
AT_ONCE = 2**12  # points at which an f of many numbers is computed
ROUNDS = 3  # of moving the points to where the integrand bends
EVERYWHERE = 0.1  # of them stay where they are
NUM_DRAWS = 2**16
LEVEL = 6.0  # standard errors that a rule may be off
BEYOND = 3.0  # times what the rule says of E[|f|]


class Rules(NamedTuple):
    """What is found by three rules: all points, every second one, those that are not far out.

    Attributes
    ----------
    slopes
        The gradient of E[f], as θ with a leading axis of rules.
    mass
        The probability, which should be 1.
    size, value, square
        E[|f|], E[f] and E[f²].
    made
        The parameters of the distributions that depend on no other.
    """

    slopes: Any
    mass: Any
    size: Any
    value: Any
    square: Any
    made: Any

    @property
    def share(self) -> float:
        """The probability of the values in which f matters, (E|f|)²/E[f²]; of all where that is not known."""
        size, square = float(self.size[0]), float(self.square[0])
        return size**2 / square if 0.0 < square < np.inf else 1.0


Later = Callable[[], Rules]


def by_rules(F: Expectation, points: int, params: Params, ahead: Ahead) -> Later:
    """The gradient of E[f], and what it is judged by: traced here, and compiled ahead."""

    def found(params: Params) -> tuple[Any, Any]:
        with validation_enabled(False):
            described = F.distribution(params)
        three = sums(described, partial(_quantities, F), points, params)
        return three[2], (three, _made(described))

    its: Any = runs(jax.jacrev(found, has_aux=True), {})
    program = ahead.compiled(its.lower(params))

    def rules() -> Rules:
        slopes, (three, made) = jax.device_get(program.result()(params))
        mass, size, value, square = three
        return Rules(slopes, mass, size, value, square, made)

    return rules


def _made(described: Any) -> Any:
    return jax.tree.leaves([each.given({}) for each in variables_of(described) if not each.parents])


def _quantities(F: Expectation, x: Any, params: Params) -> Any:
    value = one_number(F.f(x, params))
    return jnp.stack([jnp.ones_like(value), jnp.abs(value), value, value**2])


def sums(described: Any, f: Callable[[Any, Params], Any], num: int, params: Params) -> Any:
    """E[f] of each quantity, (quantities, 3): Σ w(x) p(x) f(x), variable by variable."""

    def go_on(left: list[Variable], values: dict[str, Any]) -> Any:
        if not left:
            return f(as_given(described, values), params)[:, None]
        variable, *later = left
        x, weight = _weighted(variable.given(values), num)
        cost: Any = jax.vmap(lambda value: go_on(later, {**values, variable.name: value}))(x)
        return jnp.sum(weight[:, None, :] * cost, axis=0)

    with validation_enabled(False):
        return go_on(variables_of(described), {})


def _weighted(distribution: Any, num: int, places: Any = None) -> tuple[Any, Any]:
    """Points (num, ...), and what each counts by the three rules (num, 3)."""
    x, widths, is_summed = grid(distribution, num, places)
    if is_summed:
        return x, widths

    def log_p(x: Any) -> Any:
        return jax.vmap(lambda value: log_density(distribution, value))(x)

    first = jax.lax.stop_gradient(log_p(jax.lax.stop_gradient(x)))
    seen = first > jnp.log(jnp.finfo(first.dtype).tiny)
    middle = x[jnp.argmax(where(seen, first, -jnp.inf))]
    # Where the density is no number at all any more, it and f may overflow: nothing is evaluated there.
    x = jnp.asarray(jnp.where(seen.reshape(-1, *[1] * middle.ndim), x, middle))
    return x, jnp.where(seen, jnp.exp(log_p(x)), 0.0)[:, None] * jnp.where(seen[:, None], widths, 0.0)


# ---- peaks -------------------------------------------------------------------------------------------------


def is_one_real(distributions: Sequence[Any]) -> bool:
    """Whether there is one variable, and it is a real number."""
    return len(distributions) == 1 and not (distributions[0].is_discrete or is_finite(distributions[0]))


def by_rules_of_one(F: Expectation, params: Params, is_wide: bool, ahead: Ahead) -> Later:
    """The same of one real variable, by so many points that peaks of f and of its density are seen.

    Where fewer points would miss some, these are moved to where the integrand bends. Of an f that ``is_wide``
    few values are computed at a time.
    """

    def found(params: Params, places: Any) -> tuple[Any, Any]:
        with validation_enabled(False):
            described = F.distribution(params)
            (variable,) = variables_of(described)
            x, weight = _weighted(variable.given({}), SCAN, places)

        def cost(value: Any) -> Any:
            return _quantities(F, as_given(described, {variable.name: value}), params)

        each = jax.lax.map(jax.checkpoint(cost), x, batch_size=AT_ONCE) if is_wide else jax.vmap(cost)(x)
        three = jnp.einsum("nr,nq->qr", weight, each)
        return three[2], (three, _made(described), weight[:, 0] * each[:, :2].T)

    evenly = np.linspace(-1.0, 1.0, SCAN, dtype=jnp.result_type(float))
    its: Any = runs(jax.jacrev(found, has_aux=True), {})
    program = ahead.compiled(its.lower(params, evenly))

    def rules() -> Rules:
        run, places = program.result(), evenly
        slopes, (three, made, parts) = jax.device_get(run(params, places))
        if _is_missed(parts):
            for _ in range(ROUNDS):
                places = _closer(places, parts).astype(evenly.dtype)
                slopes, (three, made, parts) = jax.device_get(run(params, places))
        mass, size, value, square = three
        return Rules(slopes, mass, size, value, square, made)

    return rules


def _is_missed(parts: Any) -> bool:
    """Whether fewer points find another probability, or another E[|f|]."""
    whole = parts.sum(axis=1)
    missed = np.abs(whole - FEWER * parts[:, ::FEWER].sum(axis=1))
    return bool((missed > RESOLVED * np.finfo(parts.dtype).eps * np.array([1.0, whole[1]])).any())


def _closer(places: Any, parts: Sequence[Any]) -> Any:
    """As many places, closer together where one of the parts of the integrand bends."""
    gaps = np.diff(places)
    density = np.full(len(gaps), 1.0 / gaps.size)
    for part in parts:
        height = part / np.gradient(places)
        bend = np.abs(np.diff(height, 2, prepend=height[0], append=height[-1]))
        bend = np.maximum(bend[1:], bend[:-1]) ** (1.0 / 3.0)
        if np.isfinite(bend).all() and bend.sum() > 0.0:
            density = density + bend / bend.sum() / EVERYWHERE
    reached = np.concatenate([[0.0], np.cumsum(density)])
    return np.interp(np.linspace(0.0, reached[-1], len(places)), reached, places)


# ---- draws -------------------------------------------------------------------------------------------------


def draws_agree(F: Expectation, params: Params, rules: Rules) -> bool:
    """Whether f over some draws is what the rule says: it may have missed peaks."""

    def cost(key: Any) -> Any:
        described = F.distribution(params)
        values: dict[str, Any] = {}
        for variable in variables_of(described):
            key, own = jax.random.split(key)
            values[variable.name] = fixed(variable.given(values)).sample(own)
        return one_number(F.f(as_given(described, values), params))

    with validation_enabled(False):
        many = runs(jax.vmap(cost))
        costs = np.asarray(many(jax.random.split(jax.random.key(0), NUM_DRAWS)))
    allowed = LEVEL * costs.std() / np.sqrt(NUM_DRAWS) + 1e-6 * rules.size[0]
    is_beyond = np.abs(costs).mean() > BEYOND * rules.size[0]
    return not (is_beyond or abs(costs.mean() - rules.value[0]) > allowed)
