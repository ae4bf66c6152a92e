"""What the table says of a parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Status = Literal["valid", "warned", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a kind of derivative is valid.

    Attributes
    ----------
    status
        "valid"; "warned" where it is right only for some f, or has an infinite variance; "refused" where it
        is wrong.
    why
        In one line; empty where there is nothing to say.
    order
        The order of derivative that is right; beyond it `InvalidGradientError` is raised.
    warned_where
        Values at which it is warned of, where they are not known; empty where there are none.
    """

    status: Status = "valid"
    why: str = ""
    order: float = math.inf
    warned_where: str = ""

    def __str__(self) -> str:
        limit = "" if math.isinf(self.order) or self.status == "refused" else f" to order {self.order:g}"
        values = f", warned where {self.warned_where}: {INFINITE}" if self.warned_where else ""
        return f"{self.status}{limit}{values}" + (f": {self.why}" if self.why else "")


@dataclass(frozen=True, slots=True)
class Derivatives:
    """What is valid for one parameter of a distribution.

    Attributes
    ----------
    path
        The derivative of a draw.
    score
        The derivative of the log density.
    """

    path: Verdict
    score: Verdict

    def __str__(self) -> str:
        return f"path {self.path}; score {self.score}"


Row = dict[str, Derivatives]
"""By parameter."""

INFINITE = "the variance is infinite for an f whose slope does not fall off, such as sin x"
VALID = Verdict()
ONCE = Verdict(order=1)


def warned(why: str, order: float = math.inf) -> Verdict:
    """Right for some f, or of infinite variance."""
    return Verdict("warned", why, order)


def tailed(values: str, order: float = math.inf) -> Verdict:
    """Valid, and of infinite variance at some values, where draws have no second moment."""
    return Verdict(order=order, warned_where=values)


def refused(why: str) -> Verdict:
    """Wrong."""
    return Verdict("refused", why, 0)


def heavy(verdict: Verdict) -> Verdict:
    """Of infinite variance, if it is not refused."""
    return verdict if verdict.status == "refused" else Verdict("warned", INFINITE, verdict.order)


def light(verdict: Verdict) -> Verdict:
    """Of finite variance: what was warned of for that reason is valid."""
    return Verdict(order=verdict.order) if is_heavy(verdict) or verdict.warned_where else verdict


def is_heavy(verdict: Verdict) -> bool:
    """Whether it is warned of because of an infinite variance."""
    return verdict.status == "warned" and verdict.why == INFINITE
