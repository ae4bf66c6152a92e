"""Where a fit begins: scikit-learn's strings and ``*_init`` arguments to start functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.em.restarts import DEFAULT_RESTARTS, Starts
from jensen.families.gaussian.moments import GaussianParams
from jensen.families.gaussian.starts import StartFunction
from jensen.models.mixture.mixture import Mixture
from jensen.models.mixture.params import MixtureParams
from jensen.sklearn.arguments import START_KINDS
from jensen.sklearn.constant import narrowed
from jensen.sklearn.shapes import (
    form_of,
    given_array,
    given_matrices,
    given_weights,
    parameters_of,
    structure_of,
)

MixtureStart = Callable[[Mixture, Array, Array | None, np.random.Generator], MixtureParams]


@dataclass(frozen=True, slots=True)
class OfKind:
    """A start of a mixture of Gaussians by one of the kinds."""

    kind: StartFunction

    def __call__(
        self, model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator
    ) -> MixtureParams:
        return MixtureParams(*self.kind(model.family, model.num_components, data, weight, rng))


@dataclass(frozen=True, slots=True)
class Given:
    """The parts of θ that the user gave; None where a start has to find them."""

    weights: Array | None = None
    means: Array | None = None
    covariances: Array | None = None

    @property
    def num_parts(self) -> int:
        """0 to 3."""
        return sum(part is not None for part in (self.weights, self.means, self.covariances))


@dataclass(frozen=True, slots=True)
class GivenStart:
    """A start of some kind with the given parts in place of its own; no start is made when all are given."""

    given: Given
    kind: StartFunction

    def __call__(
        self, model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator
    ) -> MixtureParams:
        own = None if self.given.num_parts == 3 else self._own(model, data, weight, rng)
        return self._over(own, model)

    def _own(
        self, model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator
    ) -> MixtureParams:
        params = MixtureParams(*self.kind(model.family, model.num_components, data, weight, rng))
        if self.given.means is None:
            return params
        return model.relabel(params, _nearest(model, params.components.means, self.given.means))

    def _over(self, own: MixtureParams | None, model: Mixture) -> MixtureParams:
        weights, means, covariances = self.given.weights, self.given.means, self.given.covariances
        if own is not None:
            weights = own.weights if weights is None else weights
            means = own.components.means if means is None else means
            covariances = own.components.covariances if covariances is None else covariances
        assert weights is not None and means is not None and covariances is not None
        return MixtureParams(weights, GaussianParams(means, model.family.clip(covariances)))


def _nearest(model: Mixture, found: Array, given: Array) -> NDArray[np.intp]:
    """For each given mean the start's component that goes with it, one to one, in the structure's metric."""
    metric = model.family.metric
    if metric is not None:
        found, given = metric.whiten(found), metric.whiten(given)
    squared = np.square(given[:, None, :] - found[None, :, :]).sum(axis=2)
    return linear_sum_assignment(squared)[1]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many starts of which kind; without a start function the model's own search."""

    kind: str
    start: MixtureStart | None
    restarts: int | None

    def starts(self) -> Starts | None:
        """What `jensen.fit` is to start from; None for the search."""
        if self.start is None:
            return None
        return Starts(self.kind, self.start, reorder=not isinstance(self.start, GivenStart))


def is_warm(estimator: Any) -> bool:
    """Whether a fit goes on from the previous one."""
    return estimator.warm_start and "weights_" in vars(estimator)


def given_parts(estimator: Any, d: int, kept: NDArray[np.intp] | None = None) -> Given:
    """The parts of θ that the arguments, or with ``warm_start`` the previous fit, prescribe; of the ``kept``
    columns, where not all of d are fitted.
    """
    if is_warm(estimator):
        return _previous(estimator, d, kept)
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


def _previous(estimator: Any, d: int, kept: NDArray[np.intp] | None) -> Given:
    k, kind = estimator.n_components, estimator.covariance_type
    shape = structure_of(kind).shape(k, d)
    own = vars(estimator)
    before = np.shape(own["means_"]), np.shape(own.get("covariances_", own.get("precisions_cholesky_")))
    if before != ((k, d), shape):
        raise ModelError(
            f"warm_start cannot go on from means of shape {before[0]} and covariances of shape "
            f"{before[1]} to {(k, d)} and {shape}: set warm_start=False or fit a clone"
        )
    params = parameters_of(estimator)
    params = params if kept is None else narrowed(params, kept, kind)
    return Given(params.weights, *params.components)


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
