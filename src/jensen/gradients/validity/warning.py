"""A warning where a derivative is taken."""

from __future__ import annotations

import warnings
from typing import Any

import jax
import jax.numpy as jnp


class GradientWarning(UserWarning):
    """A derivative is right for some f only, or its estimate has an infinite variance."""


def caution(x: Any, why: str) -> Any:
    """The same numbers; taking a derivative through them warns with `GradientWarning` and the reason."""
    if not jnp.issubdtype(jnp.asarray(x).dtype, jnp.inexact):
        return x

    @jax.custom_jvp
    def identity(value: Any) -> Any:
        return value

    def rule(primals: Any, tangents: Any) -> Any:
        if type(tangents[0]).__name__ != "SymbolicZero":
            warnings.warn(why, GradientWarning, stacklevel=2)
        return primals[0], tangents[0]

    identity.defjvp(rule, symbolic_zeros=True)
    return identity(x)
