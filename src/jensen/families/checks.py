"""What families check in common: counts, codes, moments that are none, components that are the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Mask
from jensen.basics.errors import ModelError
from jensen.basics.naming import column_in_words
from jensen.basics.numbers import count
from jensen.basics.verdict import Outcome, Verdict
from jensen.data.rows import check_shape

UNPREPARED = "prepare the model first: model.prepare(data, weight)"
SAME = 1e-4  # relative distance of two components that makes them one


def whole_columns(data: Any) -> Array:
    """(n, d) numbers; (n,) is one column."""
    x = np.asarray(data, dtype=float)
    return x[:, None] if x.ndim == 1 else x


def counts(data: Any, what: str, columns: Sequence[str] | None = None) -> Array:
    """(n, d) whole numbers from 0.

    Raises
    ------
    ValueError
        Naming the first cell that is none, and how many there are; ``columns`` by their names.
    """
    try:
        x = whole_columns(data)
    except (TypeError, ValueError):
        raise ModelError(f"the data must be {what}: whole numbers from 0") from None
    if x.ndim != 2:
        raise ModelError(f"the data must be (n, d) {what}, not of shape {x.shape}")
    with np.errstate(invalid="ignore"):
        bad = ~((x >= 0) & (x == np.floor(x)) & np.isfinite(x))
    if bad.any():
        cells = f"{count(int(bad.sum()), 'cell')} {'is' if bad.sum() == 1 else 'are'}"
        rows = count(int(bad.any(axis=1).sum()), "row")
        cell = first_cell(x, bad, columns)
        raise ModelError(
            f"the data must be {what}: whole numbers from 0; {cell}, and {cells} wrong, in {rows}"
        )
    return x


def first_cell(x: Array, bad: Mask, columns: Sequence[str] | None) -> str:
    """Where the first of the bad cells is, and what it holds."""
    row, column = (int(i) for i in np.argwhere(bad)[0])
    if columns is None:
        return f"row {row}, column {column} (counted from 0) is {x[row, column]:g}"
    return f"row {row} (counted from 0), column {columns[column]!r} is {x[row, column]:g}"


def require_columns(x: Array, expected: int | None) -> Array:
    """The same (n, d); a ValueError for another d than is expected, where that is known."""
    if expected not in (None, x.shape[1]):
        raise ModelError(f"num_columns is {expected}, the data have {x.shape[1]}")
    return x


def require_rows(x: Array) -> None:
    """A ValueError where there is no row."""
    check_shape(x.shape, "data")


def identical(features: Array, near: float | None = None) -> Verdict | None:
    """A saddle where two of the (k, m) components are nearer than ``near``; else None.

    By default a millionth of the largest number is near.
    """
    if len(features) < 2:
        return None
    gaps = np.linalg.norm(features[:, None] - features[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    if not gaps.min() < (SAME * max(float(np.abs(features).max()), 1e-300) if near is None else near):
        return None
    return Verdict(
        Outcome.SADDLE,
        "two components are identical, where EM stands still without being at a maximum",
        "start from components that differ",
    )


def refuse_without_moments(data: Array) -> None:
    """Raise a ValueError for data (n, d) whose covariance is not finite.

    It names the first cell that is not finite, and how many there are; else the column whose squares are too
    large.
    """
    wrong = np.argwhere(~np.isfinite(data))
    if not len(wrong):
        column = int(np.abs(data).max(axis=0).argmax())
        raise ModelError(f"the values of {column_in_words(column)} are too large: scale the column")
    row, column = map(int, wrong[0])
    others = f", and {count(len(wrong) - 1, 'more cell')} not finite" if len(wrong) > 1 else ""
    raise ModelError(
        f"row {row}, column {column} (counted from 0) is {data[row, column]}{others}: leave out such rows"
    )
