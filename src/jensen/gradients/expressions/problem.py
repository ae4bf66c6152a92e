"""An expression and its distributions as the f, distribution and θ of `expectation`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax

from jensen.gradients.expressions.families import FAMILIES
from jensen.gradients.expressions.language import (
    Described,
    Expression,
    ExpressionError,
    parse_expression,
    parse_program,
    pointed,
    taken,
    unknown,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What `expectation` and `compare` take."""

    f: Callable[[Any, Any], Any]
    distribution: Callable[[Any], Any]
    params: dict[str, float]


def problem(expression: str, distribution: str, at: Mapping[str, float]) -> Problem:
    """E of an expression such as ``x**2`` under ``normal(mu, 1)``, at ``{"mu": 0.5}``.

    Several variables are written ``z ~ bernoulli(p); x ~ normal(mu + z, 1)``; a single one is called x.

    Examples
    --------
    >>> from jensen import gradients as gr
    >>> asked = problem("x**2", "normal(mu, 1)", {"mu": 0.5})
    >>> F = gr.expectation(asked.f, asked.distribution, gr.Exact())
    >>> round(float(F(asked.params)), 3)
    1.25
    """
    variables = parse_program(distribution)
    cost = parse_expression(expression)
    arguments = {each.name: _arguments(each, distribution) for each in variables}
    _require_known(cost, expression, arguments, distribution, at)
    for each in variables:
        _require_domain(each, arguments[each.name], distribution, at)

    def f(x: Any, params: Any) -> Any:
        return cost.evaluate({**params, **x})

    def described(params: Any) -> dict[str, Any]:
        return {each.name: _made(each, arguments, params) for each in variables}

    return Problem(f, described, {name: float(value) for name, value in at.items()})


def _arguments(described: Described, text: str) -> dict[str, Expression]:
    """The arguments of a distribution by the names of its parameters."""

    def fail(what: str) -> None:
        raise ExpressionError(f"{pointed(text, described.column)}: {what}")

    kind = described.kind
    if kind not in FAMILIES:
        fail(unknown("distribution", kind, FAMILIES))
    family = FAMILIES[kind]
    form = f"{kind}({', '.join(family.parameters)})"
    if len(described.by_place) > len(family.parameters):
        fail(f"{len(described.by_place)} arguments for {form}")
    given = dict(zip(family.parameters, described.by_place, strict=False))
    for name, node in described.by_name.items():
        if name not in family.parameters or name in given:
            fail(f"{name} is {'given twice to' if name in given else 'no parameter of'} {form}")
        given[name] = node
    if missing := [name for name in family.parameters if name not in given and name not in family.defaults]:
        fail(f"{form} needs {' and '.join(missing)}")
    return given


def _require_known(
    cost: Expression,
    expression: str,
    arguments: Mapping[str, Mapping[str, Expression]],
    text: str,
    at: Mapping[str, float],
) -> None:
    """Every name is a variable or bound, every variable has one meaning, every bound name is used."""
    used: set[str] = set()
    for where, node in [
        (expression, cost),
        *((text, n) for each in arguments.values() for n in each.values()),
    ]:
        for name, column in node.names.items():
            if name not in arguments and name not in at:
                variables = ", ".join(arguments)
                raise ExpressionError(
                    f"{pointed(where, column)}: {name} is neither a variable ({variables}) nor bound: "
                    f"--at {name}=VALUE"
                )
            used.add(name)
    for name, value in at.items():
        if why := f"{name} is a variable" if name in arguments else taken(name):
            raise ExpressionError(f"--at {name}: {why}; give the parameter another name")
        if name not in used:
            raise ExpressionError(f"--at {name}: the name appears nowhere")
        if not math.isfinite(value):
            raise ExpressionError(f"--at {name}: the value must be finite, not {value}")


def _require_domain(
    described: Described, arguments: Mapping[str, Expression], text: str, at: Mapping[str, float]
) -> None:
    """The parameters that depend on no other variable are where they may be."""
    family = FAMILIES[described.kind]
    values = {name: family.defaults[name] for name in family.defaults if name not in arguments}
    with jax.enable_x64(True):
        for name, node in arguments.items():
            if node.names.keys() <= at.keys():
                values[name] = float(node.evaluate(at))
    if why := family.violation(values):
        raise ExpressionError(f"{pointed(text, described.column)}: {why}")


def _made(described: Described, arguments: Mapping[str, Mapping[str, Expression]], params: Any) -> Any:
    """A distribution, or a function of its parents."""
    family, mine = FAMILIES[described.kind], arguments[described.name]
    names = {name for node in mine.values() for name in node.names}
    parents = [name for name in arguments if name in names]

    def make(**values: Any) -> Any:
        found = {name: node.evaluate({**params, **values}) for name, node in mine.items()}
        return family.make(**{**family.defaults, **found})

    if not parents:
        return make()
    kind = inspect.Parameter.KEYWORD_ONLY
    make.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in parents])  # type: ignore[attr-defined]
    return make
