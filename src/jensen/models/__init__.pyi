# The public names of jensen.models; each is imported on first use.
import jensen.families.gaussian.prior as prior_of_gaussians

from .log_joint import Enumerated as Enumerated
from .log_joint import LogJoint as LogJoint
from .log_joint import LogJointStats as LogJointStats
from .log_joint import densities as densities
from .mixture.mixture import Mixture as Mixture
from .mixture.params import MixtureParams as MixtureParams
from .mixture.params import MixtureStats as MixtureStats
from .mixture.prior import Dirichlet as Dirichlet
from .mixture.prior import MixturePrior as MixturePrior

NormalInverseWishart = prior_of_gaussians.NormalInverseWishart
