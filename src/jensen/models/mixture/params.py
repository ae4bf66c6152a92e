"""What a mixture is made of: weights and components, and their statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from jensen.basics.arrays import Array


class MixtureParams(NamedTuple):
    """Mixing weights π (k,) and the parameters of the components."""

    weights: Array
    components: Any


@dataclass(frozen=True, slots=True, eq=False)
class MixtureStats:
    """Σ_n w_n r_nk (k,), and the statistics of the components. They add and scale.

    ``components`` is None in the pseudo-statistics of a prior that says nothing of them.
    """

    count: Array
    components: Any

    def __add__(self, other: MixtureStats) -> MixtureStats:
        if other.components is None:
            return MixtureStats(self.count + other.count, self.components)
        if self.components is None:
            return other + self
        return MixtureStats(self.count + other.count, self.components + other.components)

    def scale(self, factor: float) -> MixtureStats:
        """The statistics of the rows counted ``factor`` times."""
        components = None if self.components is None else self.components.scale(factor)
        return MixtureStats(factor * self.count, components)
