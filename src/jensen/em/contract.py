"""What a model with hidden variables implements, and the one table of symbols.

==================  =========================  ==========================================
mathematics         in code                    meaning
==================  =========================  ==========================================
x, x_n              ``data``                   the observed rows
z                   (summed out)               the hidden variable of a row
θ                   ``params``                 what is estimated
q(z)                ``posterior``              a distribution of z; exact: p(z | x, θ)
S                   ``stats``                  Σ_n w_n E_q[T(x_n, z_n)]
w_n                 ``weight``                 how often row n counts
log p(x | θ)        ``log_evidence``           what EM climbs
Q(θ, S)             ``expected_log_joint``     E_q[log p(x, z | θ)]
H[q]                ``entropy``                −E_q[log q(z)]
Q + H               ``elbo``                   a lower bound of log p(x | θ)
log p(x | θ) − ELBO ``kl_gap``                 KL(q ‖ p(z | x, θ))
log p(θ)            ``log_prior``              the log-density of the prior, if there is one
==================  =========================  ==========================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Data, Params, Weight


class Stats(Protocol):
    """Sufficient statistics: a commutative monoid under ``+`` that can be scaled."""

    def __add__(self, other: Any, /) -> Any: ...
    def scale(self, factor: float, /) -> Any: ...


class Posterior(Protocol):
    """A distribution q(z) for every row, with the log-evidence of the params it was computed at."""

    @property
    def log_evidence(self) -> NDArray[np.floating]:
        """log p(x_n | θ) of every row."""
        ...

    def entropy(self) -> NDArray[np.floating]:
        """H[q_n] of every row."""
        ...


@dataclass(frozen=True, slots=True)
class Expected:
    """What an E-step leaves of a block of data. Two of the same θ add; one can be scaled.

    Attributes
    ----------
    stats
        S = Σ_n w_n E_q[T(x_n, z_n)].
    log_evidence
        Σ_n w_n log p(x_n | θ).
    entropy
        Σ_n w_n H[q_n], summed on its own and not by subtraction, so that the ledger checks something.
    weight
        Σ_n w_n.
    """

    stats: Any
    log_evidence: float
    entropy: float
    weight: float

    @classmethod
    def of(cls, stats: Any, posterior: Posterior, weight: Weight = None) -> Expected:
        """With Σ_n w_n of the log-evidence and of the entropy of the posterior; 1 for each row by default."""
        evidence = np.asarray(posterior.log_evidence, dtype=float)
        entropy = np.asarray(posterior.entropy(), dtype=float)
        if evidence.ndim != 1 or entropy.shape != evidence.shape:
            shapes = f"{evidence.shape} and {entropy.shape}"
            raise ValueError(
                f"log_evidence and entropy() are one number for each row; they have shapes {shapes}"
            )
        w = np.ones(len(evidence)) if weight is None else np.asarray(weight, dtype=float)
        return cls(stats, float(w @ evidence), float(w @ entropy), float(w.sum()))

    def __add__(self, other: Expected) -> Expected:
        return Expected(
            self.stats + other.stats,
            self.log_evidence + other.log_evidence,
            self.entropy + other.entropy,
            self.weight + other.weight,
        )

    def scale(self, factor: float) -> Expected:
        return Expected(
            self.stats.scale(factor), factor * self.log_evidence, factor * self.entropy, factor * self.weight
        )


@runtime_checkable
class LatentVariableModel(Protocol):
    """p(x, z | θ). Implement these four and receive ``fit``, MAP, the ledger and the laws.

    A model gets more for what it adds (None is as good as absent):

    ``e_step(params, data, weight) -> Expected``
        one fused pass that never stores q; a law holds it equal to ``expected ∘ posterior``.
    ``prepare(data, weight) -> model``
        the model with whatever the data fix once and for all (bounds, scales).
    ``start(data, weight, rng) -> params``
        a random start: restarts.
    ``search(data, weight, rng, progress) -> Iterator[Start]``
        the model's own way of finding good starts, as they are found: the default of ``fit`` without
        ``params``.
    ``prior``
        a `Prior` or None: maximum a posteriori.
    ``num_free(params) -> int``
        AIC and BIC, where it is not the size of the chart.
    ``canonical(params) -> params``
        one representative of all relabellings: maxima are grouped by it.
    ``diagnose(params, data, weight) -> Verdict | None``
        what is wrong with an end that EM itself cannot see (collapse, a saddle).
    ``chart``
        a `jensen.Chart`, its parameters as an unconstrained vector: acceleration, standard errors, gradient
        M-steps, fixing and tying.
    ``score(params, stats) -> vector``
        ∂Q(·, S)/∂u (plus that of the log-prior) in the chart, where differences of Q would be slow.
    ``information(params, data, weight) -> matrix``
        −∂² (log p(x | θ) + log p(θ)) / ∂u² in the chart, exactly.
    ``scores(params, data) -> (n, p) array``
        the score of every row in the chart: sandwich errors without a loop over rows.
    ``algorithm``
        how ``fit`` climbs by default.
    ``m_step_kind``
        what the laws hold the M-step to: ``"exact"`` (without it), ``"generalized"`` (Q does not fall) or
        ``"conditional"`` (the objective does not fall).
    ``relabel(params, order)``, ``sample(params, num_rows, rng)``, ``random_posterior(params, data, rng)``
        more laws that apply.
    ``sample_posterior(params, data, draws, rng) -> Posterior``
        draws of z, for `jensen.em.MonteCarlo`, where the posterior can only be sampled.
    ``pack(params) -> vector`` and ``unpack(vector) -> params | None``
        natural coordinates for acceleration, for models without a chart; ``None`` where the vector is
        infeasible.
    """

    def posterior(self, params: Params, data: Data) -> Posterior:
        """q(z) = p(z | x, θ), and log p(x_n | θ) of each row."""
        ...

    def expected(self, params: Params, data: Data, posterior: Any, weight: Weight) -> Expected:
        """Σ_n w_n of the statistics, the log-evidence and the entropy, under any q."""
        ...

    def m_step(self, stats: Any, params: Params) -> Params:
        """argmax_θ' Q(θ', S). ``params`` is where we are, for M-steps that iterate."""
        ...

    def expected_log_joint(self, params: Params, stats: Any) -> float:
        """Q(θ, S) = E_q[log p(x, z | θ)], all constants included."""
        ...


class Prior(Protocol):
    """A conjugate prior: data seen before the data."""

    def pseudo_stats(self, model: Any, params: Params) -> Any:
        """Statistics that are added to S, once."""
        ...

    def log_density(self, model: Any, params: Params) -> float:
        """log p(θ) in the natural parameters."""
        ...
