"""Distributions as functions of noise: x = g(ε, θ), with ε of a fixed distribution.

Noise of all draws is made at once, and is mirrored, stratified or taken from a Sobol sequence where draws are
coupled. Distributions that are not here are drawn from a key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.special import ndtri

from jensen.gradients.distributions import power_law, truncated
from jensen.gradients.distributions.by_type import ByType
from jensen.gradients.distributions.located import located
from jensen.gradients.distributions.transformed import TRANSFORMED, pushed
from jensen.gradients.where import where

Transform = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Noise:
    """A kind of noise.

    Attributes
    ----------
    sample
        ``sample(key, shape)``.
    from_uniform
        The noise at uniform numbers in (0, 1): it increases.
    """

    sample: Callable[..., Any]
    from_uniform: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """How a distribution is made of noise.

    Attributes
    ----------
    noise
        Of which kind; in the shape of a value.
    transform
        ``transform(distribution, noise)``: the value.
    """

    noise: Noise
    transform: Transform


def uniform(key: Any, shape: tuple[int, ...]) -> Any:
    """Uniform in (0, 1), both ends left out."""
    dtype = jnp.result_type(float)
    tiny = jnp.finfo(dtype).eps / 2
    return jnp.clip(jax.random.uniform(key, shape, dtype), tiny, 1.0 - tiny)


def _exponential(key: Any, shape: tuple[int, ...]) -> Any:
    """Above 0, which JAX's own may be."""
    e = jax.random.exponential(key, shape)
    return jnp.maximum(e, jnp.finfo(e.dtype).eps / 4)


def _half_normal(key: Any, shape: tuple[int, ...]) -> Any:
    return jnp.abs(jax.random.normal(key, shape))


def _half_cauchy(key: Any, shape: tuple[int, ...]) -> Any:
    return jnp.abs(jax.random.cauchy(key, shape))


UNIFORM = Noise(uniform, lambda u: u)
NORMAL = Noise(jax.random.normal, ndtri)
HALF_NORMAL = Noise(_half_normal, lambda u: -ndtri((1.0 - u) / 2.0))
EXPONENTIAL = Noise(_exponential, lambda u: -jnp.log1p(-u))
LAPLACE = Noise(jax.random.laplace, lambda u: jnp.where(u < 0.5, jnp.log(2.0 * u), -jnp.log(2.0 * (1.0 - u))))
LOGISTIC = Noise(jax.random.logistic, lambda u: jnp.log(u) - jnp.log1p(-u))
GUMBEL = Noise(jax.random.gumbel, lambda u: -jnp.log(-jnp.log(u)))
CAUCHY = Noise(jax.random.cauchy, lambda u: jnp.tan(jnp.pi * (u - 0.5)))
HALF_CAUCHY = Noise(_half_cauchy, lambda u: jnp.tan(jnp.pi * u / 2.0))

ROUTES = ByType()


def route(distribution: Any) -> Route | None:
    """How a distribution is made of noise; None where it is drawn from a key only."""
    found = ROUTES.get(distribution)
    return None if found is None else found(distribution)


def _add(noise: Noise, transform: Transform, *kinds: type) -> None:
    made = Route(noise, transform)
    ROUTES.add(*kinds)(lambda distribution: made)


def _weibull(scale: Any, log_z: Any) -> Any:
    """Far out by the logarithm, which does not underflow before the draw does."""
    is_far = jnp.abs(log_z) > 1.0
    far = jnp.exp(where(is_far, log_z + jnp.log(scale), 0.0))
    return where(is_far, far, scale * jnp.exp(where(is_far, 0.0, log_z)))


_add(NORMAL, located, dist.Normal, dist.LogNormal, dist.MultivariateNormal)
_add(LAPLACE, located, dist.Laplace)
_add(LOGISTIC, located, dist.Logistic)
_add(GUMBEL, located, dist.Gumbel)
_add(CAUCHY, located, dist.Cauchy)
_add(HALF_NORMAL, lambda d, e: d.scale * e, dist.HalfNormal)
_add(HALF_CAUCHY, lambda d, e: d.scale * e, dist.HalfCauchy)
_add(EXPONENTIAL, lambda d, e: e / d.rate, dist.Exponential)
_add(EXPONENTIAL, lambda d, e: _weibull(d.scale, jnp.log(e) / d.concentration), dist.Weibull)
_add(EXPONENTIAL, lambda d, e: d.scale * jnp.exp(e / d.alpha), dist.Pareto)
_add(UNIFORM, lambda d, u: d.low + (d.high - d.low) * u, dist.Uniform)
_add(UNIFORM, lambda d, u: d.low * (d.high / d.low) ** u, dist.LogUniform)
_add(UNIFORM, power_law.quantile, dist.DoublyTruncatedPowerLaw)
_add(
    UNIFORM,
    lambda d, u: d.icdf(u),
    dist.AsymmetricLaplace,
    dist.AsymmetricLaplaceQuantile,
    dist.SoftLaplace,
    dist.Gompertz,
    dist.Levy,
    dist.LowerTruncatedPowerLaw,
)
_add(
    EXPONENTIAL,
    lambda d, e: (-jnp.expm1(-e / d.concentration0)) ** (1.0 / d.concentration1),
    dist.Kumaraswamy,
)

# The quantiles of discrete distributions: draws that are coupled, without a path.
_add(UNIFORM, lambda d, u: jnp.where(u < d.probs, 1, 0), dist.BernoulliProbs)
_add(UNIFORM, lambda d, u: jnp.where(u < jax.nn.sigmoid(d.logits), 1, 0), dist.BernoulliLogits)
_add(EXPONENTIAL, lambda d, e: jnp.floor(-e / jnp.log1p(-d.probs)).astype(int), dist.GeometricProbs)
_add(EXPONENTIAL, lambda d, e: jnp.floor(e / jax.nn.softplus(d.logits)).astype(int), dist.GeometricLogits)
_add(UNIFORM, lambda d, u: _first_above(d.probs, u), dist.CategoricalProbs, dist.OrderedLogistic)
_add(UNIFORM, lambda d, u: _first_above(jax.nn.softmax(d.logits), u), dist.CategoricalLogits)
_add(UNIFORM, lambda d, u: (d.low + jnp.floor((d.high - d.low + 1) * u)).astype(int), dist.DiscreteUniform)


def _first_above(probs: Any, u: Any) -> Any:
    """The label at a uniform number; of probabilities of 0 there is none, and they need not add up to 1."""
    sums = jnp.cumsum(probs, axis=-1)
    return jnp.sum(u[..., None] * sums[..., -1:] >= sums[..., :-1], axis=-1)


@ROUTES.add(dist.Independent, dist.ExpandedDistribution, dist.MaskedDistribution)
def _(distribution: Any) -> Route | None:
    inner = route(distribution.base_dist)
    return None if inner is None else Route(inner.noise, lambda d, e: inner.transform(d.base_dist, e))


@ROUTES.add(*TRANSFORMED, dist.FoldedDistribution)
def _(distribution: Any) -> Route | None:
    inner = route(distribution.base_dist)
    if inner is None or distribution.base_dist.shape() != distribution.shape():
        return None
    return Route(inner.noise, lambda d, e: pushed(d, inner.transform(d.base_dist, e)))


@ROUTES.add(*truncated.TRUNCATED)
def _(distribution: Any) -> Route | None:
    return Route(UNIFORM, truncated.quantile) if truncated.is_known(distribution) else None
