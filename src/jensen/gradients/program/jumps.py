"""Whether f jumps in a variable that moves, or in θ where it is compared with a variable.

f is traced, and comparisons and roundings of what depends on the variable are looked for. That is a hint:
where a comparison chooses between branches that meet, nothing is lost. Left alone are tests of equality
between real numbers (true with probability zero), what is chosen where something is not finite, the infinity
that a log density is outside of its support, and what comes after `jax.lax.stop_gradient`; functions with
derivative rules of their own (softplus, xlogy) are not looked into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jensen.gradients.distributions.validity.tracers import concrete

Steps = list[tuple[Any, list[bool]]]

JUMPS = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), "compares"),
    **dict.fromkeys(("floor", "ceil", "round", "rem", "convert_element_type"), "rounds"),
    **dict.fromkeys(("sign", "argmax", "argmin", "sort"), "takes the sign or the place of"),
}
TEST, INFINITE = "test", "infinite"
KEEPING = ("broadcast_in_dim", "convert_element_type", "reshape", "neg", "squeeze")
SMOOTH = ("stop_gradient", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr")


class Jump(NamedTuple):
    """Of f.

    Attributes
    ----------
    what
        What f does with the variable: "compares".
    name
        Of the variable.
    with_theta
        Whether it is compared with something that depends on θ.
    """

    what: str
    name: str
    with_theta: bool


def jumps(
    f: Callable[[Any, Any], Any], values: Mapping[str, Any], theta: Any, names: Iterable[str]
) -> list[Jump]:
    """The jumps of ``f(values, theta)`` in each variable: the first with θ in it, and the first without.

    ``values`` is a dict of shapes and types by name; f may return anything that counts.
    """
    found: list[Jump] = []
    leaves, structure = jax.tree.flatten(theta)
    real = [i for i, leaf in enumerate(leaves) if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)]
    for name in names:
        others = {other: value for other, value in values.items() if other != name}

        def of_one(x: Any, others: Any, moving: Any, name: str = name) -> Any:
            here = list(leaves)
            for i, leaf in zip(real, moving, strict=True):
                here[i] = leaf
            return f({**others, name: x}, jax.tree.unflatten(structure, here))

        seen = _seen(of_one, values[name], others, [leaves[i] for i in real])
        for with_theta in (True, False):
            kinds = [what for what, has_theta in seen if has_theta == with_theta]
            found += [Jump(kinds[0], name, with_theta)] if kinds else []
    return found


def _seen(f: Any, x: Any, others: Any, theta: list[Any]) -> list[tuple[str, bool]]:
    try:
        traced = jax.make_jaxpr(f)(x, others, theta).jaxpr
    except NameError:  # f asks which draw it is in: it cannot be traced by itself
        return []
    except jax.errors.JAXTypeError:  # f decides by the numbers in θ
        known = [leaf if concrete(leaf) is None else concrete(leaf) for leaf in theta]
        traced = jax.make_jaxpr(lambda x, others: f(x, others, known))(x, others).jaxpr
    num_x = len(jax.tree.leaves(x))
    num_others = len(jax.tree.leaves(others))
    num_theta = len(traced.invars) - num_x - num_others
    colors = [frozenset({"x"})] * num_x + [frozenset()] * num_others + [frozenset({"theta"})] * num_theta
    return list(_jumps(traced, colors))


Colors = frozenset[str]


def _jumps(program: Any, inputs: list[Colors]) -> Iterable[tuple[str, bool]]:
    """What is done with what depends on x, and whether θ is in it too."""
    colors = dict(zip(map(id, program.invars), inputs, strict=True))
    for step, wanted in _used(program, [""] * len(program.invars), [True] * len(program.outvars)):
        mine = [
            colors.get(id(var), frozenset()) if is_wanted else frozenset()
            for var, is_wanted in zip(step.invars, wanted, strict=True)
        ]
        if step.primitive.name in SMOOTH:
            continue
        together = frozenset[str]().union(*mine)
        if "x" in together and _is_jump(step):
            yield JUMPS[step.primitive.name], "theta" in together
            continue
        for inner in _inner(step.params):
            same = len(inner.invars) == len(mine)
            yield from _jumps(inner, mine if same else [together] * len(inner.invars))
        colors.update(dict.fromkeys(map(id, step.outvars), together))


def _is_jump(step: Any) -> bool:
    name, dtype = step.primitive.name, step.invars[0].aval.dtype if step.invars else None
    is_real = dtype is not None and jnp.issubdtype(dtype, jnp.inexact)
    if name in ("convert_element_type", "sort"):
        return is_real and any(jnp.issubdtype(var.aval.dtype, jnp.integer) for var in step.outvars)
    return name in JUMPS and (name not in ("eq", "ne") or not is_real)


def _used(program: Any, marks: list[str], wanted: list[bool]) -> Steps:
    """The steps whose results count, each with the inputs that do.

    Inputs are marked "test" (of finiteness) or "infinite". Of a choice by such a test, or between something
    and infinity, only what is chosen where all is finite counts.
    """
    marked = dict(zip(map(id, program.invars), marks, strict=True))
    for step in program.eqns:
        marked.update(
            dict.fromkeys(map(id, step.outvars), _mark(step, [_of(marked, v) for v in step.invars]))
        )
    needed = {id(var) for var, is_wanted in zip(program.outvars, wanted, strict=True) if is_wanted}
    used: Steps = []
    for step in reversed(program.eqns):
        outputs = [id(var) in needed for var in step.outvars]
        if any(outputs):
            mine = _wanted(step, [_of(marked, var) for var in step.invars], outputs)
            used.append((step, mine))
            needed |= {id(var) for var, is_wanted in zip(step.invars, mine, strict=True) if is_wanted}
    return used[::-1]


def _of(marked: dict[int, str], var: Any) -> str:
    if isinstance(var, core.Literal):
        return "" if np.all(np.isfinite(var.val)) else INFINITE
    return marked.get(id(var), "")


def _mark(step: Any, marks: list[str]) -> str:
    """Of the results of a step."""
    if step.primitive.name == "is_finite":
        return TEST
    if step.primitive.name == "and" and set(marks) == {TEST}:
        return TEST
    return marks[0] if step.primitive.name in KEEPING else ""


def _wanted(step: Any, marks: list[str], outputs: list[bool]) -> list[bool]:
    """The inputs of a step that count."""
    if step.primitive.name == "select_n" and len(marks) == 3:
        if marks[0] == TEST:
            return [False, False, True]
        if INFINITE in marks[1:]:
            return [False, *(mark != INFINITE for mark in marks[1:])]
    inner = _inner(step.params)
    if len(inner) != 1 or len(inner[0].invars) != len(marks) or len(inner[0].outvars) != len(outputs):
        return [True] * len(marks)
    program = inner[0]
    counted = {id(var) for var, is_wanted in zip(program.outvars, outputs, strict=True) if is_wanted}
    for inside, mine in _used(program, marks, outputs):
        counted |= {id(var) for var, is_wanted in zip(inside.invars, mine, strict=True) if is_wanted}
    return [id(var) in counted for var in program.invars]


def _inner(params: dict[str, Any]) -> list[Any]:
    """The functions inside a step: of jit, scan, cond and the like."""
    leaves = [leaf for value in params.values() for leaf in (value if isinstance(value, tuple) else (value,))]
    opened = [getattr(leaf, "jaxpr", leaf) for leaf in leaves]
    return [leaf for leaf in opened if hasattr(leaf, "eqns")]
