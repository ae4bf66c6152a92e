"""A variable at the moment when an estimator takes the expectation over it, for one draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

BATCH = "jensen_batch"
COUPLED = "jensen_coupled"
PARTICLE = "jensen_particle"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the draws are arranged: independent batches of draws that are coupled with each other.

    Each may be one of several independent particles, of which something is made.
    """

    num_batches: int
    num_coupled: int
    num_particles: int | None = None

    @property
    def num_draws(self) -> int:
        """All of them."""
        return self.num_batches * self.num_coupled

    @property
    def leading(self) -> tuple[int, ...]:
        """The leading axes of the randomness; the second is left out where nothing is coupled."""
        draws = (self.num_batches, self.num_coupled) if self.num_coupled > 1 else (self.num_batches,)
        return (*draws, *self.particles)

    @property
    def particles(self) -> tuple[int, ...]:
        """Their axis, where there are any."""
        return () if self.num_particles is None else (self.num_particles,)

    @property
    def num_evaluated(self) -> int:
        """All of them, with their particles."""
        return self.num_draws * (self.num_particles or 1)

    def index(self) -> Any:
        """The number of the draw that is being made."""
        batch = jax.lax.axis_index(BATCH) * self.num_coupled
        return batch + jax.lax.axis_index(COUPLED) if self.num_coupled > 1 else batch


@jax.tree_util.register_dataclass
@dataclass(frozen=True, slots=True)
class Randomness:
    """Where a draw of a variable comes from: noise, or a key where it is not made of noise."""

    key: Any
    noise: Any = None


@dataclass(frozen=True, slots=True)
class Site:
    """One variable, for one draw.

    Attributes
    ----------
    name
        Of the variable.
    distribution
        Given the values of its parents.
    randomness
        Of this draw.
    layout
        Of all draws.
    state
        What a baseline remembers of earlier calls; None where nothing does.
    vouched
        Whether the user vouches for derivatives that are not in the table.
    is_of_bound
        Whether f holds −log q(x) of this variable.
    apart
        The distribution, with its parents held fixed.
    edges
        Parameters whose values at an edge of their domain are meant, and have no score.
    """

    name: str
    distribution: Any
    randomness: Randomness
    layout: Layout
    state: Any = None
    vouched: bool = False
    is_of_bound: bool = False
    apart: Callable[[], Any] | None = None
    edges: frozenset[str] = frozenset()

    def mean(self, value: Any) -> Any:
        """The mean of a quantity over all draws."""
        return self._sum(value) / self.layout.num_draws

    def sum_of_others(self, value: Any) -> Any:
        """The sum of a quantity over the draws of all other batches: independent of this draw."""
        return self._sum(value) - self._sum_of_batch(value)

    def mean_of_others(self, value: Any) -> Any:
        """The mean of a quantity over the draws of all other batches."""
        return self.sum_of_others(value) / ((self.layout.num_batches - 1) * self.layout.num_coupled)

    def minus_others(self, value: Any) -> Any:
        """A quantity minus its mean over all other batches, without the rounding of large sums."""
        value = jax.lax.stop_gradient(value)
        mean = self.mean(value)
        batch = self._sum_of_batch(value) / self.layout.num_coupled
        return (value - mean) + (batch - mean) / (self.layout.num_batches - 1)

    def _sum(self, value: Any) -> Any:
        return jax.lax.psum(self._sum_of_batch(value), BATCH)

    def _sum_of_batch(self, value: Any) -> Any:
        return jax.lax.psum(value, COUPLED) if self.layout.num_coupled > 1 else value


def of_particles(run: Callable[..., Any], combine: Callable[[Any], Any]) -> Callable[..., Any]:
    """What is made of the costs of all particles of a draw."""
    return lambda randomness: combine(jax.vmap(run, axis_name=PARTICLE)(randomness))


Cost = Callable[[Any], Any]
"""The continuation: from a value of this variable, through the later ones, to f."""


def in_draws(run: Callable[..., Any], layout: Layout, randomness: Any) -> Any:
    """``run`` for every draw, (batches, coupled); randomness has the leading axes of the layout.

    An axis of length 1 would keep XLA from vector instructions.
    """
    each = jax.vmap(run, axis_name=COUPLED) if layout.num_coupled > 1 else run
    found = jax.vmap(each, axis_name=BATCH)(randomness)
    return found if layout.num_coupled > 1 else found[:, None]
