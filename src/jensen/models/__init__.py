"""Models p(z | θ) and q(z): latent structures over any family."""

from jensen.families.gaussian.prior import NormalInverseWishart
from jensen.models.log_joint import Enumerated, LogJoint, LogJointStats, densities
from jensen.models.mixture.mixture import Mixture
from jensen.models.mixture.params import MixtureParams, MixtureStats
from jensen.models.mixture.prior import Dirichlet, MixturePrior

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
