"""What is odd about the rows of a command, and not wrong: a line each."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.cli.inputs import Source

NAMES = re.compile(
    r"(.*[_. -])?(id|ids|index|idx|row|rows|rownames?|nr|no|number|num|key|obs|case|unnamed.*)"
)
FEW = 3  # whole numbers in a row mean nothing yet


def remarks(source: Source) -> list[str]:
    """What a reader might want to change, what was done without being asked included."""
    n, d = source.rows.values.shape
    found = list(source.notes)
    seen: dict[bytes, str] = {}
    for j, name in enumerate(source.rows.columns):
        values = source.rows.values[:, j]
        first = seen.setdefault(values.tobytes(), name)
        if first != name:
            found.append(f"columns {first!r} and {name!r} are equal; leave one out (--exclude {name})")
        elif d > 1 and numbers_rows(name, values):
            found.append(f"column {name!r} looks like a number of the row; --exclude {name} leaves it out")
    if n <= d:
        found.append(f"{n} rows of {d} columns are too few for a full or tied covariance")
    return found


def numbers_rows(name: str, values: NDArray[Any]) -> bool:
    """Whether a column counts the rows, or is called as if it did and has whole numbers that never repeat."""
    if len(values) <= FEW or (values != np.floor(values)).any():
        return False
    if values[0] in (0.0, 1.0) and (np.diff(values) == 1.0).all():
        return True
    return NAMES.fullmatch(name.strip().lower()) is not None and len(np.unique(values)) == len(values)
