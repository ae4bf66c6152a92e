"""Bits and labels as thresholds of continuous variables: REBAR and RELAX, and Concrete, which is biased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.box import box
from jensen.gradients.estimators.binary import binary_refusal, logits_of
from jensen.gradients.estimators.protocol import Estimator
from jensen.gradients.sampling import log_density
from jensen.gradients.site import Cost, Site

CATEGORICAL = (dist.CategoricalProbs, dist.CategoricalLogits)


class Thresholded(NamedTuple):
    """Bits b = [z > 0], with z logistic.

    Attributes
    ----------
    bits
        b, fixed.
    weight
        1, with the derivative of log p(b).
    free
        z, which moves with the logits.
    given
        A draw of z given b, which moves with the logits; here it has the value of z.
    """

    bits: Any
    weight: Any
    free: Any
    given: Any


def _thresholded(site: Site) -> Thresholded:
    """z = logit + log u/(1 − u); given b = 1, u is uniform above 1 − p, and below it given b = 0."""
    logits = logits_of(site.distribution)
    u = 1.0 - site.randomness.noise
    p, q = jax.nn.sigmoid(logits), jax.nn.sigmoid(-logits)
    fixed_p, fixed_q = jax.lax.stop_gradient((p, q))
    bits = jnp.where(u > fixed_q, 1, 0)
    within = _inside(jnp.where(bits == 1, (u - fixed_q) / fixed_p, u / fixed_q))
    again = jnp.where(bits == 1, q + within * p, within * q)
    weight = box(log_density(site.distribution, bits))
    return Thresholded(bits, weight, logits + _logit(u), logits + _logit(_inside(again)))


def _logit(u: Any) -> Any:
    return jnp.log(u) - jnp.log1p(-u)


def _inside(u: Any) -> Any:
    tiny = jnp.finfo(u.dtype).eps / 2
    return jnp.clip(u, tiny, 1.0 - tiny)


@dataclass(frozen=True, slots=True)
class REBAR(Estimator):
    """The score, with the cost of relaxed bits as a control variate (Tucker et al. 2017).

    f must accept numbers in (0, 1) in the place of bits. On simple costs it may do worse than the score.

    Parameters
    ----------
    temperature
        Of the relaxation.
    scale
        What the control variate is multiplied with.
    """

    temperature: float = 0.5
    scale: float = 1.0

    def refusal(self, distribution: Any) -> str | None:
        return binary_refusal(distribution)

    def evaluations(self, distribution: Any) -> int:
        return 3

    def cost(self, site: Site, then: Cost) -> Any:
        parts = _thresholded(site)

        def relaxed(z: Any) -> Any:
            return then(jax.nn.sigmoid(z / self.temperature))

        control = relaxed(parts.free) - relaxed(parts.given) * parts.weight
        return then(parts.bits) * parts.weight + self.scale * control


@dataclass(frozen=True, slots=True)
class RELAX(Estimator):
    """REBAR with any function of z as the control variate (Grathwohl et al. 2018).

    Parameters
    ----------
    surrogate
        ``surrogate(z)``, a number; z has the shape of the bits, and is their logits plus logistic noise.
    """

    surrogate: Callable[[Any], Any]

    def refusal(self, distribution: Any) -> str | None:
        return binary_refusal(distribution)

    def cost(self, site: Site, then: Cost) -> Any:
        parts = _thresholded(site)
        control = self.surrogate(parts.free) - self.surrogate(parts.given) * parts.weight
        return then(parts.bits) * parts.weight + control


@dataclass(frozen=True, slots=True)
class Concrete(Estimator):
    """BIASED: the path of a relaxation of bits or labels (Maddison et al.; Jang et al. 2017).

    It is the gradient of another expectation, that of f at relaxed values. f must accept numbers in (0, 1)
    in the place of bits, and vectors of K such numbers in the place of a label.

    Parameters
    ----------
    temperature
        Towards 0 the bias falls and the variance rises.
    is_hard
        Whether f is given bits (or one-hot labels), whose derivative is that of the relaxation
        (straight-through); the value is then right, and the gradient still biased.
    """

    temperature: float = 0.5
    is_hard: bool = False

    @property
    def is_biased(self) -> bool:
        return True

    def refusal(self, distribution: Any) -> str | None:
        if type(distribution) in CATEGORICAL or binary_refusal(distribution) is None:
            return None
        return f"{type(distribution).__name__} is neither a Bernoulli nor a categorical distribution"

    def example(self, distribution: Any, key: Any) -> Any:
        if type(distribution) in CATEGORICAL:
            return self._label(distribution, key)
        return distribution.sample(key).astype(jnp.result_type(float))

    def cost(self, site: Site, then: Cost) -> Any:
        if type(site.distribution) in CATEGORICAL:
            return then(self._label(site.distribution, site.randomness.key))
        z = logits_of(site.distribution) + _logit(1.0 - site.randomness.noise)
        soft = jax.nn.sigmoid(z / self.temperature)
        return then(self._hardened(soft, jnp.where(z > 0.0, 1.0, 0.0)))

    def _label(self, distribution: Any, key: Any) -> Any:
        logits = jnp.broadcast_to(
            distribution.logits, (*distribution.batch_shape, distribution.logits.shape[-1])
        )
        noisy = logits + jax.random.gumbel(key, logits.shape, logits.dtype)
        soft = jax.nn.softmax(noisy / self.temperature, axis=-1)
        return self._hardened(
            soft, jax.nn.one_hot(jnp.argmax(noisy, axis=-1), logits.shape[-1], dtype=soft.dtype)
        )

    def _hardened(self, soft: Any, hard: Any) -> Any:
        return hard + (soft - jax.lax.stop_gradient(soft)) if self.is_hard else soft
