"""Models p(z | θ) and q(z): latent structures over any family."""

from jensen.models.mixture import Mixture, MixtureParams, MixturePosterior, MixtureStats
from jensen.models.priors import Dirichlet, MixturePrior, NormalInverseWishart

__all__ = [
    "Dirichlet",
    "Mixture",
    "MixtureParams",
    "MixturePosterior",
    "MixturePrior",
    "MixtureStats",
    "NormalInverseWishart",
]
