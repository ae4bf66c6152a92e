"""A walk through a program that JAX has traced, with what is known of each number."""

from __future__ import annotations

import inspect
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpyro
from jax.extend import core

from jensen.gradients.program.look.primitives import (
    BRANCHES,
    DIVIDES,
    LOOPS,
    is_complex,
    rule,
    rule_of,
    unknown,
)
from jensen.gradients.program.look.seen import (
    RULES_OF_ITS_OWN,
    Level,
    Seen,
    constant,
    joined,
    jumping,
    losing,
    together,
)

TRUSTED = (
    *(str(Path(module.__file__ or "").parent) + os.sep for module in (jax, numpyro)),
    str(Path(__file__).parents[3]) + os.sep,
)
BY_USERS = inspect.getsourcefile(jax.custom_gradient)
CALLED = {"jit", "pjit", "closed_call", "call", "core_call", "remat2", "checkpoint", "custom_vmap_call"}
MOST_ROUNDS = 12  # of a loop, until what is known of its state stays; levels and causes can only grow


def walk(program: Any, consts: Sequence[Seen], inputs: Sequence[Seen]) -> list[Seen]:
    """What is known of what a program returns, from what is known of its constants and inputs."""
    known: dict[Any, Seen] = dict(zip(program.constvars, consts, strict=True))
    known.update(zip(program.invars, inputs, strict=True))

    def of(var: Any) -> Seen:
        return constant(var.val) if isinstance(var, core.Literal) else known[var]

    for step in program.eqns:
        seen = [of(var) for var in step.invars]
        found = (rule_of(step) or _opened)(seen, step)
        if any(map(is_complex, step.outvars)):  # nothing is between ends
            found = [each.anywhere for each in found]
        known.update(zip(step.outvars, found, strict=True))
    return [of(var) for var in program.outvars]


def closed(program: Any, inputs: Sequence[Seen]) -> list[Seen]:
    """The same of a program with its constants."""
    if isinstance(program, core.ClosedJaxpr):
        return walk(program.jaxpr, [constant_of(value) for value in program.consts], inputs)
    return walk(program, [], inputs)


def constant_of(value: Any) -> Seen:
    """What is known of a constant: of a value that is traced outside, only that it may depend on θ."""
    from jax.core import Tracer

    return Seen(moves=True) if isinstance(value, Tracer) else constant(value)


