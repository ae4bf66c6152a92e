"""What a door says when it does not open: what is wrong, where, and what to do, in one line."""

from __future__ import annotations

from collections.abc import Sequence


class DataError(ValueError):
    """Data, weights or a file that cannot be used."""


class DataTypeError(DataError, TypeError):
    """Data of a kind that cannot be used: sparse, or with a cell that is neither a number nor text."""


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
