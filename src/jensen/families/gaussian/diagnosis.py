"""What is wrong with fitted Gaussian components that EM cannot see: collapse, a bound that is active,
identical
components.

A component is *spurious* when the likelihood it earns rests on single rows: refit without row n it would
explain that row far worse. With f^(−n) the component refitted without row n, the optimism

    o_j = Σ_n w_n r_nj (log f_j(x_n) − log f_j^(−n)(x_n))

is about the number p_j of its parameters for a proper component, and grows without limit for a collapsed
one. It takes no refit: `jensen.families.gaussian.leave_one_out` has what a row takes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Mask, Weight
from jensen.basics.naming import columns_in_words
from jensen.basics.verdict import Outcome, Verdict
from jensen.families.checks import identical
from jensen.families.gaussian.kernels import Native
from jensen.families.gaussian.leave_one_out import Leaving
from jensen.families.gaussian.moments import GaussianParams

OPTIMISM = 7.0  # of its parameters; 2 % of planted components are above (benchmarks/verdicts_spurious.py)
AT_BOUND = 1.1  # the floor supplies more than a tenth of the smallest variance
SAME = 1e-3  # distance of two components, in the metric, that makes them one
MANY = 50.0  # rows for each parameter of a component; then only one that stands out can make it spurious:
OUT = 0.1  # a row's squared distance, in the component's rows
BLOCK = 16_384
MOST_COLUMNS = 12

Seeing = tuple[Array, Array, Array, Array]  # rows, their weights, responsibilities and squared distances


def diagnose(
    family: Any, weights: Array, params: GaussianParams, data: Array, weight: Weight, held_up: bool
) -> Verdict | None:
    """The gravest flaw of a mixture of these components, or None."""
    spurious = spurious_components(family, weights, params, data, weight, held_up)
    if spurious.any():
        which = _told(spurious, "component {} rests", "components {} rest")
        return Verdict(
            Outcome.COLLAPSED,
            f"{which} on too few rows: a spurious solution",
            "fewer components, a simpler covariance structure, or a prior",
        )
    bound = at_bound(family, params)
    if bound.any():
        return Verdict(Outcome.BOUNDARY, *_bound_message(family, bound))
    return None if family.metric is None or len(weights) < 2 else identical(_features(family, params), SAME)


def _told(flags: Mask, one: str, more: str) -> str:
    """Of one component, or of more: what is said of them, with their numbers in the place of {}."""
    which = np.flatnonzero(flags)
    said = one if len(which) == 1 else more
    return said.format(f"{', '.join(map(str, which))} (counted from 0)")


def _bound_message(family: Any, bound: Mask) -> tuple[str, str]:
    columns = len(family.metric.mean)
    if family.metric.rank < columns:
        which = family.metric.dependent
        why = "some are combinations of others, or there are fewer rows than columns"
        if len(which) < columns:
            why = f"{columns_in_words(which, MOST_COLUMNS)} are combinations of each other"
        return (
            f"the {columns} columns have rank {family.metric.rank}: {why}",
            "leave columns out, or use a diagonal or spherical covariance",
        )
    held = _told(
        bound,
        "the covariance of component {} is at its bound",
        "the covariances of components {} are at theirs",
    )
    return (
        f"{held}: tied, repeated or discrete values",
        "fewer components, a simpler covariance structure, or a prior",
    )


def at_bound(family: Any, params: GaussianParams) -> Mask:
    """Whether the covariance of each component is held up by the bound, (k,)."""
    k = len(params.means)
    if family.metric is None:
        return np.zeros(k, bool)
    smallest = family.metric.smallest(params.covariances)
    return np.broadcast_to(smallest <= AT_BOUND * family.floor, (k,)).copy()


def _features(family: Any, params: GaussianParams) -> Array:
    """Mean and covariance of every component in the metric, (k, m)."""
    features = family.metric.whiten(params.means)
    if family.covariance.is_shared:
        return features
    shape = family.metric.whiten_covariances(params.covariances)
    return np.hstack([features, shape.reshape(len(features), -1)])


def spurious_components(
    family: Any, weights: Array, params: GaussianParams, data: Array, weight: Weight, held_up: bool
) -> Mask:
    """Components with no more rows than a covariance needs, or with an optimism that single rows make, (k,).

    None under a prior: it holds the covariances up, and the downdate is of one without a prior.
    """
    k, d = params.means.shape
    if held_up or k == 1:  # one component has one maximum, the moments of the data
        return np.zeros(k, bool)
    parameters = _num_parameters(family, weights, d)
    optimism = leave_one_out_optimism(family, weights, params, data, weight, parameters)
    return ~(optimism <= OPTIMISM * parameters)


def _num_parameters(family: Any, weights: Array, d: int) -> Array:
    """(k,): of each component, with its share of those that are shared."""
    k, own = len(weights), family.covariance.own.num_parameters(d)
    shared = max(0, family.covariance.num_free(k, d) - k * own)
    return 1.0 + d + own + weights * shared


def leave_one_out_optimism(
    family: Any,
    weights: Array,
    params: GaussianParams,
    data: Array,
    weight: Weight,
    parameters: Array | None = None,
) -> Array:
    """o_j of each component, (k,); infinite where a component has no more rows than its covariance needs.

    Of components with many rows none of which stands out it is what theory says, their number of parameters.
    """
    k, d = params.means.shape
    own = family.covariance.own
    total = float(len(data)) if weight is None else float(np.sum(weight))
    count = weights * total  # at a fixed point of EM
    optimism = np.where(count <= own.needed(d), np.inf, 0.0)
    seen = _Seen.of(family, weights, params)
    parameters = _num_parameters(family, weights, d) if parameters is None else parameters
    asked = np.isfinite(optimism)
    passes = seen.passes(data, weight)
    settled = asked & (count > MANY * parameters)
    if settled.any():
        settled &= largest_share(k, passes()) < OUT * count
        optimism[settled] = parameters[settled]
    asked &= ~settled
    if not asked.any():
        return optimism
    for rows, w, *both in passes():
        r, m = (each[:, asked] for each in both)
        axes = None
        if own.by_axis:
            axes = family.covariance.along_axes(rows, params.means, params.covariances)[:, asked]
        each = own.loss(Leaving(r, m, axes, count[asked], total), d)
        optimism[asked] += 0.5 * (w @ (r * each))
    return optimism


@dataclass(frozen=True, slots=True)
class _Seen:
    """How components see rows."""

    native: Native
    weights: Array
    params: GaussianParams
    constant: Array
    """(k,): log p(x, k) at the mean."""

    @classmethod
    def of(cls, family: Any, weights: Array, params: GaussianParams) -> _Seen:
        structure, (k, d) = family.covariance, params.means.shape
        with np.errstate(divide="ignore"):
            logs = np.log(weights) - 0.5 * (
                d * np.log(2 * np.pi) + structure.log_det(params.covariances, k, d)
            )
        return cls(Native(structure), weights, params, logs)

    def at(self, rows: Array) -> tuple[Array, Array]:
        """Responsibilities and squared distances, (n, k)."""
        r, evidence = self.native.posterior(self.weights, self.params, np.asarray(rows, float))
        with np.errstate(divide="ignore"):
            return r, np.where(r > 0, 2.0 * (self.constant - np.log(r) - evidence[:, None]), 0.0)

    def passes(self, data: Array, weight: Weight) -> Callable[[], Iterable[Seeing]]:
        """Goes over blocks of rows, as often as it is called; over a single block as it was seen first."""

        def over() -> Iterator[Seeing]:
            for rows, w in _blocks(data, weight):
                yield rows, w, *self.at(rows)

        if len(data) > BLOCK:
            return over
        known = list(over())
        return lambda: known


def largest_share(k: int, passes: Iterable[Seeing]) -> Array:
    """(k,): the largest r·m of a row."""
    largest = np.zeros(k)
    for rows, _, r, m in passes:
        if len(rows):
            largest = np.maximum(largest, np.where(r > 0, r * m, 0.0).max(axis=0))
    return largest


def _blocks(data: Array, weight: Weight) -> Iterator[tuple[Array, Array]]:
    """Rows that have weight: one without may lie anywhere, its loss can be infinite, and 0·∞ is NaN."""
    for begin in range(0, len(data), BLOCK):
        rows = data[begin : begin + BLOCK]
        if weight is None:
            yield rows, np.ones(len(rows))
        else:
            w = np.asarray(weight[begin : begin + BLOCK], float)
            yield rows[w > 0], w[w > 0]
