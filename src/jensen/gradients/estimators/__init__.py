"""Estimators: how the derivative of an expectation over one variable is taken."""

from jensen.gradients.estimators.auto import Auto
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.binary import ARM, DisARM
from jensen.gradients.estimators.controlled import Control, Controlled, KnownMean, Taylor
from jensen.gradients.estimators.exact import Exact
from jensen.gradients.estimators.landing import StickTheLanding
from jensen.gradients.estimators.measure import MeasureValued
from jensen.gradients.estimators.mixture import ExactLabel
from jensen.gradients.estimators.pathwise import DReG, Pathwise
from jensen.gradients.estimators.relaxed import REBAR, RELAX, Concrete
from jensen.gradients.estimators.score import ScoreFunction

__all__ = [
    "ARM",
    "REBAR",
    "RELAX",
    "Auto",
    "Concrete",
    "Control",
    "Controlled",
    "DReG",
    "DisARM",
    "Estimator",
    "Exact",
    "ExactLabel",
    "KnownMean",
    "MeasureValued",
    "Pathwise",
    "ScoreFunction",
    "StickTheLanding",
    "Taylor",
]
