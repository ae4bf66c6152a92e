"""A model on a table of data with its starts, as verdicts are tried on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Problem:
    """A model on a table, from whichever side it comes."""

    kind: str
    table: str
    model: Any
    data: Any
    weight: Any
    starts: list[tuple[str, Any]]
    spaces: dict[str, str]
    units: dict[str, float]
    value: Callable[[Any], float]
    free: Callable[[Any], dict[str, np.ndarray]]
    """Params of jensen's as those of ``value``."""
