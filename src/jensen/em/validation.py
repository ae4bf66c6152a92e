"""What the verbs are given, checked once: weights that are weights, a start inside its spaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Data, Weight
from jensen.em.cases import Cases


def checked_weight(weight: ArrayLike | None, cases: Cases, data: Data) -> Weight:
    """The weights as an array; None stays None.

    Raises
    ------
    ValueError
        If they are not one number for each case (where these can be counted), one is negative, NaN or
        infinite, or all are zero.
    """
    if weight is None:
        return None
    values = np.asarray(weight)
    if values.dtype.kind in "biu":
        values = values.astype(float)
    if values.dtype.kind != "f" or values.ndim != 1:
        found = f"{values.dtype} of shape {values.shape}"
        raise ValueError(f"weight must be numbers, one for each row; it is {found}")
    n = _count(cases, data)
    if n is not None and len(values) != n:
        raise ValueError(f"weight must have one number for each of the {n} rows; it has {len(values)}")
    bad = ~(np.isfinite(values) & (values >= 0))
    if bad.any():
        row = int(bad.argmax())
        others = f", and {bad.sum() - 1} more are wrong" if bad.sum() > 1 else ""
        raise ValueError(f"weight must be finite and not negative; row {row} has {values[row]}{others}")
    if not values.any():
        raise ValueError("the weights add up to zero; at least one row must count")
    return values


def _count(cases: Cases, data: Data) -> int | None:
    """None where data of the model's own kind cannot be counted."""
    try:
        return cases.count(data)
    except TypeError:
        return None
