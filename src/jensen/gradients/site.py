"""A variable at the moment when an estimator takes the expectation over it, for one draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

BATCH = "jensen_batch"
COUPLED = "jensen_coupled"


@dataclass(frozen=True, slots=True)
class Layout:
    """How the draws are arranged: independent batches of draws that are coupled with each other."""

    num_batches: int
    num_coupled: int

    @property
    def num_draws(self) -> int:
        """All of them."""
        return self.num_batches * self.num_coupled


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
    apart
        The distribution, with its parents held fixed.
    """

    name: str
    distribution: Any
    randomness: Randomness
    layout: Layout
    state: Any = None
    vouched: bool = False
    apart: Callable[[], Any] | None = None

    def mean(self, value: Any) -> Any:
        """The mean of a quantity over all draws."""
        return _sum(value) / self.layout.num_draws

    def sum_of_others(self, value: Any) -> Any:
        """The sum of a quantity over the draws of all other batches: independent of this draw."""
        return _sum(value) - jax.lax.psum(value, COUPLED)

    def mean_of_others(self, value: Any) -> Any:
        """The mean of a quantity over the draws of all other batches."""
        return self.sum_of_others(value) / ((self.layout.num_batches - 1) * self.layout.num_coupled)

    def minus_others(self, value: Any) -> Any:
        """A quantity minus its mean over all other batches, without the rounding of large sums."""
        value = jax.lax.stop_gradient(value)
        mean = self.mean(value)
        batch = jax.lax.psum(value, COUPLED) / self.layout.num_coupled
        return (value - mean) + (batch - mean) / (self.layout.num_batches - 1)


def _sum(value: Any) -> Any:
    return jax.lax.psum(jax.lax.psum(value, COUPLED), BATCH)


Cost = Callable[[Any], Any]
"""The continuation: from a value of this variable, through the later ones, to f."""


def in_draws(run: Callable[..., Any], randomness: Any) -> Any:
    """``run`` for every draw, whose randomness has (batches, coupled) as its leading axes."""
    return jax.vmap(jax.vmap(run, axis_name=COUPLED), axis_name=BATCH)(randomness)
