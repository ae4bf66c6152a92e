"""What a door says when it does not open: what is wrong, where, and what to do, in one line.

All errors that are raised on purpose are `JensenError`, and so is every one a ``ValueError``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 300  # letters of a message
TAIL = 90  # of these, from its end: what to do is said last


class JensenError(ValueError):
    """The base of all errors that are raised on purpose: one line, and no more than can be read at once."""

    def __init__(self, message: object = "") -> None:
        super().__init__(short(str(message)))


class DataError(JensenError):
    """Data, weights or a file that cannot be used."""


class DataTypeError(DataError, TypeError):
    """Data of a kind that cannot be used: sparse, or with a cell that is neither a number nor text."""


class ModelError(JensenError):
    """A model, its params, a function or an option that cannot be used."""


class ModelTypeError(ModelError, TypeError):
    """Something of another kind where a model, params, a function or an option is expected."""


def short(message: str) -> str:
    """A message in one line that can be read at once: of what is longer, the beginning and the end."""
    line = re.sub(r"\s*\n\s*", " ", message)
    line = line.encode("utf-8", "backslashreplace").decode("utf-8")  # a lone surrogate cannot be printed
    return line if len(line) <= LONGEST else f"{line[: LONGEST - TAIL - 3]} … {line[-TAIL:]}"


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """``" (did you mean 'waiting'?)"``, or nothing where no known name is near."""
    from difflib import get_close_matches  # only ever needed for an error

    folded = {other.casefold(): other for other in known}
    near = get_close_matches(name.casefold(), folded, n=1)
    return f" (did you mean {folded[near[0]]!r}?)" if near else ""


def listed(names: Sequence[str], limit: int = 20) -> str:
    """``a, b, c``; a long list is cut."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown}, … ({len(names)} in all)"


def one_line(error: BaseException) -> str:
    """The first line of an error's message."""
    lines = str(error).strip().splitlines()
    return lines[0].strip() if lines else type(error).__name__
