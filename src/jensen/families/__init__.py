"""Families p(x | z = k, θ): banks of K component distributions. They know no latent structure."""

from jensen.families.covariance import STRUCTURES, Covariance, Diagonal, Full, Spherical, Tied
from jensen.families.gaussian import Gaussian, GaussianParams, GaussianStats
from jensen.families.protocols import Family

__all__ = [
    "STRUCTURES",
    "Covariance",
    "Diagonal",
    "Family",
    "Full",
    "Gaussian",
    "GaussianParams",
    "GaussianStats",
    "Spherical",
    "Tied",
]
