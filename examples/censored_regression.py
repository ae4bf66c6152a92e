"""Censored regression: a hidden part that is a number, not a label.

What 20 households spent on durable goods, by age and liquidity (Tobin, 1958). Thirteen spent nothing: what
they would have spent, had it been possible to spend less than nothing, is hidden.

    z_n ~ N(x_nᵀ β, σ²),    y_n = max(z_n, 0)

Given y_n = 0, z_n has a normal distribution cut off at 0. Its moments are the E-step, least squares the
M-step.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import log_ndtr

import jensen
from jensen.em import EM, Expected
from jensen.testing import check_model

LOG_2PI = np.log(2 * np.pi)


class RegressionParams(NamedTuple):
    coefficients: np.ndarray  # (p,): β
    scale: np.ndarray  # (): σ


@dataclass(frozen=True)
class RegressionStats:
    """S: sums over the rows. They add and scale."""

    count: float  # Σ_n w_n
    xx: np.ndarray  # (p, p) Σ_n w_n x_n x_nᵀ
    xz: np.ndarray  # (p,) Σ_n w_n x_n E[z_n]
    zz: float  # Σ_n w_n E[z_n²]

    def __add__(self, other):
        return RegressionStats(
            self.count + other.count, self.xx + other.xx, self.xz + other.xz, self.zz + other.zz
        )

    def scale(self, factor):
        return RegressionStats(factor * self.count, factor * self.xx, factor * self.xz, factor * self.zz)


@dataclass(frozen=True)
class CutNormal:
    """q(z_n): where y_n = 0 a normal distribution cut off above 0, else z_n = y_n and nothing is hidden."""

    observed: np.ndarray  # (n,) y
    location: np.ndarray  # (n,) mean and ...
    spread: float  # ... standard deviation before the cut
    log_evidence: np.ndarray  # (n,)

    @property
    def hidden(self):
        return self.observed <= 0

    @property
    def log_mass(self):
        """log P(z < 0) before the cut."""
        return log_ndtr(-self.location / self.spread)

    @property
    def hazard(self):
        """φ(b) / Φ(b) at the cut, b = −location / spread."""
        return np.exp(-0.5 * ((self.location / self.spread) ** 2 + LOG_2PI) - self.log_mass)

    @property
    def mean(self):
        return np.where(self.hidden, self.location - self.spread * self.hazard, self.observed)

    @property
    def variance(self):
        b = -self.location / self.spread
        return np.where(self.hidden, self.spread**2 * (1 - self.hazard * (b + self.hazard)), 0.0)

    def entropy(self):
        b = -self.location / self.spread
        whole = 0.5 * (1 + LOG_2PI) + np.log(self.spread)
        return np.where(self.hidden, whole + self.log_mass - 0.5 * b * self.hazard, 0.0)

    def kl(self, other):
        """KL(self ‖ other) of each row: the law on the gap asks for it, where z has no responsibilities."""
        squares = (self.mean - other.location) ** 2 + self.variance
        cross = 0.5 * (LOG_2PI + squares / other.spread**2) + np.log(other.spread) + other.log_mass
        return np.where(self.hidden, cross - self.entropy(), 0.0)


@dataclass(frozen=True)
class CensoredRegression:
    """The data are (n, 1 + p): y, then the p columns of the design."""

    num_coefficients: int

    # The contract: these four.

    def posterior(self, params, data):
        """E-step: the distribution of every z_n, and the evidence of every row."""
        y, design = data[:, 0], data[:, 1:]
        mean, scale = design @ params.coefficients, float(params.scale)
        density = -0.5 * (LOG_2PI + ((y - mean) / scale) ** 2) - np.log(scale)
        evidence = np.where(y <= 0, log_ndtr(-mean / scale), density)
        return CutNormal(y, mean, scale, evidence)

    def expected(self, params, data, posterior, weight):
        """S, the log-evidence and the entropy, under any q."""
        w = np.ones(len(data)) if weight is None else weight
        design, mean = data[:, 1:], posterior.mean
        weighted = w[:, None] * design
        stats = RegressionStats(
            float(w.sum()), weighted.T @ design, weighted.T @ mean, float(w @ (mean**2 + posterior.variance))
        )
        return Expected(stats, float(w @ posterior.log_evidence), float(w @ posterior.entropy()), stats.count)

    def m_step(self, stats, params):
        """argmax of Q: least squares, as if E[z_n] had been observed; σ² counts Var[z_n] in."""
        coefficients = np.linalg.solve(stats.xx, stats.xz)
        return RegressionParams(coefficients, np.sqrt(sum_of_squares(coefficients, stats) / stats.count))

    def expected_log_joint(self, params, stats):
        """Q(θ, S), all constants included."""
        coefficients, scale = params
        each = 0.5 * LOG_2PI + np.log(scale)
        return float(-stats.count * each - 0.5 * sum_of_squares(coefficients, stats) / scale**2)

    # What it adds, it gets more for.

    @property
    def chart(self):
        """The parameters as an unconstrained vector: acceleration, standard errors."""
        spaces = {"coefficients": jensen.Real(self.num_coefficients), "scale": jensen.Positive()}
        return jensen.Chart(spaces, RegressionParams)

    def start(self, data, weight, rng):
        """Any start will do: the evidence has a single maximum (Olsen, 1978)."""
        y, design = data[:, 0], data[:, 1:]
        coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
        return RegressionParams(coefficients, np.asarray(y.std() * rng.uniform(0.5, 2.0)))

    def num_free(self, params):
        """AIC and BIC."""
        return self.num_coefficients + 1

    def random_posterior(self, params, data, rng):
        """Some other q: the law on the gap then holds it against its KL."""
        exact = self.posterior(params, data)
        moved = exact.location + exact.spread * rng.standard_normal(len(data))
        return CutNormal(exact.observed, moved, rng.uniform(0.5, 2.0) * exact.spread, exact.log_evidence)


def sum_of_squares(coefficients, stats):
    """Σ_n w_n E[(z_n − x_nᵀ β)²]."""
    return stats.zz - 2 * coefficients @ stats.xz + coefficients @ stats.xx @ coefficients


# durable goods, age, liquidity (in thousandths)
HOUSEHOLDS = """
0 57.7 236     .7 50.9 283    0 48.5 207     0 41.7 220
0 47.7 238     0 59.8 216     0 44.3 284     3.7 45.1 221
0 51.7 275     3 50 269       10.4 46.8 207  0 58 249
0 58.9 246     0 40 277       1.5 34.1 231   0 39.9 219
0 33.4 240     3.5 48.1 266   6.1 46.6 214   0 53.1 251
"""

durable, age, liquidity = np.array(HOUSEHOLDS.split(), dtype=float).reshape(20, 3).T
data = np.column_stack([durable, np.ones(20), age, liquidity])
model = CensoredRegression(3)

laws = check_model(model, RegressionParams(np.array([10.0, -0.1, -0.03]), np.array(4.0)), data)
print(f"{np.sum(laws['outcome'] == 'holds')} laws hold")

fit = jensen.fit(model, data)
plain = jensen.fit(model, data, restarts=1, algorithm=EM())
print(f"log-likelihood {fit.log_evidence:.6f}; {fit.verdict}")
sure = jensen.uncertainty(model, fit, data)
for row in sure.interval().rows():
    estimate = "{name:15s} {estimate:9.5f}, standard error {standard_error:8.5f}".format(**row)
    print(f"{estimate}, 95 %: {row['low']:.3f} to {row['high']:.3f}")
