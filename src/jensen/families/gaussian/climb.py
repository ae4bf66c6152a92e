"""One climb of the search for structures whose M-step the native climb does not know: native E-steps,
SQUAREM.

Varadhan and Roland (2008), scheme S3, as in `_native/climb.cpp`: from θ₀ two EM steps give θ₁ and θ₂; with
r = θ₁ − θ₀ and v = (θ₂ − θ₁) − r the leap is θ₀ − 2αr + α²v, α = −‖r‖/‖v‖.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jensen.basics.arrays import Array, Weight
from jensen.basics.verdict import Outcome
from jensen.families.gaussian.moments import GaussianParams


class Point(NamedTuple):
    """θ with the log-evidence of this θ, and the next θ of plain EM."""

    weights: Array
    params: GaussianParams
    log_evidence: float
    next_weights: Array
    next_params: GaussianParams
    collapsed: bool

    def vector(self) -> Array:
        """θ as one vector."""
        return _packed(self.weights, self.params)

    def next_vector(self) -> Array:
        """The next θ as one vector."""
        return _packed(self.next_weights, self.next_params)


def climb_one(
    family: Any, weights: Array, params: GaussianParams, rows: Array, weight: Weight, tol: float, most: int
) -> tuple[Array, GaussianParams, float, int, Outcome]:
    """Climb until two cycles in a row gain less than ``tol``, at most ``most`` E-steps.

    Returns
    -------
    weights, components, log-evidence, E-steps, outcome
    """
    d = params.means.shape[1]
    needed = family.covariance.needed(d)
    steps = 0

    def at(weights: Array, params: GaussianParams) -> Point | None:
        nonlocal steps
        steps += 1
        try:
            sums = family.native.e_step(weights, params, rows, weight)
            following = family.m_step(sums.stats, params)
        except (ArithmeticError, np.linalg.LinAlgError):
            return None
        if not np.isfinite(sums.log_evidence):
            return None
        held = family.metric.smallest(following.covariances).min() <= family.floor * (1 + 1e-9)
        thin = bool((sums.count <= needed).any())
        return Point(
            weights, params, sums.log_evidence, sums.count / sums.count.sum(), following, held and thin
        )

    here = at(weights, GaussianParams(params.means, family.clip(params.covariances)))
    if here is None:
        return weights, params, -np.inf, steps, Outcome.FAILED
    outcome, calm = Outcome.STEP_LIMIT, 0
    while steps < most and calm < 2:
        before = here.log_evidence
        first = at(here.next_weights, here.next_params)
        leap = None if first is None else _leap(family, here, first)
        there = None if leap is None else at(*leap)
        if first is not None and (there is None or there.log_evidence < first.log_evidence):
            there = at(first.next_weights, first.next_params)
        if there is None:
            break
        here = there
        if here.collapsed:
            outcome = Outcome.COLLAPSED
            break
        calm = calm + 1 if here.log_evidence - before < tol else 0
        if calm == 2:
            outcome = Outcome.CONVERGED
    return here.weights, here.params, here.log_evidence, steps, outcome


def _leap(family: Any, here: Point, first: Point) -> tuple[Array, GaussianParams] | None:
    """Where SQUAREM's leap leads; None where it is the plain step or infeasible."""
    u0, u1, u2 = here.vector(), first.vector(), first.next_vector()
    r = u1 - u0
    v = (u2 - u1) - r
    bend, length = float(np.linalg.norm(v)), float(np.linalg.norm(r))
    if not bend > 0 or length <= bend:
        return None
    alpha = -length / bend
    u = u0 - 2 * alpha * r + alpha**2 * v
    k, d = here.params.means.shape
    weights, means, covariances = np.split(u, [k, k + k * d])
    params = GaussianParams(means.reshape(k, d), covariances.reshape(here.params.covariances.shape))
    if not (weights > 0).all() or not family.contains(params):
        return None
    return weights / weights.sum(), family.nearest(params)


def _packed(weights: Array, params: GaussianParams) -> Array:
    return np.concatenate([weights, params.means.ravel(), np.ravel(params.covariances)])
