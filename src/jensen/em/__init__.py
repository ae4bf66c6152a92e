"""The algorithm. It knows no model."""

from jensen.basics.tables import Table
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.acceleration.extrapolation import Anderson, Squarem
from jensen.em.acceleration.gradient_em import GradientEM
from jensen.em.acceleration.quasi_newton import QuasiNewton
from jensen.em.algorithms import EM, Algorithm, Approximation
from jensen.em.approximations import Hard, MonteCarlo, Truncated
from jensen.em.cases import Cases, Groups, Rows, Sequences
from jensen.em.constraints.constrained import Constrained, constrain
from jensen.em.contract import Expected, Model, Posterior, Prior, as_model
from jensen.em.coordinates import InChart, Natural
from jensen.em.effort import Search
from jensen.em.fit import fit
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
from jensen.em.posteriors import DiscretePosterior
from jensen.em.problem import Problem, State
from jensen.em.restarts import Starts
from jensen.em.result import Fit
from jensen.em.score import score
from jensen.em.start import Start
from jensen.em.statistics import Totals
from jensen.em.stopping import Gain, Never, Seen, StepNorm, Stop, aitken
from jensen.em.uncertainty.directions import Rates
from jensen.em.uncertainty.intervals import IntervalMethod, Profile, Wald
from jensen.em.uncertainty.uncertainty import Uncertainty, uncertainty
from jensen.spaces import Chart, Columns, Correlation, Covariance, Interval, Positive, Real, Simplex, Space

__all__ = [
    "EM",
    "Algorithm",
    "Anderson",
    "Approximation",
    "Cases",
    "Chart",
    "Columns",
    "Constrained",
    "Correlation",
    "Covariance",
    "DiscretePosterior",
    "Expected",
    "Fit",
    "Gain",
    "GradientEM",
    "Groups",
    "Hard",
    "InChart",
    "Interval",
    "IntervalMethod",
    "Model",
    "MonteCarlo",
    "Natural",
    "Never",
    "Outcome",
    "Positive",
    "Posterior",
    "Prior",
    "Problem",
    "Profile",
    "QuasiNewton",
    "Rates",
    "Real",
    "Rows",
    "Search",
    "Seen",
    "Sequences",
    "Simplex",
    "Space",
    "Squarem",
    "Start",
    "Starts",
    "State",
    "StepNorm",
    "Stop",
    "Table",
    "Totals",
    "Truncated",
    "Uncertainty",
    "Verdict",
    "Wald",
    "aitken",
    "as_model",
    "constrain",
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
    "uncertainty",
]
