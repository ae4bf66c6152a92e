"""Models from their log-joint, log p(x, z | θ); needs JAX, which is imported when one is made."""

from jensen.models.log_joint import densities
from jensen.models.log_joint.latent import Enumerated
from jensen.models.log_joint.model import LogJoint
from jensen.models.log_joint.statistics import LogJointStats

__all__ = ["Enumerated", "LogJoint", "LogJointStats", "densities"]
