"""What may be subtracted from the cost of a score without moving its mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jensen.basics.errors import ModelError, ModelTypeError
from jensen.gradients.labels import Labelled
from jensen.gradients.sampling import can_be_taken_apart, own_log_density
from jensen.gradients.site import Site
from jensen.gradients.surrogates import box, rescaled


class Scored(NamedTuple):
    """A draw whose density is differentiated.

    Attributes
    ----------
    log_density
        Of the draw, under any distribution; parameters without a score are guarded.
    x
        The draw, fixed.
    weight
        1, with the derivative of log p(x).
    cost
        Of this draw.
    """

    log_density: Callable[[Any], Any]
    x: Any
    weight: Any
    cost: Any


class Baseline(Labelled):
    """Something that is subtracted from the cost and does not depend on the draw it is used for.

    Write one by inheriting from this class: only ``value`` is required. One with a memory has ``init`` and
    ``update`` too.
    """

    def value(self, site: Site, scored: Scored) -> Any:
        """What is subtracted: nothing in it may come from this draw, or the gradient is biased."""
        raise NotImplementedError(f"{type(self).__name__} must have a method value(site, scored)")

    def surrogate(self, site: Site, scored: Scored) -> Any:
        """The cost, with the derivative (cost − b) ∇ log p + ∇cost."""
        return _centred(scored.cost, scored.cost - self.value(site, scored), scored.weight)

    def init(self) -> Any:
        """What it remembers before the first call; None without a memory."""
        return None

    def update(self, state: Any, value: Any) -> Any:
        """What it remembers after a call of F that returned ``value``."""
        return state


def _centred(cost: Any, without: Any, weight: Any) -> Any:
    """cost·w + b(1 − w), with ``without`` = cost − b: rounding stays that of the difference."""
    live = (cost - jax.lax.stop_gradient(cost)) + jax.lax.stop_gradient(without)
    return cost + live * (weight - 1.0)


@dataclass(frozen=True, slots=True, repr=False)
class LeaveOneOut(Baseline):
    """The mean cost of the other draws (Kool, van Hoof and Welling, 2019).

    Of draws that are coupled the whole batch is left out: a baseline that knows a draw's mirror image biases.
    """

    def surrogate(self, site: Site, scored: Scored) -> Any:
        _require_batches(site, "a leave-one-out baseline")
        return _centred(scored.cost, site.minus_others(scored.cost), scored.weight)


@dataclass(frozen=True, slots=True, repr=False)
class Constant(Baseline):
    """A number that is known beforehand."""

    number: float

    def __post_init__(self) -> None:
        if isinstance(self.number, str) or np.ndim(self.number):
            raise ModelTypeError(f"a constant baseline is one number, not {self.number!r}")

    def value(self, site: Site, scored: Scored) -> Any:
        return self.number


@dataclass(frozen=True, slots=True, repr=False)
class MovingAverage(Baseline):
    """The exponentially weighted mean of what F returned in earlier calls, and never in this one.

    ``state = F.init()``; then, each time, ``value = F(params, key, state)`` and its gradient, and only
    afterwards ``state = F.update(state, value)``: an average that knows the present cost biases.

    Parameters
    ----------
    decay
        How much of the past is kept at a step, in [0, 1).
    """

    decay: float = 0.9

    def __post_init__(self) -> None:
        if not 0.0 <= self.decay < 1.0:
            raise ModelError(f"decay must be at least 0 and less than 1, not {self.decay}")

    def value(self, site: Site, scored: Scored) -> Any:
        if site.state is None:
            raise ModelError(
                f"the moving average of {site.name!r} has a memory: call F(params, key, state) with "
                "state = F.init() at first and state = F.update(state, value) after each call"
            )
        total, weight = site.state
        return total / jnp.where(weight > 0.0, weight, 1.0)

    def init(self) -> Any:
        return jnp.zeros(()), jnp.zeros(())

    def update(self, state: Any, value: Any) -> Any:
        kept = jax.tree.map(lambda past: self.decay * past, state)
        value = jax.lax.stop_gradient(value)
        return kept[0] + (1.0 - self.decay) * value, kept[1] + (1.0 - self.decay)


@dataclass(frozen=True, slots=True, repr=False)
class OptimalCoefficient(Baseline):
    """For each parameter the constant of least variance, E[f s²] / E[s²] with s its score.

    (Greensmith, Bartlett and Baxter, 2004.) Estimated from the other batches of draws, so that nothing is
    biased and no draws are spent on a pilot.
    """

    def surrogate(self, site: Site, scored: Scored) -> Any:
        _require_batches(site, "the optimal coefficient")
        cost, weight = scored.cost, scored.weight
        # (c − c̄) ∇log p + ∇c, and −(b − c̄) ∇log p by a density whose parameters move b − c̄ times as fast.
        base = _centred(cost, site.minus_others(cost), weight)
        return base + 1.0 - box(self._rescaled_log_density(site, scored))

    def _rescaled_log_density(self, site: Site, scored: Scored) -> Any:
        """log p(x) with parameters that move b times as fast; b is the coefficient minus the mean cost."""
        if not can_be_taken_apart(site.distribution):
            kind = type(site.distribution).__name__
            raise ModelError(
                f"OptimalCoefficient for {site.name!r}: the parameters of {kind} are not known to JAX: give "
                "it arg_constraints or pytree_data_fields, or take LeaveOneOut()"
            )
        fixed = jax.lax.stop_gradient(site.distribution)
        leaves, structure = jax.tree.flatten(fixed)
        floating = [jnp.issubdtype(jnp.result_type(leaf), jnp.floating) for leaf in leaves]

        def at(moved: list[Any]) -> Any:
            rest = iter(moved)
            merged = [next(rest) if moves else leaf for leaf, moves in zip(leaves, floating, strict=True)]
            return own_log_density(jax.tree.unflatten(structure, merged), scored.x)

        moving = [jnp.asarray(leaf) for leaf, moves in zip(leaves, floating, strict=True) if moves]
        squares = jax.tree.map(jnp.square, jax.grad(at)(moving))
        mine = iter([_coefficient(site, scored.cost, square) for square in squares])
        scaled = [
            rescaled(leaf, next(mine)) if moves else leaf
            for leaf, moves in zip(jax.tree.leaves(site.distribution), floating, strict=True)
        ]
        return scored.log_density(jax.tree.unflatten(structure, scaled))


def _coefficient(site: Site, cost: Any, square: Any) -> Any:
    """Σ (cⱼ − c̄) sⱼ² / Σ sⱼ² over the other batches, minus what the leave-one-out mean is above c̄."""
    cost = jax.lax.stop_gradient(cost)
    middle = site.mean(cost)
    above = site.sum_of_others((cost - middle) * square)
    weight = site.sum_of_others(square)
    shift = (cost - site.minus_others(cost)) - middle
    ratio = above / jnp.where(weight > 0.0, weight, 1.0)
    return jnp.where(weight > 0.0, ratio - shift, 0.0)


def _require_batches(site: Site, what: str) -> None:
    if site.layout.num_batches < 2:
        raise ModelError(
            f"{what} for {site.name!r} needs at least two draws or batches of draws that are independent "
            f"of each other; there is one batch of {site.layout.num_coupled}"
        )
