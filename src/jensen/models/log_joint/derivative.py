"""The exact derivative of a function of the parameters, for the delta method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.models.log_joint.precision import in_double, require_jax
from jensen.spaces.chart import Chart


@in_double
def derivative(chart: Chart, function: Callable[[Any], Any], u: Array) -> tuple[Any, Array] | None:
    """The value and ∂/∂u of all its numbers, (m, p); None for a function that JAX cannot follow, such as one
    in NumPy.
    """
    jax = require_jax()
    jnp = jax.numpy

    def numbers(v: Any) -> Any:
        value = function(chart.from_vector(v, jnp))
        parts = value.values() if isinstance(value, Mapping) else [value]
        return jnp.concatenate([jnp.ravel(jnp.asarray(part, dtype=float)) for part in parts])

    try:
        slopes = np.asarray(jax.jacfwd(numbers)(jnp.asarray(u)))
    except (jax.errors.JAXTypeError, TypeError, ValueError):
        return None
    value = function(chart.from_vector(u))
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}, slopes
    return _plain(value), slopes


def _plain(part: Any) -> Any:
    """As NumPy has it; a number alone as a float."""
    array = np.asarray(part, dtype=float)
    return array if array.ndim else float(array)
