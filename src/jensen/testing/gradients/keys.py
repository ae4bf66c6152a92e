"""Keys of random numbers as NumPy's integers of 64 bits, and what is drawn by them: not what JAX draws.

Bits are those of a counter, mixed as in SplitMix64 (Steele, Lea and Flood 2014).
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import dtypes

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
ROUNDS = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
LAST, HALF, LOW = np.uint64(31), np.uint64(32), np.uint64(0xFFFFFFFF)


def is_key(aval: Any) -> bool:
    """Whether numbers of a program are keys."""
    return jnp.issubdtype(aval.dtype, dtypes.prng_key)


def from_jax(keys: Any) -> Any:
    """Keys of JAX; those of NumPy as they are."""
    return _wrapped(np.asarray(jax.random.key_data(keys))) if is_key(keys) else keys


def to_jax(keys: Any) -> Any:
    """Keys that JAX draws by."""
    return jax.random.wrap_key_data(_unwrapped(np.asarray(keys)))


def _wrapped(data: Any) -> Any:
    words = np.asarray(data, np.uint64)
    return (words[..., 0] << HALF) | words[..., 1]


def _unwrapped(keys: Any) -> Any:
    return np.stack([keys >> HALF, keys & LOW], axis=-1).astype(np.uint32)


def _mixed(words: Any) -> Any:
    for shift, factor in ROUNDS:
        words = (words ^ (words >> shift)) * factor
    return words ^ (words >> LAST)


def _words(keys: Any, shape: tuple[int, ...]) -> Any:
    """Of each key, so many."""
    number = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64).reshape(shape)
    begin = _mixed(np.asarray(keys) + GOLDEN)
    return _mixed(begin.reshape((*begin.shape, *[1] * len(shape))) + number * GOLDEN)


def _bits(step: Any) -> Any:
    width, shape = step.params["bit_width"], tuple(step.params["shape"])
    return lambda keys: (_words(keys, shape) >> np.uint64(64 - width)).astype(f"uint{width}")


def _split(step: Any) -> Any:
    shape = tuple(step.params["shape"])
    return lambda keys: _mixed(_words(keys, shape) ^ GOLDEN)


def _folded(keys: Any, number: Any) -> Any:
    return _mixed(_mixed(np.asarray(number).astype(np.uint64) + GOLDEN) ^ keys)


def _gamma(step: Any) -> Any:
    """Many at once: the same again for the same keys."""
    is_log = step.params["log_space"]

    def drawn(keys: Any, shape: Any) -> Any:
        keys = np.asarray(keys)
        rng = np.random.Generator(np.random.Philox(key=int(np.bitwise_xor.reduce(_mixed(keys).ravel()))))
        log = np.log(rng.standard_gamma(shape + 1.0)) - rng.standard_exponential(shape.shape) / shape
        return (log if is_log else np.exp(log)).astype(shape.dtype)

    return drawn


TABLE = {
    "random_bits": _bits,
    "random_split": _split,
    "random_fold_in": lambda step: _folded,
    "random_gamma": _gamma,
    "random_wrap": lambda step: _wrapped,
    "random_unwrap": lambda step: lambda keys: _unwrapped(np.asarray(keys)),
    "random_seed": lambda step: lambda seed: _mixed(np.asarray(seed).astype(np.uint64)),
    "random_clone": lambda step: lambda keys: keys,
}
MOVING = {
    "slice",
    "squeeze",
    "broadcast_in_dim",
    "reshape",
    "expand_dims",
    "transpose",
    "concatenate",
    "copy",
}
"""What NumPy does with keys as with numbers."""
