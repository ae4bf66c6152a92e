"""Draws that are pushed through transforms, and their density from what they were made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jax.core import Tracer

from jensen.gradients.distributions.steps import LOST, back, log_slope, one_by_one, sum_last, there
from jensen.gradients.distributions.trails import Trail, remember, trail_of
from jensen.gradients.distributions.underflow import is_tiny, told
from jensen.gradients.surrogates import is_zero
from jensen.gradients.where import where

TRANSFORMED = (dist.TransformedDistribution, dist.RelaxedBernoulliLogits)

Density = Callable[[Any, Any], Any]


def pushed(distribution: Any, value: Any) -> Any:
    """A draw of the base, through all transforms; what it was before each is remembered."""
    return along(distribution.transforms, value)


def along(transforms: Iterable[Any], value: Any) -> Any:
    """A value through transforms; what it was before each is remembered."""
    steps = one_by_one(transforms)
    points = []
    for step in steps:
        value = told(step, value) if points else value  # of the base, 0 stands for all that underflow
        points.append(value)
        after = there(step, value)
        value = 1 * after if after is value else after  # each has a trail of its own
    return remember(value, Trail(tuple(steps), tuple(points)))


def before(transforms: Iterable[Any], value: Any) -> Any:
    """What a draw was before transforms; None where that is not known."""
    steps, trail = one_by_one(transforms), trail_of(value)
    if trail is None or _num_alike(steps, trail) < len(steps):
        return None
    return _way_back(steps, value)[-1]


def log_density(distribution: Any, value: Any, of_base: Density) -> Any:
    """log p of each event, by ``of_base``, the density of what is transformed."""
    steps = one_by_one(distribution.transforms)
    event_dim, total, y = distribution.event_dim, jnp.zeros(()), value
    for step, x in zip(reversed(steps), _way_back(steps, value), strict=True):
        num_batch = event_dim - step.codomain.event_dim
        total = total - sum_last(log_slope(step, x, y), num_batch)
        event_dim, y = step.domain.event_dim + num_batch, x
    base = distribution.base_dist
    return total + sum_last(of_base(base, y), event_dim - base.event_dim)


def _way_back(steps: list[Any], value: Any) -> list[Any]:
    """The values before each transform, the last one first."""
    trail, y = trail_of(value), value
    known = 0 if trail is None else _num_alike(steps, trail)
    found = []
    for i in reversed(range(len(steps))):
        y = (
            _point(steps[i], trail, i, y)
            if trail is not None and i >= len(steps) - known
            else back(steps[i], y)
        )
        found.append(y)
    return found


def _num_alike(steps: list[Any], trail: Trail) -> int:
    """How many of the last transforms are those that the draw went through."""
    if len(steps) != len(trail.steps):
        return 0
    alike = [_is_like(*both, trail.is_own) for both in zip(steps, trail.steps, strict=True)]
    return len(alike) if all(alike) else alike[::-1].index(False)


def _is_like(step: Any, other: Any, is_own: bool) -> bool:
    """Whether two transforms do the same; of a draw of its own distribution they do."""
    if type(step) is not type(other):
        return False
    mine, theirs = jax.tree.leaves(step), jax.tree.leaves(other)
    return len(mine) == len(theirs) and (is_own or all(map(_is_same, mine, theirs)))


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, Tracer) or isinstance(other, Tracer):
        return one is other
    return np.array_equal(one, other)


def _point(step: Any, trail: Trail, i: int, y: Any) -> Any:
    """What is known to lead to y: of a draw that stays it moves where the transform does, or y."""
    x = trail.points[i]
    leaves, structure = jax.tree.flatten(step)
    is_last = i + 1 == len(trail.points)
    is_still = not trail.is_led if is_last else y is trail.points[i + 1]
    if (is_still and not leaves) or not trail.is_fixed:
        return x
    before = trail_of(x)
    moved = _leading_to(structure)(x, leaves, y)
    return moved if before is None else remember(moved, replace(before, is_led=True))


def _leading_to(structure: Any) -> Callable[..., Any]:
    """``x(x, leaves, y)``: the same number, whose derivative is that of the solution of T(x) = y."""

    @jax.custom_jvp
    def leading(x: Any, leaves: list[Any], y: Any) -> Any:
        return x

    def rule(primals: Any, tangents: Any) -> Any:
        _, leaves, y = primals
        x, (_, *moves) = leading(*primals), tangents
        if all(map(is_zero, jax.tree.leaves(moves, is_leaf=is_zero))):
            return x, jnp.zeros_like(x)
        moved = tuple(jax.tree.map(_whole, moves, is_leaf=is_zero))
        return x, _moved(structure, x, (leaves, y), moved)

    leading.defjvp(rule, symbolic_zeros=True)
    return leading


def _moved(structure: Any, x: Any, at: tuple[list[Any], Any], moves: tuple[list[Any], Any]) -> Any:
    """How x moves with a transform and with y; NaN where y is so near to an end that it does not tell, and
    where a slope is so small that it has lost its digits.

    It is a factor, so that it is not left out where derivatives are taken in reverse.
    """
    (leaves, y), (leaves_move, y_moves) = at, moves
    step = jax.tree.unflatten(structure, leaves)
    by_params = jax.jvp(
        lambda leaves: there(jax.tree.unflatten(structure, leaves), x), (leaves,), (leaves_move,)
    )[1]
    if step.domain.event_dim or step.codomain.event_dim:
        is_lost = jnp.isnan(back(step, y))
        moves = (y_moves - by_params) * where(_as_wide(step, is_lost, y), jnp.nan, 1.0)
        return where(is_lost, jnp.nan, 1.0) * jax.jvp(lambda y: back(step, y), (y,), (moves,))[1]
    slope = jax.jvp(lambda x: there(step, x), (x,), (jnp.ones_like(x),))[1]
    least = 0.0 if leaves else LOST * jnp.finfo(x.dtype).eps * jnp.abs(y) / jnp.maximum(1.0, jnp.abs(x))
    is_lost = (jnp.abs(slope) <= least) | is_tiny(slope)
    return (y_moves - by_params) * where(is_lost, jnp.nan, 1.0) / where(is_lost, 1.0, slope)


def _as_wide(step: Any, is_lost: Any, y: Any) -> Any:
    """Which entries of y are lost: those that are of x, or all of an event whose x has another shape."""
    if jnp.shape(is_lost) == jnp.shape(y):
        return is_lost
    either = jnp.any(is_lost, axis=tuple(range(-step.domain.event_dim, 0)))
    return jnp.reshape(either, (*either.shape, *[1] * step.codomain.event_dim))


def _whole(tangent: Any) -> Any:
    """A tangent as numbers, also where nothing moves."""
    if not is_zero(tangent):
        return tangent
    zeros = np.zeros if tangent.dtype == jax.dtypes.float0 else jnp.zeros
    return zeros(tangent.shape, tangent.dtype)
