"""One start of a fit and where it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jensen.basics.arrays import Params
from jensen.basics.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Start:
    """One start and where it ended."""

    kind: str
    params: Params | None
    objective: float
    num_e_steps: int
    verdict: Verdict
    run: Any = None
    """The whole climb (a `jensen.em.loop.Run`), where the loop climbed it and not the model's own search."""
    number: int = 0
    """Its place in the order in which the starts were made."""
    tried: int = 1
    """How many starts it stands for: those of a sample of the rows, of which the best went on, are more
    than one.
    """
    found: int = 1
    """And how many of them led to it."""
