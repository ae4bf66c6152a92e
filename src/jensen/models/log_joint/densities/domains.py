"""What a value and a parameter of a density may be, in symbols and in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

from jensen.models.log_joint.densities.lazy import jnp


@dataclass(frozen=True, slots=True)
class Domain:
    """A set of numbers.

    Attributes
    ----------
    says
        What they are, for messages.
    contains
        Whether an array's numbers are of it.
    example
        One of them, away from the edges.
    low, high
        Its ends.
    """

    says: str
    contains: Callable[[Any], Any]
    example: float = 1.0
    low: float = -inf
    high: float = inf


REAL = Domain("finite numbers", lambda x: jnp.abs(x) < inf)
POSITIVE = Domain("numbers above 0", lambda x: (x > 0) & (x < inf), low=0.0)
NON_NEGATIVE = Domain("numbers from 0", lambda x: (x >= 0) & (x < inf), low=0.0)
POSITIVE_OR_INFINITE = Domain("numbers above 0", lambda x: x > 0, low=0.0)
UNIT = Domain("numbers from 0 to 1", lambda x: (x >= 0) & (x <= 1), 0.5, 0.0, 1.0)
COUNTS = Domain("whole numbers from 0", lambda x: (x >= 0) & (x == jnp.floor(x)) & (x < inf), low=0.0)
BINARY = Domain("0 and 1", lambda x: (x == 0) | (x == 1), low=0.0, high=1.0)
