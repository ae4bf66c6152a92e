"""What every ``sample`` takes and returns, and where its randomness comes from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.numbers import is_whole

Randomness = np.random.Generator | int | None


class Sample(NamedTuple):
    """Rows drawn from a model, and the hidden values that they were drawn with.

    Attributes
    ----------
    data
        As the model takes data: an array (n, d), or a dict by column where columns have names.
    labels
        z of every row: the components (n,) of a mixture.
    """

    data: Any
    labels: Any


def as_generator(rng: Randomness) -> np.random.Generator:
    """The generator that ``rng`` is or seeds; the seed is 0 where nothing is given, as everywhere.

    Raises
    ------
    ValueError
        It is neither None, nor a whole number from 0, nor a `numpy.random.Generator`.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if rng is None:
        return np.random.default_rng(0)
    if not is_whole(rng):
        raise ModelError(
            f"rng must be a whole number, a numpy.random.Generator or None (the seed 0), not {rng!r}"
        )
    if rng < 0:
        raise ModelError(f"rng must be a seed from 0, not {rng}")
    return np.random.default_rng(int(rng))


def checked_num_rows(num_rows: Any) -> int:
    """How many rows to draw, a whole number from 1.

    Raises
    ------
    TypeError, ValueError
        It is none.
    """
    if not is_whole(num_rows):
        raise ModelTypeError(f"num_rows must be a whole number, not {num_rows!r}")
    if num_rows < 1:
        raise ModelError(f"num_rows must be at least 1, not {num_rows}")
    return int(num_rows)
