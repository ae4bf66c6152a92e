"""Programs that are run once each, step by step: of thousands of them most steps are alike, and compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from jensen.testing.gradients.by_numpy import as_jax, as_numpy, of_step

HELD = ("jaxpr", "call_jaxpr", "fun_jaxpr")  # the program of a step that is one, by the name of its parameter
MOST_ROUNDS = 64  # of a loop
OPENED = {
    *("jit", "pjit", "closed_call", "core_call", "checkpoint", "remat", "remat2"),
    *("custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"),
}


class Stepwise:
    """A function, traced as ``jit`` would, once for numbers of some shapes; used as what ``jit`` returns."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.traced: dict[Any, Any] = {}

    def __call__(self, *args: Any) -> Any:
        leaves, structure = jax.tree.flatten(args)
        program, shape = self._program(leaves, structure)
        with np.errstate(all="ignore"):
            found = _run(program.jaxpr, program.consts, leaves)
        found = [as_jax(x, var.aval) for x, var in zip(found, program.jaxpr.outvars, strict=True)]
        return jax.tree.unflatten(jax.tree.structure(shape), found)

    def lower(self, *args: Any) -> Stepwise:
        self._program(*jax.tree.flatten(args))
        return self

    def compile(self, options: Any = None) -> Stepwise:
        return self

    def memory_analysis(self) -> Any:
        return SimpleNamespace(temp_size_in_bytes=0)  # it is freed at every step

    def _program(self, leaves: list[Any], structure: Any) -> Any:
        at = structure, *((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
        if at not in self.traced:
            self.traced[at] = jax.make_jaxpr(
                lambda *leaves: self.function(*jax.tree.unflatten(structure, leaves)), return_shape=True
            )(*leaves)
        return self.traced[at]


class Prepared(NamedTuple):
    """A step: what it does, what is read for it and written, and what is not needed after it."""

    does: Callable[[Sequence[Any]], Sequence[Any]]
    reads: list[Any]
    writes: list[Any]
    drops: list[Any]


@lru_cache(maxsize=2048)
def _prepared(program: Any) -> list[Prepared]:
    last = {var: i for i, step in enumerate(program.eqns) for var in step.invars if isinstance(var, core.Var)}
    kept = {var for var in program.outvars if isinstance(var, core.Var)}
    found = []
    for i, step in enumerate(program.eqns):
        here = {var for var in [*step.invars, *step.outvars] if isinstance(var, core.Var)}
        drops = [var for var in here - kept if last.get(var, i) == i]
        does = partial(STEPS[step.primitive.name], step) if step.primitive.name in STEPS else _bound(step)
        found.append(Prepared(does, [_read(var) for var in step.invars], step.outvars, drops))
    return found


def _read(var: Any) -> Any:
    """A variable, or what is written in the program, as a number."""
    return as_numpy(var.val, var.aval) if isinstance(var, core.Literal) else var


def _run(program: Any, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
    known = dict(zip([*program.constvars, *program.invars], [*consts, *args], strict=True))

    def of(var: Any) -> Any:
        return known[var] if isinstance(var, core.Var) else var

    for step in _prepared(program):
        found = step.does([of(var) for var in step.reads])
        known.update(zip(step.writes, found, strict=True))
        for var in step.drops:
            known.pop(var, None)
    return [of(_read(var)) for var in program.outvars]


def _closed(program: Any, args: Sequence[Any]) -> list[Any]:
    if isinstance(program, core.ClosedJaxpr):
        return _run(program.jaxpr, program.consts, args)
    return _run(program, [], args)


def _bound(step: Any) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """A step that is none of others, by NumPy if it can."""
    avals, made = [var.aval for var in step.invars], of_step(step)
    if made is not None:
        return lambda args: [made(*map(as_numpy, args, avals))]

    def bound(args: Sequence[Any]) -> Sequence[Any]:
        found = step.primitive.bind(*map(as_jax, args, avals), **step.params)
        return found if step.primitive.multiple_results else [found]

    return bound


def _opened(step: Any, args: Sequence[Any]) -> list[Any]:
    return _closed(next(step.params[name] for name in HELD if name in step.params), args)


def _cond(step: Any, args: Sequence[Any]) -> Sequence[Any]:
    which, *operands = args
    branches = step.params["branches"]
    return _closed(branches[min(max(int(which), 0), len(branches) - 1)], operands)


def _scan(step: Any, args: Sequence[Any]) -> Sequence[Any]:
    num_consts, num_carry = step.params["num_consts"], step.params["num_carry"]
    consts, state = args[:num_consts], args[num_consts : num_consts + num_carry]
    ins = step.invars[num_consts + num_carry :]
    each = [as_numpy(x, var.aval) for x, var in zip(args[num_consts + num_carry :], ins, strict=True)]
    length = step.params["length"]
    if not 0 < length <= MOST_ROUNDS:
        return _bound(step)(args)
    made: list[Any] = [None] * length
    for i in reversed(range(length)) if step.params["reverse"] else range(length):
        here = [x[i] for x in each]
        found = _closed(step.params["jaxpr"], [*consts, *state, *here])
        state, made[i] = found[:num_carry], found[num_carry:]
    return [*state, *(np.stack(parts) for parts in zip(*made, strict=True))]


def _while(step: Any, args: Sequence[Any]) -> Sequence[Any]:
    num_cond, num_body = step.params["cond_nconsts"], step.params["body_nconsts"]
    cond, body = step.params["cond_jaxpr"], step.params["body_jaxpr"]
    if cond.out_avals[0].shape:
        return _bound(step)(args)
    of_cond, of_body = args[:num_cond], args[num_cond : num_cond + num_body]
    state = list(args[num_cond + num_body :])
    while bool(_closed(cond, [*of_cond, *state])[0]):
        state = _closed(body, [*of_body, *state])
    return state


STEPS: dict[str, Callable[[Any, Sequence[Any]], Sequence[Any]]] = {
    **dict.fromkeys(OPENED, _opened),
    "cond": _cond,
    "scan": _scan,
    "while": _while,
}
