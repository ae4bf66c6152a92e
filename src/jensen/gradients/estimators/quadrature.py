"""Gauss's rules: E[f(x)] ≈ Σ wᵢ f(xᵢ), exact for polynomials f of degree 2n − 1; so are the derivatives."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from numpy.polynomial.hermite_e import hermegauss
from numpy.polynomial.laguerre import laggauss
from numpy.polynomial.legendre import leggauss

from jensen.basics.errors import ModelError


class Rule(NamedTuple):
    """Nodes and weights for one entry of a value, each (num_points, *shape)."""

    nodes: Any
    weights: Any


@singledispatch
def rule(distribution: Any, num_points: int) -> Rule | None:
    """The rule for a distribution with independent entries; None where there is none."""
    return None


@rule.register(dist.Normal)
def _(distribution: Any, num_points: int) -> Rule | None:
    return _affine(distribution, *_hermite(num_points), distribution.loc, distribution.scale)


@rule.register(dist.LogNormal)
def _(distribution: Any, num_points: int) -> Rule | None:
    normal = _affine(distribution, *_hermite(num_points), distribution.loc, distribution.scale)
    return Rule(jnp.exp(normal.nodes), normal.weights)


@rule.register(dist.Uniform)
def _(distribution: Any, num_points: int) -> Rule | None:
    nodes, weights = _known(leggauss, num_points)
    width = distribution.high - distribution.low
    return _affine(distribution, (nodes + 1.0) / 2.0, weights / 2.0, distribution.low, width)


@rule.register(dist.Exponential)
def _(distribution: Any, num_points: int) -> Rule | None:
    return _affine(distribution, *_known(laggauss, num_points), 0.0, 1.0 / distribution.rate)


@rule.register(dist.Laplace)
def _(distribution: Any, num_points: int) -> Rule | None:
    nodes, weights = _known(laggauss, (num_points + 1) // 2)
    both = np.concatenate([-nodes, nodes]), np.concatenate([weights, weights]) / 2.0
    return _affine(distribution, *both, distribution.loc, distribution.scale)


@rule.register(dist.Gamma)
def _(distribution: Any, num_points: int) -> Rule | None:
    """Generalized Laguerre, whose weight moves with the concentration."""
    shape = distribution.batch_shape
    a = jnp.broadcast_to(distribution.concentration, shape)[..., None]
    k = np.arange(num_points)
    nodes, weights = _golub_welsch(2 * k + a, k[1:] * (k[1:] + a - 1.0))
    return Rule(nodes / jnp.broadcast_to(distribution.rate, shape), weights)


@rule.register(dist.Beta)
def _(distribution: Any, num_points: int) -> Rule | None:
    """Jacobi on (0, 1), whose weight moves with both concentrations."""
    shape = distribution.batch_shape
    a = jnp.broadcast_to(distribution.concentration1, shape)[..., None]
    b = jnp.broadcast_to(distribution.concentration0, shape)[..., None]
    k = np.arange(1, num_points)
    total = 2 * k + a + b - 2.0
    # the mean for k = 0; x² of the recurrence of the Jacobi polynomials, moved to (0, 1)
    first = a / (a + b)
    later = 0.5 * (1.0 + (a - b) * (a + b - 2.0) / (total * (total + 2.0)))
    below = _jacobi_below(k, a, b)
    return Rule(*_golub_welsch(jnp.concatenate([first, later], -1), below))


def _jacobi_below(k: Any, a: Any, b: Any) -> Any:
    first = a * b / ((a + b) ** 2 * (a + b + 1.0))
    k = k[1:]
    total = 2 * k + a + b - 2.0
    rest = k * (k + a - 1.0) * (k + b - 1.0) * (k + a + b - 2.0) / (total**2 * (total**2 - 1.0))
    return jnp.concatenate([first, rest], -1)


def _golub_welsch(diagonal: Any, below: Any) -> tuple[Any, Any]:
    """Nodes and weights from the recurrence of the orthogonal polynomials (Golub and Welsch, 1969)."""
    off = jnp.sqrt(below)
    matrix = _diagonals(diagonal, off)
    nodes, vectors = jnp.linalg.eigh(matrix)
    return jnp.moveaxis(nodes, -1, 0), jnp.moveaxis(vectors[..., 0, :] ** 2, -1, 0)


def _diagonals(middle: Any, off: Any) -> Any:
    size = middle.shape[-1]
    here = jnp.arange(size)
    matrix = jnp.zeros((*middle.shape, size), middle.dtype).at[..., here, here].set(middle)
    matrix = matrix.at[..., here[1:], here[:-1]].set(off)
    return matrix.at[..., here[:-1], here[1:]].set(off)


def _affine(distribution: Any, nodes: Any, weights: Any, shift: Any, scale: Any) -> Rule:
    shape = distribution.batch_shape
    column = jnp.asarray(nodes).reshape(-1, *(1,) * len(shape))
    full = jnp.broadcast_to(shift + scale * column, (len(nodes), *shape))
    return Rule(full, jnp.broadcast_to(jnp.asarray(weights).reshape(column.shape), full.shape))


def _hermite(num_points: int) -> tuple[Any, Any]:
    nodes, weights = _known(hermegauss, num_points)
    return nodes, weights / np.sqrt(2.0 * np.pi)


def _known(rule: Callable[[int], Any], num_points: int) -> tuple[Any, Any]:
    """Nodes and weights; a ``ValueError`` where these are beyond the range of numbers."""
    with np.errstate(all="ignore"):
        nodes, weights = rule(num_points)
    if not (np.isfinite(nodes).all() and np.isfinite(weights).all()):
        raise ModelError(f"a rule of {num_points} points has weights that are no numbers: fewer num_points")
    return nodes, weights


def standard_normal(num_points: int, size: int) -> tuple[Any, Any]:
    """The product rule for ``size`` independent standard normals: (points, size) and (points,)."""
    nodes, weights = _hermite(num_points)
    places = np.indices((num_points,) * size).reshape(size, -1).T
    return jnp.asarray(nodes[places]), jnp.asarray(np.prod(weights[places], axis=1))
