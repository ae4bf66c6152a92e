"""An exact gradient to compare with: sums and fine quadrature, by rules that must agree.

Apart from `Exact`, which is itself among what is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import constraints
from numpyro.distributions.distribution import validation_enabled

from jensen.basics.arrays import Params
from jensen.gradients.compare.compiling import QUICKLY
from jensen.gradients.compare.names import columns
from jensen.gradients.compare.truth import NoReference, Reference, given
from jensen.gradients.compare.validation import Looked, distributions_at, look
from jensen.gradients.distributions.validity.bounds import ends
from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.exact import joint_values
from jensen.gradients.estimators.support import finite_support
from jensen.gradients.expectation import Expectation, one_number
from jensen.gradients.program.jumps import Jump
from jensen.gradients.program.variables import Variable, as_given, variables_of
from jensen.gradients.sampling import log_density
from jensen.gradients.surrogates import moves

POINTS = {0: 1, 1: 4097, 2: 513}  # of the finer rule, by how many variables have no finite support
FINER = 2**18 + 1  # for one variable in which f jumps
MOST = 2**20  # joint values that are summed
FAR = 30.0  # of t in x = sinh t and the like
TOLERANCE = 1e-3  # of a gradient
SMALL = 1e-3  # a gradient of which only the absolute error counts


def truth_at(F: Expectation, params: Params, truth: Any, looked: Looked) -> Reference | NoReference:
    """The given one, or the exact one."""
    return reference(F, params, looked) if truth is None else Reference(given(truth, params), 0.0)


def reference(F: Expectation, params: Params, looked: Looked | None = None) -> Reference | NoReference:
    """The exact gradient, or why it is not known."""
    looked = look(F, params) if looked is None else looked
    found = list(looked.distributions.values())
    points = _points(found)
    if points is None:
        return NoReference("there is no rule for these variables")
    points = FINER if points == POINTS[1] and looked.jumps else points
    if prod(_count(each, points) for each in found) > MOST:
        return NoReference(f"there are more than {MOST} values to sum over")
    if why := _blind(F, params, [jump for jump in looked.jumps if jump.name not in F.vouch]):
        return NoReference(why, is_jump=True)
    by_rules = jax.jit(partial(_by_rules, F, points), compiler_options=QUICKLY)
    slopes, (mass, size, value) = jax.device_get(by_rules(params))
    fine, rough, near = columns(slopes, 3)
    if not np.isfinite(size).all():
        return NoReference("f is not finite everywhere")
    if not abs(size[0] - size[2]) < TOLERANCE * (1.0 + size[0]):
        return NoReference("E[f] may not exist: |f| times the density does not fall off")
    error = np.maximum(np.abs(fine - rough), np.abs(fine - near)) + abs(mass[0] - 1.0) * np.abs(fine)
    if not (error < TOLERANCE * (SMALL + np.abs(fine))).all():  # NaN among them
        return NoReference("two rules of quadrature do not agree")
    return Reference(fine, error + 64 * np.finfo(fine.dtype).eps * (1.0 + np.abs(fine)), float(value[0]))


def _blind(F: Expectation, params: Any, jumping: list[Jump]) -> str:
    """What of the derivative the rules would miss: jumps in θ, and jumps where their points move with it."""
    if any(jump.with_params for jump in jumping):
        return "f jumps where params is compared with a variable"
    return "f jumps, and the support moves" if jumping and _moves(F, params) else ""


def _moves(F: Expectation, params: Any) -> bool:
    """Whether the points of the rules move with θ."""
    seen: list[bool] = []

    def look(params: Any) -> Any:
        found = distributions_at(F, params).values()
        seen.extend(moves(_grid(each, 3)[0]) for each in found)
        return 0.0

    jax.eval_shape(lambda params: jax.jvp(look, (params,), (params,)), params)
    return any(seen)


def expected(F: Expectation, f: Callable[[Any, Params], Any], params: Params) -> Any:
    """E of some quantities (a vector) under the same distribution, where there is a reference."""
    points = _points(list(distributions_at(F, params).values()))
    assert points is not None
    return jax.jit(partial(_sums, F, f, points), compiler_options=QUICKLY)(params)[:, 0]


def _points(distributions: list[Any]) -> int | None:
    """Of the finer rule."""
    if not all(map(_has_rule, distributions)):
        return None
    return POINTS.get(sum(not _is_finite(each) for each in distributions))


def _by_rules(F: Expectation, points: int, params: Params) -> Any:
    """The gradient of E[f]; and the mass, which should be 1, E[|f|] and E[f]: each by three rules."""

    def quantities(x: Any, params: Params) -> Any:
        value = one_number(F.f(x, params))
        return jnp.stack([jnp.ones_like(value), jnp.abs(value), value])

    def sums(params: Params) -> tuple[Any, Any]:
        found = _sums(F, quantities, points, params)
        return found[2], found

    return jax.jacrev(sums, has_aux=True)(params)


def _sums(F: Expectation, f: Callable[[Any, Params], Any], num: int, params: Params) -> Any:
    """E[f] of each quantity, (quantities, 3): Σ w(x) p(x) f(x), variable by variable, by three rules.

    These are the finer rule, every second point of it, and the points that are not far out.
    """

    def go_on(described: Any, left: list[Variable], values: dict[str, Any]) -> Any:
        if not left:
            return f(as_given(described, values), params)[:, None]
        variable, *later = left
        x, weight = _weighted(variable.given(values), num)
        cost: Any = jax.vmap(lambda value: go_on(described, later, {**values, variable.name: value}))(x)
        return jnp.sum(weight[:, None, :] * cost, axis=0)

    with validation_enabled(False):
        described = F.distribution(params)
        return go_on(described, variables_of(described), {})


def _weighted(distribution: Any, num: int) -> tuple[Any, Any]:
    """Points (num, ...) and their weights times the density (num, 3).

    They move with the support and with nothing else.
    """
    x, width = _grid(distribution, num)
    log_p: Any = jax.vmap(lambda value: log_density(distribution, value))(x)
    seen = log_p > jnp.log(jnp.finfo(log_p.dtype).tiny)
    middle = x[jnp.argmax(log_p)]
    # Where the density is no number at all any more, f may overflow: nothing is evaluated there.
    x = jnp.asarray(jnp.where(seen.reshape(-1, *[1] * middle.ndim), x, middle))
    safe = jnp.asarray(jnp.where(seen, log_p, 0.0))
    return x, jnp.where(seen, jnp.exp(safe), 0.0)[:, None] * width


def _is_finite(distribution: Any) -> bool:
    return finite_support(unwrapped(distribution)) is not None


def _has_rule(distribution: Any) -> bool:
    if _is_finite(distribution):
        return True
    if distribution.batch_shape or distribution.event_shape:
        return False
    if distribution.is_discrete:
        return ends(distribution.support)[0] is not None
    return _transform(distribution) is not None


def _count(distribution: Any, num: int) -> int:
    finite = finite_support(unwrapped(distribution))
    return num if finite is None else finite.nodes.shape[0] ** prod(finite.nodes.shape[1:])


def _grid(distribution: Any, num: int) -> tuple[Any, Any]:
    """Values (num,), and what each stands for by the three rules (num, 3)."""
    finite = finite_support(unwrapped(distribution))
    if finite is not None:
        values = joint_values(finite)[0]
        return values, jnp.ones((len(values), 3))
    index = jnp.arange(num)
    if distribution.is_discrete:
        near = index <= num // 2
        return distribution.support.lower_bound + index, jnp.stack([index >= 0, near, near], 1) * 1.0
    t = jnp.linspace(-FAR, FAR, num)
    transform = _transform(distribution)
    assert transform is not None
    x, slope = jax.vmap(jax.value_and_grad(transform))(t)
    width = jnp.asarray(slope * (t[1] - t[0]))
    rough = jnp.where(index % 2 == 0, 2.0, 0.0)
    near = jnp.where(_is_near(distribution, t), 1.0, 0.0)
    return x, jnp.stack([width, width * rough, width * near], axis=1)


def _is_near(distribution: Any, t: Any) -> Any:
    """Whether a point is not far out; there is no such thing where a support ends."""
    low, high = (end is not None for end in ends(distribution.support))
    return (low | (t > -FAR / 2)) & (high | (t < FAR / 2))


def _transform(distribution: Any) -> Any:
    """x(t) for t from −∞ to ∞, of which the middle is where the mass is."""
    support = distribution.support
    low, high = ends(support)
    if isinstance(support, type(constraints.real)):
        middle, spread = jax.lax.stop_gradient(_middle(distribution))
        return lambda t: middle + spread * jnp.sinh(t)
    if low is not None and high is not None:
        return lambda t: low + (high - low) * jax.nn.sigmoid(t)
    return None if low is None else lambda t: low + jnp.exp(t)


def _middle(distribution: Any) -> tuple[Any, Any]:
    """Location and scale, given or from some draws."""
    given = vars(distribution)
    if "loc" in given and "scale" in given:
        return given["loc"], given["scale"]
    seen = distribution.sample(jax.random.key(0), (255,))
    middle = jnp.median(seen)
    return middle, jnp.maximum(jnp.median(jnp.abs(seen - middle)), jnp.finfo(seen.dtype).tiny)
