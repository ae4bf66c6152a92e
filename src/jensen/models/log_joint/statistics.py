"""Statistics that are lazy: what they were computed from, and the little that is small."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from jensen.basics.arrays import Array
from jensen.models.log_joint.rows import Rows


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows with their weights and a q: that of the exact posterior at ``u``, or one that is given.

    Attributes
    ----------
    q
        None, or (n, K).
    value, score
        Q and ∂Q/∂u at ``u`` itself, where they are known.
    """

    rows: Rows
    weight: Array | None
    u: Array
    q: Array | None = None
    factor: float = 1.0
    value: float | None = None
    score: Array | None = None

    def is_at(self, u: Array) -> bool:
        """Whether u are the params that this q was computed at."""
        return np.array_equal(self.u, u)


@dataclass(frozen=True, slots=True, eq=False)
class LogJointStats:
    """Statistics of a `jensen.LogJoint`. They add and scale.

    Q(θ', S) at other θ' is a pass over the data, since nothing is known of the log-joint but how to compute
    it.

    Attributes
    ----------
    features
        (K, m): Σ_n w_n q_n(z) T(x_n) with the m numbers of T side by side.
    parts
        The rows with their q, from which everything else can be computed again.
    prior
        How often the log-prior counts, as data seen before the data.
    cheap
        Whether Q at other params may be asked for at every step.
    """

    features: Array
    parts: tuple[Part, ...]
    prior: float = 0.0
    cheap: bool = True
    known: dict[bytes, float] = field(default_factory=dict)
    """Q at the latest params where it was asked for."""

    def __add__(self, other: LogJointStats) -> LogJointStats:
        return LogJointStats(
            self.features + other.features,
            (*self.parts, *other.parts),
            self.prior + other.prior,
            self.cheap and other.cheap,
        )

    def scale(self, factor: float) -> LogJointStats:
        """The statistics of the rows counted ``factor`` times."""
        parts = tuple(replace(part, factor=factor * part.factor) for part in self.parts)
        return LogJointStats(factor * self.features, parts, factor * self.prior, self.cheap)
