"""One start of a fit and where it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.tables import Table
from jensen.basics.verdict import Verdict

SAME_OBJECTIVE = 0.01  # nats


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
    is_proper: bool = False
    """Whether its search has looked for flaws, and found none that rules these params out."""


def times_found(table: Table, objective: float) -> int:
    """How many starts of ``table`` led to the maximum at ``objective``, which need not be the highest."""
    near = np.abs(table["objective"] - objective) < max(SAME_OBJECTIVE, 1e-9 * abs(objective))
    return int(table["times_found"][near].max(initial=0))
