"""The algorithm. It knows no model."""

from jensen.em.acceleration import Squarem
from jensen.em.algorithms import EM, Algorithm
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
from jensen.em.state import Problem, State
from jensen.em.stopping import Gain, Never, Stop, aitken
from jensen.em.tables import Table
from jensen.em.verdict import Outcome, Verdict

__all__ = [
    "EM",
    "Algorithm",
    "Expected",
    "Fit",
    "Gain",
    "LatentVariableModel",
    "Never",
    "Outcome",
    "Posterior",
    "Prior",
    "Problem",
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
]
