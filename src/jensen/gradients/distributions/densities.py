"""Our own log densities: where NumPyro's have a wrong derivative at a tie, and where draws underflow.

A draw that underflows to 0 stands for all values below the smallest number. Its log density is that of this
event, and the score is right: E[∇ log p] = 0 also for a gamma of shape 0.01, of which one draw in 1200 is 0.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.special import betaln, gammaln

from jensen.gradients.distributions import transformed, truncated
from jensen.gradients.distributions.by_type import ByType
from jensen.gradients.where import where

DENSITIES = ByType()


def entries(distribution: Any, value: Any) -> Any:
    """log p of each independent entry, or a sum of some."""
    own = DENSITIES.get(distribution)
    return distribution.log_prob(value) if own is None else own(distribution, value)


def joint(distribution: Any, value: Any) -> Any:
    """log p of each event: entries that `Independent` makes one are summed."""
    if isinstance(distribution, dist.ExpandedDistribution):
        return joint(distribution.base_dist, value)
    if isinstance(distribution, dist.Independent):
        axes = tuple(range(-distribution.reinterpreted_batch_ndims, 0))
        return jnp.sum(joint(distribution.base_dist, value), axis=axes)
    return entries(distribution, value)


@DENSITIES.add(dist.Independent, dist.ExpandedDistribution)
def _(d: Any, value: Any) -> Any:
    return entries(d.base_dist, value)


@DENSITIES.add(*transformed.TRANSFORMED)
def _(d: Any, value: Any) -> Any:
    """From what a draw was made of, where that is known."""
    return transformed.log_density(d, value, joint)


@DENSITIES.add(*truncated.TRUNCATED)
def _(d: Any, value: Any) -> Any:
    return truncated.log_density(d, value) if truncated.is_known(d) else d.log_prob(value)


@DENSITIES.add(dist.BernoulliLogits)
def _(d: Any, value: Any) -> Any:
    """Linear: relaxed bits have a density too."""
    return -_times(value, jax.nn.softplus(-d.logits)) - _times(1.0 - value, jax.nn.softplus(d.logits))


@DENSITIES.add(dist.BernoulliProbs)
def _(d: Any, value: Any) -> Any:
    return _times_log(value, d.probs) + _times_log(1 - value, 1.0 - d.probs)


@DENSITIES.add(dist.BinomialProbs)
def _(d: Any, value: Any) -> Any:
    of_counts = _times_log(value, d.probs) + _times_log(d.total_count - value, 1.0 - d.probs)
    return log_ways(d.total_count, value) + of_counts


@DENSITIES.add(dist.GeometricProbs)
def _(d: Any, value: Any) -> Any:
    return _times_log(value, 1.0 - d.probs) + jnp.log(d.probs)


@DENSITIES.add(dist.Poisson)
def _(d: Any, value: Any) -> Any:
    return _times_log(value, d.rate) - d.rate - gammaln(value + 1.0)


@DENSITIES.add(dist.CategoricalProbs, dist.OrderedLogistic)
def _(d: Any, value: Any) -> Any:
    """Of p/Σp: without it E[∂ log p/∂p_k] is not 0."""
    return _picked(jnp.log(d.probs), value) - jnp.log(jnp.sum(d.probs, axis=-1))


@DENSITIES.add(dist.CategoricalLogits)
def _(d: Any, value: Any) -> Any:
    return _picked(jax.nn.log_softmax(d.logits), value)


def _times(count: Any, x: Any) -> Any:
    """0 · ∞ is 0."""
    return where(count == 0, 0.0, count * x)


def _times_log(count: Any, p: Any) -> Any:
    """count · log p, and 0 · log 0 is 0."""
    return count * jnp.log(where(count == 0, 1.0, p))


def log_ways(n: Any, value: Any) -> Any:
    """log of n over value."""
    return gammaln(n + 1.0) - gammaln(value + 1.0) - gammaln(n - value + 1.0)


def _picked(log_p: Any, value: Any) -> Any:
    """log p of a label, or of a one-hot vector, which may be relaxed."""
    if jnp.issubdtype(jnp.result_type(value), jnp.inexact):
        return jnp.sum(where(value == 0.0, 0.0, value * log_p), axis=-1)
    log_p = jnp.broadcast_to(log_p, (*jnp.shape(value), log_p.shape[-1]))
    return jnp.take_along_axis(log_p, jnp.asarray(value)[..., None], axis=-1)[..., 0]


@DENSITIES.add(dist.MultinomialProbs)
def _(d: Any, value: Any) -> Any:
    ways = gammaln(d.total_count + 1.0) - jnp.sum(gammaln(value + 1.0), axis=-1)
    of_counts = jnp.sum(_times_log(value, d.probs), axis=-1)
    return ways + of_counts - d.total_count * jnp.log(jnp.sum(d.probs, axis=-1))


@DENSITIES.add(dist.BinomialLogits)
def _(d: Any, value: Any) -> Any:
    n = d.total_count
    of_counts = _times(value, jax.nn.softplus(-d.logits)) + _times(n - value, jax.nn.softplus(d.logits))
    return log_ways(n, value) - of_counts


@DENSITIES.add(dist.Gamma)
def _(d: Any, value: Any) -> Any:
    return _gamma(d.concentration, d.rate, value)


@DENSITIES.add(dist.Chi2)
def _(d: Any, value: Any) -> Any:
    return _gamma(d.df / 2.0, 0.5, value)


@DENSITIES.add(dist.InverseGamma)
def _(d: Any, value: Any) -> Any:
    return _gamma(d.concentration, d.rate, 1.0 / value) - 2.0 * jnp.log(value)


@DENSITIES.add(dist.Beta, dist.BetaProportion)
def _(d: Any, value: Any) -> Any:
    one, other = d.concentration1, d.concentration0
    return _power(one, value) + _power(other, 1.0 - value, _lost_below_one(value)) - betaln(one, other)


@DENSITIES.add(dist.Dirichlet)
def _(d: Any, value: Any) -> Any:
    total = gammaln(jnp.sum(d.concentration, axis=-1))
    return total + jnp.sum(_power(d.concentration, value) - gammaln(d.concentration), axis=-1)


@DENSITIES.add(dist.ZeroInflatedProbs, dist.ZeroInflatedPoisson)
def _(d: Any, value: Any) -> Any:
    counted = jnp.log1p(-d.gate) + entries(d.base_dist, value)
    return where(value == 0, _with_more(counted, d.gate), counted)


def _with_more(log_p: Any, gate: Any) -> Any:
    """log (gate + p), which has a derivative where the gate is 0."""
    is_closed = gate == 0.0
    either = jnp.logaddexp(jnp.log(where(is_closed, 1.0, gate)), log_p)
    return where(is_closed, log_p + gate * jnp.exp(-log_p), either)


@DENSITIES.add(dist.ZeroInflatedLogits)
def _(d: Any, value: Any) -> Any:
    counted = -jax.nn.softplus(d.gate_logits) + entries(d.base_dist, value)
    return where(value == 0, jnp.logaddexp(-jax.nn.softplus(-d.gate_logits), counted), counted)


@DENSITIES.add(dist.MixtureSameFamily)
def _(d: Any, value: Any) -> Any:
    return _mixed(d, joint(d.component_distribution, jnp.expand_dims(value, d.mixture_dim)))


@DENSITIES.add(dist.MixtureGeneral)
def _(d: Any, value: Any) -> Any:
    return _mixed(d, jnp.stack([_within(part, value) for part in d.component_distributions], axis=-1))


def _mixed(mixture: Any, of_components: Any) -> Any:
    """log Σ w_k p_k: weights by their probabilities have a derivative where they are 0."""
    mixing = mixture.mixing_distribution
    if isinstance(mixing, dist.CategoricalProbs):
        return _mixed_by(mixing.probs / jnp.sum(mixing.probs, axis=-1, keepdims=True), of_components)
    parts = jax.nn.log_softmax(mixing.logits) + of_components
    parts = where(jnp.isneginf(parts), -jnp.inf, parts)
    return jax.nn.logsumexp(parts, axis=-1)


def _mixed_by(weights: Any, log_p: Any) -> Any:
    """log Σ w_k p_k, from the largest of its terms."""
    terms = where(weights > 0.0, jnp.log(where(weights > 0.0, weights, 1.0)) + log_p, -jnp.inf)
    highest: Any = jax.lax.stop_gradient(jnp.max(terms, axis=-1, keepdims=True))
    highest = where(jnp.isneginf(highest), 0.0, highest)
    is_outside = jnp.isneginf(log_p)
    ratios = where(is_outside, 0.0, jnp.exp(where(is_outside, 0.0, log_p - highest)))
    return jnp.log(jnp.sum(weights * ratios, axis=-1)) + highest[..., 0]


def _within(d: Any, value: Any) -> Any:
    """log p; −∞ beyond the support, where a density may be anything."""
    is_within = d.support(value)
    inner = jnp.reshape(is_within, (*jnp.shape(is_within), *[1] * d.event_dim))
    safe = where(inner, value, d.support.feasible_like(value))
    return where(is_within, joint(d, safe), -jnp.inf)


def _gamma(concentration: Any, rate: Any, value: Any) -> Any:
    return (
        _power(concentration, value) + concentration * jnp.log(rate) - gammaln(concentration) - rate * value
    )


def _power(concentration: Any, x: Any, edge: float | None = None) -> Any:
    """(c − 1) log x; below the smallest number ``edge`` the logarithm of ∫ t^(c−1) dt over all of them."""
    edge = float(jnp.finfo(jnp.result_type(x, float)).tiny) if edge is None else edge
    is_lost = x < edge
    safe = where(is_lost, 1.0, x)
    return where(
        is_lost,
        concentration * math.log(edge) - jnp.log(concentration),
        (concentration - 1.0) * jnp.log(safe),
    )


def _lost_below_one(value: Any) -> float:
    """Half of the distance of the number 1 to the next above it: what 1 − x loses."""
    return float(jnp.finfo(jnp.result_type(value, float)).eps) / 2.0
