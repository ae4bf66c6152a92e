"""Moves: a part of a mixture fitted anew while the rest stays.

The components of a part S have the rows that they answer for, m_n = w_n Σ_{k∈S} r_nk. For their own
log-evidence

    L_S = Σ_n m_n log Σ_{k∈S} (π_k/π_S) p(x_n | k)

the bound of the whole mixture says: what L_S gains by other components in S, the log-evidence gains at
least. So a part can be tried on its own rows, which costs little, and moves of different parts add up (Ueda,
Nakano, Ghahramani and Hinton, 2000, with the gains that they estimate computed). Under a prior a part has
the prior of a mixture of its own, which is near what the whole gains; whether it does is looked at
afterwards in any case.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.carriers import End
from jensen.families.family import Family
from jensen.models.mixture.search.starts import dense_tail, of_part

if TYPE_CHECKING:
    from jensen.models.mixture.search.ground import Ground

LEAST = 1e-3  # of a row, with which it belongs to a part
PART_ROWS = 1000  # on which starts are climbed; the best go on on all of the part
KEPT = 2
REFIT = 3e7  # on the scale of `Meter`, of making the starts
QUICK, FAIR = 0.3, 0.1  # nats gained in a cycle
HOPE = 0.2  # of what is wanted, that a quick climb has to gain


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of some components, and what these components earn there."""

    ground: Ground
    members: tuple[int, ...]
    end: End
    objective: float


@dataclass(frozen=True, slots=True)
class Move:
    """Other components for a part: in place of ``members``, and what that gains."""

    members: tuple[int, ...]
    end: End
    gain: float


@dataclass(frozen=True)
class View:
    """A solution, and how it sees the rows: r (n, k), stored by component, and log p(x_n) (n,)."""

    ground: Ground
    end: End
    r: Array
    evidence: Array

    @classmethod
    def of(cls, ground: Ground, end: End) -> View:
        """Computed."""
        r, evidence = ground.posterior(end)
        return cls(ground, end, np.asfortranarray(r), evidence)

    @cached_property
    def overlap(self) -> Array:
        """(k, k): the correlation of responsibilities; 0 on the diagonal."""
        both = self.r.T @ (self.r * self.ground.w[:, None])
        size = np.sqrt(np.maximum(np.diagonal(both), 1e-300))
        both = both / np.outer(size, size)
        np.fill_diagonal(both, 0.0)
        return both


def earned(evidence: Array, share: Array, mass: Array, weight: float) -> float:
    """L_S of a part by log p(x_n) and its share of every row, Σ_{k∈S} r_nk > 0, with its mass and weight
    π_S: since Σ_{k∈S} π_k p(x_n | k) is that share of p(x_n).
    """
    return float(mass @ (np.log(share) + evidence - np.log(weight)))


def part_of(view: View, members: tuple[int, ...]) -> Part | None:
    """The part of these components; None where they have hardly any rows."""
    ground, end, which = view.ground, view.end, list(members)
    share = view.r[:, which].sum(axis=1)
    mass = share * ground.w
    rows = np.flatnonzero(mass > LEAST)
    if len(rows) < 2:
        return None
    weights = end.weights[which]
    total = float(weights.sum())
    own = End(end.kind, weights / total, ground.family.relabel(end.params, which))
    local = ground.part(rows, mass[rows], len(which))
    own_l = earned(view.evidence[rows], share[rows], mass[rows], total)
    return Part(local, members, own, own_l + local.prior_of(own))


