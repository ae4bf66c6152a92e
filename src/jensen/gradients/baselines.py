"""What may be subtracted from the cost of a score without moving its mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp

from jensen.gradients.site import Site


@runtime_checkable
class Baseline(Protocol):
    """A number that does not depend on the draw it is used for."""

    def value(self, site: Site, cost: Any) -> Any:
        """For this draw; ``cost`` is that of this draw, for baselines that look at the others'."""
        ...


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """The mean cost of the other draws (Kool, van Hoof and Welling, 2019).

    Of draws that are coupled the whole batch is left out: a baseline that knows a draw's mirror image biases.
    """

    def value(self, site: Site, cost: Any) -> Any:
        if site.layout.num_batches < 2:
            raise ValueError(
                "a leave-one-out baseline needs at least two independent draws or batches of draws"
            )
        return jax.lax.stop_gradient(site.mean_of_others(cost))


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that is known beforehand."""

    number: float

    def value(self, site: Site, cost: Any) -> Any:
        return jnp.asarray(self.number)
