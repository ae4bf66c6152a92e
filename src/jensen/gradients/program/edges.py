"""Which parameters of a distribution are θ itself, but for shapes and scales: 0 and 1 are meant there.

What a sigmoid or a softmax returns is 1 by rounding, and its derivative is 0: nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
from jax.extend import core

from jensen.basics.arrays import Params
from jensen.gradients.distributions.validity.edges import edges_of, entries_of
from jensen.gradients.distributions.validity.parts import parameter
from jensen.gradients.program.variables import Variable

PLAIN = {
    *("broadcast_in_dim", "reshape", "slice", "squeeze", "expand_dims", "concatenate", "transpose", "copy"),
    *("convert_element_type", "add", "sub", "neg", "mul", "div", "reduce_sum", "select_n", "pad", "stack"),
    *("dynamic_slice", "gather", "device_put", "add_any", "cumsum", "rev", "unstack", "split"),
}


def plain_edges(
    describe: Callable[[Params], Sequence[Variable]], params: Params
) -> dict[str, frozenset[str]]:
    """By variable: the parameters with edges that are θ, or linear in it."""
    names: list[tuple[str, str]] = []

    def values(params: Params) -> list[Any]:
        found = []
        names.clear()
        for variable in describe(params):
            if variable.parents:
                continue
            distribution = variable.given({})
            for name in edges_of(distribution):
                names.append((variable.name, name))
                found.append(parameter(entries_of(distribution), name))
        return found

    try:
        program = jax.make_jaxpr(values)(params)
    except jax.errors.JAXTypeError:  # the distribution decides by the numbers in θ
        return {}
    is_plain = _plain(program.jaxpr, [True] * len(program.jaxpr.invars))
    plain = [name for name, is_it in zip(names, is_plain, strict=True) if is_it]
    return {of: frozenset(name for other, name in plain if other == of) for of, _ in plain}


def _plain(program: Any, inputs: Sequence[bool]) -> list[bool]:
    """Of what a program returns, whether it is linear in θ."""
    known: dict[Any, bool] = dict(zip(program.invars, inputs, strict=True))

    def of(var: Any) -> bool | None:
        """None of a constant."""
        return None if isinstance(var, core.Literal) else known.get(var)

    for step in program.eqns:
        seen = [of(var) for var in step.invars]
        moving = [each for each in seen if each is not None]
        if not moving:
            continue
        inner = _inner(step.params, len(seen))
        if inner is not None:
            found = _plain(inner, [each is not False for each in seen])
        else:
            found = [all(moving) and step.primitive.name in PLAIN] * len(step.outvars)
        known.update(zip(step.outvars, found, strict=True))
    return [of(var) is True for var in program.outvars]


def _inner(params: Mapping[str, Any], num: int) -> Any:
    """The program that a step such as that of ``jit`` runs."""
    found = params.get("jaxpr")
    program = found.jaxpr if isinstance(found, core.ClosedJaxpr) else None
    return program if program is not None and len(program.invars) == num else None
