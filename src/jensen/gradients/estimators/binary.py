"""Bernoulli variables: two mirrored draws of all entries at once (ARM and DisARM)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.site import Cost, Site
from jensen.gradients.surrogates import linear


def binary_refusal(distribution: Any) -> str | None:
    """Why a distribution is not one of independent bits."""
    if isinstance(unwrapped(distribution), (dist.BernoulliProbs, dist.BernoulliLogits)):
        return None
    return f"{type(distribution).__name__} is not a Bernoulli distribution"


def logits_of(distribution: Any) -> Any:
    """log p/(1 − p), in the shape of a value."""
    entries = unwrapped(distribution)
    if isinstance(entries, dist.BernoulliLogits):
        return jnp.broadcast_to(entries.logits, entries.batch_shape)
    probs = jnp.broadcast_to(entries.probs, entries.batch_shape)
    return jnp.log(probs) - jnp.log1p(-probs)


def _mirrored(site: Site) -> tuple[Any, Any, Any, Any]:
    """Logits, the uniform numbers, the bits that they make, and those that 1 − u makes."""
    logits = logits_of(site.distribution)
    probability = jax.lax.stop_gradient(jax.nn.sigmoid(logits))
    u = site.randomness.noise
    return logits, u, jnp.where(u < probability, 1, 0), jnp.where(1.0 - u < probability, 1, 0)


@dataclass(frozen=True, slots=True, repr=False)
class _Mirrored(Estimator):
    """Two evaluations, at bits and at those that the mirrored uniform numbers make."""

    @property
    def order(self) -> float:
        return 1

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        return binary_refusal(distribution)

    def evaluations(self, distribution: Any) -> int:
        return 2


@dataclass(frozen=True, slots=True, repr=False)
class ARM(_Mirrored):
    """Augment, reinforce, merge (Yin and Zhou, 2019): two evaluations, whatever the number of bits."""

    def cost(self, site: Site, then: Cost) -> Any:
        logits, u, bits, mirrored = _mirrored(site)
        first, second = then(bits), then(mirrored)
        slope = (second - first) * (u - 0.5)  # (f(1[1−u < p]) − f(1[u < p])) (u − ½), unbiased in the logits
        return 0.5 * (first + second) + linear(logits, slope, "ARM is right to first derivatives only")


@dataclass(frozen=True, slots=True, repr=False)
class DisARM(_Mirrored):
    """ARM with the uniform numbers summed out (Dong, Mnih and Tucker, 2020); never a larger variance."""

    def cost(self, site: Site, then: Cost) -> Any:
        logits, _, bits, mirrored = _mirrored(site)
        first, second = then(bits), then(mirrored)
        # E[ARM | both values]: ½ (f(b) − f(b̃)) (−1)^b̃ 1[b ≠ b̃] σ(|logit|)
        differs = jnp.where(bits != mirrored, 1.0 - 2.0 * mirrored, 0.0)
        slope = 0.5 * (first - second) * differs * jax.nn.sigmoid(jnp.abs(logits))
        return 0.5 * (first + second) + linear(logits, slope, "DisARM is right to first derivatives only")
