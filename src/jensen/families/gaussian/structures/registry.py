"""The structures that have a name on the command line, in files and at the scikit-learn face.

======================  =========  ================  ==========================
structure               mclust     covariances       invariant under
======================  =========  ================  ==========================
`Full`                  VVV        (k, d, d)         affine maps of the rows
`Tied`                  EEE        (d, d)            affine maps of the rows
`Diagonal`              VVI        (k, d)            scaling of each column
`EEI`                   EEI        (d,)              scaling of each column
`Spherical`             VII        (k,)              rotations and one scale
`EII`                   EII        ()                rotations and one scale
======================  =========  ================  ==========================
"""

from __future__ import annotations

from jensen.families.gaussian.structures.diagonal import Diagonal
from jensen.families.gaussian.structures.eei import EEI
from jensen.families.gaussian.structures.eii import EII
from jensen.families.gaussian.structures.full import Full
from jensen.families.gaussian.structures.spherical import Spherical
from jensen.families.gaussian.structures.structure import Structure
from jensen.families.gaussian.structures.tied import Tied

STRUCTURES: dict[str, Structure] = {
    structure.name: structure for structure in (Full(), Tied(), Diagonal(), EEI(), Spherical(), EII())
}
USUAL: tuple[Structure, ...] = (Full(), Tied(), Diagonal(), Spherical())
"""Those of a sweep by default, which scikit-learn has too."""
