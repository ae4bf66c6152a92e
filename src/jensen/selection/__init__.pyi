# The public names of jensen.selection; each is imported on first use.
from .criteria import AIC as AIC
from .criteria import BIC as BIC
from .criteria import CRITERIA as CRITERIA
from .criteria import ICL as ICL
from .criteria import Criterion as Criterion
from .likelihood_ratio import LikelihoodRatio as LikelihoodRatio
from .likelihood_ratio import likelihood_ratio as likelihood_ratio
from .selection import Cell as Cell
from .selection import Selection as Selection
from .sweep import select as select
