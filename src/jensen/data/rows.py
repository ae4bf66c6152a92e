"""Data as the models take it: a table of numbers with named columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError, did_you_mean, listed
from jensen.basics.notebook import InNotebook


@dataclass(frozen=True, slots=True, eq=False)
class Rows(InNotebook):
    """Data as the models take it.

    Attributes
    ----------
    values
        (n, d), C-contiguous, float32 or float64. A missing value is NaN.
    columns
        The d names.
    """

    values: NDArray[Any]
    columns: tuple[str, ...]

    def __repr__(self) -> str:
        n, d = self.values.shape
        return f"Rows({n} × {d} {self.values.dtype}: {listed(self.columns)})"

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype, copy=copy)


def side_by_side(parts: Mapping[str, NDArray[Any]], name: str) -> Rows:
    """Rows from columns: one-dimensional arrays of numbers of the same length."""
    lengths = {len(part) for part in parts.values()}
    if len(lengths) > 1:
        raise DataError(f"{name}: the columns have different lengths ({listed(sorted(map(str, lengths)))})")
    n, d = (lengths.pop() if lengths else 0), len(parts)
    check_shape((n, d), name)
    values = np.empty((n, d), float_type([part.dtype for part in parts.values()]))
    for j, part in enumerate(parts.values()):
        values[:, j] = part
    return Rows(values, tuple(parts))


def take(known: Sequence[str], columns: Sequence[str] | None, name: str) -> list[str]:
    """The columns asked for, each checked against those there are; all of them by default."""
    twice = repeated(known)
    if twice is not None:
        raise DataError(f"{name} has two columns named {twice!r:.80}; rename one")
    if columns is None:
        return list(known)
    if not columns:
        raise DataError(f"no column of {name} is asked for; it has {listed(known)}")
    there = set(known)
    for column in columns:
        if column not in there:
            near = did_you_mean(column, known)
            raise DataError(f"{name} has no column {column!r}{near}; it has {listed(known, 8)}")
    twice = repeated(columns)
    if twice is not None:
        raise DataError(f"column {twice!r} is asked for twice")
    return list(columns)


def repeated(names: Sequence[str]) -> str | None:
    """The first name that comes twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def check_shape(shape: tuple[int, ...], name: str) -> None:
    """Refuse what has no rows, no columns, or is not both."""
    if len(shape) == 1:
        raise DataError(
            f"{name} is one-dimensional, shape {shape}, not rows and columns. Reshape your data: "
            f".reshape(-1, 1) if it is one column, .reshape(1, -1) if it is one row"
        )
    if not shape:
        raise DataError(f"{name} is not a table of rows and columns")
    if len(shape) != 2:
        raise DataError(f"{name} has {len(shape)} dimensions, shape {shape}; rows and columns are expected")
    for size, what in zip(shape[::-1], ("feature", "sample"), strict=True):
        if size == 0:
            raise DataError(f"{name} is empty: 0 {what}(s) (shape={shape}) while a minimum of 1 is required.")


def float_type(types: Sequence[np.dtype[Any]]) -> type[np.floating[Any]]:
    """float32 where all are float32, else float64."""
    single = all(t.kind == "f" and t.itemsize == 4 for t in types)
    return np.float32 if single and types else np.float64
