"""What `fit` is given, checked once: weights that are weights, a start inside its spaces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Data, Params, Weight
from jensen.em.cases import first_array
from jensen.em.contract import LatentVariableModel


def checked_weight(weight: ArrayLike | None, data: Data) -> Weight:
    """The weights as an array; None stays None.

    Raises
    ------
    ValueError
        If they are not one number for each row (where the data are arrays), one is negative, NaN or infinite,
        or all are zero.
    """
    if weight is None:
        return None
    values = np.asarray(weight)
    if values.dtype.kind in "biu":
        values = values.astype(float)
    if values.dtype.kind != "f" or values.ndim != 1:
        found = f"{values.dtype} of shape {values.shape}"
        raise ValueError(f"weight must be numbers, one for each row; it is {found}")
    n = _num_rows(data)
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


def check_start(model: LatentVariableModel, params: Params) -> None:
    """Raise a ValueError that names the parameter which is missing, misshapen or outside its space.

    For models with a chart; for others there is nothing to check by.
    """
    check = getattr(getattr(model, "chart", None), "check", None)
    if check is not None:
        check(params)


def _num_rows(data: Any) -> int | None:
    """None where the data are no arrays."""
    shape = getattr(first_array(data), "shape", ())
    return int(shape[0]) if shape else None
