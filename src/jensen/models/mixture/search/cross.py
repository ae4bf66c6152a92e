"""Two solutions made one better than either: where they differ, each part is taken from the one that has
it better.

Components of the two that share rows hang together; in what hangs together the one solution can stand in
for the other, and what that gains is computed as for any other move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.carriers import End
from jensen.families.family import Family
from jensen.models.mixture.search.moves import Move, View, joined, part_of, sharing

if TYPE_CHECKING:
    from jensen.models.mixture.search.ground import Ground

LINK = 0.05  # of the smaller component's rows, that hang two together
VISIBLE = 0.5  # nats
CLIMB = 0.1, 20


def crossed(ground: Ground, end: End, other: End) -> list[Move]:
    """Moves of ``end`` that put parts of ``other`` in place of its own, as many components as it has
    there.
    """
    view = View.of(ground, end)
    q, _ = ground.posterior(other)
    swaps = [
        swap for mine, theirs in _groups(view.r, q, ground.w) if (swap := _swap(view, mine, other, theirs))
    ]
    moves = [move for more, move in swaps if more == 0 and move.gain > VISIBLE]
    more = sorted((swap for swap in swaps if swap[0] > 0), key=lambda swap: -swap[1].gain)
    less = sorted((swap for swap in swaps if swap[0] < 0), key=lambda swap: -swap[1].gain)
    for number, move in more:
        partner = next(
            (swap for swap in less if swap[0] == -number and swap[1].gain + move.gain > VISIBLE), None
        )
        if partner is not None:
            less.remove(partner)
            moves.append(joined(end, [move, partner[1]], ground.family))
    return moves


def _swap(view: View, mine: tuple[int, ...], other: End, theirs: tuple[int, ...]) -> tuple[int, Move] | None:
    """How many components more ``theirs`` are, and the move that puts them in place."""
    ground, end = view.ground, view.end
    if not mine or not theirs or _alike(ground.family, end, mine, other, theirs):
        return None
    part = part_of(view, mine)
    if part is None:
        return None
    weights = other.weights[list(theirs)]
    there = End("crossed", weights / weights.sum(), ground.family.relabel(other.params, list(theirs)))
    there = sharing(ground.family, there, end)
    local = part.ground.with_components(len(theirs))
    local.climb([there], *CLIMB, hold=True)
    if not local.is_sound(there):
        return None
    return len(theirs) - len(mine), Move(mine, there, there.objective - part.objective)


def _alike(family: Family, end: End, mine: tuple[int, ...], other: End, theirs: tuple[int, ...]) -> bool:
    """Whether both are the same components."""
    if len(mine) != len(theirs):
        return False
    ours = family.split(family.relabel(end.params, list(mine)))
    others = family.split(family.relabel(other.params, list(theirs)))
    return all(np.allclose(value, others[name], rtol=1e-2, atol=1e-3) for name, value in ours.items())


def _groups(r: Array, q: Array, w: Array) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Components of the one and of the other that hang together by the rows they share."""
    both = r.T @ (q * w[:, None])
    size = np.minimum(both.sum(axis=1)[:, None], both.sum(axis=0))
    linked = both > LINK * np.maximum(size, 1e-300)
    left = set(range(len(both)))
    found = []
    while left:
        mine, theirs = {left.pop()}, set()
        while True:
            more = set(map(int, np.flatnonzero(linked[sorted(mine)].any(axis=0)))) - theirs
            theirs |= more
            back = (
                set(map(int, np.flatnonzero(linked[:, sorted(theirs)].any(axis=1)))) - mine
                if theirs
                else set()
            )
            mine |= back
            if not more and not back:
                break
        left -= mine
        found.append((tuple(sorted(mine)), tuple(sorted(theirs))))
    return found
