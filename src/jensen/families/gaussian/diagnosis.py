"""What is wrong with a fitted mixture that EM cannot see: collapse, a bound that is active, identical
components.

A component is *spurious* when the likelihood it earns rests on single rows: refit without row n it would
explain that row far worse. With f^(−n) the component refitted without row n, the optimism

    o_j = Σ_n w_n r_nj (log f_j(x_n) − log f_j^(−n)(x_n))

is about the number p_j of its parameters for a proper component, and grows without limit for a collapsed
one.
It takes no refit: leaving out a row is a rank-one downdate of the scatter. With N the count of the component,
r the row's responsibility, m its squared Mahalanobis distance and a = r/(N − r),

    log|Σ'| − log|Σ| = d log(N/(N − r)) + log(1 − a m),      m' = N/(N − r) · m/(1 − a m).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.basics.verdict import Outcome, Verdict
from jensen.families.gaussian import kernels

if TYPE_CHECKING:
    from jensen.models.mixture.mixture import Mixture, MixtureParams


OPTIMISM = 10.0  # in units of the component's parameters; proper ones are below 5, collapsed ones above 100
AT_BOUND = 1.1  # the floor supplies more than a tenth of the smallest variance
SAME = 1e-5  # distance of two components, in the metric, that makes them one
NOTHING = 1e-12  # what rounding leaves of a count or a determinant that is gone
BLOCK = 16_384


def diagnose(model: Mixture, params: MixtureParams, data: Array, weight: Array | None) -> Verdict | None:
    """The gravest flaw of ``params``, or None."""
    spurious = spurious_components(model, params, data, weight)
    if spurious.any():
        which = _list(spurious)
        return Verdict(
            Outcome.COLLAPSED,
            f"component {which} rests on too few rows: a spurious solution",
            "fewer components, a simpler covariance structure, or a prior",
        )
    bound = at_bound(model, params)
    if bound.any():
        return Verdict(Outcome.BOUNDARY, *_bound_message(model, bound))
    if identical_components(model, params):
        return Verdict(
            Outcome.SADDLE,
            "two components are identical, where EM stands still without being at a maximum",
            "start from components that differ",
        )
    return None


def _list(flags: NDArray[np.bool_]) -> str:
    return ", ".join(str(j) for j in np.flatnonzero(flags)) + " (counted from 0)"


def _bound_message(model: Mixture, bound: NDArray[np.bool_]) -> tuple[str, str]:
    rank = getattr(model.family.metric, "rank", None)
    columns = len(model.family.metric.mean) if model.family.metric is not None else 0
    if rank is not None and rank < columns:
        return (
            f"the {columns} columns have rank {rank}: some are combinations of others, or there are fewer "
            "rows than columns",
            "leave columns out, or use a diagonal or spherical covariance",
        )
    return (
        f"the covariance of component {_list(bound)} is at its bound: tied, repeated or discrete values",
        "fewer components, a simpler covariance structure, or a prior",
    )


def at_bound(model: Mixture, params: MixtureParams) -> NDArray[np.bool_]:
    """Whether the covariance of each component is held up by the bound, (k,)."""
    k = model.num_components
    metric = model.family.metric
    if metric is None:
        return np.zeros(k, bool)
    smallest = metric.smallest(params.components.covariances)
    return np.broadcast_to(smallest <= AT_BOUND * model.family.floor, (k,)).copy()


def identical_components(model: Mixture, params: MixtureParams) -> bool:
    """Whether two components have the same mean and covariance."""
    means, covariances = params.components
    metric = model.family.metric
    if len(means) < 2 or metric is None:
        return False
    white = metric.whiten(means)
    shape = metric.whiten_covariances(covariances)
    shared = model.family.covariance.name == "tied"
    features = white if shared else np.hstack([white, shape.reshape(len(means), -1)])
    gaps = np.linalg.norm(features[:, None] - features[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    return bool(gaps.min() < SAME)


def spurious_components(
    model: Mixture, params: MixtureParams, data: Array, weight: Array | None
) -> NDArray[np.bool_]:
    """Components with no more rows than a covariance needs, or with an optimism that single rows make, (k,).

    None under a prior on the components.
    """
    k, d = params.components.means.shape
    structure = model.family.covariance
    if getattr(model.prior, "components", None) is not None:
        return np.zeros(
            k, bool
        )  # the prior holds the covariances up, and the downdate is of one without a prior
    optimism = leave_one_out_optimism(model, params, data, weight)
    parameters = 1 + d + (0 if structure.name == "tied" else structure.num_free(1, d))
    return ~(optimism <= OPTIMISM * parameters)


def leave_one_out_optimism(model: Mixture, params: MixtureParams, data: Array, weight: Array | None) -> Array:
    """o_j of each component, (k,); infinite where a component has no more rows than its covariance needs."""
    k, d = params.components.means.shape
    structure = model.family.covariance
    total = float(len(data)) if weight is None else float(np.sum(weight))
    count = params.weights * total  # at a fixed point of EM
    with np.errstate(divide="ignore"):
        constant = np.log(params.weights) - 0.5 * (
            d * np.log(2 * np.pi) + structure.log_det(params.components.covariances, k, d)
        )
    needed = {"full": d + 1.0, "diag": 2.0, "spherical": 1.0 + 1.0 / d, "tied": 1.0}[structure.name]
    optimism = np.where(count <= needed, np.inf, 0.0)
    alive = np.isfinite(optimism)
    for rows, w in _blocks(data, weight):
        joint = np.asarray(kernels.log_joint(model.family, params, rows), float)
        top = joint.max(axis=1, keepdims=True)
        odds = np.exp(joint - top)
        r = (odds / odds.sum(axis=1, keepdims=True))[:, alive]
        n = count[alive]
        rest = np.maximum(n - r, NOTHING * n)
        a, grown = r / rest, n / rest
        if structure.name == "diag":
            gaps = np.square(rows[:, None, :] - params.components.means[alive])
            each = _loss(
                gaps / params.components.covariances[alive], a[..., None], grown[..., None], 1.0
            ).sum(axis=2)
        else:
            m = 2.0 * (constant[alive] - joint[:, alive])
            if structure.name == "spherical":
                each = _loss(m, a / d, grown, float(d))
            elif structure.name == "tied":
                each = _tied_loss(m, r, grown, total, d)
            else:
                each = _loss(m, a, grown, 1.0) + (d - 1) * np.log(grown)
        optimism[alive] += 0.5 * (w @ (r * each))
    return optimism


def _loss(m: Array, a: Array, grown: Array, size: float) -> Array:
    """size·(log N/(N−r) + log(1 − a m)) + m' − m; infinite where the row alone holds a direction open."""
    left = 1.0 - a * m
    safe = np.where(left > NOTHING, left, 1.0)
    loss = size * (np.log(grown) + np.log(safe)) + grown * m / safe - m
    return np.where(left > NOTHING, loss, np.inf)


def _tied_loss(m: Array, r: Array, grown: Array, total: float, d: int) -> Array:
    """The shared covariance loses one row of ``total``, the mean one of ``n``."""
    left = 1.0 - r * grown / total * m
    safe = np.where(left > NOTHING, left, 1.0)
    log_det = d * np.log(total / (total - r)) + np.log(safe)
    loss = log_det + grown**2 * (total - r) / total * m / safe - m
    return np.where(left > NOTHING, loss, np.inf)


def _blocks(data: Array, weight: Array | None) -> Iterator[tuple[Array, Array]]:
    for begin in range(0, len(data), BLOCK):
        rows = data[begin : begin + BLOCK]
        w = np.ones(len(rows)) if weight is None else np.asarray(weight[begin : begin + BLOCK], float)
        yield (
            rows[w > 0],
            w[w > 0],
        )  # a row without weight may lie anywhere: its loss can be infinite, and 0·∞ is NaN
