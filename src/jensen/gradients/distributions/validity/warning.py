"""A warning where a derivative is taken."""

from __future__ import annotations

import sys
import warnings
from typing import Any

from jensen.gradients.surrogates import on_derivative

INSIDE = ("jensen", "jax", "numpyro", "contextlib")


class GradientWarning(UserWarning):
    """A derivative is right for some f only, or its estimate has an infinite variance."""


def warn(why: str, category: type[Warning] = GradientWarning) -> None:
    """Warn, at the line of the first caller outside of this package and of JAX."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in INSIDE:
        level, frame = level + 1, frame.f_back
    warnings.warn(why, category, stacklevel=level)


def caution(x: Any, why: str) -> Any:
    """The same numbers; taking a derivative through them warns with `GradientWarning` and the reason."""
    return on_derivative(lambda: warn(why), x)
