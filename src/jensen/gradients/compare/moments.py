"""Mean and variance of replicates, each with its standard error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Moments:
    """Of every column, from independent replicates.

    Attributes
    ----------
    mean, standard_error
        The standard error is that of the mean.
    variance, variance_error
        Of one replicate, and the standard error of that, from fourth moments.
    rounding
        What rounding may have added to the mean: where there is no variance, a mean this far off is no bias.
    """

    mean: Vector
    standard_error: Vector
    variance: Vector
    variance_error: Vector
    rounding: Vector


def moments(samples: NDArray) -> Moments:
    """Of (replicates, columns); NaN and infinity stay what they are."""
    rounding = 64 * np.finfo(samples.dtype).eps
    samples = samples.astype(float)
    num = len(samples)
    with np.errstate(invalid="ignore", over="ignore"):
        mean = samples.mean(axis=0)
        away = samples - mean
        variance = (away**2).sum(axis=0) / (num - 1)
        fourth = (away**4).mean(axis=0)
        of_variance = np.maximum(fourth - variance**2 * (num - 3) / (num - 1), 0.0) / num
        size = np.abs(samples).max(axis=0)
    return Moments(mean, np.sqrt(variance / num), variance, np.sqrt(of_variance), rounding * (1.0 + size))
