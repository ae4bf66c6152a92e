"""The grammar, by recursive descent.

::

    program     variable (";" variable)*
    variable    [name "~"] name "(" argument ("," argument)* ")"
    argument    [name "="] expression
    expression  sum [("<" | ">" | "<=" | ">=" | "==" | "!=") sum]
    sum         product (("+" | "-") product)*
    product     signed (("*" | "/") signed)*
    signed      ("-" | "+") signed | power
    power       atom ["**" signed]
    atom        number | name | name "(" expression ("," expression)* ")" | "(" expression ")"
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import jax.numpy as jnp

from jensen.gradients.expressions.nodes import (
    CONSTANTS,
    FUNCTIONS,
    OPERATORS,
    Call,
    Name,
    Node,
    Number,
    WholePower,
)
from jensen.gradients.expressions.tokens import ExpressionError, Token, pointed, tokens

MAX_DEPTH = 60
MAX_EXPONENT = 100
COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Described:
    """A variable as written: its name, the name of its distribution and where that stands, its arguments."""

    name: str
    kind: str
    column: int
    by_place: tuple[Node, ...]
    by_name: dict[str, Node]


def parse_expression(text: str) -> Node:
    """An expression such as ``x**2 * mu``; an `ExpressionError` says at which column it goes wrong."""
    parser = _Parser(text)
    node = parser.expression()
    parser.expect_end()
    return node


def parse_program(text: str) -> list[Described]:
    """``normal(mu, 1)``, or several variables: ``z ~ bernoulli(p); x ~ normal(mu + z, 1)``."""
    parser = _Parser(text)
    found = [parser.variable()]
    while parser.take(";"):
        begin = parser.next
        found.append(parser.variable())
        if found[-1].name in {each.name for each in found[:-1]}:
            raise parser.wrong(begin, f"there are two variables {found[-1].name}")
    parser.expect_end()
    return found


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """``there is no function 'sine' (sin?); there are …``."""
    known = list(known)
    near = difflib.get_close_matches(name, known, 1)
    return f"there is no {what} {name!r}{f' ({near[0]}?)' if near else ''}; there are {', '.join(known)}"


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.here = 0
        self.depth = 0

    # ---- tokens --------------------------------------------------------------------------------------------

    @property
    def next(self) -> Token:
        return self.tokens[self.here]

    def take(self, *signs: str) -> Token | None:
        """The next token, if it is one of these signs."""
        token = self.next
        if token.kind != "sign" or token.text not in signs:
            return None
        self.here += 1
        return token

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.wrong(self.next, f"expected {sign!r}")

    def expect_end(self) -> None:
        if self.next.kind != "end":
            raise self.wrong(self.next, "expected an operator or the end")

    def wrong(self, token: Token, what: str) -> ExpressionError:
        found = f", found {token.text!r}" if what.startswith("expected") and token.text else ""
        return ExpressionError(f"{pointed(self.text, token.column)}: {what}{found}")

    # ---- expressions ---------------------------------------------------------------------------------------

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(self.next, f"more than {MAX_DEPTH} levels of parentheses")
        left = self.sum()
        if sign := self.take(*COMPARISONS):
            left = Call(OPERATORS[sign.text], (left, self.sum()))
        self.depth -= 1
        return left

    def sum(self) -> Node:
        return self.chain(self.product, "+", "-")

    def product(self) -> Node:
        return self.chain(self.signed, "*", "/")

    def chain(self, part: Callable[[], Node], *signs: str) -> Node:
        """Parts joined from the left."""
        left = part()
        while sign := self.take(*signs):
            begin, right = self.next, part()
            if sign.text == "/" and not right.names() and float(right.evaluate({})) == 0.0:
                raise self.wrong(begin, "division by zero")
            left = Call(OPERATORS[sign.text], (left, right))
        return left

    def signed(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(self.next, f"more than {MAX_DEPTH} levels of signs and powers")
        if self.take("-"):
            node: Node = Call(jnp.negative, (self.signed(),))
        elif self.take("+"):
            node = self.signed()
        else:
            node = self.power()
        self.depth -= 1
        return node

    def power(self) -> Node:
        base = self.atom()
        if not self.take("**"):
            return base
        exponent = self.signed()
        whole = None if exponent.names() else float(exponent.evaluate({}))
        if whole is not None and math.isfinite(whole) and whole == int(whole) and abs(whole) <= MAX_EXPONENT:
            return WholePower(base, int(whole))
        return Call(OPERATORS["**"], (base, exponent))

    def atom(self) -> Node:
        token = self.next
        if self.take("("):
            inner = self.expression()
            self.expect(")")
            return inner
        if token.kind == "number":
            self.here += 1
            if not math.isfinite(float(token.text)):
                raise self.wrong(token, "the number is too large")
            return Number(float(token.text))
        if token.kind == "name":
            self.here += 1
            return self.call(token) if self.take("(") else self.name(token)
        raise self.wrong(token, "expected a number, a name or '('")

    def name(self, token: Token) -> Node:
        if token.text in FUNCTIONS:
            raise self.wrong(token, f"{token.text} is a function: {token.text}(…)")
        return Number(CONSTANTS[token.text]) if token.text in CONSTANTS else Name(token.text, token.column)

    def call(self, token: Token) -> Node:
        if token.text not in FUNCTIONS:
            raise self.wrong(token, unknown("function", token.text, FUNCTIONS))
        count, function = FUNCTIONS[token.text]
        arguments = [self.expression()]
        while self.take(","):
            arguments.append(self.expression())
        self.expect(")")
        if len(arguments) != count:
            raise self.wrong(
                token, f"{token.text} takes {count} argument{'s' * (count > 1)}, not {len(arguments)}"
            )
        return Call(function, tuple(arguments))

    # ---- distributions -------------------------------------------------------------------------------------

    def variable(self) -> Described:
        token = self.expect_name("a distribution")
        name = "x"
        if self.take("~"):
            name, token = token.text, self.expect_name("a distribution")
        self.expect("(")
        by_place: list[Node] = []
        by_name: dict[str, Node] = {}
        if not self.take(")"):
            self.argument(by_place, by_name)
            while self.take(","):
                self.argument(by_place, by_name)
            self.expect(")")
        return Described(name, token.text, token.column, tuple(by_place), by_name)

    def argument(self, by_place: list[Node], by_name: dict[str, Node]) -> None:
        token, after = self.next, self.tokens[min(self.here + 1, len(self.tokens) - 1)]
        if token.kind == "name" and after.text == "=":
            self.here += 2
            if token.text in by_name:
                raise self.wrong(token, f"{token.text} is given twice")
            by_name[token.text] = self.expression()
        elif by_name:
            raise self.wrong(token, "an argument by place after one by name")
        else:
            by_place.append(self.expression())

    def expect_name(self, what: str) -> Token:
        token = self.next
        if token.kind != "name":
            raise self.wrong(token, f"expected the name of {what}")
        self.here += 1
        return token
