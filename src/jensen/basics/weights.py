"""Weights at the door, whichever it is: how often each row counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jensen.basics.arrays import is_masked, is_missing
from jensen.basics.errors import DataError

LEAST, MOST = 1e-20, 1e100  # of all weights together: beyond, products with them leave the range of numbers


def as_weight(weight: ArrayLike, n: int | None) -> NDArray[np.float64]:
    """The weights of n rows as float64; ``n`` is None where nobody can tell.

    Raises
    ------
    DataError
        If they are not n numbers, one is negative, missing or infinite, or all together are nothing or too
        much to be computed with.
    """
    values = _numbers(weight)
    if values.ndim != 1 or (n is not None and len(values) != n):
        each = "row" if n is None else f"of the {n} rows"
        raise DataError(f"weight must have one number for each {each}; its shape is {values.shape}")
    _refuse(~np.isfinite(values), values, "must be finite, with no value missing")
    _refuse(values < 0, values, "must not be negative")
    if not values.any():
        raise DataError("weight is zero for every row; at least one row must count")
    with np.errstate(over="ignore"):
        total = float(values.sum())
    if not LEAST <= total <= MOST:
        how = "infinity" if np.isinf(total) else f"{total:.3g}"
        raise DataError(
            f"the weights add up to {how}; multiply or divide them by a constant: they are counts"
        )
    return values


def _numbers(weight: Any) -> NDArray[np.float64]:
    try:
        if is_masked(weight):
            weight = np.ma.filled(weight.astype(float), np.nan)
        values = np.asarray(weight)
        if values.dtype.kind in "USc":
            raise TypeError
        if values.dtype.kind == "O":
            values = np.vectorize(_number, otypes=[float])(values) if values.ndim else values
        values = np.asarray(values, dtype=np.float64, order="C")
    except (TypeError, ValueError, OverflowError):
        raise DataError("weight must be numbers, one for each row") from None
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def _number(cell: Any) -> float:
    if isinstance(cell, str | bytes):
        raise TypeError
    return np.nan if is_missing(cell) else float(cell)


def _refuse(bad: NDArray[np.bool_], values: NDArray[np.float64], rule: str) -> None:
    if bad.any():
        i, count = int(bad.argmax()), int(bad.sum())
        others = f", and {count - 1} more rows are wrong too" if count > 1 else ""
        raise DataError(f"weight {rule}; row {i} (counted from 0) has {values[i]}{others}")
