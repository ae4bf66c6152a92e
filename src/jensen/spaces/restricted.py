"""A space with some of its entries fixed and others equal, or a reason why it cannot be."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.spaces.cells import FIXED, FREE, Cells, Restricted, Whole
from jensen.spaces.links import Link, _local, _widest, links_of
from jensen.spaces.shares import Shares
from jensen.spaces.space import Correlation, Covariance, Interval, Positive, Real, Simplex, Space

Labels = NDArray[np.intp]


def restrict(space: Space, value: Array, labels: Labels, by_cell: bool) -> Restricted:
    """The space with entries fixed and tied.

    Parameters
    ----------
    value
        Of the shape of the space, with what is fixed.
    labels
        Of the same shape: `FIXED`, `FREE`, or the number of a group.
    by_cell
        Whether whole cells along the leading axis were tied.

    Raises
    ------
    ValueError
        If the space does not allow it.
    """
    if (labels == FREE).all():
        return Whole(space)
    if isinstance(space, (Real, Positive, Interval)):
        _refuse_outside(space, value[labels == FIXED])
        return Cells(space, value, labels.ravel())
    if isinstance(space, Simplex):
        return _restrict_simplex(space, value, labels, by_cell)
    return _restrict_blocks(space, value, labels, by_cell)


def _restrict_simplex(space: Simplex, value: Array, labels: Labels, by_cell: bool) -> Restricted:
    _refuse_outside(Interval(), value[labels == FIXED])
    rows = labels.reshape(-1, space.shape[-1])
    if by_cell and len(space.shape) > 1:
        return _restrict_blocks(space, value, labels, by_cell)
    for group in np.unique(rows[rows >= 0]):
        if (rows == group).any(axis=1).sum() > 1:
            raise ValueError("entries of different rows are tied: tie whole rows, with one number for each")
    return Shares(space, value, labels)


def _restrict_blocks(space: Space, value: Array, labels: Labels, by_cell: bool) -> Restricted:
    """Whole matrices, or whole rows."""
    depth = {Covariance: 2, Correlation: 2, Simplex: 1}.get(type(space), len(space.shape))
    kind = {Covariance: "matrix", Correlation: "matrix", Simplex: "row"}.get(type(space), "parameter")
    axis = len(space.shape) - depth
    cells = labels.reshape(prod(space.shape[:axis]), -1)
    inner = cells.shape[1]
    # What is tied along the leading axis has numbers of its own for every entry, one after the other.
    tied = by_cell & (cells[:, 0] >= 0) & (np.diff(cells, axis=1) == 1).all(axis=1)
    whole = tied | (cells == FIXED).all(axis=1) | (cells == FREE).all(axis=1)
    if not whole.all():
        raise ValueError(
            f"only a whole {kind} can be fixed or tied, and {kind} {int(np.argmin(whole))} is so in part"
        )
    fixed = cells[:, 0] == FIXED
    _refuse_outside(space, value.reshape(len(cells), *space.shape[axis:])[fixed])
    return Cells(space, value, np.where(tied, cells[:, 0] // inner, cells[:, 0]))


def _refuse_outside(space: Space, fixed: Array) -> None:
    if fixed.size and (problem := space.violation(fixed)):
        raise ValueError(f"a fixed value is outside {space}: {problem}")


# ---- what standard errors ask of a space -------------------------------------------------------------------


@links_of.register(Whole)
@links_of.register(Cells)
@links_of.register(Shares)
def _(space: Any) -> list[Link]:
    return links_of(space.space)


@_widest.register
def _(space: Whole) -> Array | float:
    return _widest(space.space) if space.size else np.zeros(0)


@_widest.register
def _(space: Cells) -> Array | float:
    whole = np.broadcast_to(_widest(space.space), space.space.size).reshape(len(space.labels), -1)
    return whole[space.leaders].ravel()


@_widest.register
def _(space: Shares) -> float:
    return 1.0


@_local.register
def _(space: Whole, values: Array, unit: Array) -> Any:
    return (
        _local.dispatch(object)(space, values, unit) if not space.size else _local(space.space, values, unit)
    )


@_local.register
def _(space: Cells, values: Array, unit: Array) -> Any:
    """Numbers with bounds of their own are at the first of those that are tied."""
    if not isinstance(space.space, (Positive, Interval)):
        return _local.dispatch(object)(space, values, unit)
    return np.eye(space.size), np.full(space.size, 2), space.leaders, unit
