"""What a mixture is made of: weights and components, and their statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.plain import given


class MixtureParams(NamedTuple):
    """Mixing weights π (k,) and the parameters of the components."""

    weights: Array
    components: Any


def require_params(params: Any, k: int | None = None) -> None:
    """That they are weights and components; and of so many components, where ``k`` says how many."""
    if not isinstance(params, MixtureParams) and len(given(params, MixtureParams._fields)) < 2:
        kind = type(params).__name__
        hint = ": give its params" if given(params, ["params"]) else ""
        raise ModelTypeError(
            f"params of a mixture are jensen.models.MixtureParams(weights, components), not {kind}{hint}"
        )
    if k is not None and np.shape(params.weights) != (k,):
        raise ModelError(
            f"the weights must be ({k},), one for each component, not {np.shape(params.weights)}"
        )


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
