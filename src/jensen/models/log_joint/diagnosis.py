"""What is wrong with an end that the climb itself cannot see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Mask
from jensen.basics.verdict import Outcome, Verdict

SPIKE = 16.0  # nats above the median row: ten million times its density
SHOWN = 5
SURE = 30.0  # nats for each number in a row, however many rows: a scale of rounding beside the others'
NONE = 1e15  # nats of one row


def collapse(
    log_evidence: Array,
    weight: Array | None,
    num_parameters: float,
    resolution: Array,
    row_size: int = 1,
    numbers: NDArray[np.intp] | None = None,
) -> Verdict | None:
    """Whether a few rows have a density that has no bound.

    Parameters
    ----------
    log_evidence
        (n,): log p(x_n | θ).
    num_parameters
        What one value of z can adapt to as many rows: a spike on more of them is a cluster.
    resolution
        (n,): the log-density of a row all of whose probability lies where floating point does not tell it
        from others.
    row_size
        How many numbers a row has.
    numbers
        What the rows are called; by default counted from 0.
    """
    spikes = (log_evidence > 0) & (log_evidence > np.median(log_evidence) + SPIKE)
    beyond = log_evidence > np.minimum(resolution, np.median(log_evidence) + SURE * row_size + SPIKE)
    if (log_evidence > 0)[beyond].any() or (log_evidence > NONE).any():
        return _spike((beyond & (log_evidence > 0)) | (log_evidence > NONE), numbers)
    counted = float(spikes.sum() if weight is None else weight[spikes].sum())
    if counted == 0 or counted > num_parameters + 1:
        return None
    return _spike(spikes, numbers)


def _spike(spikes: Mask, numbers: NDArray[np.intp] | None) -> Verdict:
    rows = np.flatnonzero(spikes) if numbers is None else numbers[spikes]
    shown = ", ".join(map(str, rows[:SHOWN])) + (", …" if len(rows) > SHOWN else "")
    return Verdict(
        Outcome.COLLAPSED,
        f"the density at row{'s' if len(rows) > 1 else ''} {shown} grows without bound",
        "bound the scale from below: Interval(low, high) in place of Positive, or a log_prior",
    )
