"""From the end of a climb to better ones: components that are worth little moved to where they are worth
more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.families.family import End
from jensen.models.mixture.prior import prior_kind
from jensen.models.mixture.search.moves import Move, View, joined, merges, part_of, put, refit

if TYPE_CHECKING:
    from jensen.models.mixture.search.ground import Ground

VISIBLE = 0.5  # nats that a move has to promise
RISE = 0.05  # and that it has to hold
CLIMB = 0.3, 100  # nats a cycle, E-steps: after a move
CHANGED = 0.02  # relative change of a component that makes its split worth another look
ROUNDS, MOST_RELOCATIONS = 40, 4
MERGES = 3  # partners of each component that are tried
TOGETHER = 3  # components that are fitted anew together
MANY = 10_000  # rows that show which components are alike
NEAR = 1e-3  # overlap with which components are neighbours


@dataclass(slots=True)
class Improver:
    """What is known of one solution while it is improved."""

    ground: Ground
    end: End
    rng: np.random.Generator
    known: dict[int, tuple[Array, Move | None]] = field(default_factory=dict)
    refused: set[tuple[int, ...]] = field(default_factory=set)
    relocations: int = 0
    _view: View | None = None

    @property
    def view(self) -> View:
        """How the solution sees the rows."""
        if self._view is None or self._view.end is not self.end:
            self._view = View.of(self.ground, self.end)
        return self._view

    def run(self, regroup: bool = True) -> End:
        """The solution after all moves that help."""
        self.relocate()
        for _ in range(ROUNDS):
            if not (self.exchange() or (regroup and self.regroup()) or self.relocate()):
                break
        return self.end

    # ---- moves ---------------------------------------------------------------------------------------------

    def relocate(self) -> bool:
        """Components that have collapsed go to where a split gains most; True where there were some."""
        if self.relocations == MOST_RELOCATIONS:
            return False
        flawed = _flawed(self.ground, self.end)
        if not len(flawed):
            return False
        self.relocations += 1
        splits = [move for move in self.splits() if move.members[0] not in flawed]
        moves = []
        for lost, split in zip(flawed, splits, strict=False):
            (c,) = split.members
            shares = self.end.weights[c] * split.end.weights + self.end.weights[lost] / 2
            moves.append(Move((c, int(lost)), End("", shares / shares.sum(), split.end.params), split.gain))
        if not moves:
            return False
        self.end = put(self.ground, self.end, moves)
        self.known.clear()
        self.ground.climb([self.end], *CLIMB)
        return True

    def exchange(self) -> bool:
        """Two components merged and another split, where that gains: all such moves that do not meet."""
        if self.ground.k < 3:
            return False
        merges = self.merges()
        if not merges:
            return False
        splits = self.splits(VISIBLE - merges[0].gain)
        moves: list[Move] = []
        used: set[int] = set()
        for split in splits:
            for merged in merges:
                if merged.gain + split.gain < VISIBLE:
                    break
                members = {*merged.members, *split.members}
                if (
                    len(members) == 3
                    and not members & used
                    and (*merged.members, *split.members) not in self.refused
                ):
                    moves.append(joined(self.end, [merged, split], self.ground.family))
                    used |= members
                    break
        return self.take(moves)

    def regroup(self) -> bool:
        """Neighbours fitted anew together."""
        k = self.ground.k
        overlap = _overlap(self.view.r, self.ground.w)
        groups: dict[tuple[int, ...], None] = {}
        for c in range(k):
            near = [int(j) for j in np.argsort(-overlap[c])[: TOGETHER - 1] if overlap[c, j] > NEAR]
            if near and len(near) + 1 < k:
                groups[tuple(sorted((c, *near)))] = None
        moves = []
        for members in groups:
            if members in self.refused:
                continue
            part = part_of(self.view, members)
            move = None if part is None else refit(part, len(members), self.rng, VISIBLE)
            if move is not None and move.gain > VISIBLE:
                moves.append(move)
            else:
                self.refused.add(members)
        chosen: list[Move] = []
        for move in sorted(moves, key=lambda move: -move.gain):
            if not any(set(move.members) & set(other.members) for other in chosen):
                chosen.append(move)
        return self.take(chosen)

    def take(self, moves: list[Move]) -> bool:
        """Make the moves, all or, where that does not help, the best of them; True where the end is
        better.
        """
        moves = sorted(moves, key=lambda move: -move.gain)
        while moves:
            there = put(self.ground, self.end, moves)
            self.ground.climb([there], *CLIMB)
            if self.ground.is_sound(there) and there.objective > self.end.objective + RISE:
                touched = {c for move in moves for c in move.members}
                self.refused = {members for members in self.refused if not touched & set(members)}
                self.end = there
                return True
            if len(moves) == 1:
                self.refused.add(moves[0].members)
                return False
            moves = moves[: max(1, len(moves) // 3)]
        return False

    # ---- what moves are made of ----------------------------------------------------------------------------

    def splits(self, wanted: float = 0.0) -> list[Move]:
        """Each component made two, the most gained first; looked at again only where it has changed."""
        found = []
        for c in range(self.ground.k):
            signature = _signature(self.ground, self.end, c)
            if c in self.known and _near(self.known[c][0], signature):
                move = self.known[c][1]
            else:
                part = part_of(self.view, (c,))
                move = None if part is None else refit(part, 2, self.rng, wanted)
                self.known[c] = signature, move
            if move is not None:
                found.append(move)
        return sorted(found, key=lambda move: -move.gain)

    def merges(self) -> list[Move]:
        """Pairs made one, the least lost first: each component with the nearest others."""
        k = self.ground.k
        near = _alike(self.view)
        pairs = {
            (min(c, int(j)), max(c, int(j)))
            for c in range(k)
            for j in np.argsort(-near[c])[:MERGES]
            if j != c
        }
        return sorted(merges(self.view, sorted(pairs)), key=lambda move: -move.gain)


def _overlap(r: Array, w: Array) -> Array:
    """(k, k): the correlation of responsibilities; 0 on the diagonal."""
    both = r.T @ (r * w[:, None])
    size = np.sqrt(np.maximum(np.diagonal(both), 1e-300))
    both = both / np.outer(size, size)
    np.fill_diagonal(both, 0.0)
    return both


def _alike(view: View) -> Array:
    """(k, k): minus what the rows of either component would lose in the other as it is, whichever is less."""
    ground, end, r = view.ground, view.end, view.r
    step = max(1, ground.n // MANY)
    rows = np.arange(0, ground.n, step)
    some = ground.part(rows, ground.w[rows])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        logs = np.nan_to_num(some.family.log_density(end.params, some.data), neginf=-1e8)
        each = step * (r[rows] * some.w[:, None]).T @ logs
    loss = np.diagonal(each)[:, None] - each
    loss = np.minimum(loss, loss.T)
    np.fill_diagonal(loss, np.inf)
    return -loss


def _signature(ground: Ground, end: End, c: int) -> Array:
    values = ground.family.split(ground.family.relabel(end.params, [c])).values()
    return np.concatenate([end.weights[c : c + 1], *(np.ravel(value) for value in values)])


def _near(before: Array, now: Array) -> bool:
    return before.shape == now.shape and bool(
        (np.abs(before - now) <= CHANGED * (np.abs(now).max() * 1e-3 + np.abs(now))).all()
    )


def _flawed(ground: Ground, end: End) -> NDArray[np.intp]:
    """The components that have too few rows, or that the family finds wrong."""
    rows = end.weights * float(ground.w.sum())
    few = rows <= ground.family.needed
    flawed = ground.family.flawed
    if flawed is not None:
        held_up = prior_kind(ground.model.prior).holds_up
        few = few | np.asarray(flawed(end.weights, end.params, ground.data, ground.weight, held_up))
    return np.flatnonzero(few)
