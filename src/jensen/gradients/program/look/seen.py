"""What is known of one number in a program, as a function of a variable x that moves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np

STOPS = "stops the derivative in"
RULES_OF_ITS_OWN = "has a rule of its own for the derivative in"
LOST = (STOPS, RULES_OF_ITS_OWN)  # what may be wrong of a derivative; the worse last: one that stops is meant


class Level(IntEnum):
    """How it depends on x, the better first."""

    CONSTANT = 0
    ANALYTIC = 1
    """Without a stretch on which it stays the same, unless it always does."""
    CONTINUOUS = 2
    """And differentiable almost everywhere, with that derivative."""
    CUT = 3
    """Continuous where it is finite."""
    JUMPS = 4
    """As far as can be told."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An array; all its entries together.

    Attributes
    ----------
    level
        The worst of all entries.
    causes
        Of the jumps: what is done, in words, and whether something that depends on θ is in it.
    moves
        Whether it depends on θ.
    lost
        What may have been lost of the derivative in x on the way, in words: it is stopped, or has a rule that
        is not JAX's. It may be that nothing is, as where the largest of some numbers is taken from all of
        them and added again. Of several the last in `LOST`.
    lost_of_params
        The same of the derivative in θ, of what x is in as well; what is made of θ alone is as it is meant.
    low, high
        Between which all entries are.
    away
        Whether no entry can be 0.
    partial
        Whether it may be no number (NaN) somewhere, which comparisons and sorting take for something.
    truth
        What it is almost surely, where it is a condition and that is known.
    every
        Whether each entry moves: none is a constant beside others that move.
    """

    level: Level = Level.CONSTANT
    causes: frozenset[tuple[str, bool]] = frozenset()
    moves: bool = False
    lost: str = ""
    lost_of_params: str = ""
    low: float = -math.inf
    high: float = math.inf
    away: bool = False
    truth: bool | None = None
    partial: bool = False
    every: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether it does not depend on x."""
        return self.level is Level.CONSTANT

    @property
    def jumps(self) -> bool:
        """Whether it may."""
        return self.level is Level.JUMPS

    @property
    def is_infinite(self) -> bool:
        """Whether it is the constant ∞ or −∞."""
        return self.is_constant and self.low == self.high and math.isinf(self.low)

    @property
    def is_nonzero(self) -> bool:
        """Whether it cannot be 0."""
        return self.away or self.low > 0.0 or self.high < 0.0

    def at_least(self, level: Level) -> Seen:
        """The same, but no better than a level: it may stay where it is for a stretch."""
        return self if self.is_constant or self.level >= level else replace(self, level=level, every=False)

    def only_within(self, low: float, high: float, of: Seen) -> Seen:
        """The same, which is no number where an operand is not between two ends."""
        is_inside = of.is_constant or (of.low >= low and of.high <= high)
        return self if is_inside else replace(self, partial=True)

    def between(self, low: float, high: float, away: bool = False) -> Seen:
        """The same between other ends."""
        low, high = (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)
        return replace(self, low=low, high=high, away=away, truth=None)

    @property
    def anywhere(self) -> Seen:
        """The same with nothing known of where it is."""
        return self.between(-math.inf, math.inf)


def constant(value: Any) -> Seen:
    """A number that is written in the program, or known."""
    try:
        value = np.asarray(value)
        if value.size == 0 or not (np.issubdtype(value.dtype, np.number) or value.dtype == bool):
            return Seen()
        if np.iscomplexobj(value) or np.isnan(value.astype(float)).any():
            return Seen()
        low, high = float(value.min()), float(value.max())
    except (TypeError, ValueError):  # keys, and numbers of types that NumPy does not know
        return Seen()
    truth = bool(low) if value.dtype == bool and low == high else None
    return Seen(low=low, high=high, away=bool(np.all(value != 0)), truth=truth)


def joined(seen: Iterable[Seen]) -> Seen:
    """Whichever of them it is, or all of them in one array."""
    seen = list(seen)
    truths = {each.truth for each in seen}
    return replace(
        together(seen),
        low=min((each.low for each in seen), default=-math.inf),
        high=max((each.high for each in seen), default=math.inf),
        away=bool(seen) and all(each.is_nonzero for each in seen),
        truth=truths.pop() if len(truths) == 1 else None,
        every=bool(seen) and all(each.every for each in seen),
    )


def together(seen: Iterable[Seen]) -> Seen:
    """What is made of all of them by something smooth, wherever that is.

    Of two that move, as in x − x, some entry may not.
    """
    seen = list(seen)
    moving = [each for each in seen if not each.is_constant]
    return Seen(
        max((each.level for each in seen), default=Level.CONSTANT),
        frozenset[tuple[str, bool]]().union(*(each.causes for each in seen)),
        any(each.moves for each in seen),
        worst(each.lost for each in seen),
        worst(each.lost_of_params for each in seen),
        partial=any(each.partial for each in seen),
        every=len(moving) == 1 and moving[0].every,
    )


def jumping(what: str, seen: Iterable[Seen], always: bool = False) -> Seen:
    """What may jump where something is done with these, unless none depends on x.

    Of what jumps before the cause stays, unless this is told ``always``; but where θ comes in only here, the
    place of this jump moves with it.
    """
    found = together(seen)
    if found.is_constant:
        return found
    causes, own = found.causes, frozenset({(what, found.moves)})
    if always or not found.jumps:
        causes = own
    elif found.moves and not any(with_params for _, with_params in causes):
        causes = causes | own
    return replace(found, level=Level.JUMPS, causes=causes, every=False)


def losing(what: str, seen: Seen, with_params: bool) -> Seen:
    """The same where something of its derivative may be lost, also in θ where that is in it."""
    if seen.is_constant:
        return seen
    return replace(seen, lost=what, lost_of_params=what if with_params else seen.lost_of_params)


def worst(lost: Iterable[str]) -> str:
    """Of what may be lost the worst, or nothing."""
    return max(lost, key=("", *LOST).index, default="")
