"""What a component's log-density of a row would lose, had the component been fitted without that row.

Leaving out a row is a rank-one downdate of the scatter. With N the count of the component, r the row's
responsibility, m its squared Mahalanobis distance and a = r/(N − r),

    log|Σ'| − log|Σ| = d log(N/(N − r)) + log(1 − a m),      m' = N/(N − r) · m/(1 − a m).

Which part of its covariance a component has to itself decides what moves when the row leaves.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jensen.basics.arrays import Array

NOTHING = 1e-12  # what rounding leaves of a count or a determinant that is gone


@dataclass(frozen=True, slots=True, eq=False)
class Leaving:
    """Rows seen by components, and what each would take with it: (n, k) but for ``count`` and ``total``.

    Attributes
    ----------
    r, m
        Responsibilities, squared distances in the component's own covariance.
    axes
        (n, k, d): the same along each principal axis, adding up to ``m``; only for parts that are
        ``by_axis``.
    count
        (k,): rows of each component.
    total
        Of all.
    """

    r: Array
    m: Array
    axes: Array | None
    count: Array
    total: float

    @property
    def rest(self) -> Array:
        """N − r."""
        return np.maximum(self.count - self.r, NOTHING * self.count)

    @property
    def grown(self) -> Array:
        """N/(N − r)."""
        return self.count / self.rest


class OwnPart(ABC):
    """The part of its covariance that a component has to itself."""

    __slots__ = ()

    by_axis: ClassVar[bool] = False
    """Whether `loss` needs the distances along the axes."""

    @abstractmethod
    def num_parameters(self, d: int) -> int:
        """Of that part."""

    @abstractmethod
    def needed(self, d: int) -> float:
        """With no more rows than this the part cannot be estimated."""

    @abstractmethod
    def loss(self, rows: Leaving, d: int) -> Array:
        """log|Σ'| − log|Σ| + m' − m, (n, k); infinite where the row alone holds a direction open."""


class Nothing(OwnPart):
    """All covariances are shared: only the mean moves, and the shared part by one row of all."""

    __slots__ = ()

    def num_parameters(self, d: int) -> int:
        return 0

    def needed(self, d: int) -> float:
        return 1.0

    def loss(self, rows: Leaving, d: int) -> Array:
        r, total = rows.r, rows.total
        left = 1.0 - r * rows.grown / total * rows.m
        safe = np.where(left > NOTHING, left, 1.0)
        log_det = d * np.log(total / (total - r)) + np.log(safe)
        loss = log_det + rows.grown**2 * (total - r) / total * rows.m / safe - rows.m
        return np.where(left > NOTHING, loss, np.inf)


class Volume(OwnPart):
    """One factor: the shape and the orientation are shared, or fixed."""

    __slots__ = ()

    def num_parameters(self, d: int) -> int:
        return 1

    def needed(self, d: int) -> float:
        return 1.0 + 1.0 / d

    def loss(self, rows: Leaving, d: int) -> Array:
        return _loss(rows.m, rows.r / rows.rest / d, rows.grown, float(d))


class Axes(OwnPart):
    """A variance along each axis; the axes themselves are shared, or fixed."""

    __slots__ = ()
    by_axis = True

    def num_parameters(self, d: int) -> int:
        return d

    def needed(self, d: int) -> float:
        return 2.0

    def loss(self, rows: Leaving, d: int) -> Array:
        assert rows.axes is not None
        a, grown = (rows.r / rows.rest)[..., None], rows.grown[..., None]
        return _loss(rows.axes, a, grown, 1.0).sum(axis=-1)


class Matrix(OwnPart):
    """A whole matrix."""

    __slots__ = ()

    def num_parameters(self, d: int) -> int:
        return d * (d + 1) // 2

    def needed(self, d: int) -> float:
        return d + 1.0

    def loss(self, rows: Leaving, d: int) -> Array:
        return _loss(rows.m, rows.r / rows.rest, rows.grown, 1.0) + (d - 1) * np.log(rows.grown)


def _loss(m: Array, a: Array, grown: Array, size: float) -> Array:
    """size·(log N/(N−r) + log(1 − a m)) + m' − m; infinite where the row alone holds a direction open."""
    left = 1.0 - a * m
    safe = np.where(left > NOTHING, left, 1.0)
    loss = size * (np.log(grown) + np.log(safe)) + grown * m / safe - m
    return np.where(left > NOTHING, loss, np.inf)


NOTHING_OWN = Nothing()
VOLUME = Volume()
AXES = Axes()
MATRIX = Matrix()
