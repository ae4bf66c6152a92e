"""The values behind what JAX traces, where there are any."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np


def concrete(x: Any) -> np.ndarray | None:
    """The numbers of an array, also where it is being differentiated; None inside ``jit`` and ``vmap``."""
    while isinstance(x, jax.core.Tracer):
        if not hasattr(x, "primal"):
            return None
        x = x.primal
    return np.asarray(x)
