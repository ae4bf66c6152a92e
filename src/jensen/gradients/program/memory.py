"""Where what was seen of f holds again."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.arrays import Params
from jensen.gradients.distributions.validity.tracers import concrete
from jensen.gradients.program.jumps import Jump


def where_seen(doubted: Sequence[Jump], ends: Mapping[str, tuple[float, float]], params: Params) -> Hashable:
    """The same for supports that end about there, and params that a program does not tell apart."""
    leaves, structure = jax.tree.flatten(params)
    rough = tuple((name, *map(_size, both)) for name, both in ends.items())
    return (*doubted, rough, structure, *map(_what, leaves))


def _size(end: float) -> Hashable:
    if end == 0.0 or not math.isfinite(end):
        return repr(end)
    return math.copysign(1.0, end), round(math.log2(abs(end)) / 2.0)


def _what(leaf: Any) -> Hashable:
    """Real numbers are traced; of whole ones and conditions a program has the values."""
    kind = jnp.result_type(leaf)
    known = None if jnp.issubdtype(kind, jnp.inexact) else concrete(leaf)
    return jnp.shape(leaf), kind, None if known is None else np.asarray(known).tobytes()
