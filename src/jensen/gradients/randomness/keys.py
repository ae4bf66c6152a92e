"""What is given as a key: one of JAX's, new or old, or an integer to make one of."""

from __future__ import annotations

import numbers
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.errors import ModelError, ModelTypeError

LARGEST = 2**63 - 1
OLD = jnp.dtype("uint32")  # numbers of a key of the old kind


def as_key(key: Any) -> Any:
    """A single JAX key; a ``TypeError`` or ``ValueError`` where none is given."""
    if isinstance(key, numbers.Integral) and not isinstance(key, bool):
        if abs(int(key)) > LARGEST:
            raise ModelError(f"a key is made of an integer up to 2**63 − 1, not {key}")
        with jax.enable_x64(True):  # else JAX drops what is beyond 32 bits
            return jax.random.key(int(key))
    if not isinstance(key, (jax.Array, np.ndarray)):
        raise ModelTypeError(f"a key is jax.random.key(0), say, or an integer, not {key!r}")
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        if key.ndim:
            raise ModelError(f"one key is needed, not {key.shape} of them: jax.vmap takes each")
        return key
    if key.ndim == 0 and jnp.issubdtype(key.dtype, jnp.integer):  # an integer that was traced
        return jax.random.key(key)
    if key.ndim == 1 and key.dtype == OLD:
        return key
    raise ModelTypeError(
        f"a key is jax.random.key(0), say, or an integer, not an array {key.dtype.name}{key.shape}"
    )
