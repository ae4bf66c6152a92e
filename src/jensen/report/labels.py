"""Where numbers stand so that none covers another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ROUNDS = 200


def apart(points: Array, size: tuple[float, float], box: tuple[float, float]) -> Array:
    """Points moved as little as needed for boxes of one size about them not to overlap.

    Two that overlap are pushed from each other along the shorter way, again and again.

    Parameters
    ----------
    points
        (k, 2).
    size
        Width and height of a box, in the units of the points.
    box
        Width and height of the whole, in which they stay.

    Returns
    -------
    ndarray
        (k, 2).
    """
    size_, whole = np.asarray(size, float), np.asarray(box, float)
    where = np.array(points, float)
    # those at one place need a direction: evenly about it
    turn = 2.4 * np.arange(len(where))
    where += 1e-3 * size_ * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for _ in range(ROUNDS):
        between = where[:, None] - where[None]
        overlap = size_ - np.abs(between)
        touching = (overlap > 0).all(axis=2) & ~np.eye(len(where), dtype=bool)
        if not touching.any():
            break
        along = np.argmin(overlap / size_, axis=2)
        push = np.take_along_axis(overlap * np.sign(between), along[..., None], axis=2)[..., 0]
        moves = np.zeros_like(between)
        np.put_along_axis(moves, along[..., None], (np.where(touching, push, 0.0))[..., None], axis=2)
        where = np.clip(where + 0.3 * moves.sum(axis=1), size_ / 2, whole - size_ / 2)
    return where
