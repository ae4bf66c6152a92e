"""What a draw was made of: the values before each transform, kept beside it while a cost is computed.

A number that went through a transform may have lost where it came from: the logistic function of 20 is 1 in
single precision. The density of a draw is therefore taken from what it was made of, and never through the
inverse (`transformed`). Draws are known by what they are: an object that f is given as it was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from jax.lax import stop_gradient


@dataclass(frozen=True, slots=True)
class Trail:
    """Of one draw.

    Attributes
    ----------
    steps
        The transforms, the first one first.
    points
        The values before each of them.
    is_own
        Whether the draw is one of the distribution of its variable: where that is asked for its density
        (`of_own`), the steps are the same, with their derivatives.
    is_fixed
        Whether the draw stays where it is when parameters move.
    is_led
        Whether it moves all the same, because what a transform after its own makes of it is what stays.
    """

    steps: tuple[Any, ...]
    points: tuple[Any, ...]
    is_own: bool = False
    is_fixed: bool = False
    is_led: bool = False


_KEPT: ContextVar[dict[int, tuple[Any, Trail]] | None] = ContextVar("trails", default=None)


_OF_OWN: ContextVar[bool] = ContextVar("of_own", default=False)


@contextmanager
def of_own() -> Iterator[None]:
    """Within, draws are given to the densities of the distributions of their variables only."""
    token = _OF_OWN.set(True)
    try:
        yield
    finally:
        _OF_OWN.reset(token)


@contextmanager
def trails_kept() -> Iterator[None]:
    """Within, it is remembered what draws are made of."""
    if _KEPT.get() is not None:
        yield
        return
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def remember(value: Any, trail: Trail) -> Any:
    """The same value, of which its trail is known from now on."""
    kept = _KEPT.get()
    if kept is not None:
        kept[id(value)] = value, trail  # with the value, so that no other one gets its id
    return value


def trail_of(value: Any) -> Trail | None:
    """What a draw was made of, where that is known."""
    kept = _KEPT.get() or {}
    if id(value) not in kept:
        return None
    trail = kept[id(value)][1]
    return trail if _OF_OWN.get() else replace(trail, is_own=False)


def changed(value: Any, change: Callable[[Any], Any], **of_trail: bool) -> Any:
    """The draw after a change that is as well one of all that it was made of."""
    with of_own():
        trail = trail_of(value)
    after = change(value)
    if trail is None:
        return after
    points = tuple(changed(point, change, **of_trail) for point in trail.points)
    return remember(after, replace(trail, points=points, **of_trail))


def owned(value: Any) -> Any:
    """The same draw, which is one of the distribution of its variable."""
    return changed(value, lambda same: same, is_own=True)


def fixed(value: Any) -> Any:
    """The same draw without a derivative; so is what it was made of."""
    return changed(value, stop_gradient, is_fixed=True)
