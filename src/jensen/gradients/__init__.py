"""Gradients of expectations: ∇θ E[f(x, θ)] over x ~ p(·; θ), the estimator chosen and its variance shown."""

try:
    import jax as _jax  # noqa: F401
    import numpyro as _numpyro  # noqa: F401
except ImportError as error:
    raise ImportError("jensen.gradients needs JAX and NumPyro: pip install 'jensen[jax]'") from error

from jensen.gradients.baselines import Baseline, Constant, LeaveOneOut, MovingAverage, OptimalCoefficient
from jensen.gradients.box import InvalidGradientError
from jensen.gradients.draws import Antithetic, Draws, Independent
from jensen.gradients.estimators import Auto, Estimator, Exact, ExactLabel, Pathwise, ScoreFunction
from jensen.gradients.expectation import Expectation, expectation

__all__ = [
    "Antithetic",
    "Auto",
    "Baseline",
    "Constant",
    "Draws",
    "Estimator",
    "Exact",
    "ExactLabel",
    "Expectation",
    "Independent",
    "InvalidGradientError",
    "LeaveOneOut",
    "MovingAverage",
    "OptimalCoefficient",
    "Pathwise",
    "ScoreFunction",
    "expectation",
]
