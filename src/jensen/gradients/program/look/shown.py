"""Whether a function that may jump, as its program has it, is seen to: along lines through its values.

Branches may meet, and what divides may never be 0. So the function is looked at where a program leaves a
doubt: on lines from value to value, at several θ, those of its changes that are farthest from what the
derivative says are halved until they are jumps or have gone; and the derivative, as JAX has it, is held
against differences.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.gradients.program.running import MORE_QUICKLY, runs

LINES, POINTS, PLACES, HALVINGS = 16, 129, 6, 30
STAYS = 0.5  # of a change, when its interval has become a thousandth: it would be a jump
ROUGH = 0.05  # of its size f may jump by rounding in single precision, where values are not likely
RIGHT = 0.02  # a derivative is right to so much of the largest,
STRETCH, SHARE = 4, 0.1  # but for kinks: at fewer than so many points in a row, and of all
ROUNDINGS = 100.0  # that f may be off, of its size
POLE_HALVINGS, GROWS = 12, 50.0  # after which a slope has grown more than that at a pole
LEAST = 0.75  # of the lines that are near must lead through finite values

Function = Callable[[Any], Any]
"""From a pytree to a vector; what is no real number in it does not move."""


def is_continuous(f: Function, starts: Any, ends: Any, near: np.ndarray) -> bool | None:
    """Whether no jump is seen on the lines from ``starts`` to ``ends`` (leading axis: lines), and the
    derivative is right on those that are ``near``; None where f is not finite on these.
    """
    finite, jump, right = _looked(_line, f, starts, ends)
    if finite[near].mean() < LEAST:
        return None
    least = np.where(near, 0.0, ROUGH if jump.dtype == np.float32 else 0.0)
    return not (jump > least).any() and bool(right[finite & near].all())


def is_differentiated(f: Function, starts: Any, ends: Any, near: np.ndarray) -> bool | None:
    """Whether the derivative alone is right on the lines that are ``near``."""
    finite, right = _looked(_slopes, f, starts, ends)
    return bool(right[finite & near].all()) if finite[near].mean() >= LEAST else None


def is_bounded(f: Function, starts: Any, ends: Any, near: np.ndarray) -> bool | None:
    """Whether it is nowhere infinite between finite values, as log |x| is at 0."""
    (pole,) = _looked(_poles, f, starts, ends)
    return not pole[near].any()


def _looked(what: Callable[..., Any], f: Function, starts: Any, ends: Any) -> list[np.ndarray]:
    """What is seen on all lines; by derivatives backwards where f has rules for these only."""

    def look(derivative: Callable[..., Any]) -> list[np.ndarray]:
        def one(start: Any, end: Any) -> Any:
            return what(_between(f, start, end), derivative)

        found = runs(jax.vmap(one), MORE_QUICKLY)(starts, ends)
        return [np.asarray(each) for each in found]

    try:
        return look(_forwards)
    except TypeError:  # of custom_vjp
        return look(_backwards)


def _forwards(at: Function, s: Any) -> tuple[Any, Any]:
    return jax.jvp(at, (s,), (jnp.ones_like(s),))


def _backwards(at: Function, s: Any) -> tuple[Any, Any]:
    return at(s), jax.jacrev(at)(s)


def _slopes(at: Function, derivative: Callable[..., Any]) -> tuple[Any, Any]:
    """Whether f and its derivative are finite on a line, and the latter right."""
    s, y, slope = _along(at, derivative)
    return jnp.all(jnp.isfinite(y)) & jnp.all(jnp.isfinite(slope)), _is_right(at, s, y, slope)


def _poles(at: Function, derivative: Callable[..., Any]) -> tuple[Any]:
    """Whether the slope of one of the numbers grows without bound where it changes its sign.

    At an extremum it vanishes, and at a kink it stays.
    """
    s, _, slope = _along(at, derivative)
    steep = jnp.minimum(jnp.abs(slope[:-1]), jnp.abs(slope[1:]))
    turns = jnp.where(slope[:-1] * slope[1:] < 0.0, steep, 0.0)
    place = jnp.argmax(jnp.max(turns, axis=1))
    which = jnp.argmax(turns[place])

    def halve(_: Any, now: tuple[Any, ...]) -> tuple[Any, ...]:
        low, high, at_low, _ = now
        middle = (low + high) / 2
        here = derivative(at, middle)[1][which]
        is_left = at_low * here < 0.0
        return (
            jnp.where(is_left, low, middle),
            jnp.where(is_left, middle, high),
            jnp.where(is_left, at_low, here),
            jnp.abs(here),
        )

    begin = s[place], s[place + 1], slope[place, which], jnp.zeros((), slope.dtype)
    *_, last = jax.lax.fori_loop(0, POLE_HALVINGS, halve, begin)
    return (~(last <= GROWS * turns[place, which]) & (turns[place, which] > 0.0),)


def _between(f: Function, start: Any, end: Any) -> Function:
    def at(s: Any) -> Any:
        def along(a: Any, b: Any) -> Any:
            return a + s.astype(a.dtype) * (b - a) if jnp.issubdtype(a.dtype, jnp.inexact) else a

        return f(jax.tree.map(along, start, end))

    return at


def _along(at: Function, derivative: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """Points of a line, f there, and its derivative."""
    s = jnp.linspace(0.0, 1.0, POINTS)
    return s, *jax.vmap(lambda s: derivative(at, s))(s)


def _line(at: Function, derivative: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """Whether f and its derivative are finite on a line, the largest jump where f is, and whether the
    derivative is right.
    """
    s, y, slope = _along(at, derivative)
    has_values, has_slopes = jnp.all(jnp.isfinite(y)), jnp.all(jnp.isfinite(slope))
    slope = _known(slope)
    scale = _scale(y)
    expected = (slope[1:] + slope[:-1]) / (2 * (POINTS - 1))
    change = jnp.max(jnp.abs(jnp.diff(y, axis=0) - expected) / scale, axis=1)
    left = jnp.argsort(change)[-PLACES:]
    low, high = ((s[i], y[i], slope[i]) for i in (left, left + 1))
    wide, narrow = jax.vmap(lambda low, high: _halved(at, derivative, scale, low, high))(low, high)
    tiny = _tolerance(y.dtype)
    jump = jnp.max(narrow * ((narrow > tiny) & (narrow > STAYS * wide)))
    return has_values & has_slopes, jnp.where(has_values, jump, 0.0), _is_right(at, s, y, slope)


def _scale(y: Any) -> Any:
    """What changes are compared with: how far f goes, and what rounding may do to a number of its size."""
    kind = jnp.finfo(y.dtype)
    rounding = ROUNDINGS * kind.eps / _tolerance(y.dtype)
    return jnp.maximum(jnp.ptp(y, axis=0) + rounding * jnp.max(jnp.abs(y), axis=0), kind.tiny)


Place = tuple[Any, Any, Any]
"""On a line: where, f there, and its derivative."""


def _halved(at: Function, derivative: Callable[..., Any], scale: Any, low: Place, high: Place) -> Any:
    """The change of f over an interval beyond that by its derivative at both ends, when it has been halved
    ten times and to the end: always the half with the larger one.
    """

    def change(low: Place, high: Place) -> Any:
        expected = (low[2] + high[2]) / 2 * (high[0] - low[0])
        return jnp.max(jnp.abs(high[1] - low[1] - expected) / scale)

    def halve(i: Any, now: tuple[Any, ...]) -> tuple[Any, ...]:
        low, high, wide, _ = now
        s = (low[0] + high[0]) / 2
        value, slope = derivative(at, s)
        middle = s, value, _known(slope)
        left, right = change(low, middle), change(middle, high)
        low, high = (
            jax.tree.map(lambda a, b: jnp.where(left > right, a, b), *ends)
            for ends in ((low, middle), (middle, high))
        )
        most = jnp.maximum(left, right)
        return low, high, jnp.where(i == 9, most, wide), most

    halvings = 18 if scale.dtype == jnp.float32 else HALVINGS
    zero = jnp.zeros((), scale.dtype)
    *_, wide, narrow = jax.lax.fori_loop(0, halvings, halve, (low, high, zero, zero))
    return wide, narrow


def _known(slope: Any) -> Any:
    return jnp.where(jnp.isfinite(slope), slope, 0.0)


def _tolerance(dtype: Any) -> float:
    return 3e-5 if jnp.finfo(dtype).eps > 1e-10 else 1e-10


def _is_right(at: Function, s: Any, y: Any, slope: Any) -> Any:
    """The derivative against differences, but for a few points beside kinks: from point to point, or near by,
    where f moves up and down between them.
    """
    eps = float(jnp.finfo(y.dtype).eps)
    step = eps ** (1 / 3)
    inner = s[1:-1]
    near = jax.vmap(at)(jnp.concatenate([inner + step, inner - step]))
    coarse = _is_wrong(y[2:] - y[:-2], 1.0 / (POINTS - 1), y, slope[1:-1])
    fine = _is_wrong(near[: POINTS - 2] - near[POINTS - 2 :], step, y, slope[1:-1])
    wrong = jnp.any(coarse & fine, axis=1)
    stretch = jnp.all(jnp.stack([wrong[i : len(wrong) - STRETCH + 1 + i] for i in range(STRETCH)]), axis=0)
    return ~jnp.any(stretch) & (jnp.mean(wrong) < SHARE)


def _is_wrong(change: Any, step: float, y: Any, slope: Any) -> Any:
    """Whether the derivative is not that of a change over two steps."""
    differences = change / (2.0 * step)
    kind = jnp.finfo(y.dtype)
    largest = jnp.maximum(jnp.max(jnp.abs(differences), axis=0), kind.tiny)
    noise = 4.0 * kind.eps * jnp.max(jnp.abs(y), axis=0) / step
    return jnp.abs(differences - slope) > RIGHT * largest + noise
