"""The algorithm. It knows no model."""

from jensen.em.acceleration import Squarem
from jensen.em.algorithms import EM, Algorithm
from jensen.em.charts import Chart
from jensen.em.fit import Fit, fit
from jensen.em.identities import (
    e_step,
    elbo,
    em_map,
    entropy,
    expected_log_joint,
    kl_gap,
    log_evidence,
    log_prior,
    m_step,
)
from jensen.em.protocols import Expected, LatentVariableModel, Posterior, Prior
from jensen.em.restarts import Start
from jensen.em.score import score
from jensen.em.spaces import Correlation, Covariance, Interval, Positive, Real, Simplex, Space
from jensen.em.state import Problem, State
from jensen.em.stopping import Gain, Never, Stop, aitken
from jensen.em.tables import Table
from jensen.em.verdict import Outcome, Verdict

__all__ = [
    "EM",
    "Algorithm",
    "Chart",
    "Correlation",
    "Covariance",
    "Expected",
    "Fit",
    "Gain",
    "Interval",
    "LatentVariableModel",
    "Never",
    "Outcome",
    "Positive",
    "Posterior",
    "Prior",
    "Problem",
    "Real",
    "Simplex",
    "Space",
    "Squarem",
    "Start",
    "State",
    "Stop",
    "Table",
    "Verdict",
    "aitken",
    "e_step",
    "elbo",
    "em_map",
    "entropy",
    "expected_log_joint",
    "fit",
    "kl_gap",
    "log_evidence",
    "log_prior",
    "m_step",
    "score",
]
