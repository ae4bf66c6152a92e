"""Families p(x | z = k, θ): banks of K component distributions. They know no latent structure."""

from jensen.families.family import Components, Family, Found, Sums
from jensen.families.gaussian.gaussian import Gaussian
from jensen.families.gaussian.moments import GaussianParams, GaussianStats
from jensen.families.gaussian.prior import NormalInverseWishart
from jensen.families.gaussian.structures import (
    EEI,
    EII,
    STRUCTURES,
    Diagonal,
    Full,
    PriorMoments,
    Spherical,
    Structure,
    Tied,
)

__all__ = [
    "EEI",
    "EII",
    "STRUCTURES",
    "Components",
    "Diagonal",
    "Family",
    "Found",
    "Full",
    "Gaussian",
    "GaussianParams",
    "GaussianStats",
    "NormalInverseWishart",
    "PriorMoments",
    "Spherical",
    "Structure",
    "Sums",
    "Tied",
]
