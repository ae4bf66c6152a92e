"""Families p(x | z = k, θ): banks of K component distributions. They know no latent structure."""

from jensen.families.family import Family
from jensen.families.gaussian.covariance import STRUCTURES, Covariance, Diagonal, Full, Spherical, Tied
from jensen.families.gaussian.gaussian import Gaussian, GaussianParams, GaussianStats

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
