"""What the entries of a parameter are called: by number, by name, or as the columns of the data are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from jensen.basics.arguments import shown
from jensen.basics.errors import ModelError, ModelTypeError

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """An axis whose entries are those of columns of the data, whatever these are called.

    Parameters
    ----------
    which
        The numbers of the columns, where they are not all of them.

    Examples
    --------
    >>> from jensen.em import Columns, Real
    >>> Real(2, names=Columns()).entries(["eruptions", "waiting"])
    ['eruptions', 'waiting']
    >>> Real(2, names=Columns()).entries()
    ['0', '1']
    """

    which: tuple[int, ...] | None = None

    def called(self, columns: Sequence[str], size: int) -> Labels | None:
        """The names of an axis of this length; None where the columns have none."""
        if self.which is not None:
            known = bool(self.which) and max(self.which) < len(columns)
            columns = [columns[j] for j in self.which] if known else ()
        return tuple(columns) if len(columns) == size else None


Axis = None | Labels | Columns
"""How the entries along an axis are called: by number, by these names, as the columns of the data."""


def as_axes(names: Any, shape: tuple[int, ...], trailing: int) -> tuple[Axis, ...]:
    """One `Axis` for each axis of a parameter, from what a user gives.

    Parameters
    ----------
    names
        None; names (or `Columns`) of the last axis; or one of these for every axis.
    shape
        Of the parameter.
    trailing
        How many of the last axes names alone are of: 2 for matrices.

    Raises
    ------
    ValueError
        If they are not one text for each entry, or two are the same.
    """
    if names is None:
        return (None,) * len(shape)
    if isinstance(names, str):
        raise ModelError(f"names must be one text for each entry, not the one text {names!r}")
    if not isinstance(names, Columns) and (isinstance(names, type) or not isinstance(names, Iterable)):
        raise ModelTypeError(f"names must be one text for each entry, not {shown(names)}")
    if isinstance(names, Columns) or all(isinstance(name, str) for name in names):
        names = (None,) * (len(shape) - trailing) + (names,) * min(trailing, len(shape))
    for axis in names:
        if not (axis is None or isinstance(axis, Columns | Sequence)) or isinstance(axis, str):
            raise ModelError(f"names of an axis must be texts, None or jensen.em.Columns(), not {axis!r}")
    axes = tuple(axis if axis is None or isinstance(axis, Columns) else tuple(axis) for axis in names)
    if len(axes) != len(shape) or not shape:
        raise ModelError(f"names are of {len(axes)} axes, the shape {shape} has {len(shape)}")
    for axis, size in zip(axes, shape, strict=True):
        if isinstance(axis, tuple):
            _check(axis, size)
    return axes


def _check(axis: tuple[Any, ...], size: int) -> None:
    if not all(isinstance(name, str) for name in axis):
        raise ModelError(f"names must be texts, not {axis!r}")
    if len(axis) != size:
        raise ModelError(f"there are {len(axis)} names ({', '.join(axis)}) for {size} entries")
    if len(set(axis)) < size:
        twice = next(name for name in axis if axis.count(name) > 1)
        raise ModelError(f"two entries are named {twice!r}")


def entries(axes: Sequence[Axis], shape: tuple[int, ...], columns: Sequence[str]) -> list[str]:
    """What stands between the brackets for every entry: ``1,0``, or ``1, sspg`` where there are names."""
    called = [
        axis.called(columns, size) if isinstance(axis, Columns) else axis
        for axis, size in zip(axes, shape, strict=True)
    ]
    between = ", " if any(called) else ","
    along = [names or tuple(map(str, range(size))) for names, size in zip(called, shape, strict=True)]
    return [between.join(each) for each in product(*along)]
