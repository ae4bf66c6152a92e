"""Steps of JAX's programs that NumPy does: nothing is compiled for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy import special

from jensen.testing.gradients import keys
from jensen.testing.gradients.keys import from_jax, is_key, to_jax

Params = Mapping[str, Any]


def of_step(step: Any) -> Callable[..., Any] | None:
    """What NumPy does for a step, with its operands; None where JAX has to."""
    name, avals = step.primitive.name, [var.aval for var in [*step.invars, *step.outvars]]
    if any(not (_is_plain(aval) or is_key(aval)) for aval in avals):
        return None
    if any(map(is_key, avals)):
        made = keys.TABLE.get(name) or (TABLE[name] if name in keys.MOVING else None)
    else:
        made = TABLE.get(name)
    return None if made is None else made(step)


def _is_plain(aval: Any) -> bool:
    """Whether NumPy has such numbers: keys of JAX are none, and those of half precision are not its own."""
    return aval.dtype in PLAIN


PLAIN = {
    *map(np.dtype, ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")),
    *map(np.dtype, ("float32", "float64", "complex64", "complex128")),
}


def _same(function: Callable[..., Any]) -> Callable[[Any], Callable[..., Any]]:
    """A step without parameters that matter."""
    return lambda step: function


def _reduction(function: Callable[..., Any]) -> Callable[[Any], Callable[..., Any]]:
    return lambda step: (
        lambda x: function(x, axis=tuple(step.params["axes"]), dtype=step.outvars[0].aval.dtype)
    )


def _extremum(function: Callable[..., Any]) -> Callable[[Any], Callable[..., Any]]:
    return lambda step: lambda x: function(x, axis=tuple(step.params["axes"]))


def _converted(step: Any) -> Callable[..., Any] | None:
    """What real numbers beyond all integers become is JAX's own."""
    new, old = np.dtype(step.params["new_dtype"]), step.invars[0].aval.dtype
    if np.issubdtype(new, np.integer) and np.issubdtype(old, np.inexact):
        return None
    if np.issubdtype(old, np.complexfloating) and not np.issubdtype(new, np.complexfloating):
        return None
    return lambda x: x.astype(new)


def _broadcast(step: Any) -> Callable[..., Any] | None:
    if len(step.invars) > 1:
        return None
    shape, places = step.params["shape"], step.params["broadcast_dimensions"]

    def made(x: Any) -> Any:
        wide = [1] * len(shape)
        for place, size in zip(places, x.shape, strict=True):
            wide[place] = size
        return np.broadcast_to(x.reshape(wide), shape)

    return made


def _reshaped(step: Any) -> Callable[..., Any] | None:
    shape = step.outvars[0].aval.shape
    return (
        (lambda x: x.reshape(shape)) if len(step.invars) == 1 and not step.params.get("dimensions") else None
    )


def _sliced(step: Any) -> Callable[..., Any]:
    starts, ends = step.params["start_indices"], step.params["limit_indices"]
    strides = step.params["strides"] or (1,) * len(starts)
    at = tuple(map(slice, starts, ends, strides))
    return lambda x: x[at]


def _selected(step: Any) -> Callable[..., Any] | None:
    if len(step.invars) != 3 or step.invars[0].aval.dtype != bool:
        return None
    return lambda which, no, yes: np.where(which, yes, no)


def _power(step: Any) -> Callable[..., Any]:
    exponent = step.params["y"]
    one = np.ones((), step.outvars[0].aval.dtype)
    return lambda x: x**exponent if exponent >= 0 else one / x**-exponent


def _over_many(step: Any) -> Callable[..., Any]:
    axis = step.params["dimension"]
    return lambda *parts: np.concatenate(parts, axis=axis)


def _real_power(step: Any) -> Callable[..., Any] | None:
    is_real = all(np.issubdtype(var.aval.dtype, np.floating) for var in step.invars)
    return np.power if is_real else None


def _divided(step: Any) -> Callable[..., Any] | None:
    return np.divide if np.issubdtype(step.outvars[0].aval.dtype, np.inexact) else None


def _of_reals(function: Callable[..., Any]) -> Callable[[Any], Callable[..., Any] | None]:
    return lambda step: function if np.issubdtype(step.invars[0].aval.dtype, np.floating) else None


def _of_words(function: Callable[..., Any]) -> Callable[[Any], Callable[..., Any] | None]:
    return lambda step: function if np.issubdtype(step.invars[0].aval.dtype, np.unsignedinteger) else None


