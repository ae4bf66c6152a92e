"""A warning where a derivative is taken."""

from __future__ import annotations

import warnings
from typing import Any

from jensen.gradients.box import on_derivative


class GradientWarning(UserWarning):
    """A derivative is right for some f only, or its estimate has an infinite variance."""


def caution(x: Any, why: str) -> Any:
    """The same numbers; taking a derivative through them warns with `GradientWarning` and the reason."""
    return on_derivative(lambda: warnings.warn(why, GradientWarning, stacklevel=3), x)
