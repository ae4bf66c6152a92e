"""The moments of Gaussian components about a centre that they carry, and the moments of the data.

Raw second moments cancel where the mean is large beside the spread; about the means of the E-step they do
not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.families.gaussian.second_moments import SecondMoments


class GaussianParams(NamedTuple):
    """Means (k, d) and covariances in the shape of the structure."""

    means: Array
    covariances: Array


@dataclass(frozen=True, slots=True, eq=False)
class GaussianStats:
    """Weighted moments of each component about its centre. They add and scale.

    Attributes
    ----------
    moments
        The kind of second moments.
    centre
        (k, d): c_k.
    count
        (k,): Σ_n w_nk.
    first
        (k, d): Σ_n w_nk (x_n − c_k).
    second
        Σ_n w_nk (x_n − c_k)(x_n − c_k)ᵀ in the shape of the kind.
    dof
        (k,): what multiplies −½ log|Σ_k|. Equal to ``count`` for data; a conjugate prior's own.
    """

    moments: SecondMoments
    centre: Array
    count: Array
    first: Array
    second: Array
    dof: Array

    def about(self, centre: Array) -> GaussianStats:
        """The same statistics about another centre: exact."""
        shift = self.centre - centre
        outer = self.moments.outer
        count = self.count[:, None]
        second = (
            self.second + outer(self.first, shift) + outer(shift, self.first) + outer(count * shift, shift)
        )
        return replace(self, centre=centre, first=self.first + count * shift, second=second)

    def __add__(self, other: GaussianStats) -> GaussianStats:
        if other.centre is not self.centre:
            other = other.about(self.centre)
        return replace(
            self,
            count=self.count + other.count,
            first=self.first + other.first,
            second=self.second + other.second,
            dof=self.dof + other.dof,
        )

    def scale(self, factor: float) -> GaussianStats:
        """The statistics of the rows counted ``factor`` times."""
        return replace(
            self,
            count=factor * self.count,
            first=factor * self.first,
            second=factor * self.second,
            dof=factor * self.dof,
        )


def data_moments(data: Array, weight: Array | None) -> tuple[Array, Array]:
    """Weighted mean (d,) and covariance (d, d) of the rows, in double precision, block by block.

    Raises
    ------
    ValueError
        If no row has weight.
    """
    d = data.shape[1]
    mean = np.zeros(d)
    total = 0.0
    for rows, w in blocks(data, weight):
        total += w.sum()
        mean += w @ (rows - data[0])
    if not total > 0:
        raise ModelError("the weights add up to zero")
    mean = data[0] + mean / total
    covariance = np.zeros((d, d))
    for rows, w in blocks(data, weight):
        rows = rows - mean
        covariance += (rows.T * w) @ rows
    return mean, covariance / total


def blocks(data: Array, weight: Array | None, size: int = 4096) -> Iterator[tuple[Array, Array]]:
    for begin in range(0, len(data), size):
        rows = np.asarray(data[begin : begin + size], float)
        yield rows, np.ones(len(rows)) if weight is None else np.asarray(weight[begin : begin + size], float)