def refit(part: Part, k: int, rng: np.random.Generator, wanted: float = 0.0) -> Move | None:
    """The best of several starts with k components in the rows of a part; None where it seems to gain less
    than is ``wanted``.
    """
    ground, n = part.ground, part.ground.n
    if float(ground.w.sum()) <= k * (ground.family.needed + 1.0) or n < 2 * k:
        return None
    ground.meter.around += REFIT
    whole = ground.with_components(k)
    points = _points(part)
    sample = whole if n <= PART_ROWS else whole.sample(PART_ROWS, points, rng)
    seen = points if sample is whole else _points(part, sample)
    starts = [sharing(ground.family, end, part.end) for end in of_part(sample, seen, rng)]
    ends = sample.climb(starts, QUICK, 14 if k == 2 else 30, hold=True)
    ends = sorted((end for end in ends if sample.is_sound(end)), key=lambda end: -end.objective)[:KEPT]
    before = part.objective if sample is whole else sample.value(part.end)
    if ends and ends[0].objective - before < HOPE * wanted:
        ends = []
    if k == 2 and sample is not whole:
        ends += [sharing(ground.family, end, part.end) for end in _far_out(whole, points)]
    ends = [end for end in whole.climb(ends, FAIR, 20, hold=True) if whole.is_sound(end)]
    if not ends:
        return None
    best = max(ends, key=lambda end: end.objective)
    return Move(part.members, best, best.objective - part.objective)


def sharing(family: Family, end: End, like: End) -> End:
    """The end with what components share as another has it: what a part gains is told with that held."""
    if family.shared:
        kept = {name: value for name, value in family.split(like.params).items() if name in family.shared}
        end.params = family.join(end.params, {**family.split(end.params), **kept})
    return end


def _far_out(ground: Ground, points: Array | None) -> list[End]:
    """A start with a small group far out, which a sample may not have seen."""
    tail = None if points is None else dense_tail(points, ground.family.needed)
    return [] if tail is None else [ground.begin("part", np.eye(2)[tail.astype(int)])]


def _points(part: Part, rows: Ground | None = None) -> Array | None:
    """The rows in the eyes of the one component of the part; of the component that all of them make
    together.
    """
    one, ground = part.end.params, part.ground
    rows = ground if rows is None else rows
    if len(part.members) > 1:
        _, one = ground.family.begin(ground.data, ground.weight, np.ones((ground.n, 1)))
    try:
        return ground.family.around(one, rows.data)
    except np.linalg.LinAlgError:
        return ground.family.embed(rows.data)


def merge(view: View, pair: tuple[int, ...]) -> Move | None:
    """One component in the place of two, the M-step; it gains less than nothing. None where the two have
    hardly any rows.
    """
    part, family = part_of(view, pair), view.ground.family
    if part is None:
        return None
    ground = part.ground
    ground.meter.work += ground.cost
    _, made = family.begin(ground.data, ground.weight, np.ones((ground.n, 1)))
    merged = sharing(family, End("merged", np.ones(1), made), view.end)
    logs = np.asarray(family.log_density(merged.params, ground.data), float)[:, 0]
    after = float(ground.w @ logs) + ground.with_components(1).prior_of(merged)
    return Move(pair, merged, after - part.objective)


def put(ground: Ground, end: End, moves: list[Move]) -> End:
    """The mixture after some moves of parts that do not meet; each leaves as many components as it takes."""
    weights = end.weights.copy()
    values = {
        name: np.array(value) if name not in ground.family.shared else value
        for name, value in ground.family.split(end.params).items()
    }
    for move in moves:
        which = list(move.members)
        weights[which] = weights[which].sum() * move.end.weights
        for name, value in ground.family.split(move.end.params).items():
            if name not in ground.family.shared:
                values[name][which] = value
    params = ground.family.nearest(ground.family.join(end.params, values))
    return End(end.kind, weights / weights.sum(), params, num_e_steps=end.num_e_steps)


def joined(end: End, moves: list[Move], family: Family) -> Move:
    """Moves of parts that do not meet as one, which leaves as many components as it takes although they do
    not.
    """
    shares = np.concatenate([end.weights[list(move.members)].sum() * move.end.weights for move in moves])
    pieces = [family.split(move.end.params) for move in moves]
    values = {
        name: value if name in family.shared else np.concatenate([piece[name] for piece in pieces])
        for name, value in pieces[0].items()
    }
    members = tuple(c for move in moves for c in move.members)
    there = End("split and merge", shares / shares.sum(), family.join(moves[0].end.params, values))
    return Move(members, there, sum(move.gain for move in moves))
