"""Which model do the data support?"""

from jensen.selection.criteria import AIC, BIC, CRITERIA, ICL, Criterion
from jensen.selection.likelihood_ratio import LikelihoodRatio, likelihood_ratio
from jensen.selection.selection import Cell, Selection
from jensen.selection.sweep import select

__all__ = [
    "AIC",
    "BIC",
    "CRITERIA",
    "ICL",
    "Cell",
    "Criterion",
    "LikelihoodRatio",
    "Selection",
    "likelihood_ratio",
    "select",
]
