"""What spaces of symmetric matrices share."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.spaces.links import Link
from jensen.spaces.space import ROUNDED


@cache
def lower_indices(d: int, diagonal: int = 0) -> tuple[NDArray[np.intp], ...]:
    """Rows and columns of the entries of a (d, d) lower triangle."""
    return np.tril_indices(d, diagonal)


def lower_triangle(entries: Any, d: int, xp: Any, diagonal: int = 0) -> Any:
    """(…, d, d) lower triangular matrices from their entries, row by row."""
    place, inside = _places(d, diagonal)
    if not inside.any():
        return xp.zeros((*entries.shape[:-1], d, d))
    return xp.where(inside, entries[..., place], 0.0)


@cache
def _places(d: int, diagonal: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(d, d): which entry stands where, and where one does."""
    rows, columns = lower_indices(d, diagonal)
    place = np.zeros((d, d), dtype=np.intp)
    place[rows, columns] = np.arange(len(rows))
    return place, np.tri(d, k=diagonal, dtype=bool)


def not_positive_definite(value: Array) -> str | None:
    """What keeps matrices from being symmetric and positive definite; None where they are."""
    scale = np.sqrt(np.abs(np.diagonal(value, axis1=-2, axis2=-1)))
    away = np.abs(value - np.swapaxes(value, -1, -2))
    if not (away <= 1e-8 * scale[..., :, None] * scale[..., None, :]).all():
        return "it is not symmetric"
    smallest = np.linalg.eigvalsh(value).min()
    return None if smallest > 0 else f"its smallest eigenvalue is {smallest:.6g}, not positive"


def symmetrized(value: Array) -> Array:
    """Matrices that are symmetric but for rounding, made so."""
    turned = np.swapaxes(value, -1, -2)
    close = np.abs(value - turned).max() <= ROUNDED * np.abs(value).max()
    return 0.5 * (value + turned) if close else value


def links_of_matrices(shape: tuple[int, ...], diagonal: Link, other: Link) -> list[Link]:
    """The links of (…, d, d) matrices."""
    return [diagonal if index[-1] == index[-2] else other for index in np.ndindex(*shape)]
