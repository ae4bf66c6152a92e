"""Expressions such as ``x**2 * mu``, and distributions such as ``z ~ bernoulli(p); x ~ normal(mu + z, 1)``.

The text is cut into numbers, names and signs; `_check` says where they do not fit together. Python's parser
only finds out what belongs to what: it sees stand-ins of the same length, and no number and no name of the
text. What it returns is walked with a white list, and nothing is evaluated as Python.
"""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jensen.basics.errors import ModelError, did_you_mean, listed

MAX_LENGTH = 10_000
MAX_DEPTH = 60
MAX_OPERATORS = 200
MAX_VARIABLES = 20
MAX_EXPONENT = 100
TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/(),;~=<>]))"
)
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
OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.UAdd: jnp.positive,
    ast.USub: jnp.negative,
    ast.Add: jnp.add,
    ast.Sub: jnp.subtract,
    ast.Mult: jnp.multiply,
    ast.Div: jnp.divide,
    ast.Pow: jnp.power,
    ast.Lt: lambda a, b: jnp.where(a < b, 1.0, 0.0),
    ast.Gt: lambda a, b: jnp.where(a > b, 1.0, 0.0),
    ast.LtE: lambda a, b: jnp.where(a <= b, 1.0, 0.0),
    ast.GtE: lambda a, b: jnp.where(a >= b, 1.0, 0.0),
    ast.Eq: lambda a, b: jnp.where(a == b, 1.0, 0.0),
    ast.NotEq: lambda a, b: jnp.where(a != b, 1.0, 0.0),
}
VALUE, REST = "expected a number, a name or '('", "expected an operator or the end"


class ExpressionError(ModelError):
    """An expression that cannot be read, or names that it does not explain."""


class Token(NamedTuple):
    """A piece of the text: its kind (number, name, sign or end), itself, and its column from 1."""

    kind: str
    text: str
    column: int


@dataclass(frozen=True, slots=True)
class Expression:
    """What can be evaluated on JAX arrays.

    Attributes
    ----------
    evaluate
        The value, from those of its names.
    names
        Each with the column where it first stands.
    """

    evaluate: Callable[[Mapping[str, Any]], Any]
    names: dict[str, int]


@dataclass(frozen=True, slots=True)
class Described:
    """A variable as written: its name, the name of its distribution and where that stands, its arguments."""

    name: str
    kind: str
    column: int
    by_place: tuple[Expression, ...] = ()
    by_name: Mapping[str, Expression] = field(default_factory=dict)


def parse_expression(text: str) -> Expression:
    """An expression such as ``x**2 * mu``; an `ExpressionError` says at which column it goes wrong."""
    text = _plain(text)
    found = _tokens(text)
    _check(text, found, is_call=False)
    return _Reader(text).read(_tree(text, found))


def parse_program(text: str) -> list[Described]:
    """``normal(mu, 1)``, or several variables: ``z ~ bernoulli(p); x ~ normal(mu + z, 1)``."""
    text = _plain(text)
    variables: list[Described] = []
    piece: list[Token] = []
    for token in _tokens(text):
        piece.append(token)
        if token.text == ";" or token.kind == "end":
            begin = piece[0]
            if len(variables) == MAX_VARIABLES:
                raise _wrong(text, begin, f"more than {MAX_VARIABLES} variables")
            variables.append(_variable(text, piece))
            if variables[-1].name in {each.name for each in variables[:-1]}:
                raise _wrong(text, begin, f"there are two variables {variables[-1].name}")
            piece = []
    return variables


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """``there is no function 'sine' (did you mean 'sin'?); there are …``."""
    known = list(known)
    return f"there is no {what} {name!r}{did_you_mean(name, known)}; there are {listed(known)}"


def taken(name: str) -> str:
    """What a name means that no variable and no parameter can have; empty where it is free."""
    if name in FUNCTIONS:
        return f"{name} is a function"
    return f"{name} is a constant, {CONSTANTS[name]:.6g}" if name in CONSTANTS else ""


def pointed(text: str, column: int) -> str:
    """The text, and where in it: on one line, with a caret before the place."""
    around = 30
    before, after = text[: column - 1], text[column - 1 :]
    left = ("…" + before[-around:]) if len(before) > around else before
    right = (after[:around] + "…") if len(after) > around else after
    return f"column {column} of {left}‸{right}"


def _plain(text: str) -> str:
    """With one character for what looks alike: of a minus, and of letters such as µ."""
    for column, sign in enumerate(text, 1):
        if unicodedata.decomposition(sign).startswith("<super>"):  # ² would be a 2 in a name
            where = pointed(text, column)
            raise ExpressionError(f"{where}: {sign!r} has no meaning here: a power is written **")
    return unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")


