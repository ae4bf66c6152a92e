"""Data as blocks of rows, of few different sizes, so that little is compiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import DataError, ModelError
from jensen.basics.plain import collected, given
from jensen.families.table import as_table
from jensen.models.log_joint.precision import require_jax


@dataclass(frozen=True, eq=False)
class Rows:
    """n rows: arrays with a common first axis, and how the user's data are made of them."""

    leaves: tuple[np.ndarray, ...]
    tree: Any
    num_rows: int

    @property
    def size(self) -> int:
        """How many numbers a row has."""
        return sum(leaf[:1].size for leaf in self.leaves)

    @property
    def resolution(self) -> Array:
        """(n,): minus the logarithm of the volume in which floating point tells rows apart, beyond which no
        density says anything of them.
        """
        found = np.zeros(self.num_rows)
        for leaf in self.leaves:
            size = np.abs(np.asarray(leaf, float).reshape(self.num_rows, -1))
            size = np.maximum(size, np.median(size, axis=0))
            found -= np.log(np.spacing(np.where(size > 0, size, 1.0))).sum(axis=1)
        return found

    @cached_property
    def fingerprint(self) -> tuple[Any, ...]:
        """Equal for equal rows, and for no others."""
        return self.tree, *((leaf.dtype.str, leaf.shape, leaf.tobytes()) for leaf in self.leaves)

    def take(self, rows: Any) -> Any:
        """The user's data at some rows, numbers in double precision."""
        return self.tree.unflatten([_double(leaf[rows]) for leaf in self.leaves])

    def subset(self, rows: Any) -> Rows:
        """Some of the rows."""
        leaves = tuple(leaf[rows] for leaf in self.leaves)
        return Rows(leaves, self.tree, len(leaves[0]))

    def padded(self, begin: int, end: int, size: int) -> Any:
        """Rows begin to end, the last one repeated up to ``size``."""
        return self.tree.unflatten([_padded(_double(leaf[begin:end]), size) for leaf in self.leaves])


@dataclass(frozen=True, slots=True)
class Block:
    """Rows begin to end of a data set, in ``size`` rows of which the last may be padding."""

    begin: int
    end: int
    size: int

    def of(self, values: Array | None) -> Array:
        """The values (n, …) of these rows, 0 in the padding; 1 in the rows themselves for None."""
        here = np.ones(self.end - self.begin) if values is None else values[self.begin : self.end]
        if len(here) == self.size:
            return np.asarray(here, dtype=float)
        return np.concatenate([here, np.zeros((self.size - len(here), *here.shape[1:]))])


def blocks(num_rows: int, largest: int, smallest: int) -> Iterator[Block]:
    """Blocks of ``largest`` rows, and one of the next power of two, at least ``smallest``, for what is left.

    Both are powers of two.
    """
    for begin in range(0, num_rows, largest):
        end = min(begin + largest, num_rows)
        yield Block(begin, end, min(largest, max(smallest, power_of_two(end - begin))))


def power_of_two(number: int) -> int:
    """The smallest power of two that is not below ``number``."""
    return 1 << max(0, int(number) - 1).bit_length()


def as_rows(data: Any) -> Rows:
    """The user's data: an array, a frame, or a tuple or dict of arrays.

    Raises
    ------
    ValueError
        No rows, parts of different length, or something that is not a number.
    """
    if isinstance(data, Rows):
        return data
    leaves, tree = require_jax().tree.flatten(data, is_leaf=lambda part: isinstance(part, list))
    if not leaves:
        raise ModelError("the data are empty")
    arrays = tuple(_numbers(leaf) for leaf in leaves)
    lengths = {len(leaf) for leaf in arrays}
    if len(lengths) != 1:
        found = ", ".join(str(leaf.shape) for leaf in arrays)
        raise ModelError(f"the parts of the data need one first axis, the rows; their shapes are {found}")
    if lengths == {0}:
        raise ModelError("the data have no rows")
    return Rows(arrays, tree, len(arrays[0]))


def accept(data: Any) -> Any:
    """The same parts, each an array of numbers: lists, data frames, data sets, arrays of other libraries."""
    return require_jax().tree.map(_numbers, data, is_leaf=lambda part: isinstance(part, list))


def _numbers(leaf: Any) -> np.ndarray:
    if isinstance(leaf, np.ma.MaskedArray) and np.ma.is_masked(leaf):
        row = int(np.argwhere(np.ma.getmaskarray(leaf))[0][0])
        raise ModelError(
            f"row {row} of the data is masked: leave such rows out, or say in log_joint what they mean"
        )
    leaf = collected(leaf)
    array = np.asarray(leaf)
    if array.dtype.kind in "OV" and not (array.ndim == 0 and np.isscalar(leaf)):
        array = _of_cells(leaf)
    if array.dtype == np.uint64 and (array > np.iinfo(np.int64).max).any():
        raise ModelError("the data hold whole numbers above 2⁶³ − 1, which JAX has not: make them floats")
    if array.ndim == 0:
        raise ModelError(
            f"the data have their rows along the first axis; {leaf!r} is one number "
            "(one row of d numbers is an array of shape (1, d))"
        )
    if array.dtype.kind not in "biuf":
        raise ModelError(f"the data must be numbers, not {array.dtype}; code categories as integers")
    return array


def _of_cells(leaf: Any) -> np.ndarray:
    """What the door for tables makes of objects, records and nullable columns; columns of whole numbers stay
    whole.
    """
    try:
        table = as_table(leaf)
    except DataError as error:
        raise ModelError(f"{error}; code categories as integers") from None
    types = np.atleast_1d(np.asarray(_types(leaf), dtype=object))
    whole = len(types) and all(str(each).lower().startswith(("int", "uint", "bool")) for each in types)
    if whole and np.isfinite(table).all():
        table = table.astype(np.int64)
    return table[:, 0] if np.ndim(leaf) == 1 and table.shape[1] == 1 else table


def _types(leaf: Any) -> Any:
    """Of its columns, where it is a frame or a column of one."""
    said = given(leaf, ["dtypes", "dtype"])
    return said.get("dtypes", said.get("dtype", ()))


def _double(array: np.ndarray) -> np.ndarray:
    if array.dtype.kind == "f":
        return np.asarray(array, dtype=float)
    return np.asarray(array, dtype=bool if array.dtype.kind == "b" else np.int64)


def _padded(array: np.ndarray, size: int) -> np.ndarray:
    missing = size - len(array)
    return array if not missing else np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
