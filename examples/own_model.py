"""Your own model: a mixture of Poisson distributions in plain NumPy.

Write four methods and receive `jensen.fit`, its ledger and verdict, and the laws; add a chart and receive
acceleration, standard errors and intervals. `jensen.Mixture(2, jensen.Poisson())` is the same, built in.

The data count the days of 1910-1912 on which The Times of London printed so many death notices of women
aged 80 and over (Hasselblad, 1969). EM is slow on them: the two rates are close.
"""

from dataclasses import dataclass
from math import lgamma
from typing import NamedTuple

import numpy as np

import jensen
from jensen.em import EM, Expected, Profile
from jensen.testing import check_model


class PoissonParams(NamedTuple):
    weights: np.ndarray  # (k,)
    rates: np.ndarray  # (k,)


@dataclass(frozen=True)
class PoissonStats:
    """S: sums over the rows. They add and scale."""

    count: np.ndarray  # (k,) Σ_n w_n r_nk
    total: np.ndarray  # (k,) Σ_n w_n r_nk x_n
    base: float  # Σ_n w_n log h(x_n), with h(x) = 1/x!

    def __add__(self, other):
        return PoissonStats(self.count + other.count, self.total + other.total, self.base + other.base)

    def scale(self, factor):
        return PoissonStats(factor * self.count, factor * self.total, factor * self.base)


@dataclass(frozen=True)
class PoissonPosterior:
    """q(z_n = k), with the log-evidence of the params it was computed at."""

    responsibilities: np.ndarray  # (n, k)
    log_evidence: np.ndarray  # (n,)

    def entropy(self):
        r = self.responsibilities
        return -np.sum(r * np.log(np.where(r > 0, r, 1.0)), axis=1)


def log_factorial(x):
    return np.array([lgamma(value + 1.0) for value in x])


@dataclass(frozen=True)
class PoissonMixture:
    """z_n ~ Categorical(π), x_n | z_n = k ~ Poisson(λ_k); the data are (n,) counts."""

    num_components: int

    # The contract: these four.

    def posterior(self, params, data):
        """E-step: r_nk ∝ π_k Poisson(x_n | λ_k)."""
        log_joint = np.log(params.weights) + np.outer(data, np.log(params.rates)) - params.rates
        log_joint -= log_factorial(data)[:, None]
        top = log_joint.max(axis=1, keepdims=True)
        log_evidence = top + np.log(np.exp(log_joint - top).sum(axis=1, keepdims=True))
        return PoissonPosterior(np.exp(log_joint - log_evidence), log_evidence[:, 0])

    def expected(self, params, data, posterior, weight):
        """S, the log-evidence and the entropy, under any q."""
        w = np.ones(len(data)) if weight is None else weight
        wr = w[:, None] * posterior.responsibilities
        stats = PoissonStats(wr.sum(axis=0), data @ wr, float(-w @ log_factorial(data)))
        return Expected(
            stats, float(w @ posterior.log_evidence), float(w @ posterior.entropy()), float(w.sum())
        )

    def m_step(self, stats, params):
        """argmax of Q: π_k = N_k / N, λ_k = the mean of the rows of component k."""
        return PoissonParams(stats.count / stats.count.sum(), stats.total / stats.count)

    def expected_log_joint(self, params, stats):
        """Q(θ, S), all constants included."""
        weights, rates = params
        return float(
            stats.count @ np.log(weights) + stats.total @ np.log(rates) - stats.count @ rates + stats.base
        )

    # What it adds, it gets more for.

    def start(self, data, weight, rng):
        """Many starts."""
        rates = rng.uniform(data.min() + 0.1, data.max(), self.num_components)
        return PoissonParams(rng.dirichlet(np.ones(self.num_components)), rates)

    def num_free(self, params):
        """AIC and BIC."""
        return 2 * self.num_components - 1

    def canonical(self, params):
        """Maxima that differ by a relabelling count as one."""
        order = np.argsort(params.rates)
        return PoissonParams(params.weights[order], params.rates[order])

    @property
    def chart(self):
        """The parameters as an unconstrained vector: acceleration, standard errors, intervals."""
        k = self.num_components
        return jensen.Chart({"weights": jensen.Simplex(k), "rates": jensen.Positive(k)}, PoissonParams)


notices = np.arange(10.0)
days = np.array([162.0, 267.0, 271.0, 185.0, 111.0, 61.0, 27.0, 8.0, 3.0, 1.0])  # weights: 1096 days

model = PoissonMixture(2)
laws = check_model(model, PoissonParams(np.array([0.4, 0.6]), np.array([1.0, 3.0])), notices, weight=days)

plain = jensen.fit(model, notices, weight=days, algorithm=EM())
fast = jensen.fit(model, notices, weight=days)
best = model.canonical(fast.params)
sure = jensen.uncertainty(model, best, notices, days)

print(f"{np.sum(laws['outcome'] == 'holds')} laws hold")
print(f"one Poisson distribution   BIC {jensen.fit(PoissonMixture(1), notices, weight=days).bic:.2f}")
print(f"two                        BIC {fast.bic:.2f}, log-likelihood {fast.log_evidence:.4f}")
print(f"weights {best.weights.round(4)}, rates {best.rates.round(4)}")
print(f"ten starts: the default needs {plain.num_e_steps / fast.num_e_steps:.0f} times fewer E-steps than EM")
print(f"verdict: {fast.verdict}; less than 1e-3 left: {fast.remaining < 1e-3}; rate of EM {plain.rate:.3f}")
for row in sure.interval(["weights[0]", "rates"], method=Profile()).rows():
    estimate = "{name:10s} {estimate:7.4f}, standard error {standard_error:.4f}".format(**row)
    print(f"{estimate}, 95 %: {row['low']:.3f} to {row['high']:.3f}")