def _opened(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """Of a step that calls one program with its operands, as ``jit`` does; else nothing is known."""
    inner = [value for value in step.params.values() if isinstance(value, (core.Jaxpr, core.ClosedJaxpr))]
    if step.primitive.name in CALLED and len(inner) == 1 and _fits(inner[0], len(seen), len(step.outvars)):
        return closed(inner[0], seen)
    return unknown(seen, step)


def _fits(program: Any, num_inputs: int, num_outputs: int) -> bool:
    jaxpr = program.jaxpr if isinstance(program, core.ClosedJaxpr) else program
    is_whole = isinstance(program, core.ClosedJaxpr) or not jaxpr.constvars
    return is_whole and len(jaxpr.invars) == num_inputs and len(jaxpr.outvars) == num_outputs


@rule("cond")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    which, *operands = seen
    of_branches = [closed(branch, operands) for branch in step.params["branches"]]
    each = [joined(results) for results in zip(*of_branches, strict=True)]
    if which.is_constant:
        return each
    return [jumping(BRANCHES, [which, found]) for found in each]


@rule("while")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """What is computed so often as a condition on x says may jump."""
    of_cond, of_body = step.params["cond_nconsts"], step.params["body_nconsts"]
    cond, body, state = seen[:of_cond], seen[of_cond : of_cond + of_body], list(seen[of_cond + of_body :])
    state = _settled(state, lambda now: closed(step.params["body_jaxpr"], [*body, *now]))
    asked = closed(step.params["cond_jaxpr"], [*cond, *state])[0]
    if asked.is_constant:
        return state
    after = closed(step.params["body_jaxpr"], [*body, *state])
    return [
        now if now.is_constant and _is_same(var, step, i) else jumping(LOOPS, [asked, now], always=True)
        for i, (now, var) in enumerate(zip(after, step.outvars, strict=True))
    ]


def _is_same(var: Any, step: Any, i: int) -> bool:
    """Whether a part of the state of a loop is handed on as it is."""
    body = step.params["body_jaxpr"].jaxpr
    return body.outvars[i] is body.invars[step.params["body_nconsts"] + i]


@rule("scan")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    num_consts, num_carry = step.params["num_consts"], step.params["num_carry"]
    consts, state = seen[:num_consts], list(seen[num_consts : num_consts + num_carry])
    each = seen[num_consts + num_carry :]

    def body(now: Sequence[Seen]) -> list[Seen]:
        return closed(step.params["jaxpr"], [*consts, *now, *each])

    state = _settled(state, lambda now: body(now)[:num_carry])
    return [*state, *body(state)[num_carry:]]


def _settled(state: list[Seen], body: Any) -> list[Seen]:
    """The state of a loop after any number of rounds."""
    for number in range(MOST_ROUNDS):
        after = [joined(both) for both in zip(state, body(state), strict=True)]
        if number:  # ends that still move go anywhere
            after = [
                new if _has_same_ends(old, new) else new.anywhere
                for old, new in zip(state, after, strict=True)
            ]
        if after == state:
            return state
        state = after
    return [each.anywhere if each.is_constant else jumping(BRANCHES, [each]) for each in state]


def _has_same_ends(old: Seen, new: Seen) -> bool:
    return (old.low, old.high, old.away) == (new.low, new.high, new.away)


@rule("custom_jvp_call", "custom_vjp_call")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """The function itself; whether a derivative that is by no rule of JAX is right is to be seen."""
    for name in ("call_jaxpr", "fun_jaxpr"):
        inner = step.params.get(name)
        if inner is not None and _fits(inner, len(seen), len(step.outvars)):
            found = closed(inner, seen)
            given = together(seen)
            if given.is_constant:
                return found
            if _is_trusted(step.params, inner):  # whatever is lost of the function, its rule has
                return [replace(each, lost=given.lost, lost_of_params=given.lost_of_params) for each in found]
            return [losing(RULES_OF_ITS_OWN, each, given.moves) for each in found]
    return unknown(seen, step)


def _is_trusted(params: Any, inner: Any) -> bool:
    """Whether a function and its rule are of JAX, NumPyro or jensen, by the files they are in.

    Those of `jax.custom_gradient` are in a file of JAX whatever they do, and so is a rule by ``defjvps``.
    """
    its = next((params[name] for name in ("jvp_jaxpr_fun", "fwd_jaxpr_thunk") if name in params), None)
    function, rule = _file_of(inner.jaxpr if isinstance(inner, core.ClosedJaxpr) else inner), _file_of(its)
    return function.startswith(TRUSTED) and rule.startswith(TRUSTED) and function != BY_USERS


def _file_of(made: Any) -> str:
    """Where what was traced is written; nothing where that is not known."""
    try:
        return made.debug_info.func_filename or ""
    except AttributeError:
        return ""


@rule("custom_linear_solve")
def _(seen: Sequence[Seen], step: Any) -> list[Seen]:
    """The solution of A x = b is smooth in what multiplies x and in b, whatever A is factored by."""
    multiplies = seen[: step.params["const_lengths"].matvec]
    operands = [*multiplies, *seen[-len(step.outvars) :]]
    if not together(multiplies).is_constant:  # the solution has a pole where A is singular
        return [jumping(DIVIDES, operands)] * len(step.outvars)
    if any(each.level >= Level.CUT for each in operands):
        return [jumping(BRANCHES, operands)] * len(step.outvars)
    return [together(operands)] * len(step.outvars)
