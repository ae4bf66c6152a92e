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

from jensen.basics.arrays import Params
from jensen.gradients.distributions.validity.tracers import concrete

Steps = list[tuple[Any, list[bool]]]
Colors = frozenset[str]

JUMPS = {
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne"), "compares"),
    **dict.fromkeys(("floor", "ceil", "round", "rem", "convert_element_type"), "rounds"),
    **dict.fromkeys(("sign", "argmax", "argmin", "sort"), "takes the sign or the place of"),
}
TEST, INFINITE = "test", "infinite"
X, PARAMS = " x", " params"  # which no variable is called
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
    with_params
        Whether it is compared with something that depends on θ.
    """

    what: str
    name: str
    with_params: bool


class Traced(NamedTuple):
    """The program of a function of the values of variables and of params.

    Attributes
    ----------
    program
        As JAX has it.
    owners
        What each of its inputs belongs to: a variable, by name, or `PARAMS`.
    """

    program: Any
    owners: list[str]


def jumps(of: Traced, values: Mapping[str, Any]) -> list[Jump]:
    """The jumps in each variable that is a real number: the first with θ in it, and the first without."""
    found: list[Jump] = []
    for name in values:
        if not all(jnp.issubdtype(leaf.dtype, jnp.inexact) for leaf in jax.tree.leaves(values[name])):
            continue
        seen = list(_jumps(of.program, [_colors(owner, name) for owner in of.owners]))
        for with_params in (True, False):
            kinds = [what for what, has_params in seen if has_params == with_params]
            found += [Jump(kinds[0], name, with_params)] if kinds else []
    return found


def _colors(owner: str, name: str) -> Colors:
    return frozenset({X}) if owner == name else frozenset({owner} & {PARAMS})


def depends(of: Traced) -> bool:
    """Whether the first thing that is returned is computed from the variables."""
    tainted = {var for var, owner in zip(of.program.invars, of.owners, strict=True) if owner != PARAMS}
    for step in of.program.eqns:
        if any(isinstance(var, core.Var) and var in tainted for var in step.invars):
            tainted.update(step.outvars)
    first = of.program.outvars[0]
    return isinstance(first, core.Var) and first in tainted


def traced(f: Callable[[Any, Params], Any], values: Mapping[str, Any], params: Params) -> Traced:
    """The program of ``f(values, params)``; ``values`` is a dict of shapes and types by name."""
    leaves, structure = jax.tree.flatten(params)
    real = [i for i, leaf in enumerate(leaves) if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)]

    def of(values: Any, moving: Any) -> Any:
        here = list(leaves)
        for i, leaf in zip(real, moving, strict=True):
            here[i] = leaf
        return f(values, jax.tree.unflatten(structure, here))

    values, moving = dict(values), [leaves[i] for i in real]
    owners = [name for name in sorted(values) for _ in jax.tree.leaves(values[name])]  # as JAX has dicts
    try:
        return Traced(jax.make_jaxpr(of)(values, moving).jaxpr, owners + [PARAMS] * len(moving))
    except jax.errors.JAXTypeError:  # f decides by the numbers in θ
        known = [leaf if concrete(leaf) is None else concrete(leaf) for leaf in moving]
        return Traced(jax.make_jaxpr(lambda values: of(values, known))(values).jaxpr, owners)


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
        if X in together and _is_jump(step):
            yield JUMPS[step.primitive.name], PARAMS in together
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


def _inner(held: dict[str, Any]) -> list[Any]:
    """The functions inside a step: of jit, scan, cond and the like."""
    leaves = [leaf for value in held.values() for leaf in (value if isinstance(value, tuple) else (value,))]
    opened = [leaf.jaxpr if isinstance(leaf, core.ClosedJaxpr) else leaf for leaf in leaves]
    return [leaf for leaf in opened if isinstance(leaf, core.Jaxpr)]
