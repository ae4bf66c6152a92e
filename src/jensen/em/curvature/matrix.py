"""An information matrix, and how well its entries are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jensen.basics.arrays import Array


@dataclass(frozen=True, slots=True)
class Information:
    """A symmetric (p, p) matrix in the chart, and how far its entries may be off.

    Attributes
    ----------
    matrix
        (p, p).
    scale
        (p,): 1/√curvature of Q, the unit of a coordinate.
    error
        The largest error of an entry in these units: asymmetry and truncation; 0 where it is exact.
    """

    matrix: Array
    scale: Array
    error: float = 0.0

    @property
    def scaled(self) -> Array:
        """The matrix in units of ``scale``."""
        return self.matrix * np.outer(self.scale, self.scale)
