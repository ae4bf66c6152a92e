"""Gradients of expectations: ∇θ E[f(x, θ)] over x ~ p(·; θ), the estimator chosen and its variance shown."""

try:
    import jax as _jax  # noqa: F401
    import numpyro as _numpyro  # noqa: F401
except ImportError as error:
    raise ImportError("jensen.gradients needs JAX and NumPyro: pip install 'jensen[jax]'") from error

from jensen.gradients.bound import bound
from jensen.gradients.compare.check import check
from jensen.gradients.compare.compare import compare
from jensen.gradients.compare.comparison import Comparison
from jensen.gradients.compare.samples import gradient_samples
from jensen.gradients.distributions import VonMisesFisher
from jensen.gradients.distributions.validity import Derivatives, GradientWarning, Ruling, Validity, validity
from jensen.gradients.distributions.validity.warning import warn as _warn
from jensen.gradients.estimators import (
    ARM,
    REBAR,
    RELAX,
    Auto,
    Concrete,
    Control,
    Controlled,
    DisARM,
    DReG,
    Estimator,
    Exact,
    ExactLabel,
    KnownMean,
    MeasureValued,
    Pathwise,
    ScoreFunction,
    StickTheLanding,
    Taylor,
)
from jensen.gradients.estimators.baselines import (
    Baseline,
    Constant,
    LeaveOneOut,
    MovingAverage,
    OptimalCoefficient,
    Scored,
)
from jensen.gradients.expectation import Expectation, expectation
from jensen.gradients.importance import importance_bound
from jensen.gradients.program.plan import Plan
from jensen.gradients.randomness.draws import Antithetic, Draws, Independent, Sobol, Stratified
from jensen.gradients.sampling import draw, fixed_draw, log_density
from jensen.gradients.site import Cost, Site
from jensen.gradients.surrogates import InvalidGradientError

__all__ = [
    "ARM",
    "REBAR",
    "RELAX",
    "Antithetic",
    "Auto",
    "Baseline",
    "Comparison",
    "Concrete",
    "Constant",
    "Control",
    "Controlled",
    "Cost",
    "DReG",
    "Derivatives",
    "DisARM",
    "Draws",
    "Estimator",
    "Exact",
    "ExactLabel",
    "Expectation",
    "GradientWarning",
    "Independent",
    "InvalidGradientError",
    "KnownMean",
    "LeaveOneOut",
    "MeasureValued",
    "MovingAverage",
    "OptimalCoefficient",
    "Pathwise",
    "Plan",
    "Ruling",
    "ScoreFunction",
    "Scored",
    "Site",
    "Sobol",
    "StickTheLanding",
    "Stratified",
    "Taylor",
    "Validity",
    "VonMisesFisher",
    "bound",
    "check",
    "compare",
    "draw",
    "expectation",
    "fixed_draw",
    "gradient_samples",
    "importance_bound",
    "log_density",
    "validity",
]


def __getattr__(name: str) -> object:
    if name == "Verdict":
        _warn("jensen.gradients.Verdict is called Ruling now", DeprecationWarning)
        return Ruling
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
