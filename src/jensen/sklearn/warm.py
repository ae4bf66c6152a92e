"""Fits that go on from one another, and stop where one long fit would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from jensen.em.result import Fit
from jensen.em.stopping import Seen, Stop

MOST = 16  # objectives that are remembered: no rule looks further back
SAME = 64.0  # resolutions within which the last objective is that of where the climb begins


@dataclass(frozen=True, slots=True)
class Continued:
    """A stopping rule that has seen the plain steps of the fits ``before``, where these led to where the
    climb begins.

    One step tells nothing of what is left, and ``max_iter=1`` in a loop would never end.
    """

    stop: Stop
    before: tuple[float, ...]

    def done(self, seen: Seen) -> bool:
        """What the wrapped rule says of all steps."""
        first = seen.objectives[0]
        if seen.plain and self.before and abs(self.before[-1] - first) <= SAME * seen.resolution:
            seen = replace(seen, objectives=[*self.before[:-1], *seen.objectives])
        return self.stop.done(seen)


def climbed(estimator: Any) -> tuple[float, ...]:
    """The objectives of the steps so far, where they were plain."""
    return vars(estimator).get("_climbed", ())


def remembered(before: tuple[float, ...], found: Fit) -> tuple[float, ...]:
    """With those of one more fit; only its end, where its steps were accelerated."""
    objectives = [float(value) for value in found.ledger["objective"]]
    if not {"EM", "start"} >= set(found.ledger["algorithm"]):
        return (objectives[-1],)
    resolution = 1e-12 * (abs(objectives[0]) + found.weight)
    goes_on = before and abs(before[-1] - objectives[0]) <= SAME * resolution
    return (*before[:-1], *objectives)[-MOST:] if goes_on else tuple(objectives[-MOST:])
