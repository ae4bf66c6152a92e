"""A choice between arrays."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def where(condition: Any, x: Any, y: Any) -> Any:
    """``jnp.where`` with three arguments, which is one array."""
    return jnp.where(condition, x, y)
