"""Codes in the data that a log-joint uses as an index: JAX takes the last entry for −1, and for a code
that is too large, and says nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.errors import ModelError
from jensen.basics.plain import given
from jensen.models.log_joint.rows import Rows

Taint = dict[Any, frozenset[int]]


def refuse_codes(jaxpr: Any, num_before: int, rows: Rows) -> None:
    """Raise a ValueError for a code beyond what it indexes: which row, which code, how many there are.

    Parameters
    ----------
    jaxpr
        Of log_joint(params, z, x), whose last inputs are those of x.
    num_before
        How many inputs come before them.
    """
    taint: Taint = {v: frozenset({i}) for i, v in enumerate(jaxpr.jaxpr.invars[num_before:])}
    for leaf, size in sorted(_indexed(jaxpr.jaxpr, taint)):
        codes = rows.leaves[leaf]
        if codes.dtype.kind not in "iu":
            continue
        wrong = np.argwhere((codes < 0) | (codes >= size))
        if len(wrong):
            first = tuple(int(i) for i in wrong[0])
            others = f", and {len(wrong) - 1} more are wrong" if len(wrong) > 1 else ""
            raise ModelError(
                f"row {first[0]} has the code {codes[first]}, which log_joint uses as an index into {size} "
                f"entries: codes go from 0 to {size - 1}{others}; leave such rows out, or count from 0"
            )


def _indexed(jaxpr: Any, taint: Taint) -> set[tuple[int, int]]:
    """(leaf, size of the axis) of every input that is an index on its own."""
    found: set[tuple[int, int]] = set()
    pieces: dict[Any, list[frozenset[int]]] = {}
    for equation in jaxpr.eqns:
        sources = [taint.get(v, frozenset()) for v in equation.invars if _is_variable(v)]
        own = frozenset[int]().union(*sources)
        inner = _inner(equation)
        if inner is not None:
            pairs = zip(inner.invars, equation.invars, strict=False)
            within = {there: taint.get(here, frozenset()) for there, here in pairs if _is_variable(here)}
            found |= _indexed(inner, within)
        for axis, leaves in _axes(equation, taint, pieces):
            if len(leaves) == 1:
                found.add((next(iter(leaves)), int(equation.invars[0].aval.shape[axis])))
        if equation.primitive.name == "concatenate":
            pieces[equation.outvars[0]] = [
                taint.get(v, frozenset()) if _is_variable(v) else frozenset() for v in equation.invars
            ]
        if equation.primitive.name in KEEPS or inner is not None:
            for out in equation.outvars:
                taint[out] = own
    return found


def _axes(
    equation: Any, taint: Taint, pieces: dict[Any, list[frozenset[int]]]
) -> list[tuple[int, frozenset[int]]]:
    """The axes that an equation indexes, and the inputs that each index comes from."""

    def of(v: Any) -> frozenset[int]:
        return taint.get(v, frozenset()) if _is_variable(v) else frozenset()

    if equation.primitive.name == "dynamic_slice":
        operand, *starts = equation.invars
        sizes = equation.params["slice_sizes"]
        return [(axis, of(v)) for axis, v in enumerate(starts) if sizes[axis] == 1 < operand.aval.shape[axis]]
    if equation.primitive.name != "gather":
        return []
    indices = equation.invars[1]
    axes = equation.params["dimension_numbers"].start_index_map
    if len(axes) == 1:
        return [(axes[0], of(indices))]
    parts = pieces.get(indices, []) if _is_variable(indices) else []
    return list(zip(axes, parts, strict=True)) if len(parts) == len(axes) else []


KEEPS = {
    "add",
    "broadcast_in_dim",
    "convert_element_type",
    "copy",
    "expand_dims",
    "lt",
    "reshape",
    "select_n",
    "slice",
    "squeeze",
    "stop_gradient",
}
"""What leaves a code a code: JAX's own handling of negative indices."""


def _inner(equation: Any) -> Any | None:
    for name in ("jaxpr", "call_jaxpr"):
        inner = equation.params.get(name)
        if inner is not None:
            return given(inner, ["jaxpr"]).get("jaxpr", inner)
    return None


def _is_variable(v: Any) -> bool:
    from jax.extend.core import Literal

    return not isinstance(v, Literal)
