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
    """

    status: Status = "valid"
    why: str = ""
    order: float = math.inf

    def __str__(self) -> str:
        limit = "" if math.isinf(self.order) or self.status == "refused" else f" to order {self.order:g}"
        return f"{self.status}{limit}" + (f": {self.why}" if self.why else "")


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

VALID = Verdict()
ONCE = Verdict(order=1)


def warned(why: str, order: float = math.inf) -> Verdict:
    """Right for some f, or of infinite variance."""
    return Verdict("warned", why, order)


def refused(why: str) -> Verdict:
    """Wrong."""
    return Verdict("refused", why, 0)
