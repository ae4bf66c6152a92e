"""The laws of EM, as functions that anyone can run on their own model or family.

`check_model` runs every law that applies to a model, `check_family` those that apply to a bank of component
distributions. A law that does not hold raises `LawError`, which names the law and what its failure usually
means. `check_gradient_law` holds estimators of gradients to programs that it draws. Tolerances are what
rounding can do (`rounding`), or standard errors, and not what makes a test pass.
"""

from jensen.testing.charts import chart_inverts, information_is_curvature, score_is_slope, scores_add
from jensen.testing.check import check_family, check_model
from jensen.testing.climbing import m_step_is_best, never_falls, reported_is_returned
from jensen.testing.contract import keeps_contract
from jensen.testing.gradient_law import GradientCounts, check_gradient_law
from jensen.testing.identities import bound_is_tight, fisher_identity, fused_agrees, gap_is_kl, prior_is_data
from jensen.testing.law import LawError, rounding
from jensen.testing.sampling import refit_recovers
from jensen.testing.statistics import blocks_add, statistics_move, statistics_scale, weights_repeat
from jensen.testing.symmetry import Affine, moves_with_data, relabelling, structure_transform
from jensen.testing.threads import threads_agree

__all__ = [
    "Affine",
    "GradientCounts",
    "LawError",
    "blocks_add",
    "bound_is_tight",
    "chart_inverts",
    "check_family",
    "check_gradient_law",
    "check_model",
    "fisher_identity",
    "fused_agrees",
    "gap_is_kl",
    "information_is_curvature",
    "keeps_contract",
    "m_step_is_best",
    "moves_with_data",
    "never_falls",
    "prior_is_data",
    "refit_recovers",
    "relabelling",
    "reported_is_returned",
    "rounding",
    "score_is_slope",
    "scores_add",
    "statistics_move",
    "statistics_scale",
    "structure_transform",
    "threads_agree",
    "weights_repeat",
]
