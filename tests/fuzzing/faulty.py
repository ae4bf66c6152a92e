"""A target with every fault, so that it is seen that they are found."""

from __future__ import annotations

import os
import random
import warnings

from fuzzing.outcomes import WrongError
from jensen.basics.errors import DataError


def case(rng: random.Random) -> None:
    """One of them."""
    kind = rng.randrange(6)
    if kind == 0:
        os._exit(3)
    if kind == 1:
        raise KeyError("of another library")
    if kind == 2:
        raise WrongError("lost rows")
    if kind == 3:
        raise DataError("refused")
    if kind == 4:
        warnings.warn("overflow", RuntimeWarning, stacklevel=1)