def _tokens(text: str) -> list[Token]:
    """The tokens, and one for the end."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression of {len(text)} characters is too long (at most {MAX_LENGTH})")
    found, here, end = [], 0, len(text.rstrip())
    while here < end:
        match = TOKEN.match(text, here)
        if match is None:
            column = end - len(text[here:end].lstrip()) + 1
            sign = text[column - 1]
            hint = ": a power is written **" if sign == "^" else ""
            raise ExpressionError(f"{pointed(text, column)}: {sign!r} has no meaning here{hint}")
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind) + 1))
        here = match.end()
    return [*found, Token("end", "", end + 1)]


def _wrong(text: str, token: Token, what: str) -> ExpressionError:
    found = f", found {token.text!r}" if what.startswith("expected") and token.text else ""
    return ExpressionError(f"{pointed(text, token.column)}: {what}{found}")


def _check(text: str, tokens: list[Token], is_call: bool) -> None:
    """Whether values and operators alternate and parentheses match; the last token is what ends them.

    Of a call, such as ``normal(loc=mu)``, arguments may have names, and nothing follows it.
    """
    is_of_function: list[bool] = []  # of every parenthesis that is open
    wants_value, num_operators, before = True, 0, Token("end", "", 0)
    for i, token in enumerate(tokens[:-1]):
        is_open = token.text == "("
        if wants_value and not (is_open or token.kind != "sign" or token.text in "+-"):
            raise _wrong(text, token, VALUE)
        if not wants_value and (token.kind != "sign" or (is_open and before.kind != "name")):
            raise _wrong(text, token, REST)
        if is_open:
            is_of_function.append(not wants_value)
            if len(is_of_function) > MAX_DEPTH:
                raise _wrong(text, token, f"more than {MAX_DEPTH} levels of parentheses")
        elif token.text == ")":
            if not is_of_function:
                raise _wrong(text, token, REST)
            is_of_function.pop()
            if is_call and not is_of_function and i + 2 < len(tokens):
                raise _wrong(text, tokens[i + 1], "expected ';' or the end")
        elif token.text == ",":
            if not (is_of_function and is_of_function[-1]):
                raise _wrong(text, token, "expected ')'" if is_of_function else REST)
        elif token.text == "=":
            starts = i > 1 and tokens[i - 2].text in ("(", ",") and before.kind == "name"
            if not (is_call and len(is_of_function) == 1 and starts):
                raise _wrong(text, token, "expected an operator")
        elif token.text in (";", "~"):
            raise _wrong(text, token, REST)
        elif token.kind == "sign":
            num_operators += 1
            if num_operators > MAX_OPERATORS:
                raise _wrong(text, token, f"more than {MAX_OPERATORS} operators")
        wants_value = token.kind == "sign" and token.text != ")"
        before = token
    if wants_value or is_of_function:
        raise _wrong(text, tokens[-1], VALUE if wants_value else "expected ')'")


def _tree(text: str, tokens: list[Token]) -> ast.expr:
    """What belongs to what. The columns are those of the text: a parenthesis around all counts as the 0th."""
    shown = [" "] * len(text)
    for kind, written, column in tokens[:-1]:
        stand_in = {"name": "_" * len(written), "number": "1." + "0" * len(written), "sign": written}[kind]
        shown[column - 1 : column - 1 + len(written)] = stand_in[: len(written)]
    return ast.parse(f"({''.join(shown)})", mode="eval").body


def _variable(text: str, tokens: list[Token]) -> Described:
    """From the tokens of one variable, and what ends them."""
    name, here = "x", 0
    if tokens[0].kind == "name" and tokens[1].text == "~":
        name, here = tokens[0].text, 2
        if why := taken(name):
            raise _wrong(text, tokens[0], f"{why}; give the variable another name")
    kind, rest = tokens[here], tokens[here:]
    if kind.kind != "name":
        raise _wrong(text, kind, "expected the name of a distribution")
    if rest[1].text != "(":
        raise _wrong(text, rest[1], "expected '('")
    if [each.text for each in rest[1:-1]] == ["(", ")"]:
        return Described(name, kind.text, kind.column)
    named = [i for i, each in enumerate(rest) if each.text == "="]
    _check(text, rest, is_call=True)
    for i in named:  # as Python has it too, in its own words
        if rest[i - 1].text in {rest[j - 1].text for j in named if j < i}:
            raise _wrong(text, rest[i - 1], f"{rest[i - 1].text} is given twice")
    # The names of arguments are not Python's business: without them, arguments are all by place.
    tree = _tree(text, [each for i, each in enumerate(rest) if i not in named and i + 1 not in named])
    assert isinstance(tree, ast.Call)
    by_place: list[Expression] = []
    by_name: dict[str, Expression] = {}
    starts = _starts(rest)
    for begin, argument in zip(starts, tree.args, strict=True):
        expression = _Reader(text).read(argument)
        if begin + 1 in named:
            by_name[rest[begin].text] = expression
        elif by_name:
            raise _wrong(text, rest[begin], "an argument by place after one by name")
        else:
            by_place.append(expression)
    return Described(name, kind.text, kind.column, tuple(by_place), by_name)


def _starts(tokens: list[Token]) -> list[int]:
    """Where the arguments of a call begin."""
    depth, found = 0, []
    for i, token in enumerate(tokens):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 1 and token.text in ("(", ",") and not (token.text == "(" and found):
            found.append(i + 1)
    return found


class Part(NamedTuple):
    """A part of an expression: how it is evaluated, and its value where it has no names.

    Each step takes the values before it, as many as are said, and leaves one; the first of all takes names.
    """

    steps: tuple[tuple[Callable[..., Any], int], ...]
    constant: Any = None

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """Step by step: as long as an expression may be, there is no recursion."""
        found: list[Any] = []
        for function, num in self.steps:
            given = found[len(found) - num :] if num else [values]
            found[len(found) - num :] = [function(*given)]
        return found[0]


class _Reader:
    """The white list: from what Python's parser returns to functions of JAX arrays."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names: dict[str, int] = {}

    def read(self, node: ast.expr) -> Expression:
        return Expression(self.built(node).evaluate, self.names)

    def written(self, node: ast.expr) -> Token:
        """What stands in the text where a name or a number is."""
        return Token("", self.text[node.col_offset - 1 : (node.end_col_offset or 0) - 1], node.col_offset)

    def built(self, node: ast.expr) -> Part:
        match node:
            case ast.Constant():
                return self.number(self.written(node))
            case ast.Name():
                return self.name(self.written(node))
            case ast.Call(func=ast.Name() as function, args=arguments, keywords=[]):
                return self.call(self.written(function), arguments)
            case ast.UnaryOp(op=operator, operand=part) if type(operator) in OPERATORS:
                return _applied(OPERATORS[type(operator)], [self.built(part)])
            case ast.BinOp(left=base, op=ast.Pow(), right=exponent):
                return self.power(base, exponent)
            case ast.BinOp(left=left, op=operator, right=right) if type(operator) in OPERATORS:
                parts = [self.built(left), self.built(right)]
                if isinstance(operator, ast.Div) and parts[1].constant == 0.0:
                    raise _wrong(self.text, self.first(right), "division by zero")
                return _applied(OPERATORS[type(operator)], parts)
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in OPERATORS:
                return _applied(OPERATORS[type(operator)], [self.built(left), self.built(right)])
            case ast.Compare(comparators=[_, second, *_]):
                raise _wrong(self.text, self.first(second), "a comparison has two sides: (a < b) * (b < c)")
        raise _wrong(self.text, self.first(node), VALUE)

    def first(self, node: ast.expr) -> Token:
        """The place where a part begins, with the parentheses that it stands in."""
        column = node.col_offset
        while self.text[: column - 1].rstrip().endswith("("):
            column = len(self.text[: column - 1].rstrip())
        return Token("", "", column)

    def number(self, written: Token) -> Part:
        value = float(written.text)
        if not math.isfinite(value):
            raise _wrong(self.text, written, "the number is too large")
        return _constant(value)

    def name(self, written: Token) -> Part:
        name = written.text
        if name in FUNCTIONS:
            raise _wrong(self.text, written, f"{name} is a function: {name}(…)")
        if name in CONSTANTS:
            return _constant(CONSTANTS[name])
        self.names.setdefault(name, written.column)
        return Part(((lambda values: jnp.asarray(values[name], float), 0),))

    def call(self, function: Token, arguments: list[ast.expr]) -> Part:
        if function.text not in FUNCTIONS:
            raise _wrong(self.text, function, unknown("function", function.text, FUNCTIONS))
        count, made = FUNCTIONS[function.text]
        if len(arguments) != count:
            told = f"{function.text} takes {count} argument{'s' * (count > 1)}, not {len(arguments)}"
            raise _wrong(self.text, function, told)
        return _applied(made, [self.built(each) for each in arguments])

    def power(self, base: ast.expr, exponent: ast.expr) -> Part:
        """To a whole number it has a derivative at 0 and below."""
        of, to = self.built(base), self.built(exponent)
        whole = math.nan if to.constant is None else float(to.constant)
        if whole.is_integer() and abs(whole) <= MAX_EXPONENT:
            return _applied(lambda value: value ** int(whole), [of])
        return _applied(jnp.power, [of, to])


def _constant(value: float) -> Part:
    return Part(((lambda values: jnp.asarray(value, float), 0),), jnp.asarray(value, float))


def _applied(function: Callable[..., Any], parts: list[Part]) -> Part:
    """A function of parts, evaluated at once where all are constant."""
    constants = [part.constant for part in parts]
    return Part(
        (*(step for part in parts for step in part.steps), (function, len(parts))),
        None if any(each is None for each in constants) else function(*constants),
    )
