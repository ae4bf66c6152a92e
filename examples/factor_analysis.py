"""Factor analysis as a class of one's own, by EM and by ECME, from a correlation matrix.

Nine psychological tests of 145 children (Jöreskog, 1969; Liu and Rubin, 1998): four factors z, loadings Λ of
which some are fixed at 0, uniquenesses ψ.

    z_n ~ N(0, I),    x_n | z_n ~ N(Λ z_n, diag ψ)

EM is notoriously slow here. The class gives itself a `jensen.Chart`, and is accelerated for that.

The evidence is often largest where a factor is nothing but one test and its ψ is 0 (Heywood, 1931); on the
way there the sums lose their digits. So ψ has a lower bound, 0.005 of the variance of a standardized test,
as in R's factanal; an M-step on the bound is still exact, and a fit that ends there says so.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import jensen
from jensen.em import EM, Expected, Outcome, Verdict
from jensen.testing import check_model

LOG_2PI = np.log(2 * np.pi)
LEAST = 0.005  # uniqueness
OFF = 1e-12  # the chart ends so far above the bound, where EM can still leave it


class FactorParams(NamedTuple):
    loadings: np.ndarray  # (d, q): Λ, zero where the pattern says so
    uniquenesses: np.ndarray  # (d,): ψ


@dataclass(frozen=True)
class FactorStats:
    """S: sums over the rows. They add and scale."""

    count: float  # Σ_n w_n
    xx: np.ndarray  # (d, d) Σ_n w_n x_n x_nᵀ
    xz: np.ndarray  # (d, q) Σ_n w_n x_n E[z_n]ᵀ
    zz: np.ndarray  # (q, q) Σ_n w_n E[z_n z_nᵀ]

    def __add__(self, other):
        return FactorStats(
            self.count + other.count, self.xx + other.xx, self.xz + other.xz, self.zz + other.zz
        )

    def scale(self, factor):
        return FactorStats(factor * self.count, factor * self.xx, factor * self.xz, factor * self.zz)


@dataclass(frozen=True)
class FactorPosterior:
    """q(z_n) = N(means_n, covariance), with the log-evidence of the params it was computed at."""

    means: np.ndarray  # (n, q)
    covariance: np.ndarray  # (q, q), the same for all rows
    log_evidence: np.ndarray  # (n,)

    def entropy(self):
        n, q = self.means.shape
        return np.full(n, 0.5 * (q * (1 + LOG_2PI) + log_det(self.covariance)))

    def kl(self, other):
        """KL(self ‖ other) of each row: the law on the gap asks for it, where z has no responsibilities."""
        apart = self.means - other.means
        precision = np.linalg.inv(other.covariance)
        squares = np.einsum("nq,qr,nr->n", apart, precision, apart) + np.sum(precision * self.covariance)
        logs = log_det(other.covariance) - log_det(self.covariance)
        return 0.5 * (squares + logs - self.means.shape[1])


def log_det(matrix):
    return np.linalg.slogdet(matrix)[1]


@dataclass(frozen=True)
class FactorAnalysis:
    """Rows (n, d) of mean zero and variance about one; ``pattern`` (d, q) is True where a loading is free."""

    pattern: np.ndarray

    # The contract: these four.

    def posterior(self, params, data):
        """E-step: V = (I + Λᵀ Ψ⁻¹ Λ)⁻¹, E[z_n] = V Λᵀ Ψ⁻¹ x_n; nothing is inverted that a tiny ψ spoils."""
        loadings, psi = params
        scaled = loadings / psi[:, None]
        covariance = np.linalg.inv(np.eye(loadings.shape[1]) + loadings.T @ scaled)
        means = data @ scaled @ covariance
        # log |ΛΛᵀ + Ψ| = log |Ψ| − log |V|, and xᵀ(ΛΛᵀ + Ψ)⁻¹x = |Ψ^(−½)(x − Λm)|² + |m|²
        squares = ((data - means @ loadings.T) ** 2 / psi).sum(axis=1) + (means**2).sum(axis=1)
        logs = len(psi) * LOG_2PI + np.log(psi).sum() - log_det(covariance)
        return FactorPosterior(means, covariance, -0.5 * (logs + squares))

    def expected(self, params, data, posterior, weight):
        """S, the log-evidence and the entropy, under any q."""
        w = np.ones(len(data)) if weight is None else weight
        m, weighted = posterior.means, w[:, None] * data
        zz = (w[:, None] * m).T @ m + w.sum() * posterior.covariance
        stats = FactorStats(float(w.sum()), weighted.T @ data, weighted.T @ m, zz)
        return Expected(stats, float(w @ posterior.log_evidence), float(w @ posterior.entropy()), stats.count)

    def m_step(self, stats, params):
        """argmax of Q: each test regressed on its factors; ψ is what is left of its variance, if not less."""
        loadings = self.regression(stats)
        return FactorParams(loadings, np.maximum(residuals(loadings, stats) / stats.count, LEAST))

    def expected_log_joint(self, params, stats):
        """Q(θ, S), all constants included."""
        loadings, psi = params
        q = loadings.shape[1]
        of_x = stats.count * np.log(psi).sum() + (residuals(loadings, stats) / psi).sum()
        return float(-0.5 * (stats.count * (len(psi) + q) * LOG_2PI + of_x + np.trace(stats.zz)))

    def regression(self, stats):
        """(d, q) Λ, from the normal equations of each test; those of a fixed loading say λ = 0."""
        both_free = self.pattern[:, :, None] & self.pattern[:, None, :]
        normal = np.where(both_free, stats.zz, np.eye(len(stats.zz)))
        return np.linalg.solve(normal, np.where(self.pattern, stats.xz, 0.0)[:, :, None])[:, :, 0]

    # What it adds, it gets more for.

    @property
    def chart(self):
        """The free parameters as an unconstrained vector: acceleration, and much else.

        Of ψ it is what is above the bound.
        """

        def make(loadings, uniquenesses):
            whole = np.zeros(self.pattern.shape)
            whole[self.pattern] = loadings
            return FactorParams(whole, LEAST + uniquenesses)

        def split(params):
            above = np.maximum(params.uniquenesses - LEAST, OFF)
            return {"loadings": params.loadings[self.pattern], "uniquenesses": above}

        num_tests, num_loadings = len(self.pattern), int(self.pattern.sum())
        spaces = {"loadings": jensen.Real(num_loadings), "uniquenesses": jensen.Positive(num_tests)}
        return jensen.Chart(spaces, make, split)

    def score(self, params, stats):
        """∂Q/∂u in the chart. It could be left out: then it is taken by differences of Q, which is slower."""
        loadings, psi = params
        of_loadings = (stats.xz - loadings @ stats.zz) / psi[:, None]
        of_psi = 0.5 * (residuals(loadings, stats) / psi - stats.count) / psi
        return np.concatenate([of_loadings[self.pattern], of_psi * np.maximum(psi - LEAST, OFF)])

    def num_free(self, params):
        """AIC and BIC: two factors on which all tests load can be rotated into each other."""
        return self.chart.size - 1

    def diagnose(self, params, data, weight):
        """Heywood cases: where ψ is at its bound, the maximum is that of the bounded model."""
        held = np.flatnonzero(params.uniquenesses < 1.1 * LEAST)
        if not held.size:
            return None
        message = f"the uniqueness of test {', '.join(map(str, held))} is at its bound"
        return Verdict(Outcome.BOUNDARY, message, "fewer factors, or other starts")

    def start(self, data, weight, rng):
        """Many starts: half of each variance unique, random loadings."""
        half = 0.5 * np.average(data**2, axis=0, weights=weight)
        drawn = np.where(self.pattern, rng.standard_normal(self.pattern.shape), 0.0)
        return FactorParams(drawn * np.sqrt(half)[:, None], half)

    def sample(self, params, num_rows, rng):
        """New rows; the law of sampling fits them."""
        loadings, psi = params
        z = rng.standard_normal((num_rows, loadings.shape[1]))
        return z @ loadings.T + np.sqrt(psi) * rng.standard_normal((num_rows, len(psi)))

    def random_posterior(self, params, data, rng):
        """Some other q: the law on the gap then holds it against its KL."""
        exact = self.posterior(params, data)
        moved = exact.means + 0.3 * rng.standard_normal(exact.means.shape)
        return FactorPosterior(moved, rng.uniform(0.5, 2.0) * exact.covariance, exact.log_evidence)


class ConditionalFactorAnalysis(FactorAnalysis):
    """ECME (Liu and Rubin, 1998): Λ by maximizing Q, then ψ by maximizing the evidence itself."""

    m_step_kind = "conditional"  # what the laws hold it to: the objective does not fall

    def m_step(self, stats, params):
        loadings = self.regression(stats)
        return FactorParams(loadings, best_uniquenesses(loadings, params.uniquenesses, stats))


def residuals(loadings, stats):
    """(d,) Σ_n w_n E[(x_nj − λ_jᵀ z_n)²]."""
    fitted = np.einsum("jq,qr,jr->j", loadings, stats.zz, loadings)
    return np.diagonal(stats.xx) - 2 * (loadings * stats.xz).sum(axis=1) + fitted


def best_uniquenesses(loadings, psi, stats, steps=50):
    """argmax over ψ of the evidence given Λ: Fisher scoring in log ψ for those that the bound does not hold.

    Steps that lower the evidence are halved.
    """
    xx, least = stats.xx / stats.count, np.log(LEAST)

    def loss(u):
        """log |Σ| + tr Σ⁻¹ xx, with its derivative and the expected second derivative in u = log ψ."""
        inverse = np.linalg.inv(loadings @ loadings.T + np.diag(np.exp(u)))
        slope = np.exp(u) * np.diagonal(inverse - inverse @ xx @ inverse)
        return np.sum(inverse * xx) - log_det(inverse), slope, np.exp(u[:, None] + u) * inverse**2

    u = np.maximum(np.log(psi), least)
    value, slope, curvature = loss(u)
    for _ in range(steps):
        free = np.flatnonzero((u > least) | (slope < 0))
        step = np.zeros(len(u))
        step[free] = -np.linalg.solve(curvature[np.ix_(free, free)], slope[free])
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        while (there := loss(np.maximum(u + step, least)))[0] > value + 1e-14 * len(psi):
            step /= 2
        moved = np.maximum(u + step, least) - u
        u, (value, slope, curvature) = u + moved, there
        if np.abs(moved).max() < 1e-12:
            break
    return np.exp(u)


# Correlations of the nine tests, the upper triangle column by column.
CORRELATIONS = """
.554
.227 .296
.189 .219 .769
.461 .479 .237 .212
.506 .530 .243 .226 .520
.408 .425 .304 .291 .514 .473
.280 .311 .718 .681 .313 .348 .374
.241 .311 .730 .661 .245 .290 .306 .672
"""
CHILDREN = 145


def correlation_matrix(text):
    matrix = np.eye(9)
    for j, line in enumerate(text.split("\n")[1:-1], start=1):
        matrix[j, :j] = matrix[:j, j] = [float(entry) for entry in line.split()]
    return matrix


def rows_with(correlations):
    """As many rows as columns, of which the second moments are exactly these: all that the evidence sees."""
    return np.sqrt(len(correlations)) * np.linalg.cholesky(correlations).T


tests = rows_with(correlation_matrix(CORRELATIONS))
weight = np.full(9, CHILDREN / 9)

# All tests load on the first two factors, the first four on the third, the others on the fourth.
pattern = np.ones((9, 4), dtype=bool)
pattern[4:, 2] = pattern[:4, 3] = False
start = FactorParams(np.zeros((9, 4)), np.full(9, 1e-8))  # the start that others have published counts for
start.loadings.T[pattern.T] = [
    *(0.5954912, 0.6449102, 0.7630006, 0.7163828, 0.6175647, 0.6464100, 0.6452737, 0.7868222, 0.7482302),
    *(-0.4893347, -0.4408213, 0.5053083, 0.5258722, -0.4714808, -0.4628659, -0.3260013, 0.3690580, 0.4326963),
    *(-0.3848925, -0.3555598, -0.0535340, 0.0219100),
    *(0.1931459, 0.4606456, -0.3622682, 0.0630371, 0.0431256),
]

em, ecme = FactorAnalysis(pattern), ConditionalFactorAnalysis(pattern)
constant = 0.5 * CHILDREN * 9 * LOG_2PI  # which the published values leave out

if __name__ == "__main__":
    for model in (em, ecme):
        # On rows drawn from the model: nine are too few to be repeated at random.
        away = FactorParams(0.8 * start.loadings, np.full(9, 0.5))
        laws = check_model(model, away, em.sample(away, 200, np.random.default_rng(0)))
        print(f"{type(model).__name__}: {np.sum(laws['outcome'] == 'holds')} laws hold")

    print("                            E-steps   −log-likelihood")
    fits = {}
    for name, model, algorithm in [
        ("EM", em, EM()),
        ("EM, accelerated", em, None),
        ("ECME", ecme, EM()),
        ("ECME, accelerated", ecme, None),
    ]:
        fit = jensen.fit(model, tests, start, weight=weight, algorithm=algorithm, max_steps=20_000)
        fits[name] = fit
        print(f"{name:27s} {fit.num_e_steps:7d}     {-fit.log_evidence - constant:.5f}   {fit.verdict}")

    # The first two factors can be rotated into each other: only the rest has standard errors.
    best = fits["EM, accelerated"]
    sure = jensen.uncertainty(em, best, tests, weight)
    known = np.isfinite(sure.standard_errors["loadings"])
    print(f"loadings: {sure.verdict.outcome}; {known.sum()} of {known.size} have a standard error")
    print(f"uniquenesses    {best.params.uniquenesses.round(3)}")
    print(f"standard errors {sure.standard_errors['uniquenesses'].round(3)}")
