"""An exact gradient to compare with, by sums and fine quadrature, or why there is none.

Apart from `Exact`, which is itself among what is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.arrays import Params
from jensen.gradients.compare.ahead import Ahead
from jensen.gradients.compare.grids import count, grid, has_grid, is_finite, is_wide
from jensen.gradients.compare.names import columns
from jensen.gradients.compare.rules import (
    SCAN,
    Rules,
    by_rules,
    by_rules_of_one,
    draws_agree,
    is_one_real,
    sums,
)
from jensen.gradients.compare.truth import NoReference, Reference, given
from jensen.gradients.compare.validation import Looked, distributions_at, look
from jensen.gradients.expectation import Expectation
from jensen.gradients.program.jumps import Jump
from jensen.gradients.program.look.seen import LOST
from jensen.gradients.program.running import MOST_QUICKLY, QUICKLY, runs
from jensen.gradients.surrogates import moves

POINTS = {0: 1, 1: 4097, 2: 513}  # of the finer rule, by how many variables have no finite support
MOST = 2**20  # joint values that are summed
TOLERANCE = 1e-3  # of a gradient
SMALL = 1e-3  # a gradient of which only the absolute error counts
WIDE = 64  # numbers that f makes of a value
MASS = 1e-4  # that may be missing

Found = Reference | NoReference | None
Later = Callable[[], Found]


def truth_at(F: Expectation, params: Params, truth: Any, looked: Looked) -> Reference | NoReference:
    """The given one, or the exact one."""
    return reference(F, params, looked) if truth is None else Reference(given(truth, params), 0.0)


def reference(F: Expectation, params: Params, looked: Looked | None = None) -> Reference | NoReference:
    """The exact gradient, or why it is not known; in double precision, if f and the distributions allow."""
    return begun(F, params, look(F, params) if looked is None else looked, Ahead())()


def begun(
    F: Expectation, params: Params, looked: Looked, ahead: Ahead
) -> Callable[[], Reference | NoReference]:
    """The same when it is asked for: its program is traced now, and compiled ahead."""
    if F.particles is not None:
        return lambda: NoReference("a bound of weighed particles is no mean over single draws")
    in_double = None if looked.is_random else _in_double(F, params, looked, ahead)

    def finished() -> Reference | NoReference:
        found = None if in_double is None else in_double()
        found = _begun(F, params, looked, Ahead())() if found is None else found
        if found is None:
            return NoReference("the distributions are others whenever they are made")
        return found if isinstance(found, NoReference) else _rounded(found)

    return finished


def _in_double(F: Expectation, params: Params, looked: Looked, ahead: Ahead) -> Later:
    """None where something is another function in double precision, or cannot be computed in it."""
    impossible = TypeError, ValueError, RuntimeError  # single precision is written into f, or it calls back
    try:
        with jax.enable_x64(True):
            later = _begun(F, jax.tree.map(_double, params), looked, ahead)
    except impossible:
        return lambda: None

    def finished() -> Found:
        try:
            with jax.enable_x64(True):
                return later()
        except impossible:
            return None

    return finished


def _is_same(made: Any, looked: Looked) -> bool:
    """Whether distributions have the parameters that they were seen with: some are drawn at random."""
    seen = jax.tree.leaves([looked.distributions[name] for name in looked.without_parents])
    return all(
        np.allclose(new, old, rtol=1e-4, atol=1e-6, equal_nan=True)
        for new, old in zip(made, seen, strict=True)
    )


def _rounded(found: Reference) -> Reference:
    """What estimates, in the precision that they are made in, may be off by rounding."""
    rounding = 64 * np.finfo(jnp.result_type(float)).eps * (1.0 + np.abs(found.gradient))
    return found._replace(error=found.error + rounding)


def _double(leaf: Any) -> Any:
    kind = jnp.result_type(leaf)
    return jnp.asarray(leaf, jnp.float64) if jnp.issubdtype(kind, jnp.floating) else leaf


def _begun(F: Expectation, params: Params, looked: Looked, ahead: Ahead) -> Later:
    """None where the distributions have other parameters than those that were looked at."""
    found = list(looked.distributions.values())
    points = _points(found)
    if points is None:
        return lambda: NoReference("quadrature is over at most two numbers, each a variable of its own")
    if points == POINTS[1] and (is_one_real(found) or any(is_wide(each, points) for each in found)):
        points = SCAN
    if prod(count(each, points) for each in found) > MOST:
        return lambda: NoReference(f"there are more than {MOST} values to sum over")
    if why := _blind(F, params, [jump for jump in looked.jumps if jump.name not in F.vouch]):
        return lambda: NoReference(why, is_jump=True)
    if is_one_real(found):
        later = by_rules_of_one(F, params, looked.width > WIDE, ahead)
    else:
        later = by_rules(F, points, params, ahead)

    def finished() -> Found:
        rules = later()
        if not _is_same(rules.made, looked):
            return None
        if points == POINTS[2] and not draws_agree(F, params, rules):
            return NoReference("the rule and draws do not agree on E[f]: it may have narrow peaks")
        return _judged(rules, any(each.is_discrete and not is_finite(each) for each in found))

    return finished


def _judged(rules: Rules, is_of_counts: bool) -> Reference | NoReference:
    """A gradient that the rules agree on; else why there is none."""
    fine, rough, near = columns(rules.slopes, 3)
    mass, size = rules.mass, rules.size
    if not np.isfinite(size).all():
        return NoReference("f is not finite everywhere")
    if not abs(mass[0] - 1.0) < MASS:
        return NoReference(f"the rule finds {mass[0]:.3g} of the probability, and not all of it")
    if not abs(size[0] - size[2]) < TOLERANCE * (1.0 + size[0]):
        return NoReference(
            "counts go farther than the rule does, or E[f] does not exist"
            if is_of_counts
            else "E[f] may not exist: |f| times the density does not fall off"
        )
    error = 3.0 * np.maximum(np.abs(fine - rough), np.abs(fine - near)) + abs(mass[0] - 1.0) * np.abs(fine)
    if not (error < TOLERANCE * (SMALL + np.abs(fine))).all():  # NaN among them
        return NoReference("two rules of quadrature do not agree")
    return Reference(
        fine, error + 64 * np.finfo(fine.dtype).eps * (1.0 + np.abs(fine)), float(rules.value[0]), rules.share
    )


def _blind(F: Expectation, params: Any, jumping: list[Jump]) -> str:
    """What of the derivative the rules would miss: jumps in θ, and jumps where their points move with it."""
    if lost := [jump for jump in jumping if jump.with_params and jump.what in LOST]:
        return f"f {lost[0].what} {lost[0].name!r} and params, and it is not that of its values"
    if any(jump.with_params for jump in jumping):
        return "f jumps where params is compared with a variable"
    return "f jumps, and the support moves" if jumping and _moves(F, params) else ""


def _moves(F: Expectation, params: Any) -> bool:
    """Whether the points of the rules move with θ."""
    seen: list[bool] = []

    def look(params: Any) -> Any:
        found = distributions_at(F, params).values()
        seen.extend(moves(grid(each, 3).values) for each in found)
        return 0.0

    jax.eval_shape(lambda params: jax.jvp(look, (params,), (params,)), params)
    return any(seen)


def expected(F: Expectation, f: Callable[[Any, Params], Any], params: Params) -> Any:
    """E of some quantities (a vector) under the same distribution, where there is a reference."""
    found = list(distributions_at(F, params).values())
    points = _points(found)
    assert points is not None
    if points == POINTS[1] and any(is_wide(each, points) for each in found):
        points = SCAN

    def means(params: Params) -> Any:
        return sums(F.distribution(params), f, points, params)[:, 0]

    return runs(means, QUICKLY if points == SCAN else MOST_QUICKLY)(params)


def _points(distributions: list[Any]) -> int | None:
    """Of the finer rule."""
    if not all(map(has_grid, distributions)):
        return None
    return POINTS.get(sum(not is_finite(each) for each in distributions))