def _taken_for(step: Any) -> Callable[..., Any] | None:
    new, old = np.dtype(step.params["new_dtype"]), step.invars[0].aval.dtype
    return (lambda x: np.ascontiguousarray(x).view(new)) if new.itemsize == old.itemsize else None


def _summed(step: Any) -> Callable[..., Any] | None:
    axis = step.params["axis"]
    return None if step.params["reverse"] else lambda x: np.cumsum(x, axis=axis, dtype=x.dtype)


TABLE: dict[str, Callable[[Any], Callable[..., Any] | None]] = {
    "add": _same(np.add),
    "add_any": _same(np.add),
    "sub": _same(np.subtract),
    "mul": _same(np.multiply),
    "div": _divided,
    "neg": _same(np.negative),
    "max": _of_reals(np.maximum),
    "min": _of_reals(np.minimum),
    "pow": _real_power,
    "integer_pow": _power,
    "square": _same(np.square),
    "sqrt": _of_reals(np.sqrt),
    "rsqrt": _of_reals(lambda x: 1.0 / np.sqrt(x)),
    "exp": _of_reals(np.exp),
    "exp2": _of_reals(np.exp2),
    "log": _of_reals(np.log),
    "log1p": _of_reals(np.log1p),
    "expm1": _of_reals(np.expm1),
    "sin": _of_reals(np.sin),
    "cos": _of_reals(np.cos),
    "tan": _of_reals(np.tan),
    "tanh": _of_reals(np.tanh),
    "sinh": _of_reals(np.sinh),
    "cosh": _of_reals(np.cosh),
    "asinh": _of_reals(np.arcsinh),
    "atan": _of_reals(np.arctan),
    "atan2": _of_reals(np.arctan2),
    "logistic": _of_reals(special.expit),
    "erf": _of_reals(special.erf),
    "erfc": _of_reals(special.erfc),
    "erf_inv": _of_reals(special.erfinv),
    "lgamma": _of_reals(special.gammaln),
    "digamma": _of_reals(special.digamma),
    "bessel_i0e": _of_reals(special.i0e),
    "bessel_i1e": _of_reals(special.i1e),
    "shift_right_logical": _of_words(np.right_shift),
    "shift_left": _of_words(np.left_shift),
    "bitcast_convert_type": _taken_for,
    "abs": _of_reals(np.abs),
    "sign": _of_reals(np.sign),
    "floor": _of_reals(np.floor),
    "ceil": _of_reals(np.ceil),
    "is_finite": _of_reals(np.isfinite),
    "lt": _of_reals(np.less),
    "le": _of_reals(np.less_equal),
    "gt": _of_reals(np.greater),
    "ge": _of_reals(np.greater_equal),
    "eq": _same(np.equal),
    "ne": _same(np.not_equal),
    "and": _same(np.bitwise_and),
    "or": _same(np.bitwise_or),
    "xor": _same(np.bitwise_xor),
    "not": _same(np.invert),
    "select_n": _selected,
    "convert_element_type": _converted,
    "broadcast_in_dim": _broadcast,
    "reshape": _reshaped,
    "squeeze": lambda step: lambda x: x.reshape(step.outvars[0].aval.shape),
    "expand_dims": lambda step: lambda x: x.reshape(step.outvars[0].aval.shape),
    "transpose": lambda step: lambda x: np.transpose(x, step.params["permutation"]),
    "slice": _sliced,
    "rev": lambda step: lambda x: np.flip(x, step.params["dimensions"]),
    "concatenate": _over_many,
    "reduce_sum": _reduction(np.sum),
    "reduce_prod": _reduction(np.prod),
    "reduce_max": _extremum(np.max),
    "reduce_min": _extremum(np.min),
    "reduce_and": _extremum(np.all),
    "reduce_or": _extremum(np.any),
    "cumsum": _summed,
    "copy": _same(np.copy),
    "copy_p": _same(np.copy),
}


def as_numpy(x: Any, aval: Any) -> Any:
    """A number of a program, or a key."""
    if is_key(aval):
        return from_jax(x)
    return np.asarray(x, aval.dtype) if _is_plain(aval) else jnp.asarray(x)


def as_jax(x: Any, aval: Any) -> Any:
    """The same, as JAX has it."""
    return to_jax(x) if is_key(aval) and not is_key(x) else x
