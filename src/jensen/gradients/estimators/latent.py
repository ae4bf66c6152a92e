"""A bit as z > 0 with z logistic, a label as the largest of z with z Gumbel; and z given what it makes.

Both are REBAR's (Tucker et al. 2017, appendix C), in the form of exponential numbers for labels: exp(−z_k) is
exponential with rate p_k, the least of them is that of the label, and what the others are above it is again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.binary import binary_refusal, logits_of
from jensen.gradients.site import Site

LABELS = (dist.CategoricalProbs, dist.CategoricalLogits)


class Latent(NamedTuple):
    """z, and what it makes.

    Attributes
    ----------
    value
        Bits, or labels, fixed.
    hard
        What f is given: bits, or one-hot labels.
    free
        z, which moves with the parameters.
    given
        A draw of z given the value, which moves with the parameters; here it has the value of z.
    soft
        ``soft(z, temperature)``: the value, relaxed.
    """

    value: Any
    hard: Any
    free: Any
    given: Any
    soft: Callable[[Any, Any], Any]


def is_label(distribution: Any) -> bool:
    """Whether it is a categorical variable, or several."""
    return isinstance(unwrapped(distribution), LABELS)


def num_labels(distribution: Any) -> int:
    """K of a categorical variable."""
    return jnp.shape(_log_probabilities(distribution))[-1]


def refusal(distribution: Any) -> str | None:
    """Why there is no such z; None where there is."""
    if is_label(distribution) or binary_refusal(distribution) is None:
        return None
    return f"{type(unwrapped(distribution)).__name__} is neither a Bernoulli nor a categorical distribution"


def drawn_noise(distribution: Any) -> Any:
    """The distribution of the noise in z, or one that is made of the same."""
    if not is_label(distribution):
        return distribution
    return dist.Gumbel(jnp.zeros_like(_log_probabilities(distribution)), 1.0)


def latent(site: Site) -> Latent:
    """z for one draw."""
    return _of_labels(site) if is_label(site.distribution) else _of_bits(site)


def _of_bits(site: Site) -> Latent:
    """z = logit + log u/(1 − u); given b = 1, u is uniform above 1 − p, and below it given b = 0."""
    logits = logits_of(site.distribution)
    u = 1.0 - site.randomness.noise
    p, q = jax.nn.sigmoid(logits), jax.nn.sigmoid(-logits)
    fixed_p, fixed_q = jax.lax.stop_gradient((p, q))
    bits = jnp.where(u > fixed_q, 1, 0)
    within = _inside(jnp.where(bits == 1, (u - fixed_q) / fixed_p, u / fixed_q))
    again = jnp.where(bits == 1, q + within * p, within * q)
    free, given = logits + _logit(u), logits + _logit(_inside(again))
    return Latent(bits, bits, free, given, lambda z, temperature: jax.nn.sigmoid(z / temperature))


def _logit(u: Any) -> Any:
    return jnp.log(u) - jnp.log1p(-u)


def _inside(u: Any) -> Any:
    tiny = jnp.finfo(u.dtype).eps / 2
    return jnp.clip(u, tiny, 1.0 - tiny)


def _of_labels(site: Site) -> Latent:
    """z = log p + Gumbel noise; given the label, exp(−z_k) = e_k / p_k + exp(−z_label), e_k exponential."""
    log_p = _log_probabilities(site.distribution)
    free = log_p + site.randomness.noise
    label = jnp.argmax(free, axis=-1)
    one_hot = jax.nn.one_hot(label, log_p.shape[-1], dtype=log_p.dtype)
    fixed = jax.lax.stop_gradient(free)
    highest = jnp.max(fixed, axis=-1, keepdims=True)
    below: Any = jnp.where(one_hot == 1, -1.0, fixed - highest)
    log_e = jax.lax.stop_gradient(log_p) - fixed + jnp.log(-jnp.expm1(below))
    given = jnp.where(one_hot == 1, fixed, -jnp.logaddexp(log_e - log_p, -highest))
    return Latent(label, one_hot, free, given, lambda z, temperature: jax.nn.softmax(z / temperature))


def _log_probabilities(distribution: Any) -> Any:
    """(…, K), in the shape of a value and one more axis."""
    labels = unwrapped(distribution)
    if isinstance(labels, dist.CategoricalProbs):
        return jnp.log(labels.probs) - jnp.log(jnp.sum(labels.probs, axis=-1, keepdims=True))
    return jax.nn.log_softmax(labels.logits, axis=-1)
