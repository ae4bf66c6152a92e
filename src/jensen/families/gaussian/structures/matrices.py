"""What structures of matrices share."""

from __future__ import annotations

from math import lgamma, log, pi

import numpy as np

from jensen.basics.arrays import Array
from jensen.families.gaussian.second_moments import times
from jensen.spaces.matrices import lower_indices


def factor_score(covariances: Array, second: Array, dof: Array) -> Array:
    """∂Q/∂u in the Cholesky factor with the logarithm of its diagonal, (…, d (d + 1) / 2).

    With Σ = L Lᵀ: ∂Q/∂L = L⁻ᵀ (L⁻¹ S L⁻ᵀ − N I), lower triangle; its diagonal times L_ii.
    """
    d = covariances.shape[-1]
    factor = np.linalg.cholesky(covariances)
    inverse = np.linalg.inv(factor)
    transposed = np.swapaxes(inverse, -1, -2)
    gradient = transposed @ (inverse @ second @ transposed - dof[..., None, None] * np.eye(d))
    diagonal = np.arange(d)
    gradient[..., diagonal, diagonal] *= factor[..., diagonal, diagonal]
    return gradient[(..., *lower_indices(d))]


def factor_row_scores(covariances: Array, first: Array, away: Array, dof: Array) -> Array:
    """The same of rows, where S = r a aᵀ has rank one; ``first`` is r a, ``away`` a (n, k, d), ``dof`` r.

    L⁻ᵀ L⁻¹ S L⁻ᵀ = (L⁻ᵀ L⁻¹ r a) (L⁻¹ a)ᵀ, and L⁻ᵀ has nothing below its diagonal. Summed over the components
    where one matrix is theirs.
    """
    factor = np.linalg.cholesky(covariances)
    inverse = np.asarray(np.linalg.inv(factor), float)
    z = times(inverse, away)
    y = times(np.swapaxes(inverse, -1, -2), times(inverse, first))
    i, j = lower_indices(covariances.shape[-1])
    found = np.where(i == j, factor[..., i, j], 1.0) * (y[..., i] * z[..., j])
    if covariances.ndim == 2:
        found, dof = found.sum(axis=1), dof.sum(axis=-1)
    found[..., i == j] -= dof[..., None]
    return found


def wishart_normalizer(scale: Array, dof: float) -> float:
    """log of what makes inverse-Wishart(ν, Ψ) integrate to one."""
    d, half = len(scale), dof / 2
    log_det = float(np.linalg.slogdet(scale)[1])
    multivariate = d * (d - 1) / 4 * log(pi) + sum(lgamma(half - i / 2) for i in range(d))
    return half * log_det - half * d * log(2) - multivariate
