"""What an f that may jump, as its program has it, is seen to do: jumps that are none are taken back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from enum import Enum, auto
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.arrays import Params
from jensen.gradients.distributions.validity.bounds import ANYWHERE
from jensen.gradients.distributions.validity.tracers import concrete
from jensen.gradients.program.jumps import Jump, narrows
from jensen.gradients.program.look.primitives import SINGULAR
from jensen.gradients.program.look.seen import LOST
from jensen.gradients.program.look.shown import LINES, is_bounded, is_continuous, is_differentiated
from jensen.gradients.program.running import MORE_QUICKLY, runs

ALL = 2 * LINES  # lines: those that are near, and as many others
FARTHEST = 1e4  # how far these go beyond values, at most
VALUES = 32  # of which lines are drawn between two, and between those that are farthest apart
BEYOND = (1.0, 0.5)  # of its length a line goes on to both sides, where values may be there: of every fourth
ALMOST = 0.98  # of the way to an end of the support it goes at most
LARGEST = 1e30  # where draws that overflow are taken to be
SPREAD = 0.5  # of the logarithm of θ: where a plan is used again it is another of the same signs

Draw = Callable[[Params, Any], dict[str, Any]]
"""Values of all variables, from params and a key."""


class Moving(Enum):
    """What moves on the lines that f is looked at along: of either, a variable on all and θ on some."""

    VARIABLE = auto()
    PARAMS = auto()
    EITHER = auto()


def remaining(
    doubted: Sequence[Jump],
    follows: Callable[..., Any],
    draw: Draw,
    params: Params,
    ends: Mapping[str, tuple[float, float]],
) -> list[Jump]:
    """The jumps of which it is not seen that they are none; and derivatives that are seen to be lost, in θ
    too or in the variable alone.
    """
    left: list[Jump] = []
    for name in dict.fromkeys(jump.name for jump in doubted):
        at = follows, draw, params, name, ends.get(name, ANYWHERE)
        mine = [jump for jump in doubted if jump.name == name and not _is_of_params(jump)]
        if mine:
            look = is_differentiated if all(jump.what in LOST for jump in mine) else is_continuous
            moving = Moving.EITHER if any(jump.with_params for jump in mine) else Moving.VARIABLE
            seen = _look(look, *at, moving)
            if seen and any(jump.what == SINGULAR for jump in mine):
                seen = _look(is_bounded, *at, moving)
            left += [jump for jump in mine if seen is False or (seen is None and jump.what not in LOST)]
        theirs = [jump for jump in doubted if jump.name == name and _is_of_params(jump)]
        if theirs and _look(is_differentiated, *at, Moving.PARAMS) is False:
            left = [jump for jump in left if jump.name != name or jump.what not in LOST] + theirs
    return left


def _is_of_params(jump: Jump) -> bool:
    """Whether it is a derivative in θ that may be lost."""
    return jump.what in LOST and jump.with_params


def _look(
    look: Callable[[Any, Any, Any, np.ndarray], bool | None],
    follows: Callable[..., Any],
    draw: Draw,
    params: Params,
    name: str,
    ends: tuple[float, float],
    moving: Moving,
) -> bool | None:
    """None where there is nothing to be seen.

    In double precision, if f computes in that: there jumps are told from rounding.
    """
    ways = [(True, False), (False, False)]
    if moving is not Moving.PARAMS:
        ways.append((False, True))  # f may decide by the numbers in θ
    for is_double, is_still in ways:
        with suppress(*IMPOSSIBLE[is_double]), jax.ensure_compile_time_eval(), _precision(is_double):
            f = _flat(follows, name, params, is_still)
            begin, end = _ends_of_lines(draw, params, name, ends, moving)
            if is_double and _rounds(f, begin):
                continue
            number = np.arange(len(jax.tree.leaves(begin)[0])) % ALL
            near = (number < LINES) & (number % 4 > 0)
            return look(f, begin, end, near)
    return None


_NEVER = jax.errors.JAXTypeError, TypeError, ValueError, NotImplementedError, ArithmeticError
IMPOSSIBLE = {False: _NEVER, True: (*_NEVER, RuntimeError)}  # a callback may return single precision


def _precision(is_double: bool) -> AbstractContextManager[Any]:
    return jax.enable_x64(True) if is_double else nullcontext()


def _rounds(f: Callable[[Any], Any], lines: Any) -> bool:
    """Whether f makes numbers of single precision of those that it is given."""
    one = jax.tree.map(lambda leaf: leaf[0], lines)
    return narrows(jax.make_jaxpr(f)(one).jaxpr)


def _ends_of_lines(
    draw: Draw, params: Params, name: str, ends: tuple[float, float], moving: Moving
) -> tuple[Any, Any]:
    """Where lines begin and end."""
    starts, lasts, fixed = _lines(draw, params, name, ends, moving)
    if moving is Moving.PARAMS:
        return (starts, fixed), (lasts, fixed)
    still = _at_rest(lasts, starts), fixed
    if moving is Moving.VARIABLE:
        return (starts, fixed), still
    begin = starts, fixed
    return _both(begin, begin), _both(still, (lasts, fixed))


def _both(some: Any, others: Any) -> Any:
    """Lines and others."""
    return jax.tree.map(lambda *each: jnp.concatenate(each), some, others)


def _at_rest(ends: Any, starts: Any) -> Any:
    """The same ends, with θ where it starts."""
    return {**ends, "params": starts["params"]}


def _lines(
    draw: Draw, params: Params, name: str, ends: tuple[float, float], moving: Moving
) -> tuple[Any, Any, Any]:
    """Where lines begin and end, and what does not move on them: the other variables.

    The first lead through what is likely at θ, but for every fourth that goes on; the others far beyond and
    at other θ: it is not known inside of ``jit``, and may be another when what was seen is asked for again.
    """
    rng = np.random.default_rng(0)
    real = _real(params)
    thetas = [[_thetas(at, rng) for at in real] for _ in range(2)]
    keys = jax.random.split(jax.random.key(0), (ALL, VALUES))
    many = jax.vmap(lambda theta, keys: jax.vmap(lambda key: draw(_with(params, theta), key))(keys))
    values = runs(many, MORE_QUICKLY)(thetas[0], keys)
    if moving is Moving.PARAMS:
        starts, lasts = ({"params": theta} for theta in thetas)
        return starts, lasts, {other: value[:, 0] for other, value in values.items()}
    x = np.nan_to_num(np.asarray(values[name], dtype=float), posinf=LARGEST, neginf=-LARGEST)
    pairs = [_two(x[i], rng) if i % 2 else _farthest(x[i]) for i in range(ALL)]
    lines, (firsts, lasts) = np.arange(ALL), np.array(pairs).T
    a, b = x[lines, firsts], x[lines, lasts]
    each = (-1, *[1] * (x.ndim - 2))
    share = np.where(lines % 4 == 0, *BEYOND).reshape(each)
    wide = np.where(lines < LINES, 0.0, FARTHEST ** ((lines - LINES + 1) / LINES)).reshape(each)
    a, b = (
        _inside(at + share * (at - other) + wide * np.sign(at - other), at, ends)
        for at, other in ((a, b), (b, a))
    )
    others = {other: value for other, value in values.items() if other != name}
    which = np.where(lines % 2, _farthest_out(others, rng), firsts)
    fixed = {other: value[lines, which] for other, value in others.items()}
    dtype = jnp.result_type(float)
    starts, lasts = (
        {"x": jnp.asarray(x, dtype), "params": theta} for x, theta in zip((a, b), thetas, strict=True)
    )
    return starts, lasts, fixed


def _thetas(at: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """θ of all lines: about what it is; and of any sign and size."""
    near = at * np.exp(SPREAD * rng.standard_normal((LINES, *at.shape)))
    far = np.exp(np.clip(rng.standard_normal((LINES, *at.shape)), -2.0, 2.0))
    return np.concatenate([near, rng.choice([-1.0, 1.0], far.shape) * far])


def _inside(far: np.ndarray, at: np.ndarray, ends: tuple[float, float]) -> np.ndarray:
    """Values beyond those drawn, within the ends of a support; as drawn where an end is not known."""
    low, high = (
        at if math.isnan(end) else np.full_like(at, end) if math.isinf(end) else at + ALMOST * (end - at)
        for end in ends
    )
    return np.clip(far, np.minimum(low, at), np.maximum(high, at))


def _farthest_out(others: Mapping[str, Any], rng: np.random.Generator) -> np.ndarray:
    """Of the draws of each line, that whose values of the other variables are farthest out in some direction:
    f may jump there only.
    """
    score = np.zeros((ALL, VALUES))
    for value in others.values():
        each = np.asarray(value, dtype=float).reshape(ALL, VALUES, -1)
        ranks = each.argsort(axis=1).argsort(axis=1)
        score += (ranks * rng.choice([-1.0, 1.0], (ALL, 1, each.shape[2]))).sum(axis=2)
    return score.argmax(axis=1)


def _two(x: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
    a, b = rng.choice(len(x), 2, replace=False)
    return int(a), int(b)


def _farthest(x: np.ndarray) -> tuple[int, int]:
    """Of values, the two at the ends of one of their entries."""
    flat = x.reshape(len(x), -1)
    entry = flat[:, int(np.argmax(np.ptp(flat, axis=0)))]
    return int(entry.argmin()), int(entry.argmax())


def _real(params: Params) -> list[np.ndarray]:
    """The real numbers in θ; where they are not known, ones."""
    leaves = [leaf for leaf in jax.tree.leaves(params) if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)]
    known = [concrete(leaf) for leaf in leaves]
    return [
        np.ones(jnp.shape(leaf)) if at is None else np.asarray(at, float)
        for leaf, at in zip(leaves, known, strict=True)
    ]


def _with(params: Params, real: Sequence[Any]) -> Params:
    """θ with other real numbers."""
    leaves, structure = jax.tree.flatten(params)
    moving = iter(real)
    changed = [
        jnp.asarray(next(moving), _as_precise(jnp.result_type(leaf)))
        if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)
        else leaf
        for leaf in leaves
    ]
    return jax.tree.unflatten(structure, changed)


def _as_precise(kind: Any) -> Any:
    """Single precision is that of all numbers, if no more is asked for."""
    return jnp.result_type(float) if kind == jnp.float32 else kind


def _flat(follows: Callable[..., Any], name: str, params: Params, is_still: bool) -> Callable[[Any], Any]:
    """All numbers that f and the distributions after it return, as a function of what moves on a line.

    ``is_still`` is whether θ does not, though the line does.
    """
    still = jax.tree.map(lambda leaf: leaf if concrete(leaf) is None else concrete(leaf), params)

    def f(at: Any) -> Any:
        moving, fixed = at
        values = {**fixed, name: moving["x"]} if "x" in moving else fixed
        found = follows(values, still if is_still else _with(params, moving["params"]))
        return jnp.concatenate([jnp.ravel(leaf) * 1.0 for leaf in jax.tree.leaves(found)])

    return f
