"""What messages call a column: by its name where the data have names, else by its number.

A family is handed arrays; who knows what their columns are called says so around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from jensen.basics.errors import listed

COUNTED = " (counted from 0)"
_called: ContextVar[tuple[str, ...]] = ContextVar("columns", default=())


@contextmanager
def columns_called(names: Sequence[str]) -> Iterator[None]:
    """Messages inside call the columns by these names; as before where there are none."""
    with _as([repr(name) for name in names] if names else _called.get()):
        yield


@contextmanager
def part_of_columns(which: Sequence[int]) -> Iterator[None]:
    """Messages inside are of some of the columns: what is number j there is ``which[j]`` here."""
    with _as([_label(j) for j in which]):
        yield


@contextmanager
def _as(called: Sequence[str]) -> Iterator[None]:
    token = _called.set(tuple(called))
    try:
        yield
    finally:
        _called.reset(token)


def _label(j: int) -> str:
    called = _called.get()
    return called[j] if j < len(called) else f"{j}{COUNTED}"


def column_in_words(j: int) -> str:
    """``column 'waiting'``, or ``column 2 (counted from 0)``.

    Examples
    --------
    >>> from jensen.basics.naming import column_in_words, columns_called
    >>> column_in_words(1)
    'column 1 (counted from 0)'
    >>> with columns_called(["eruptions", "waiting"]):
    ...     column_in_words(1)
    "column 'waiting'"
    """
    return f"column {_label(j)}"


def columns_in_words(which: Sequence[int], limit: int) -> str:
    """Several: ``'length', 'width'``, or ``1, 2 (counted from 0)``; a long list is cut."""
    labels = [_label(j) for j in which]
    if all(label.endswith(COUNTED) for label in labels):
        return listed([label.removesuffix(COUNTED) for label in labels], limit) + COUNTED
    return listed(labels, limit)
