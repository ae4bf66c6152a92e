"""What an expression is made of; each part can be evaluated on JAX arrays, and knows its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp

Values = Mapping[str, Any]

CONSTANTS = {"pi": jnp.pi, "e": jnp.e}
FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "exp": (1, jnp.exp),
    "log": (1, jnp.log),
    "log1p": (1, jnp.log1p),
    "expm1": (1, jnp.expm1),
    "sqrt": (1, jnp.sqrt),
    "sin": (1, jnp.sin),
    "cos": (1, jnp.cos),
    "tan": (1, jnp.tan),
    "sinh": (1, jnp.sinh),
    "cosh": (1, jnp.cosh),
    "tanh": (1, jnp.tanh),
    "atan": (1, jnp.arctan),
    "abs": (1, jnp.abs),
    "sigmoid": (1, jax.nn.sigmoid),
    "softplus": (1, jax.nn.softplus),
    "floor": (1, jnp.floor),
    "min": (2, jnp.minimum),
    "max": (2, jnp.maximum),
    "where": (3, lambda condition, yes, no: jnp.where(condition != 0, yes, no)),
}
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": jnp.add,
    "-": jnp.subtract,
    "*": jnp.multiply,
    "/": jnp.divide,
    "**": jnp.power,
    "<": lambda a, b: jnp.where(a < b, 1.0, 0.0),
    ">": lambda a, b: jnp.where(a > b, 1.0, 0.0),
    "<=": lambda a, b: jnp.where(a <= b, 1.0, 0.0),
    ">=": lambda a, b: jnp.where(a >= b, 1.0, 0.0),
    "==": lambda a, b: jnp.where(a == b, 1.0, 0.0),
    "!=": lambda a, b: jnp.where(a != b, 1.0, 0.0),
}


class Node(Protocol):
    """A part of an expression."""

    def evaluate(self, values: Values) -> Any: ...
    def names(self) -> dict[str, int]:
        """The names that it uses, each with the column where it first stands."""
        ...


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float

    def evaluate(self, values: Values) -> Any:
        return jnp.asarray(self.value, float)

    def names(self) -> dict[str, int]:
        return {}


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter or a variable."""

    name: str
    column: int

    def evaluate(self, values: Values) -> Any:
        return jnp.asarray(values[self.name], float)

    def names(self) -> dict[str, int]:
        return {self.name: self.column}


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator of some parts."""

    function: Callable[..., Any]
    arguments: tuple[Node, ...]

    def evaluate(self, values: Values) -> Any:
        return self.function(*(each.evaluate(values) for each in self.arguments))

    def names(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for each in self.arguments:
            found = {**each.names(), **found}
        return found


@dataclass(frozen=True, slots=True)
class WholePower:
    """A part to a whole number, which has a derivative at 0 and below."""

    base: Node
    exponent: int

    def evaluate(self, values: Values) -> Any:
        return self.base.evaluate(values) ** self.exponent

    def names(self) -> dict[str, int]:
        return self.base.names()
