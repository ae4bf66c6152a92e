"""Our own draws by key, with paths that are right where those of NumPyro's samplers are not."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist

from jensen.gradients.distributions.by_type import ByType
from jensen.gradients.distributions.counts import poisson
from jensen.gradients.distributions.implicit import angles, mixtures
from jensen.gradients.distributions.implicit.gammas import gamma, inverse_gamma, log_gamma
from jensen.gradients.distributions.located import located
from jensen.gradients.distributions.noise import route
from jensen.gradients.distributions.trails import changed
from jensen.gradients.distributions.transformed import TRANSFORMED, pushed

Shape = tuple[int, ...]

SAMPLERS = ByType()


def sample(distribution: Any, key: Any) -> Any:
    """A value of a distribution, which moves with those of its parameters that have a path."""
    if is_ours(distribution):
        return _sample(distribution, key, distribution.shape())
    return distribution.sample(key)


def is_ours(distribution: Any) -> bool:
    """Whether a distribution, or what it wraps, is drawn here."""
    return _handler(distribution) is not None


def _sample(distribution: Any, key: Any, shape: Shape) -> Any:
    """Of this shape, which may have more leading axes than one draw."""
    handler = _handler(distribution)
    if handler is None:
        return distribution.sample(key, shape[: len(shape) - len(distribution.shape())])
    return handler(distribution, key, shape)


def _handler(distribution: Any) -> Any:
    handler = SAMPLERS.get(distribution)
    if type(distribution) in WRAPPING:
        return handler if is_ours(distribution.base_dist) else None
    if handler is None and not distribution.is_discrete and route(distribution) is not None:
        return _by_noise
    return handler


def _by_noise(d: Any, key: Any, shape: Shape) -> Any:
    made = route(d)
    assert made is not None
    return made.transform(d, made.noise.sample(key, shape))


WRAPPING = (dist.Independent, dist.MaskedDistribution, dist.ExpandedDistribution)
"""Drawn here where the distribution is that they are made of."""


@SAMPLERS.add(dist.Independent, dist.MaskedDistribution)
def _(d: Any, key: Any, shape: Shape) -> Any:
    return _sample(d.base_dist, key, shape)


@SAMPLERS.add(dist.ExpandedDistribution)
def _(d: Any, key: Any, shape: Shape) -> Any:
    """Axes of length 1 that are expanded are drawn as leading ones, and put in their place."""
    base, rank = d.base_dist.shape(), len(d.base_dist.batch_shape)
    lead, within = shape[: len(shape) - len(base)], shape[len(shape) - len(base) :]
    stretched = [axis for axis in range(rank) if base[axis] != within[axis]]
    counts = [within[axis] for axis in stretched]
    batch = (*lead, *within[:rank])

    def placed(value: Any) -> Any:
        event = value.shape[len(lead) + len(counts) + rank :]
        for place, axis in enumerate(stretched):
            value = jnp.swapaxes(value, len(lead) + place, len(lead) + len(counts) + axis)
        return value.reshape(*batch, *event)

    return changed(_sample(d.base_dist, key, (*lead, *counts, *base)), placed)


@SAMPLERS.add(*TRANSFORMED, dist.FoldedDistribution)
def _(d: Any, key: Any, shape: Shape) -> Any:
    lead = shape[: len(shape) - len(d.shape())]
    return pushed(d, _sample(d.base_dist, key, (*lead, *d.base_dist.shape())))


@SAMPLERS.add(dist.Gamma)
def _(d: Any, key: Any, shape: Shape) -> Any:
    return gamma(key, d.concentration, shape, d.rate)


@SAMPLERS.add(dist.Chi2)
def _(d: Any, key: Any, shape: Shape) -> Any:
    return gamma(key, d.df / 2.0, shape, 0.5)


@SAMPLERS.add(dist.InverseGamma)
def _(d: Any, key: Any, shape: Shape) -> Any:
    return inverse_gamma(key, d.concentration, shape, d.rate)


@SAMPLERS.add(dist.Beta, dist.BetaProportion)
def _(d: Any, key: Any, shape: Shape) -> Any:
    one, other = jax.random.split(key)
    return _sigmoid(log_gamma(one, d.concentration1, shape) - log_gamma(other, d.concentration0, shape))


@jax.custom_jvp
def _sigmoid(x: Any) -> Any:
    """The logistic function, which moves also where it rounds to 1."""
    return jax.nn.sigmoid(x)


@_sigmoid.defjvp
def _(primals: Any, tangents: Any) -> Any:
    value = _sigmoid(primals[0])
    return value, value * _sigmoid(-primals[0]) * tangents[0]


@SAMPLERS.add(dist.Dirichlet)
def _(d: Any, key: Any, shape: Shape) -> Any:
    return jax.nn.softmax(log_gamma(key, d.concentration, shape), axis=-1)


@SAMPLERS.add(dist.StudentT)
def _(d: Any, key: Any, shape: Shape) -> Any:
    return located(d, _over_root_of_chi2(d.df, key, shape, shape))


@SAMPLERS.add(dist.MultivariateStudentT)
def _(d: Any, key: Any, shape: Shape) -> Any:
    z = _over_root_of_chi2(jnp.asarray(d.df)[..., None], key, shape, (*shape[:-1], 1))
    return d.loc + jnp.einsum("...ij,...j->...i", jnp.tril(d.scale_tril), z)


@SAMPLERS.add(dist.MatrixNormal)
def _(d: Any, key: Any, shape: Shape) -> Any:
    rows, columns = jnp.tril(d.scale_tril_row), jnp.tril(d.scale_tril_column)
    noise = jax.random.normal(key, shape)
    return d.loc + jnp.einsum("...ij,...jk,...lk->...il", rows, noise, columns)


def _over_root_of_chi2(df: Any, key: Any, shape: Shape, shape_of_chi2: Shape) -> Any:
    """Standard normal numbers over √(χ²/df)."""
    of_normal, of_chi2 = jax.random.split(key)
    log_half = log_gamma(of_chi2, df / 2.0, shape_of_chi2)
    return jax.random.normal(of_normal, shape) * jnp.sqrt(df / 2.0) * jnp.exp(-log_half / 2.0)


@SAMPLERS.add(dist.Poisson)
def _(d: Any, key: Any, shape: Shape) -> Any:
    return poisson(key, d.rate, shape)


@SAMPLERS.add(
    dist.GammaPoisson, dist.NegativeBinomial2, dist.NegativeBinomialProbs, dist.NegativeBinomialLogits
)
def _(d: Any, key: Any, shape: Shape) -> Any:
    of_rate, of_count = jax.random.split(key)
    return poisson(of_count, gamma(of_rate, d.concentration, shape, d.rate), shape)


@SAMPLERS.add(dist.ZeroInflatedProbs, dist.ZeroInflatedPoisson, dist.ZeroInflatedLogits)
def _(d: Any, key: Any, shape: Shape) -> Any:
    of_gate, of_count = jax.random.split(key)
    counts = _sample(d.base_dist, of_count, (*_leading(jnp.empty(d.shape()), shape), *d.base_dist.shape()))
    return jnp.where(jax.random.bernoulli(of_gate, d.gate, shape), 0, counts)


@SAMPLERS.add(dist.VonMises)
def _(d: Any, key: Any, shape: Shape) -> Any:
    concentration = jnp.broadcast_to(jnp.asarray(d.concentration, jnp.result_type(float)), shape)
    centred = dist.VonMises(0.0, jax.lax.stop_gradient(concentration)).sample(key)
    angle = angles.follow(concentration, jnp.abs(centred), 0)
    return (jnp.sign(centred) * angle + d.loc + jnp.pi) % (2.0 * jnp.pi) - jnp.pi


@SAMPLERS.add(dist.MixtureSameFamily, dist.MixtureGeneral)
def _(d: Any, key: Any, shape: Shape) -> Any:
    if mixtures.component_refusal(d) is not None:
        return d.sample(key, _leading(jnp.empty(d.shape()), shape))
    still = jax.tree.map(jax.lax.stop_gradient, d)
    return mixtures.follow(d, still.sample(key, _leading(jnp.empty(d.shape()), shape)))


def _leading(parameter: Any, shape: Shape) -> Shape:
    """What is to be drawn of parameters of smaller shape, to get values of the given shape."""
    return shape[: len(shape) - jnp.ndim(parameter)]
