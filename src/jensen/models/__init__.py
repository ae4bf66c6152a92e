"""Models p(z | θ) and q(z): latent structures over any family."""

from jensen.models.log_joint import Enumerated, LogJoint, LogJointStats, densities
from jensen.models.mixture.mixture import Mixture, MixtureParams, MixtureStats
from jensen.models.mixture.priors import Dirichlet, MixturePrior, NormalInverseWishart

__all__ = [
    "Dirichlet",
    "Enumerated",
    "LogJoint",
    "LogJointStats",
    "Mixture",
    "MixtureParams",
    "MixturePrior",
    "MixtureStats",
    "NormalInverseWishart",
    "densities",
]
