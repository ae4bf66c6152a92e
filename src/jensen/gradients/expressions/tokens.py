"""Text to tokens, each with its column."""

from __future__ import annotations

import re
from typing import NamedTuple

MAX_LENGTH = 10_000
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/(),;~=<>]))"
)


class ExpressionError(ValueError):
    """An expression that cannot be read, or names that it does not explain."""


class Token(NamedTuple):
    """A piece of the text: its kind (number, name, sign or end), itself, and its column from 1."""

    kind: str
    text: str
    column: int


def tokens(text: str) -> list[Token]:
    """The tokens, and one for the end."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression of {len(text)} characters is too long (at most {MAX_LENGTH})")
    found, here = [], 0
    end = len(text.rstrip())
    while here < end:
        match = _TOKEN.match(text, here)
        if match is None:
            wrong = re.compile(r"\s*").match(text, here)
            assert wrong is not None
            column = wrong.end() + 1
            hint = ": a power is written **" if text[column - 1] == "^" else ""
            raise ExpressionError(f"{pointed(text, column)}: {text[column - 1]!r} has no meaning here{hint}")
        kind = match.lastgroup
        assert kind is not None
        found.append(Token(kind, match[kind], match.start(kind) + 1))
        here = match.end()
    return [*found, Token("end", "", end + 1)]


def pointed(text: str, column: int) -> str:
    """The text, and where in it: on one line, with a caret before the place."""
    around = 30
    before, after = text[: column - 1], text[column - 1 :]
    left = ("…" + before[-around:]) if len(before) > around else before
    right = (after[:around] + "…") if len(after) > around else after
    return f"column {column} of {left}‸{right}"
