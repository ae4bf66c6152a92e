"""What the constructor's arguments ask of a fit."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.em.stopping import Gain, Never, Stop
from jensen.families.gaussian import starts
from jensen.families.gaussian.ridge import Ridge
from jensen.families.gaussian.starts import StartFunction
from jensen.families.gaussian.structures.registry import STRUCTURES
from jensen.families.gaussian.structures.structure import Structure
from jensen.models.mixture.prior import MixturePrior
from jensen.sklearn.messages import Reporter

# The one table from `init_params` to behaviour.
START_KINDS: dict[str, StartFunction] = {
    "kmeans": starts.kmeans,
    "k-means++": starts.kmeans_plus_plus,
    "random": starts.random_responsibilities,
    "random_from_data": starts.random_rows,
}

CONSTRAINTS: dict[str, list[Any]] = {
    "n_components": [Interval(Integral, 1, None, closed="left")],
    "covariance_type": [StrOptions(set(STRUCTURES)), Structure],
    "tol": [Interval(Real, 0.0, None, closed="left")],
    "reg_covar": [Interval(Real, 0.0, None, closed="left"), None],
    "max_iter": [Interval(Integral, 0, None, closed="left")],
    "n_init": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    "init_params": [StrOptions(set(START_KINDS))],
    "weights_init": ["array-like", None],
    "means_init": ["array-like", None],
    "precisions_init": ["array-like", None],
    "random_state": ["random_state"],
    "warm_start": ["boolean"],
    "verbose": ["verbose"],
    "verbose_interval": [Interval(Integral, 1, None, closed="left")],
    "prior": [MixturePrior, None],
}
"""What each argument may be, as scikit-learn checks it."""


def choose_stop(estimator: Any, numbered: bool) -> Stop:
    """Steps without end for ``tol=0``; otherwise what is left to be gained. What is printed has ``numbered``
    starts where every climb is one.
    """
    stop: Stop = Never() if estimator.tol == 0 else Gain(float(estimator.tol))
    if not estimator.verbose:
        return stop
    return Reporter(stop, estimator.verbose_interval, estimator.verbose >= 2, numbered)


def choose_prior(estimator: Any, data: Array, weight: Array | None) -> Any:
    """``prior``, or the penalty that ``reg_covar`` asks for."""
    if not estimator.reg_covar:
        return estimator.prior
    if estimator.prior is not None:
        raise ModelError("give reg_covar or prior, not both: each regularizes the covariances")
    total = len(data) if weight is None else float(weight.sum())
    return MixturePrior(components=Ridge(float(estimator.reg_covar), total / estimator.n_components))
