"""Models p(z | θ) and q(z): latent structures over any family."""

from jensen.models.log_joint import Enumerated, LogJoint, LogJointStats, densities
from jensen.models.mixture import Mixture, MixtureParams, MixtureStats
from jensen.models.preference import AIC, BIC, CRITERIA, ICL, Criterion
from jensen.models.priors import Dirichlet, MixturePrior, NormalInverseWishart
from jensen.models.selection import Cell, Selection
from jensen.models.sweep import select

__all__ = [
    "AIC",
    "BIC",
    "CRITERIA",
    "ICL",
    "Cell",
    "Criterion",
    "Dirichlet",
    "Enumerated",
    "LogJoint",
    "LogJointStats",
    "Mixture",
    "MixtureParams",
    "MixturePrior",
    "MixtureStats",
    "NormalInverseWishart",
    "Selection",
    "densities",
    "select",
]
