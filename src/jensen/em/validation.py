"""What the verbs are given, checked once: data as the model takes them, weights that are weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arguments import shown
from jensen.basics.arrays import Data, Weight
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.numbers import is_whole
from jensen.basics.plain import collected, given
from jensen.basics.weights import as_weight
from jensen.em.cases import Cases

MOST_STARTS = 10**6  # of a fit: more would not end
ARRAYS = ("__array__", "__array_interface__", "__dlpack__")


def accepted(model: Any, data: Data) -> Data:
    """The data as the model takes them: what its ``accept`` makes of them.

    For a model without one, a lazy frame is collected, and what can only be read as an array becomes one;
    everything else is the model's own affair.
    """
    if model.accept is not None:
        return model.accept(data)
    if isinstance(data, np.ndarray | list | tuple | dict):
        return data
    data = collected(data)
    if given(data, ["__len__"]) or not (said := given(data, ARRAYS)):
        return data
    return np.from_dlpack(data) if set(said) == {"__dlpack__"} else np.asarray(data)


def checked_weight(weight: ArrayLike | None, cases: Cases, data: Data) -> Weight:
    """The weights as an array of float64; None stays None.

    Raises
    ------
    jensen.basics.errors.DataError
        A ValueError, if they are not one number for each case (where these can be counted), one is negative,
        missing or infinite, or all together are nothing.
    """
    return None if weight is None else as_weight(weight, _count(cases, data))


def require_restarts(restarts: Any) -> None:
    """That a number of starts is one, or None."""
    if restarts is None:
        return
    if not (is_whole(restarts) and restarts >= 1):
        raise ModelError(f"restarts must be at least 1, a whole number, not {shown(restarts)}")
    if restarts > MOST_STARTS:
        raise ModelError(f"restarts must be at most {MOST_STARTS}, not {shown(restarts)}")


def require_posterior(posterior: Any) -> None:
    """That it is a posterior."""
    if isinstance(posterior, type) or not given(posterior, ["entropy"]):
        kind = type(posterior).__name__
        raise ModelTypeError(f"a posterior is what model.posterior(params, data) returns, not {kind}")


def require_same_cases(posterior: Any, cases: Cases, data: Data) -> None:
    """That it is a posterior; and, as far as it can be counted, of these data."""
    require_posterior(posterior)
    shape = np.shape(given(posterior, ["log_evidence"]).get("log_evidence", 0.0))
    count = _count(cases, data)
    if len(shape) == 1 and count is not None and shape[0] != count:
        raise ModelError(
            f"the posterior is of {shape[0]} cases and the data have {count}: "
            "model.posterior(params, data) is that of these data"
        )


def _count(cases: Cases, data: Data) -> int | None:
    """None where data of the model's own kind cannot be counted."""
    try:
        return cases.count(data)
    except TypeError:
        return None
