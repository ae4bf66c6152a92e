"""What the table says of a parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Status = Literal["valid", "warned", "refused"]


@dataclass(frozen=True, slots=True)
class Ruling:
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

    path: Ruling
    score: Ruling

    def __str__(self) -> str:
        return f"path {self.path}; score {self.score}"


Row = dict[str, Derivatives]
"""By parameter."""

INFINITE = "the variance is infinite for an f whose slope does not fall off, such as sin x"
VALID = Ruling()
ONCE = Ruling(order=1)


def warned(why: str, order: float = math.inf) -> Ruling:
    """Right for some f, or of infinite variance."""
    return Ruling("warned", why, order)


def tailed(values: str, order: float = math.inf) -> Ruling:
    """Valid, and of infinite variance at some values, where draws have no second moment."""
    return Ruling(order=order, warned_where=values)


def refused(why: str) -> Ruling:
    """Wrong."""
    return Ruling("refused", why, 0)


def heavy(ruling: Ruling) -> Ruling:
    """Of infinite variance, if it is not refused."""
    return ruling if ruling.status == "refused" else Ruling("warned", INFINITE, ruling.order)


def light(ruling: Ruling) -> Ruling:
    """Of finite variance: what was warned of for that reason is valid."""
    return Ruling(order=ruling.order) if is_heavy(ruling) or ruling.warned_where else ruling


def is_heavy(ruling: Ruling) -> bool:
    """Whether it is warned of because of an infinite variance."""
    return ruling.status == "warned" and ruling.why == INFINITE
