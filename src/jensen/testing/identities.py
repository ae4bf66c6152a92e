"""Laws of Jensen's inequality made an identity: log p(x | θ) = Q(θ) + H[q] + KL(q ‖ p(z | x, θ))."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Data, Params, Weight
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.em.contract import as_model
from jensen.em.identities import e_step, elbo, kl_gap, log_prior
from jensen.em.posteriors import divergence, labels_of, random_labels
from jensen.testing.law import (
    Chart,
    LawError,
    chart_of,
    neighbours,
    num_values,
    precision,
    prepared,
    require_close,
    require_same_expected,
    rounding,
    slope,
)


def bound_is_tight(model: Any, params: Params, data: Data, *, weight: Weight = None) -> None:
    """ELBO at the exact posterior = log-evidence, with the entropy summed on its own.

    Raises
    ------
    LawError
        A constant is missing in Q, or the entropy is wrong.
    """
    usually = "a constant missing in expected_log_joint, averages in place of sums, or a wrong entropy"
    tolerance = 2 * rounding(model, params, data, weight)
    posterior = model.posterior(params, data)
    each = np.asarray(posterior.log_evidence, dtype=float)
    total = float(each.sum() if weight is None else np.asarray(weight) @ each)
    bound = elbo(model, params, data, posterior, weight)
    require_close("bound_is_tight", usually, "ELBO against Σ w log p(x_n | θ)", bound, total, tolerance)
    expected = e_step(model, params, data, weight)
    bound = float(model.expected_log_joint(params, expected.stats)) + expected.entropy
    require_close("bound_is_tight", usually, "Q + H of the E-step", bound, expected.log_evidence, tolerance)


def gap_is_kl(
    model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0, draws: int = 3
) -> None:
    """log-evidence − ELBO(q) = KL(q ‖ p(z | x, θ)) for random q.

    The random q come from the model's ``random_posterior(params, data, rng)``; without one, from Dirichlet
    rows where the posterior has ``responsibilities``. The divergence is ``q.kl(exact)`` of each row, or Σ_k r
    log(r / r_exact).

    Raises
    ------
    LawError
        Q is wrong away from the exact posterior.
    """
    rng = np.random.default_rng(rng)
    exact = model.posterior(params, data)
    for _ in range(draws):
        q = random_posterior(model, params, data, exact, rng)
        each = divergence(q, exact)
        kl = float(each.sum() if weight is None else np.asarray(weight) @ each)
        gap = kl_gap(model, params, data, q, weight)
        tolerance = 2 * rounding(model, params, data, weight) + precision(data) * num_values(params) * abs(
            gap
        )
        usually = "a wrong Q: expected_log_joint or the statistics"
        require_close("gap_is_kl", usually, "log-evidence − ELBO(q) against KL", gap, kl, tolerance)


def can_draw_posterior(model: Any, params: Params, data: Data) -> bool:
    """Whether `gap_is_kl` can be run."""
    model = as_model(model)
    return model.random_posterior is not None or labels_of(model.posterior(params, data)) is not None


def random_posterior(model: Any, params: Params, data: Data, exact: Any, rng: np.random.Generator) -> Any:
    """Some q with the log-evidence of the exact posterior."""
    draw = as_model(model).random_posterior
    if draw is not None:
        return draw(params, data, rng)
    return random_labels(exact, rng)


def fused_agrees(model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0) -> None:
    """The model's own ``e_step`` = ``expected ∘ posterior``.

    Raises
    ------
    LawError
        The fused pass has drifted from the definition.
    """
    plain = model.expected(params, data, model.posterior(params, data), weight)
    at = [params, *neighbours(model, params, data, weight, np.random.default_rng(rng), 4)]
    usually = "a fused e_step that has drifted from expected ∘ posterior"
    found = model.e_step(params, data, weight)
    require_same_expected("fused_agrees", usually, model, found, plain, at, data, weight)


def fisher_identity(
    model: Any,
    params: Params,
    data: Data,
    *,
    weight: Weight = None,
    rng: Any = 0,
    chart: Chart | None = None,
    directions: int = 8,
) -> None:
    """∇ log p(x | θ) = ∇ Q(·, S(θ)) at θ.

    Central differences of the gap log p − Q along random directions.

    Parameters
    ----------
    chart
        (to_vector, from_vector) in place of the model's own.

    Raises
    ------
    LawError
        The E-step is not the posterior of the joint density in Q.
    """
    model = prepared(model, data, weight)
    coordinates = chart_of(model, chart)
    if coordinates is None:
        raise ModelTypeError("fisher_identity needs pack and unpack, or a chart")
    to_vector, from_vector = coordinates
    origin = to_vector(params)
    stats = e_step(model, params, data, weight).stats
    noise = rounding(model, params, data, weight)

    def gap(step: float, direction: np.ndarray) -> float:
        there = from_vector(origin + step * direction)
        if there is None:
            raise ModelError("fisher_identity needs params inside the parameter space, not at its boundary")
        return e_step(model, there, data, weight).log_evidence - float(model.expected_log_joint(there, stats))

    for other in neighbours(model, params, data, weight, np.random.default_rng(rng), directions):
        v = to_vector(other) - origin
        found, tolerance = slope(lambda step, v=v: gap(step, v), noise, data)
        usually = "a wrong E-step: the posterior is not that of the joint density in expected_log_joint"
        require_close("fisher_identity", usually, "slope of log p − Q at θ", found, 0.0, tolerance)


def prior_is_data(model: Any, params: Params, data: Data, *, weight: Weight = None, rng: Any = 0) -> None:
    """log p(θ) − Q(θ, S_prior) is the same for all θ: the prior is data seen before.

    Raises
    ------
    LawError
        The prior's pseudo-statistics and its density disagree.
    """
    at = [params, *neighbours(model, params, data, weight, np.random.default_rng(rng), 6)]
    constants, sizes = [], []
    for there in at:
        pseudo = model.prior.pseudo_stats(model, there)
        density, q = log_prior(model, there), float(model.expected_log_joint(there, pseudo))
        constants.append(density - q)
        sizes.append(abs(density) + abs(q) + 1.0)
    # Q comes through the statistics about another centre: as many roundings as there are parameters, twice.
    tolerance = 4 * np.finfo(float).eps * num_values(params) * max(sizes)
    spread = max(constants) - min(constants)
    if not spread <= tolerance:
        raise LawError(
            "prior_is_data",
            f"log p(θ) − Q(θ, S_prior) varies by {spread:.3g} with θ (rounding: {tolerance:.2g})",
            "pseudo-statistics that are not those of the prior's log_density, or a missing Jacobian",
        )
