"""Which derivative of a draw, and of a density, is valid: one table, and what follows from it."""

from jensen.gradients.distributions.validity.guards import (
    cautions,
    path_guarded,
    path_order,
    path_refusal,
    score_guarded,
    score_refusal,
)
from jensen.gradients.distributions.validity.query import Validity, validity
from jensen.gradients.distributions.validity.rulings import Derivatives, Ruling
from jensen.gradients.distributions.validity.warning import GradientWarning

__all__ = [
    "Derivatives",
    "GradientWarning",
    "Ruling",
    "Validity",
    "cautions",
    "path_guarded",
    "path_order",
    "path_refusal",
    "score_guarded",
    "score_refusal",
    "validity",
]
