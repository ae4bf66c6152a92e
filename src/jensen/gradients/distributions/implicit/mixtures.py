"""Draws of mixtures, with a path in the weights and in the components.

A draw x of d coordinates solves F_i(x_i | x_1 … x_{i−1}; θ) = u_i with all u fixed (Rosenblatt's transform):
J x' = −∂F/∂θ with J = ∂F/∂x lower triangular. The conditional distribution functions are known where those of
the components are: for Gaussian components, and for components of independent coordinates.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from jax.scipy.linalg import solve_triangular
from jax.scipy.special import ndtr

WITH_CDF = (
    dist.Normal,
    dist.Laplace,
    dist.Logistic,
    dist.Cauchy,
    dist.Gumbel,
    dist.LogNormal,
    dist.Exponential,
    dist.HalfNormal,
    dist.Weibull,
)
"""Families whose distribution function JAX differentiates in every parameter, and whose support stays."""

Conditionals = tuple[Any, Any]
"""Distribution functions and log densities of the coordinates given the earlier ones, (…, components, d)."""


def component_refusal(mixture: Any) -> str | None:
    """Why a mixture has no path; None where it has."""
    parts = _parts(mixture)
    if any(part.is_discrete for part in parts):
        return "a draw of discrete components does not move with it"
    if not all(_has_conditionals(part) for part in parts):
        return (
            "there is a path through mixtures of Gaussian components, or of components of independent "
            f"coordinates of a family among {', '.join(kind.__name__ for kind in WITH_CDF)}"
        )
    if isinstance(mixture, dist.MixtureGeneral) and mixture.batch_shape:
        return "a batch of mixtures of different families has no path: make them variables of their own"
    if any(part.support != parts[0].support for part in parts[1:]):
        return "the components have different supports"
    return None


def follow(mixture: Any, drawn: Any) -> Any:
    """``drawn``, which moves with weights and components at fixed values of the distribution functions."""
    if mixture.event_shape:
        return _follow(mixture, jax.lax.stop_gradient(drawn))
    return _follow(mixture, jax.lax.stop_gradient(drawn)[..., None])[..., 0]


@jax.custom_jvp
def _follow(mixture: Any, drawn: Any) -> Any:
    return drawn


@_follow.defjvp
def _(primals: Any, tangents: Any) -> Any:
    # J x' = −(∂F/∂θ) θ', with J = ∂F/∂x
    mixture, x = primals[0], _follow(*primals)
    _, change = jax.jvp(lambda of: _distribution_functions(of, x), (mixture,), (tangents[0],))

    def along(direction: Any) -> Any:
        direction = jnp.broadcast_to(direction, x.shape)
        return jax.jvp(lambda at: _distribution_functions(mixture, at), (x,), (direction,))[1]

    jacobian = jnp.moveaxis(jax.vmap(along)(jnp.eye(x.shape[-1], dtype=x.dtype)), 0, -1)
    if x.shape[-1] == 1:
        return x, -change / jacobian[..., 0]
    return x, -solve_triangular(jacobian, change[..., None], lower=True)[..., 0]


def _distribution_functions(mixture: Any, x: Any) -> Any:
    """F_i(x_i | x_1 … x_{i−1}), (…, d)."""
    of_parts = [_of_part(mixture, part, x) for part in _parts(mixture)]
    shape = (*x.shape[:-1], -1, x.shape[-1])
    size = mixture.mixture_size // len(of_parts)
    cdf, log_pdf = (
        jnp.concatenate([jnp.broadcast_to(of[i], (*shape[:-2], size, shape[-1])) for of in of_parts], axis=-2)
        for i in (0, 1)
    )
    earlier = jnp.cumsum(log_pdf, axis=-1) - log_pdf
    highest = jax.lax.stop_gradient(jnp.max(earlier, axis=-2, keepdims=True))
    weight = mixture.mixing_distribution.probs[..., None] * jnp.exp(earlier - highest)
    return jnp.sum(weight * cdf, axis=-2) / jnp.sum(weight, axis=-2)


def _of_part(mixture: Any, part: Any, x: Any) -> Conditionals:
    """Of one component, or of all where they are of one family."""
    x = x[..., None, :]
    if not mixture.event_shape:
        cdf, log_pdf = _conditionals(part, x[..., 0])
        return cdf[..., None], log_pdf[..., None]
    return _conditionals(part, x)


def _conditionals(part: Any, x: Any) -> Conditionals:
    if isinstance(part, dist.ExpandedDistribution | dist.Independent):
        return _conditionals(part.base_dist, x)
    if isinstance(part, dist.MultivariateNormal):
        z = _whitened(part, x)
        return ndtr(z), -(z**2) / 2.0 - jnp.log(
            jnp.diagonal(jnp.asarray(part.scale_tril), axis1=-2, axis2=-1)
        )
    if isinstance(part, dist.LogNormal):
        normal = dist.Normal(part.loc, part.scale)
        return normal.cdf(jnp.log(x)), part.log_prob(x)
    return part.cdf(x), part.log_prob(x)


def _whitened(part: Any, x: Any) -> Any:
    offset = x - part.loc
    tril = jnp.broadcast_to(jnp.tril(part.scale_tril), (*offset.shape[:-1], *part.scale_tril.shape[-2:]))
    return solve_triangular(tril, offset[..., None], lower=True)[..., 0]


def _parts(mixture: Any) -> list[Any]:
    if isinstance(mixture, dist.MixtureSameFamily):
        return [mixture.component_distribution]
    return list(mixture.component_distributions)


def _has_conditionals(part: Any) -> bool:
    kind = type(part)
    if kind in (dist.ExpandedDistribution, dist.Independent):
        return part.event_dim <= 1 and _has_conditionals(part.base_dist)
    return kind in WITH_CDF or kind is dist.MultivariateNormal
