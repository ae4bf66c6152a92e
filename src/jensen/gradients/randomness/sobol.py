"""Sobol points, scrambled at random by a key: a linear matrix scramble and a digital shift (Matoušek 1998).

The points themselves are fixed and come from SciPy; only the scrambling is traced.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.errors import ModelError

BITS = 32
LARGEST = 21_201
"""The number of dimensions for which there are direction numbers."""


def scrambled(key: Any, num_batches: int, num: int, size: int) -> Any:
    """(num_batches, num, size) numbers in (0, 1); ``num`` is a power of 2."""
    if size > LARGEST:
        raise ModelError(f"Sobol points have at most {LARGEST} dimensions, not {size}: Independent(n)")
    points = jnp.asarray(_points(num, size))
    bits = jax.vmap(lambda key: _scramble(key, points))(jax.random.split(key, num_batches))
    dtype = jnp.result_type(float)
    return (bits.astype(dtype) + 0.5) / 2.0**BITS


@lru_cache(maxsize=16)
def _points(num: int, size: int) -> Any:
    """(num, size) points as whole numbers of 2⁻³²."""
    from scipy.stats import qmc

    unit = qmc.Sobol(size, scramble=False, bits=BITS).random_base2(num.bit_length() - 1)
    return (unit * 2.0**BITS).astype(np.uint32)


def _scramble(key: Any, points: Any) -> Any:
    """Each binary digit becomes itself plus a random sum of those before it, and a random shift."""
    size = points.shape[1]
    matrix, shift = jax.random.split(key)
    rows = jax.random.bits(matrix, (BITS, size), jnp.uint32)
    place = jnp.arange(BITS, dtype=jnp.uint32)[:, None]
    own = jnp.uint32(1) << (BITS - 1 - place)
    before = ~(own | (own - 1))  # the more significant digits
    rows = (rows & before) | own

    def digit(place: Any, bits: Any) -> Any:
        parity = jax.lax.population_count(points & rows[place]) & jnp.uint32(1)
        return bits | (parity << (BITS - 1 - place).astype(jnp.uint32))

    bits = jax.lax.fori_loop(0, BITS, digit, jnp.zeros_like(points))
    return bits ^ jax.random.bits(shift, (size,), jnp.uint32)
