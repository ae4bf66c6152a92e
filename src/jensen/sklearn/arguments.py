"""What the constructor's arguments ask of a fit."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from jensen.basics.arrays import Array
from jensen.em.restarts import DEFAULT_RESTARTS
from jensen.em.stopping import Gain, Never, Stop
from jensen.families.gaussian.ridge import Ridge
from jensen.families.gaussian.structures.registry import STRUCTURES
from jensen.families.gaussian.structures.structure import Structure
from jensen.models.mixture.prior import MixturePrior
from jensen.sklearn.messages import Reporter
from jensen.sklearn.shapes import form_of, given_array, given_matrices, given_weights, structure_of
from jensen.sklearn.starts import START_KINDS, Given, GivenStart, OfKind, Plan

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


def given_parts(estimator: Any, d: int) -> Given:
    """The parts of θ that the arguments, or with ``warm_start`` the previous fit, prescribe."""
    if estimator.warm_start and "weights_" in vars(estimator):
        return _previous(estimator, d)
    k, kind = estimator.n_components, estimator.covariance_type
    weights, means, precisions = estimator.weights_init, estimator.means_init, estimator.precisions_init
    return Given(
        None if weights is None else given_weights(weights, "weights_init", k),
        None if means is None else given_array(means, "means_init", (k, d)),
        None if precisions is None else _covariances(precisions, kind, k, d),
    )


def _covariances(precisions: Any, covariance_type: str, k: int, d: int) -> Array:
    array = given_matrices(precisions, "precisions_init", covariance_type, k, d)
    return form_of(covariance_type).covariances(array)


def _previous(estimator: Any, d: int) -> Given:
    k, kind = estimator.n_components, estimator.covariance_type
    shape = structure_of(kind).shape(k, d)
    if estimator.means_.shape != (k, d) or estimator.covariances_.shape != shape:
        raise ValueError(
            f"warm_start cannot go on from means of shape {estimator.means_.shape} and covariances of shape "
            f"{estimator.covariances_.shape} to {(k, d)} and {shape}: set warm_start=False or fit a clone"
        )
    return Given(estimator.weights_, estimator.means_, estimator.covariances_)


def make_plan(estimator: Any, given: Given) -> Plan:
    """How many starts of which kind."""
    kind = estimator.init_params
    if given.num_parts == 3:
        return Plan("given", GivenStart(given, START_KINDS[kind]), 1)
    if given.num_parts:
        return Plan(f"given, {kind}", GivenStart(given, START_KINDS[kind]), _number(estimator.n_init, 1))
    if estimator.max_iter == 0 or estimator.tol == 0:
        return Plan(kind, OfKind(START_KINDS[kind]), _number(estimator.n_init, 1))
    if estimator.n_init == "auto" and kind == "kmeans":
        return Plan("search", None, None)
    return Plan(kind, OfKind(START_KINDS[kind]), _number(estimator.n_init, DEFAULT_RESTARTS))


def _number(n_init: int | str, auto: int) -> int:
    return auto if isinstance(n_init, str) else int(n_init)


def choose_stop(estimator: Any) -> Stop:
    """Steps without end for ``tol=0``; otherwise what is left to be gained."""
    stop: Stop = Never() if estimator.tol == 0 else Gain(float(estimator.tol))
    if not estimator.verbose:
        return stop
    return Reporter(stop, estimator.verbose_interval, detail=estimator.verbose >= 2)


def choose_prior(estimator: Any, data: Array, weight: Array | None) -> Any:
    """``prior``, or the penalty that ``reg_covar`` asks for."""
    if not estimator.reg_covar:
        return estimator.prior
    if estimator.prior is not None:
        raise ValueError("give reg_covar or prior, not both: each regularizes the covariances")
    total = len(data) if weight is None else float(weight.sum())
    return MixturePrior(components=Ridge(float(estimator.reg_covar), total / estimator.n_components))
