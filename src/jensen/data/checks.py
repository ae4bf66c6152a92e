"""Checks at the door, in blocks: a table is never copied to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jensen.basics.errors import DataError, did_you_mean, listed
from jensen.basics.weights import as_weight

if TYPE_CHECKING:
    from jensen.data.rows import Rows

BLOCK_CELLS = 1 << 16
LARGEST = {4: 1e18, 8: 1e150}
"""By item size: the largest magnitude whose square, summed over many rows, is still finite."""


def check_finite(rows: Rows, name: str = "data") -> None:
    """Refuse NaN, infinity, and numbers too large to be squared.

    Parameters
    ----------
    rows
        From `as_rows` or `read_table`.
    name
        What the message calls the data.

    Raises
    ------
    DataError
        Naming the first row and column and how many there are.

    Examples
    --------
    >>> from jensen.data import as_rows, check_finite
    >>> check_finite(as_rows([[1.0, 2.0], [3.0, 4.0]]))
    """
    limit = LARGEST[rows.values.itemsize]
    with np.errstate(invalid="ignore"):
        usable = all(-limit <= block.min() and block.max() <= limit for _, block in blocks(rows.values))
    if not usable:
        raise DataError(_not_finite(rows, name) or _too_large(rows, name, limit))


def check_weight(weight: ArrayLike | None, n: int) -> NDArray[np.float64] | None:
    """The weights of n rows as float64; None stays None.

    Raises
    ------
    DataError
        If they are not n numbers, one is negative, NaN or infinite, or all are zero or add up to less than
        1e-20 or more than 1e100.

    Examples
    --------
    >>> from jensen.data import check_weight
    >>> check_weight([1, 0, 2], 3)
    array([1., 0., 2.])
    """
    return None if weight is None else as_weight(weight, n)


def check_columns(expected: Sequence[str], found: Sequence[str] | int, name: str = "data") -> None:
    """Refuse other columns than a model was fitted to.

    Parameters
    ----------
    expected
        The names the model has.
    found
        The names the data has, or how many columns where it has no names.

    Raises
    ------
    DataError
        Naming what was expected and what was found.

    Examples
    --------
    >>> from jensen.data import check_columns
    >>> check_columns(["eruptions", "waiting"], 2)
    """
    wanted = f"the model has {len(expected)} ({listed(expected)})"
    if isinstance(found, int):
        if found != len(expected):
            raise DataError(f"{name} has {found} columns where {wanted}")
        return
    if tuple(found) == tuple(expected):
        return
    if sorted(found) == sorted(expected):
        raise DataError(
            f"the columns of {name} are in another order: found {listed(found)}, expected {listed(expected)}"
        )
    missing = [column for column in expected if column not in found]
    detail = f"; missing: {listed(missing)}{did_you_mean(missing[0], found)}" if missing else ""
    raise DataError(f"{name} has {len(found)} columns ({listed(found)}) where {wanted}{detail}")


def constant_columns(rows: Rows, weight: NDArray[np.float64] | None = None) -> tuple[int, ...]:
    """The columns, counted from 0, that have one value in all rows that count.

    Examples
    --------
    >>> from jensen.data import as_rows, constant_columns
    >>> constant_columns(as_rows([[1, 5], [2, 5]]))
    (1,)
    """
    d = rows.values.shape[1]
    low, high = np.full(d, np.inf), np.full(d, -np.inf)
    for begin, block in blocks(rows.values):
        if weight is not None:
            block = block[weight[begin : begin + len(block)] > 0]
        if len(block):
            low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
    return tuple(int(j) for j in np.flatnonzero(low >= high))


def blocks(values: NDArray[Any]) -> Iterator[tuple[int, NDArray[Any]]]:
    """The rows in blocks that fit a cache, each with the number of its first row."""
    size = max(1, BLOCK_CELLS // max(1, values.shape[1]))
    for begin in range(0, len(values), size):
        yield begin, values[begin : begin + size]


def _not_finite(rows: Rows, name: str) -> str:
    """The message about NaN and infinity; empty where all is finite."""
    nan = infinite = 0
    first: tuple[int, int] | None = None
    for begin, block in blocks(rows.values):
        bad = ~np.isfinite(block)
        if bad.any():
            in_block = int(np.isnan(block).sum())
            nan, infinite = nan + in_block, infinite + int(bad.sum()) - in_block
            first = first or _first(bad, begin)
    if first is None:
        return ""
    counts = [f"{nan} NaN or missing"] * bool(nan) + [f"{infinite} infinite"] * bool(infinite)
    return (
        f"{name} has values that are not finite ({' and '.join(counts)}): the first is "
        f"{rows.values[first]} at {_place(rows, first)}; leave such rows out or fill them in"
    )


def _too_large(rows: Rows, name: str, limit: float) -> str:
    count = 0
    first: tuple[int, int] | None = None
    for begin, block in blocks(rows.values):
        bad = np.abs(block) > limit
        if bad.any():
            count += int(bad.sum())
            first = first or _first(bad, begin)
    assert first is not None
    return (
        f"{name} has {count} {'value' if count == 1 else 'values'} beyond ±{limit:g}, too large to square in "
        f"{rows.values.dtype}: the first is {rows.values[first]:g} at {_place(rows, first)}; "
        f"change the units of that column"
    )


def _first(bad: NDArray[np.bool_], begin: int) -> tuple[int, int]:
    i, j = np.unravel_index(int(bad.argmax()), bad.shape)
    return begin + int(i), int(j)


def _place(rows: Rows, cell: tuple[int, int]) -> str:
    return f"row {cell[0]} (counted from 0), column {rows.columns[cell[1]]!r}"
