"""From the end of a climb to better ones: components that are worth little moved to where they are worth
more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.families.carriers import End
from jensen.models.mixture.prior import prior_kind
from jensen.models.mixture.search.moves import Move, View, joined, merge, part_of, put, refit

if TYPE_CHECKING:
    from jensen.models.mixture.search.ground import Ground

VISIBLE = 0.5  # nats that a move has to promise
RISE = 0.05  # and that it has to hold
CLIMB = 0.3, 100  # nats a cycle, E-steps: after a move
CHANGED = 0.02  # relative change of a component that makes its moves worth another look
ROUNDS, MOST_RELOCATIONS = 40, 4
MERGES = 4  # so many pairs more than there are components are tried
SMALL = 10.0  # times the rows that a component needs
ALONG, TOUCHING = 4, 1e-4  # neighbours that move along with a split, and their overlap with it
CLIMB_ALONG = 0.05, 60
TOGETHER = 3  # components that are fitted anew together
MANY = 10_000  # rows that show which components are alike
NEAR = 1e-3  # overlap with which components are neighbours


@dataclass(slots=True)
class Improver:
    """What is known of one solution while it is improved."""

    ground: Ground
    end: End
    rng: np.random.Generator
    known: dict[tuple[Any, ...], tuple[Array, float, Move | None]] = field(default_factory=dict)
    """Moves by kind and components, with what these were like and how much was wanted."""
    again: set[tuple[Any, ...]] = field(default_factory=set)
    """Those that are to be made once more, although nothing has changed: their starts are drawn."""
    refused: set[tuple[Any, ...]] = field(default_factory=set)
    """Moves, by kind and components, that did not hold what they promised, or promised nothing."""
    relocations: int = 0
    flawless: End | None = None
    """The latest end in which no component had collapsed."""
    tight: End | None = None
    """The latest end whose small components were loosened in vain."""
    _view: View | None = None

    @property
    def view(self) -> View:
        """How the solution sees the rows."""
        if self._view is None or self._view.end is not self.end:
            self._view = View.of(self.ground, self.end)
        return self._view

    def run(self, regroup: bool = True, looks: int = 1) -> End:
        """The solution after all moves that help; splits are looked at so many times before they do not."""
        self.relocate()
        for _ in range(ROUNDS):
            if self.exchange() or (regroup and self.regroup()) or self.relocate() or self.loosen():
                continue
            looks -= 1
            if looks == 0:
                break
            self.again = {key for key in self.known if key[0] != "merge"}
            self.refused.clear()
        return self.repaired()

    # ---- moves ---------------------------------------------------------------------------------------------

    def relocate(self) -> bool:
        """Components that have collapsed go to where a split gains most; True where there were some."""
        flawed = collapsed(self.ground, self.end)
        if not len(flawed):
            self.flawless = self.end
            return False
        if self.relocations == MOST_RELOCATIONS:
            return False
        self.relocations += 1
        return self._move_away(flawed)

    def _move_away(self, flawed: NDArray[np.intp]) -> bool:
        """Components to where a split gains most; False where nothing can be split."""
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
        self.refused.clear()
        self.ground.climb([self.end], *CLIMB)
        return True

    def repaired(self) -> End:
        """The end; where components have collapsed again and again, since that gains, the best that is known
        without: with them moved away for the last time, or from before.
        """
        end = self.end
        for _ in range(MOST_RELOCATIONS):
            flawed = collapsed(self.ground, self.end)
            if not len(flawed):
                return max((self.flawless or self.end, self.end), key=lambda each: each.objective)
            if not self._move_away(flawed):
                break
        return self.flawless or end

    def exchange(self) -> bool:
        """Two components merged and another split, where that gains: all such moves that do not meet."""
        if self.ground.k < 3:
            return False
        merges = self.merges()
        if not merges:
            return False
        splits = self.splits(VISIBLE - merges[0].gain)
        if self.take("exchange", self._exchanges(merges, splits)):
            return True
        return self.take("exchange", self._exchanges(merges, self.settled(splits)))

    def _exchanges(self, merges: list[Move], splits: list[Move]) -> list[Move]:
        """Of each split with the best merge that goes with it, those that do not meet."""
        moves: list[Move] = []
        used: set[int] = set()
        for split in splits:
            for merged in merges:
                if merged.gain + split.gain < VISIBLE:
                    break
                members = (*merged.members, *split.members)
                is_free = len(set(members)) == len(members) and not used & set(members)
                if is_free and ("exchange", *members) not in self.refused:
                    moves.append(joined(self.end, [merged, split], self.ground.family))
                    used |= set(members)
                    break
        return moves

    def regroup(self) -> bool:
        """Neighbours fitted anew together."""
        k = self.ground.k
        overlap = self.view.overlap
        groups: dict[tuple[int, ...], None] = {}
        for c in range(k):
            near = [int(j) for j in np.argsort(-overlap[c])[: TOGETHER - 1] if overlap[c, j] > NEAR]
            if near and len(near) + 1 < k:
                groups[tuple(sorted((c, *near)))] = None
        moves = []
        for members in groups:
            if ("regroup", *members) in self.refused:
                continue
            part = part_of(self.view, members)
            move = None if part is None else refit(part, len(members), self.rng, VISIBLE)
            if move is not None and move.gain > VISIBLE:
                moves.append(move)
            else:
                self.refused.add(("regroup", *members))
        chosen: list[Move] = []
        for move in sorted(moves, key=lambda move: -move.gain):
            if not any(set(move.members) & set(other.members) for other in chosen):
                chosen.append(move)
        return self.take("regroup", chosen)

    def loosen(self) -> bool:
        """Small components made to reach further: one that has lost a row of its own does not find it again
        by itself.
        """
        ground, end = self.ground, self.end
        small = end.weights * float(ground.w.sum()) < SMALL * (ground.family.needed + 1.0)
        if ground.family.loosened is None or not small.any() or self.tight is end:
            return False
        self.tight = end
        params = ground.family.loosened(end.params, np.flatnonzero(small))
        there = End(end.kind, end.weights.copy(), params, num_e_steps=end.num_e_steps)
        ground.climb([there], *CLIMB)
        if not (ground.is_sound(there) and there.objective > end.objective + RISE):
            return False
        self._forgive(set(np.flatnonzero(small).tolist()))
        self.end = there
        return True

    def _forgive(self, touched: set[int]) -> None:
        """Moves of components that have changed may be tried again."""
        self.refused = {key for key in self.refused if not touched & set(key[1:])}

    def take(self, kind: str, moves: list[Move]) -> bool:
        """Make the moves of a kind, all or, where that does not help, the best of them; True where the end
        is better.
        """
        moves = sorted(moves, key=lambda move: -move.gain)
        while moves:
            there = put(self.ground, self.end, moves)
            self.ground.climb([there], *CLIMB)
            if self.ground.is_sound(there) and there.objective > self.end.objective + RISE:
                self._forgive({c for move in moves for c in move.members})
                self.end = there
                return True
            if len(moves) == 1:
                self.refused.add((kind, *moves[0].members))
                return False
            moves = moves[: max(1, len(moves) // 3)]
        return False

    # ---- what moves are made of ----------------------------------------------------------------------------

    def splits(self, wanted: float = 0.0) -> list[Move]:
        """Each component made two, the most gained first; where a sample of its rows shows much less than is
        wanted, it is not gone on with.
        """

        def split(members: tuple[int, ...]) -> Move | None:
            part = part_of(self.view, members)
            return None if part is None else refit(part, 2, self.rng, wanted)

        return self._moves("split", [(c,) for c in range(self.ground.k)], split, wanted)

    def settled(self, splits: list[Move]) -> list[Move]:
        """The splits once more, with the neighbours of each moving along: they gain more."""
        overlap, by_group = self.view.overlap, {}
        for split in splits:
            (c,) = split.members
            near = [int(j) for j in np.argsort(-overlap[c])[:ALONG] if overlap[c, j] > TOUCHING]
            by_group[c, *sorted(near)] = split

        def settle(members: tuple[int, ...]) -> Move | None:
            part, split = part_of(self.view, members), by_group[members]
            if part is None or len(members) == 1:
                return split
            there = joined(self.end, [split, self._kept(members[1:])], self.ground.family).end
            local = part.ground.with_components(len(there.weights))
            local.climb([there], *CLIMB_ALONG, hold=True)
            gain = there.objective - part.objective
            return Move(members, there, gain) if local.is_sound(there) and gain > split.gain else split

        return self._moves("settled", list(by_group), settle)

    def _kept(self, members: tuple[int, ...]) -> Move:
        """The components as they are."""
        which = list(members)
        weights, family = self.end.weights[which], self.ground.family
        return Move(members, End("", weights / weights.sum(), family.relabel(self.end.params, which)), 0.0)

    def merges(self) -> list[Move]:
        """Pairs made one, the least lost first: of each component with the one most like it, and of others
        that are alike.
        """
        k, near = self.ground.k, _alike(self.view)
        pairs = {(min(c, j), max(c, j)) for c, j in enumerate(near.argmax(axis=1).tolist())}
        a, b = np.triu_indices(k, 1)
        for at in np.argsort(-near[a, b])[: k + MERGES]:
            if len(pairs) >= k + MERGES:
                break
            pairs.add((int(a[at]), int(b[at])))
        return self._moves("merge", sorted(pairs), lambda pair: merge(self.view, pair))

    def _moves(
        self,
        kind: str,
        groups: list[tuple[int, ...]],
        make: Callable[[tuple[int, ...]], Move | None],
        wanted: float = 0.0,
    ) -> list[Move]:
        """A move for each group, the most gained first; made again only where a component has changed, or
        where there was none and less is wanted.
        """
        signatures = [_signature(self.ground, self.end, c) for c in range(self.ground.k)]
        found = []
        for members in groups:
            key, signature = (kind, *members), np.concatenate([signatures[c] for c in members])
            before, was_wanted, move = self.known.get(key, (signature[:0], wanted, None))
            is_same = _near(before, signature)
            if not is_same or key in self.again or (move is None and wanted < was_wanted):
                move = _better(move if is_same else None, make(members))
                self.known[key] = signature, wanted, move
                self.again.discard(key)
            if move is not None:
                found.append(move)
        return sorted(found, key=lambda move: -move.gain)


def _better(move: Move | None, other: Move | None) -> Move | None:
    return max((each for each in (move, other) if each is not None), key=lambda each: each.gain, default=None)


def _alike(view: View) -> Array:
    """(k, k): minus what the rows of either component would lose in the other as it is, whichever is less."""
    step = max(1, view.ground.n // MANY)
    r, evidence, w = view.r[::step], view.evidence[::step], view.ground.w[::step]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        logs = np.log(r) + evidence[:, None] - np.log(view.end.weights)
        each = step * (r * w[:, None]).T @ np.nan_to_num(logs, neginf=-1e8)
    loss = np.diagonal(each)[:, None] - each
    loss = np.minimum(loss, loss.T)
    np.fill_diagonal(loss, np.inf)  # nothing is merged with itself
    return -loss


def _signature(ground: Ground, end: End, c: int) -> Array:
    values = ground.family.split(ground.family.relabel(end.params, [c])).values()
    return np.concatenate([end.weights[c : c + 1], *(np.ravel(value) for value in values)])


def _near(before: Array, now: Array) -> bool:
    return before.shape == now.shape and bool(
        (np.abs(before - now) <= CHANGED * (np.abs(now).max() * 1e-3 + np.abs(now))).all()
    )


def collapsed(ground: Ground, end: End) -> NDArray[np.intp]:
    """The components that have too few rows, or that the family finds wrong."""
    few = end.weights * float(ground.w.sum()) <= ground.family.needed
    if ground.family.flawed is not None:
        held_up = prior_kind(ground.model.prior).holds_up
        wrong = ground.family.flawed(end.weights, end.params, ground.data, ground.weight, held_up)
        few = few | np.asarray(wrong)
    return np.flatnonzero(few)
