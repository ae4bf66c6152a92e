"""Three small functions with derivatives of their own: what every estimator is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from jensen.basics.errors import ModelError


class InvalidGradientError(ModelError):
    """A derivative was asked for that the chosen estimator does not have."""


@jax.custom_jvp
def box(log_p: Any) -> Any:
    """1, with the derivative of log p: exp(log p − stop(log p)), to every order (Foerster et al. 2018).

    The value of log p itself is never needed.
    """
    return jnp.ones_like(log_p)


@box.defjvp
def _(primals: Any, tangents: Any) -> Any:
    (log_p,), (slope,) = primals, tangents
    here = box(log_p)
    return here, here * slope


def guard(tree: Any, why: str) -> Any:
    """The same numbers; taking a derivative through them raises `InvalidGradientError` with the reason.

    It fires where a tangent arrives, also inside ``jit``, ``scan`` and ``cond``; what is constant passes.
    """

    def refuse() -> None:
        raise InvalidGradientError(why)

    return jax.tree.map(partial(on_derivative, refuse), tree)


def on_derivative(act: Callable[[], None], x: Any) -> Any:
    """The same numbers; ``act`` is called where a derivative is taken through them."""
    if not jnp.issubdtype(jnp.asarray(x).dtype, jnp.inexact):
        return x

    @jax.custom_jvp
    def identity(value: Any) -> Any:
        return value

    def rule(primals: Any, tangents: Any) -> Any:
        if not is_zero(tangents[0]):
            act()
        return primals[0], tangents[0]

    identity.defjvp(rule, symbolic_zeros=True)
    return identity(x)


def moves(x: Any) -> bool:
    """Whether a derivative is being taken through x, at this moment."""
    seen: list[bool] = []
    on_derivative(lambda: seen.append(True), x)
    return bool(seen)


def rescaled(x: Any, factor: Any, why: str = "") -> Any:
    """x, whose derivative is ``factor`` times its own; a second one raises with ``why``, if there is any."""
    held = partial(guard, why=why) if why else jax.lax.stop_gradient

    @jax.custom_jvp
    def same(x: Any, factor: Any) -> Any:
        return x

    def rule(primals: Any, tangents: Any) -> Any:
        (x, factor), (move, _) = primals, tangents
        return x, move if is_zero(move) else held(factor) * move

    same.defjvp(rule, symbolic_zeros=True)
    return same(x, factor)


def linear(x: Any, slope: Any, why: str) -> Any:
    """0, with the derivative ``slope`` (of the shape of x) in x; a second derivative raises with ``why``."""

    @jax.custom_jvp
    def zero(x: Any, slope: Any) -> Any:
        return jnp.zeros((), jnp.result_type(x, slope))

    def rule(primals: Any, tangents: Any) -> Any:
        value = zero(*primals)
        if is_zero(tangents[0]):
            return value, jnp.zeros_like(value)
        once = guard(primals[1], why) + 0.0 * guard(primals[0], why)
        return value, jnp.sum(once * tangents[0]).astype(value.dtype)

    zero.defjvp(rule, symbolic_zeros=True)
    return zero(x, slope)


@jax.custom_jvp
def steep(x: Any, slope: Any) -> Any:
    """0, with the derivative ``slope``, which is a constant, of the shape of x, and may be infinite."""
    return jnp.zeros((), jnp.result_type(x, slope))


@steep.defjvp
def _(primals: Any, tangents: Any) -> Any:
    x, slope = primals
    return steep(x, slope), jnp.sum(slope * tangents[0])


def is_zero(tangent: Any) -> bool:
    """Whether nothing moves, in a rule that is told so."""
    return isinstance(tangent, SymbolicZero)
