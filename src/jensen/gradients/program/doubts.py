"""What an f that may jump, as its program has it, is seen to do: jumps that are none are taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.arrays import Params
from jensen.gradients.distributions.validity.tracers import concrete
from jensen.gradients.program.jumps import STOPS, Jump
from jensen.gradients.program.look.shown import LINES, QUICKLY, is_continuous, is_differentiated

VALUES = 32  # of which lines are drawn between two, and between those that are farthest apart
BEYOND = 0.5  # of its length a line goes on to both sides, where values may be any real numbers
SPREAD = 0.5  # of the logarithm of θ: where a plan is used again it is another of the same signs

Draw = Callable[[Params, Any], dict[str, Any]]
"""Values of all variables, from params and a key."""


def remaining(
    doubted: Sequence[Jump],
    follows: Callable[..., Any],
    draw: Draw,
    params: Params,
    unbounded: Mapping[str, bool],
) -> list[Jump]:
    """The jumps of which it is not seen that they are none; and stopped derivatives that are seen to be
    wrong.
    """
    left: list[Jump] = []
    for name in dict.fromkeys(jump.name for jump in doubted):
        mine = [jump for jump in doubted if jump.name == name]
        with_params = any(jump.with_params for jump in mine)
        look = is_differentiated if all(jump.what == STOPS for jump in mine) else is_continuous
        seen = _look(look, follows, draw, params, name, with_params, unbounded.get(name, False))
        left += [jump for jump in mine if seen is False or (seen is None and jump.what != STOPS)]
    return left


def _look(
    look: Callable[[Any, Any, Any], bool | None],
    follows: Callable[..., Any],
    draw: Draw,
    params: Params,
    name: str,
    with_params: bool,
    is_unbounded: bool,
) -> bool | None:
    """None where there is nothing to be seen."""
    try:
        with jax.ensure_compile_time_eval():
            starts, ends, fixed = _lines(draw, params, name, is_unbounded)
            kinds = [(starts, _at_rest(ends, starts))] + ([(starts, ends)] if with_params else [])
            f = _flat(follows, name, params)
            each = [look(f, (a, fixed), (b, fixed)) for a, b in kinds]
    except (jax.errors.JAXTypeError, TypeError, ValueError, NotImplementedError, ArithmeticError):
        return None
    return False if False in each else None if None in each else True


def _at_rest(ends: Any, starts: Any) -> Any:
    """The same ends, with θ where it starts."""
    return {"x": ends["x"], "params": starts["params"]}


def _lines(draw: Draw, params: Params, name: str, is_unbounded: bool) -> tuple[Any, Any, Any]:
    """Where lines begin and end, and what does not move on them: the other variables."""
    rng = np.random.default_rng(0)
    real = _real(params)
    thetas = [
        [at * np.exp(SPREAD * rng.standard_normal((LINES, *at.shape))) for at in real] for _ in range(2)
    ]
    keys = jax.random.split(jax.random.key(0), (LINES, VALUES))
    many = jax.vmap(lambda theta, keys: jax.vmap(lambda key: draw(_with(params, theta), key))(keys))
    values = jax.jit(many, compiler_options=QUICKLY)(thetas[0], keys)
    x = np.asarray(values[name], dtype=float)
    pairs = [_two(x[i], rng) if i % 2 else _farthest(x[i]) for i in range(LINES)]
    lines, (firsts, lasts) = np.arange(LINES), np.array(pairs).T
    a, b = x[lines, firsts], x[lines, lasts]
    beyond = BEYOND * (b - a) if is_unbounded else 0.0
    fixed = {other: value[lines, firsts] for other, value in values.items() if other != name}
    dtype = jnp.result_type(float)
    starts, ends = (
        {"x": jnp.asarray(x, dtype), "params": theta}
        for x, theta in zip((a - beyond, b + beyond), thetas, strict=True)
    )
    return starts, ends, fixed


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
        jnp.asarray(next(moving), jnp.result_type(leaf))
        if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)
        else leaf
        for leaf in leaves
    ]
    return jax.tree.unflatten(structure, changed)


def _flat(follows: Callable[..., Any], name: str, params: Params) -> Callable[[Any], Any]:
    """All numbers that f and the distributions after it return, as a function of what moves on a line."""

    def f(at: Any) -> Any:
        moving, fixed = at
        found = follows({**fixed, name: moving["x"]}, _with(params, moving["params"]))
        return jnp.concatenate([jnp.ravel(leaf) * 1.0 for leaf in jax.tree.leaves(found)])

    return f
