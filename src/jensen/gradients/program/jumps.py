"""Whether f jumps in a variable that moves, or in θ where it is compared with a variable.

f is traced, and its program is walked: what is done with the variable is known to be continuous, or may jump
(`look`). Where it may, f is looked at along lines from value to value: branches may meet.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jax.extend import core

from jensen.basics.arrays import Params
from jensen.gradients.distributions.validity.tracers import concrete
from jensen.gradients.program.look.primitives import LOOPS
from jensen.gradients.program.look.seen import Level, Seen, worst
from jensen.gradients.program.look.walk import constant_of, walk
from jensen.gradients.program.untraceable import UntraceableError

PARAMS = " params"  # which no variable is called


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
        As JAX has it, with its constants.
    owners
        What each of its inputs belongs to: a variable, by name, or `PARAMS`.
    """

    program: Any
    owners: list[str]


def jumps(of: Traced, real: Container[str], within: Mapping[str, Seen]) -> tuple[list[Jump], list[Jump]]:
    """The jumps in each variable that is a ``real`` number: the first with θ in it, and the first without.
    Then what f stops the derivative in, which may be right.

    Where a variable is discrete f may jump in it; but of what it is in with θ, the derivative in θ may be
    lost. ``within`` says between which ends each variable is.
    """
    found: list[Jump] = []
    stopped: list[Jump] = []
    for name in within:
        seen = _seen(of, name, within)
        is_real = name in real
        causes = sorted({cause for each in seen if each.jumps for cause in each.causes} if is_real else ())
        lost = worst(each.lost_of_params for each in seen)
        if lost and not any(has_params for _, has_params in causes):
            stopped.append(Jump(lost, name, True))
        if not is_real:
            continue
        for with_params in (True, False):
            kinds = [what for what, has_params in causes if has_params == with_params]
            found += [Jump(kinds[0], name, with_params)] if kinds else []
        if (lost := worst(each.lost for each in seen)) and not causes:
            stopped.append(Jump(lost, name, False))
    return found, stopped


def _seen(of: Traced, name: str, within: Mapping[str, Seen]) -> list[Seen]:
    """What is known of all that is returned, as functions of one variable."""
    here = within.get(name, Seen())
    moving = Seen(Level.ANALYTIC, low=here.low, high=here.high, away=here.away, every=True)
    known = {PARAMS: Seen(moves=True), name: moving}
    inputs = [known.get(owner, within.get(owner, Seen())) for owner in of.owners]
    consts = [constant_of(value) for value in of.program.consts]
    return walk(of.program.jaxpr, consts, inputs)


def may_go_on(of: Traced) -> bool:
    """Whether a loop goes on as long as is said by its inputs: at others it may never end."""
    seen = walk(
        of.program.jaxpr,
        [constant_of(value) for value in of.program.consts],
        [Seen(Level.ANALYTIC)] * len(of.owners),
    )
    return any(what == LOOPS for each in seen for what, _ in each.causes)


def depends(of: Traced) -> bool:
    """Whether the first thing that is returned is computed from the variables; also where there is none."""
    program = of.program.jaxpr
    if not program.outvars:
        return True
    tainted = {var for var, owner in zip(program.invars, of.owners, strict=True) if owner != PARAMS}
    for step in program.eqns:
        if any(isinstance(var, core.Var) and var in tainted for var in step.invars):
            tainted.update(step.outvars)
    first = program.outvars[0]
    return isinstance(first, core.Var) and first in tainted


def width(program: Any) -> int:
    """The most numbers that a step of a program makes, at once."""
    most = 1
    for step in program.eqns:
        inner = [each for value in step.params.values() for each in _programs(value)]
        most = max(most, *(math.prod(var.aval.shape) for var in step.outvars), *map(width, inner))
    return most


RANDOM = {"random_bits", "random_gamma", "threefry2x32", "rng_bit_generator", "rng_uniform"}


def draws_numbers(program: Any) -> bool:
    """Whether a program draws random numbers."""
    return any(
        step.primitive.name in RANDOM
        or any(draws_numbers(each) for value in step.params.values() for each in _programs(value))
        for step in program.eqns
    )


def narrows(program: Any) -> bool:
    """Whether a program makes numbers of fewer bits of others, on the way."""
    return any(
        (step.primitive.name == "convert_element_type" and _bits(step.outvars[0]) < _bits(step.invars[0]))
        or step.primitive.name == "reduce_precision"
        or any(narrows(each) for value in step.params.values() for each in _programs(value))
        for step in program.eqns
    )


def _bits(var: Any) -> float:
    """Of a real number; of others that is not told."""
    kind = var.aval.dtype
    return jnp.finfo(kind).bits if jnp.issubdtype(kind, jnp.floating) else math.nan


def _programs(value: Any) -> Iterator[Any]:
    for each in value if isinstance(value, (tuple, list)) else [value]:
        if isinstance(each, (core.Jaxpr, core.ClosedJaxpr)):
            yield each.jaxpr if isinstance(each, core.ClosedJaxpr) else each


TRACED: ContextVar[dict[Any, Traced] | None] = ContextVar("TRACED", default=None)


@contextmanager
def traced_once() -> Iterator[None]:
    """Within, as while estimators of one gradient are compared, a program is not traced a second time."""
    token = TRACED.set({} if TRACED.get() is None else TRACED.get())
    try:
        yield
    finally:
        TRACED.reset(token)


def traced(
    f: Callable[[Any, Params], Any], values: Mapping[str, Any], params: Params, what: Any = None
) -> Traced:
    """The program of ``f(values, params)``; ``values`` is a dict of shapes and types by name.

    ``what`` f does is the same where that is; where it is None, or has no hash, that is not known.
    """
    known = TRACED.get()
    leaves, structure = jax.tree.flatten((dict(values), params))
    at = what, structure, *((jnp.shape(leaf), jnp.result_type(leaf)) for leaf in leaves)
    if known is None or what is None or not _has_hash(at):
        return _traced(f, values, params)
    if at in known:
        return known[at]
    found = _traced(f, values, params)
    if len(found.owners) == len(leaves) and not _is_of_a_trace(found):  # all numbers are inputs of it
        known[at] = found
    return found


def _has_hash(at: Any) -> bool:
    try:
        hash(at)
    except TypeError:
        return False
    return True


def _is_of_a_trace(of: Traced) -> bool:
    return any(isinstance(value, Tracer) for value in of.program.consts)


def _traced(f: Callable[[Any, Params], Any], values: Mapping[str, Any], params: Params) -> Traced:
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
        return Traced(jax.make_jaxpr(of)(values, moving), owners + [PARAMS] * len(moving))
    except (jax.errors.JAXTypeError, UntraceableError):  # f decides by the numbers in θ
        known = [leaf if concrete(leaf) is None else concrete(leaf) for leaf in moving]
        return Traced(jax.make_jaxpr(lambda values: of(values, known))(values), owners)


def inside(ends: Sequence[float], is_real: bool = True) -> Seen:
    """What is known of the values of a distribution whose support has these ends.

    A real number has no mass at one.
    """
    low, high = ends
    away = low >= 0.0 or high <= 0.0 if is_real else low > 0.0 or high < 0.0
    return Seen().between(low, high, away)
