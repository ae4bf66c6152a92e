"""Covariance structures: how K component covariances share their shape. One file each, one row in the
registry.
"""

from jensen.families.gaussian.structures.diagonal import Diagonal
from jensen.families.gaussian.structures.eei import EEI
from jensen.families.gaussian.structures.eii import EII
from jensen.families.gaussian.structures.full import Full
from jensen.families.gaussian.structures.registry import STRUCTURES
from jensen.families.gaussian.structures.spherical import Spherical
from jensen.families.gaussian.structures.structure import PriorMoments, Structure
from jensen.families.gaussian.structures.tied import Tied

__all__ = [
    "EEI",
    "EII",
    "STRUCTURES",
    "Diagonal",
    "Full",
    "PriorMoments",
    "Spherical",
    "Structure",
    "Tied",
]
