"""The mathematics of EM on one page.

For any distribution q of the hidden variables and any θ (Jensen's inequality, made an identity):

    log p(x | θ)  =  Q(θ) + H[q]  +  KL(q ‖ p(z | x, θ))
                     └─ ELBO ──┘     └──── kl_gap ─────┘

The E-step makes the gap zero: q ← p(z | x, θ). The M-step raises the bound: θ ← argmax Q(θ).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arrays import Data, Params, Weight
from jensen.basics.weights import as_weight
from jensen.em.contract import Expected, Model, Posterior, as_model
from jensen.em.validation import accepted, checked_weight, require_posterior, require_same_cases


def e_step(model: Any, params: Params, data: Data, weight: Weight = None) -> Expected:
    """S, log p(x | θ) and H[q] at the exact posterior: q(z) = p(z | x, θ)."""
    return one_pass(*_door(model, params, data, weight))


def one_pass(model: Model, params: Params, data: Data, weight: Weight) -> Expected:
    """The same of what has come through the door."""
    if model.e_step is not None:
        return model.e_step(params, data, weight)
    return model.expected(params, data, model.posterior(params, data), weight)


def em_map(model: Any, params: Params, data: Data, weight: Weight = None) -> Params:
    """One iteration of EM: θ → argmax_θ' Q(θ', S(θ)), with the prior's pseudo-data if there is a prior."""
    return m_step(model, e_step(model, params, data, weight).stats, params)


def m_step(model: Any, stats: Any, params: Params) -> Params:
    """θ' = argmax Q(θ', S + S_prior)."""
    model = as_model(model)
    if model.prior is not None:
        stats = stats + model.prior.pseudo_stats(model.as_given, params)
    return model.m_step(stats, params)


def expected_log_joint(
    model: Any, params: Params, data: Data, posterior: Posterior, weight: Weight = None
) -> float:
    """Q(θ) = E_q[log p(x, z | θ)] for any q."""
    model, params, data, weight = _door_with(posterior, model, params, data, weight)
    return float(model.expected_log_joint(params, model.expected(params, data, posterior, weight).stats))


def entropy(posterior: Posterior, weight: Weight = None) -> float:
    """H[q] = Σ_n w_n H[q_n]."""
    require_posterior(posterior)
    each = np.asarray(posterior.entropy(), dtype=float)
    return float(each.sum() if weight is None else as_weight(weight, len(each)) @ each)


def elbo(model: Any, params: Params, data: Data, posterior: Posterior, weight: Weight = None) -> float:
    """The lower bound Q(θ) + H[q] of the log-evidence, for any q."""
    return _elbo(*_door_with(posterior, model, params, data, weight), posterior)


def _elbo(model: Model, params: Params, data: Data, weight: Weight, posterior: Posterior) -> float:
    expected = model.expected(params, data, posterior, weight)
    return float(model.expected_log_joint(params, expected.stats)) + expected.entropy


def kl_gap(model: Any, params: Params, data: Data, posterior: Posterior, weight: Weight = None) -> float:
    """KL(q ‖ p(z | x, θ)) = log p(x | θ) − ELBO(q, θ): what the bound misses. Zero at the exact posterior."""
    given = _door_with(posterior, model, params, data, weight)
    return one_pass(*given).log_evidence - _elbo(*given, posterior)


def log_evidence(model: Any, params: Params, data: Data, weight: Weight = None) -> float:
    """log p(x | θ) = Σ_n w_n log p(x_n | θ)."""
    return e_step(model, params, data, weight).log_evidence


def log_prior(model: Any, params: Params) -> float:
    """log p(θ), 0 without a prior."""
    model = as_model(model)
    return 0.0 if model.prior is None else float(model.prior.log_density(model.as_given, params))


def _door(model: Any, params: Params, data: Data, weight: Any) -> tuple[Model, Params, Data, Weight]:
    """What a user gave, with the data as the model takes them."""
    model = as_model(model)
    data = accepted(model, data)
    return model, params, data, checked_weight(weight, model.cases, data)


def _door_with(
    posterior: Any, model: Any, params: Params, data: Data, weight: Any
) -> tuple[Model, Params, Data, Weight]:
    """The same, with a posterior of these data."""
    found = _door(model, params, data, weight)
    require_same_cases(posterior, found[0].cases, found[2])
    return found
