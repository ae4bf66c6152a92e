"""The values behind what JAX traces, where there are any."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax.core import Tracer


def concrete(x: Any) -> np.ndarray | None:
    """The numbers of an array, also where it is being differentiated; None inside ``jit`` and ``vmap``."""
    while isinstance(x, Tracer):
        try:
            x = x.primal  # pyright: ignore[reportAttributeAccessIssue]  (of the tracers of derivatives only)
        except AttributeError:
            return None
    return np.asarray(x)
