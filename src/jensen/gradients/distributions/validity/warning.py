"""A warning where a derivative is taken."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jensen.gradients.surrogates import on_derivative

SAID: ContextVar[set[str] | None] = ContextVar("SAID", default=None)
INSIDE = ("jensen", "jax", "numpyro", "contextlib")


class GradientWarning(UserWarning):
    """A derivative is right for some f only, or its estimate has an infinite variance."""


def warn(why: str, category: type[Warning] = GradientWarning) -> None:
    """Warn, at the line of the first caller outside of this package and of JAX."""
    said = SAID.get()
    if said is not None and why in said:
        return
    if said is not None:
        said.add(why)
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(why, category, stacklevel=level)


@contextmanager
def said_once() -> Iterator[None]:
    """What is warned of in here is not said a second time, however often a function is traced."""
    before = SAID.get()
    SAID.set(set() if before is None else before)
    try:
        yield
    finally:
        SAID.set(before)


def caution(x: Any, why: str) -> Any:
    """The same numbers; taking a derivative through them warns with `GradientWarning` and the reason."""
    return on_derivative(lambda: warn(why), x)
