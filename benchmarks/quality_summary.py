"""From the rows of the runs to shares, losses and times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality_runs import Case, Row

TIE = 0.01  # nats
LOSS = 1.0

Side = dict[int, Row]
Table = dict[Case, dict[str, Side]]


@dataclass(frozen=True, slots=True)
class Pair:
    """One run against another of the same case: how many nats it is above; ±∞ where one side has nothing."""

    case: Case
    seed: int
    other_seed: int
    gap: float


@dataclass(frozen=True, slots=True)
class Shares:
    """What a list of pairs amounts to.

    Pairs in which only the other side has something proper count as losses; those in which only this side
    has are left out of the shares, as are those in which neither has.
    """

    num_pairs: int
    as_good: float
    below: float
    above: float
    only_this: int
    only_other: int
    neither: int

    @classmethod
    def of(cls, pairs: list[Pair]) -> Shares:
        """Count."""
        gaps = np.array([pair.gap for pair in pairs])
        counted = gaps[~np.isnan(gaps) & (gaps < np.inf)]
        return cls(
            len(counted),
            _share(counted >= -TIE),
            _share(counted < -LOSS),
            _share(counted > LOSS),
            int(np.sum(gaps == np.inf)),
            int(np.sum(gaps == -np.inf)),
            int(np.sum(np.isnan(gaps))),
        )


def by_case(rows: Iterable[Row]) -> Table:
    """rows[case][side][seed]."""
    table: Table = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        table[Case(row.data, row.k, row.structure)][row.side][row.seed] = row
    return table


def against(table: Table, side: str, other: str) -> list[Pair]:
    """Every seed of one side against every seed of the other; of the same side, every two different seeds."""
    return [
        Pair(case, a.seed, b.seed, _gap(a, b))
        for case, sides in table.items()
        for a in sides.get(side, {}).values()
        for b in sides.get(other, {}).values()
        if side != other or a.seed != b.seed
    ]


def worst(pairs: list[Pair], count: int) -> list[Pair]:
    """The largest losses, one a case and seed."""
    seen: dict[tuple[Case, int], Pair] = {}
    for pair in sorted((p for p in pairs if p.gap < -TIE), key=lambda p: p.gap):
        seen.setdefault((pair.case, pair.seed), pair)
    return list(seen.values())[:count]


def seconds(rows: Iterable[Row], side: str) -> float:
    """Total time of a side."""
    return sum(row.seconds for row in rows if row.side == side)


def _gap(a: Row, b: Row) -> float:
    nothing = (np.isnan(a.log_evidence), np.isnan(b.log_evidence))
    if all(nothing):
        return float("nan")
    if any(nothing):
        return -np.inf if nothing[0] else np.inf
    return a.log_evidence - b.log_evidence


def _share(flags: NDArray[np.bool_]) -> float:
    return float(np.mean(flags)) if len(flags) else float("nan")
