"""Families p(x | z = k, θ): banks of K component distributions. They know no latent structure."""

from jensen.families.categorical import Categorical, DirichletPrior
from jensen.families.family import Components, End, Family, Standardized, Sums
from jensen.families.gaussian.gaussian import Gaussian
from jensen.families.gaussian.moments import GaussianParams, GaussianStats
from jensen.families.gaussian.prior import NormalInverseWishart
from jensen.families.gaussian.ridge import Ridge
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
from jensen.families.poisson import GammaPrior, Poisson, PoissonParams
from jensen.families.product import Product
from jensen.families.product_prior import ProductPrior

__all__ = [
    "EEI",
    "EII",
    "STRUCTURES",
    "Categorical",
    "Components",
    "Diagonal",
    "DirichletPrior",
    "End",
    "Family",
    "Full",
    "GammaPrior",
    "Gaussian",
    "GaussianParams",
    "GaussianStats",
    "NormalInverseWishart",
    "Poisson",
    "PoissonParams",
    "PriorMoments",
    "Product",
    "ProductPrior",
    "Ridge",
    "Spherical",
    "Standardized",
    "Structure",
    "Sums",
    "Tied",
]
