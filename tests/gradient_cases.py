"""Families of distributions, with E[f] by quadrature or sums over SciPy's densities, or in closed form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from numpyro.distributions import constraints, transforms
from scipy import integrate, special, stats

from jensen import gradients as gr

Params = Mapping[str, float]


@dataclass(frozen=True)
class Case:
    """A family at one θ.

    ``expectation(params)`` is E[f] without Monte Carlo; parameters in ``moving`` move the support, and the
    score in them is wrong.
    """

    make: Callable[[Params], Any]
    params: Params
    f: Callable[[Any], Any]
    expectation: Callable[[Params], float]
    moving: tuple[str, ...] = ()

    def truth(self) -> dict[str, float]:
        """dE[f]/dθ by differences of fourth order."""
        return {name: self._slope(name) for name in self.params}

    def _slope(self, name: str) -> float:
        step = 1e-3 * max(abs(self.params[name]), 0.1)

        def at(shift: float) -> float:
            return self.expectation({**self.params, name: self.params[name] + shift * step})

        return float((8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step))


def wave(x: Any) -> Any:
    """A smooth and bounded f, without symmetry."""
    xp = np if isinstance(x, np.ndarray) else jnp
    return xp.sin(x) + 0.5 * xp.cos(0.7 * x + 0.3)


def over_density(frozen: Any) -> float:
    """E[wave] under a SciPy distribution of numbers."""
    shares = np.concatenate(
        [10.0 ** np.arange(-13, -1), np.linspace(0.02, 0.98, 49), 1 - 10.0 ** np.arange(-2.0, -14, -1)]
    )
    ends = np.unique(np.concatenate([[frozen.ppf(0.0)], frozen.ppf(shares), [frozen.ppf(1.0)]]))
    ends = ends[np.isfinite(ends)]
    return quadrature(lambda x: wave(x) * frozen.pdf(x), ends)


def quadrature(f: Callable[[Any], Any], ends: Any) -> float:
    nodes, weights = np.polynomial.legendre.leggauss(24)
    half = np.diff(ends)[:, None] / 2
    x = ends[:-1, None] + half * (1 + nodes)
    return float(np.sum(half * weights * f(x)))


def over_counts(frozen: Any, end: int = 400) -> float:
    """E[wave] under a SciPy distribution of counts."""
    counts = np.arange(end)
    return float(np.sum(wave(counts.astype(float)) * frozen.pmf(counts)))


def of_numbers(make: Any, law: Any, moving: tuple[str, ...] = (), **params: float) -> Case:
    """A continuous family and SciPy's."""
    return Case(lambda t: make(**t), params, wave, lambda t: over_density(law(**t)), moving)


def of_counts(make: Any, law: Any, **params: float) -> Case:
    """A discrete family and SciPy's."""
    return Case(lambda t: make(**t), params, lambda x: wave(x * 1.0), lambda t: over_counts(law(**t)))


def sigmoid(x: Any) -> Any:
    return special.expit(x)


def over_heavy(frozen: Any, begin: float) -> float:
    """E[wave] under a density on (begin, ∞) that falls off slowly."""
    sine, cosine = (_fourier(frozen.pdf, begin, kind, rate) for kind, rate in (("sin", 1.0), ("cos", 0.7)))
    other = _fourier(frozen.pdf, begin, "sin", 0.7)
    return sine + 0.5 * (np.cos(0.3) * cosine - np.sin(0.3) * other)


def _fourier(f: Callable[[float], float], begin: float, kind: str, rate: float) -> float:
    return integrate.quad(f, begin, np.inf, weight=kind, wvar=rate, epsabs=1e-11, limlst=500)[0]


def of_characteristic(of: Callable[[float, Params], complex]) -> Callable[[Params], float]:
    """E[wave], from the characteristic function at a frequency."""
    return lambda t: float(of(1.0, t).imag + 0.5 * (np.exp(0.3j) * of(0.7, t)).real)


def _sech(frequency: float, t: Params) -> complex:
    return np.exp(1j * frequency * t["loc"]) / np.cosh(np.pi * frequency * t["scale"] / 2)


def _of_quantile(frequency: float, t: Params) -> complex:
    """Of the difference of two exponentials, whose rates are those of the check function."""
    right, left = t["quantile"] / t["scale"], (1 - t["quantile"]) / t["scale"]
    return np.exp(1j * frequency * t["loc"]) / ((1 - 1j * frequency / right) * (1 + 1j * frequency / left))


def _cauchy(t: Params) -> float:
    first = np.exp(-t["scale"]) * np.sin(t["loc"])
    return float(first + 0.5 * np.exp(-0.7 * t["scale"]) * np.cos(0.7 * t["loc"] + 0.3))


def _affine(base: Any, law: Any, constraint: Any, moving: tuple[str, ...], **params: float) -> Case:
    def make(t: Params) -> Any:
        return dist.TransformedDistribution(
            base, transforms.AffineTransform(t["loc"], t["scale"], domain=constraint)
        )

    return Case(make, params, wave, lambda t: over_density(law(loc=t["loc"], scale=t["scale"])), moving)


def _sphere(size: int) -> Case:
    pole = jnp.zeros(size).at[0].set(1.0)

    def mean(t: Params) -> float:
        k, half = t["concentration"], size / 2
        return float(special.ive(half, k) / special.ive(half - 1, k))

    return Case(lambda t: gr.VonMisesFisher(pole, **t), {"concentration": 2.0}, lambda x: x[0], mean)


def _sphere_turned(t: Params) -> Any:
    angle = t["angle"]
    return gr.VonMisesFisher(jnp.stack([jnp.cos(angle), jnp.sin(angle), 0.0 * angle]), 2.0)


def _mixture(t: Params) -> Any:
    weights = jnp.stack([t["w"], 1.0 - t["w"]])
    components = dist.Normal(jnp.stack([t["left"], 1.0 + 0.0 * t["left"]]), t["scale"])
    return dist.MixtureSameFamily(dist.CategoricalProbs(weights), components)


def _mixed(t: Params) -> float:
    left, right = (over_density(stats.norm(loc, t["scale"])) for loc in (t["left"], 1.0))
    return t["w"] * left + (1 - t["w"]) * right


def wave_of_normal(mean: float, variance: float) -> float:
    """E[wave] in closed form."""
    return np.exp(-variance / 2) * np.sin(mean) + 0.5 * np.exp(-0.49 * variance / 2) * np.cos(
        0.7 * mean + 0.3
    )


DIRECTION = np.array([0.6, -0.8, 0.5])


def _projected(x: Any) -> Any:
    return wave(x @ DIRECTION)


def _tril(t: Params) -> Any:
    zero = 0.0 * t["c"]
    return jnp.stack(
        [
            jnp.stack([1.0 + zero, zero, zero]),
            jnp.stack([t["c"], 0.8 + zero, zero]),
            jnp.stack([0.3 + zero, -0.2 + zero, 0.5 + t["c"] ** 2]),
        ]
    )


def _covariance(t: Params) -> np.ndarray:
    tril = np.array([[1.0, 0, 0], [t["c"], 0.8, 0], [0.3, -0.2, 0.5 + t["c"] ** 2]])
    return tril @ tril.T


def _loc(t: Params) -> Any:
    return jnp.stack([t["loc"], 0.5 + 0.0 * t["loc"], -0.2 + 0.0 * t["loc"]])


def _gaussian(t: Params) -> float:
    mean = DIRECTION @ np.array([t["loc"], 0.5, -0.2])
    return wave_of_normal(mean, DIRECTION @ _covariance(t) @ DIRECTION)


def _low_rank(t: Params) -> Any:
    factor = jnp.stack([t["a"], 0.5 + 0.0 * t["a"], -1.0 + 0.0 * t["a"]])[:, None]
    return dist.LowRankMultivariateNormal(_loc(t), factor, t["b"] * jnp.ones(3))


def _low_rank_mean(t: Params) -> float:
    factor = np.array([t["a"], 0.5, -1.0])
    covariance = np.outer(factor, factor) + t["b"] * np.eye(3)
    return wave_of_normal(DIRECTION @ np.array([t["loc"], 0.5, -0.2]), DIRECTION @ covariance @ DIRECTION)


PLANE = np.array([[0.5, -0.4], [0.3, 0.8], [-0.6, 0.2]])


def _matrix(t: Params) -> Any:
    zero = 0.0 * t["loc"]
    loc = jnp.stack([jnp.stack([t["loc"], zero]), jnp.stack([zero, zero + 0.2]), jnp.stack([zero, zero])])
    c = t["column"]
    column = jnp.stack([jnp.stack([0.9 + 0 * c, 0 * c]), jnp.stack([c, 0.6 + c**2])])
    return dist.MatrixNormal(loc, _tril(t), column)


def _matrix_mean(t: Params) -> float:
    column = np.array([[0.9, 0.0], [t["column"], 0.6 + t["column"] ** 2]])
    variance = np.trace(PLANE.T @ _covariance(t) @ PLANE @ column @ column.T)
    return wave_of_normal(PLANE[0, 0] * t["loc"] + PLANE[1, 1] * 0.2, variance)


def _walk(t: Params) -> float:
    return wave_of_normal(0.0, t["scale"] ** 2 * np.sum(np.cumsum(DIRECTION[::-1]) ** 2))


def _student(t: Params) -> float:
    mean, variance = DIRECTION @ np.array([t["loc"], 0.5, -0.2]), DIRECTION @ _covariance(t) @ DIRECTION
    return over_density(stats.t(t["df"], mean, np.sqrt(variance)))


def _relaxed(t: Params) -> float:
    def weighted(noise: Any) -> Any:
        return wave(sigmoid((t["logits"] + noise) / t["temperature"])) * stats.logistic.pdf(noise)

    return quadrature(weighted, np.linspace(-36, 36, 200))


def _first_of_urn(t: Params) -> float:
    """E[wave of the first count] of 3 draws: the others are one."""
    return over_counts(stats.betabinom(3, t["a"], t["b"] + 0.5), 4)


def _dirichlet_moment(t: Params) -> float:
    c = np.array([t["c"], 2.0, 0.5])
    total = c.sum()
    return float(c[0] * (c[0] + 1) / (total * (total + 1)) + c[0] * c[1] / (total * (total + 1)))


def circular(x: Any) -> Any:
    return jnp.sin(x) + 0.3 * jnp.cos(2 * x)


def circular_mean(t: Params) -> float:
    k = t["concentration"]
    first, second = (special.ive(j, k) / special.ive(0, k) for j in (1, 2))
    return float(first * np.sin(t["loc"]) + 0.3 * second * np.cos(2 * t["loc"]))


def _onto_circle(t: Params) -> float:
    """E[sin 2φ + cos φ] of a planar normal of mean (a, b), by its density of angles."""
    mean = np.array([t["a"], t["b"]])

    def weighted(angle: Any) -> Any:
        along = mean[0] * np.cos(angle) + mean[1] * np.sin(angle)
        density = (
            np.exp(-mean @ mean / 2)
            / (2 * np.pi)
            * (1 + along * stats.norm.cdf(along) / stats.norm.pdf(along))
        )
        return density * (np.sin(2 * angle) + np.cos(angle))

    return quadrature(weighted, np.linspace(-np.pi, np.pi, 40))


def _angles(x: Any) -> Any:
    return 2.0 * x[0] * x[1] + x[0]


def _choices(probs: Callable[[Params], Any]) -> Callable[[Params], float]:
    return lambda t: float(np.sum(np.asarray(probs(t)) * wave(np.arange(3.0))))


def _softmax(t: Params) -> np.ndarray:
    return special.softmax([t["l"], 0.0, 0.0])


def _ordered(t: Params) -> np.ndarray:
    below = sigmoid(np.array([-0.5, t["cut"]]) - t["predictor"])
    return np.diff([0.0, *below, 1.0])


def _multinomial(probs: Callable[[Params], Any]) -> Callable[[Params], float]:
    """E[wave of the first count] of 3 draws."""
    return lambda t: float(np.sum(wave(np.arange(4.0)) * stats.binom(3, probs(t)[0]).pmf(np.arange(4))))


def _stack3(first: Any) -> Any:
    return jnp.stack([first, 0.0 * first, 0.0 * first])


def _power_law(t: Params) -> Any:
    a, low, high = t["alpha"], t["low"], t["high"]

    def density(x: Any) -> Any:
        return wave(x) * x**a * (a + 1) / (high ** (a + 1) - low ** (a + 1))

    return quadrature(density, np.linspace(low, high, 30))


def _skewed_laplace(loc: float, scale: float, asymmetry: float) -> Any:
    return stats.laplace_asymmetric(asymmetry, loc, scale)


def _gompertz(concentration: float, rate: float) -> Any:
    return stats.gompertz(concentration, scale=1 / rate)


def _negative_binomial(mean: float, concentration: float) -> Any:
    return stats.nbinom(concentration, concentration / (mean + concentration))


def _log_uniform(low: float, high: float) -> Any:
    return stats.loguniform(low, high)


def _beta(concentration1: float, concentration0: float) -> Any:
    return stats.beta(concentration1, concentration0)


def _bernoulli(probs: float) -> Any:
    return stats.bernoulli(probs)


def _poisson(rate: float) -> Any:
    return stats.poisson(rate)


def _zero_inflated(t: Params) -> float:
    return float(t["gate"] * wave(np.zeros(1))[0] + (1 - t["gate"]) * over_counts(stats.poisson(t["rate"])))


def _truncated(t: Params) -> float:
    a, b = (t["low"] - t["loc"]) / t["scale"], (t["high"] - t["loc"]) / t["scale"]
    return over_density(stats.truncnorm(a, b, t["loc"], t["scale"]))


def _left_truncated_laplace(t: Params) -> float:
    law = stats.laplace(t["loc"], t["scale"])
    ends = np.unique(
        np.concatenate(
            [
                [t["low"]],
                law.isf(law.sf(t["low"]) * np.linspace(1, 0.002, 300)),
                law.isf(10.0 ** -np.arange(3, 16)),
            ]
        )
    )
    return quadrature(lambda x: wave(x) * law.pdf(x), ends[ends >= t["low"]]) / law.sf(t["low"])


CONTINUOUS: dict[str, Case] = {
    "Normal": of_numbers(dist.Normal, stats.norm, loc=0.4, scale=1.3),
    "LogNormal": of_numbers(
        dist.LogNormal, lambda loc, scale: stats.lognorm(scale, scale=np.exp(loc)), loc=0.2, scale=0.5
    ),
    "Laplace": of_numbers(dist.Laplace, stats.laplace, loc=0.4, scale=0.8),
    "Logistic": of_numbers(dist.Logistic, stats.logistic, loc=0.4, scale=0.8),
    "Gumbel": of_numbers(dist.Gumbel, stats.gumbel_r, loc=0.4, scale=0.8),
    "HalfNormal": of_numbers(dist.HalfNormal, lambda scale: stats.halfnorm(scale=scale), scale=1.2),
    "Exponential": of_numbers(dist.Exponential, lambda rate: stats.expon(scale=1 / rate), rate=1.4),
    "Weibull": of_numbers(
        dist.Weibull,
        lambda scale, concentration: stats.weibull_min(concentration, scale=scale),
        scale=1.3,
        concentration=1.7,
    ),
    "Pareto": of_numbers(
        dist.Pareto,
        lambda scale, alpha: stats.pareto(alpha, scale=scale),
        scale=0.9,
        alpha=5.0,
        moving=("scale",),
    ),
    "Uniform": of_numbers(
        dist.Uniform,
        lambda low, high: stats.uniform(low, high - low),
        low=0.2,
        high=1.9,
        moving=("low", "high"),
    ),
    "LogUniform": of_numbers(dist.LogUniform, _log_uniform, low=0.4, high=2.5, moving=("low", "high")),
    "AsymmetricLaplace": of_numbers(
        dist.AsymmetricLaplace, _skewed_laplace, loc=0.3, scale=0.7, asymmetry=1.4
    ),
    "Kumaraswamy": Case(
        lambda t: dist.Kumaraswamy(**t),
        {"concentration1": 1.6, "concentration0": 2.3},
        wave,
        lambda t: quadrature(
            lambda v: wave((1 - (1 - v) ** (1 / t["concentration0"])) ** (1 / t["concentration1"])),
            np.concatenate(
                [
                    [0],
                    10.0 ** np.arange(-12, -1),
                    np.linspace(0.05, 0.95, 30),
                    1 - 10.0 ** np.arange(-2.0, -12, -1),
                    [1],
                ]
            ),
        ),
    ),
    "Gompertz": of_numbers(dist.Gompertz, _gompertz, concentration=0.8, rate=1.1),
    "Gamma": of_numbers(
        dist.Gamma,
        lambda concentration, rate: stats.gamma(concentration, scale=1 / rate),
        concentration=1.8,
        rate=1.4,
    ),
    "InverseGamma": of_numbers(
        dist.InverseGamma,
        lambda concentration, rate: stats.invgamma(concentration, scale=rate),
        concentration=5.0,
        rate=3.0,
    ),
    "Chi2": of_numbers(dist.Chi2, stats.chi2, df=3.0),
    "Beta": of_numbers(dist.Beta, _beta, concentration1=1.7, concentration0=2.4),
    "BetaProportion": of_numbers(
        dist.BetaProportion,
        lambda mean, concentration: stats.beta(mean * concentration, (1 - mean) * concentration),
        mean=0.4,
        concentration=4.0,
    ),
    "StudentT": of_numbers(dist.StudentT, stats.t, df=6.0, loc=0.3, scale=0.8),
    "DoublyTruncatedPowerLaw": Case(
        lambda t: dist.DoublyTruncatedPowerLaw(**t),
        {"alpha": -2.5, "low": 0.8, "high": 4.0},
        wave,
        _power_law,
        ("low", "high"),
    ),
    "TruncatedNormal": Case(
        lambda t: dist.TruncatedNormal(t["loc"], t["scale"], low=t["low"], high=t["high"]),
        {"loc": 0.3, "scale": 1.1, "low": -0.7, "high": 1.6},
        wave,
        _truncated,
        ("low", "high"),
    ),
    "LeftTruncated": Case(
        lambda t: dist.LeftTruncatedDistribution(dist.Laplace(t["loc"], t["scale"]), t["low"]),
        {"loc": 0.4, "scale": 0.9, "low": -1.0},
        wave,
        _left_truncated_laplace,
        ("low",),
    ),
    "Folded": Case(
        lambda t: dist.FoldedDistribution(dist.Normal(**t)),
        {"loc": 0.4, "scale": 1.1},
        wave,
        lambda t: over_density(stats.foldnorm(t["loc"] / t["scale"], scale=t["scale"])),
    ),
    "AffineBeta": _affine(
        dist.Beta(1.0, 1.0),
        lambda loc, scale: stats.beta(1.0, 1.0, loc, scale),
        constraints.unit_interval,
        ("loc", "scale"),
        loc=0.3,
        scale=1.5,
    ),
    "AffineGamma": _affine(
        dist.Gamma(1.0, 1.0),
        lambda loc, scale: stats.gamma(1.0, loc, scale),
        constraints.positive,
        ("loc",),
        loc=0.3,
        scale=0.7,
    ),
    "SoftLaplace": Case(
        lambda t: dist.SoftLaplace(**t), {"loc": 0.4, "scale": 0.8}, wave, of_characteristic(_sech)
    ),
    "AsymmetricLaplaceQuantile": Case(
        lambda t: dist.AsymmetricLaplaceQuantile(**t),
        {"loc": 0.3, "scale": 0.3, "quantile": 0.35},
        wave,
        of_characteristic(_of_quantile),
    ),
    "LowerTruncatedPowerLaw": of_numbers(
        dist.LowerTruncatedPowerLaw,
        lambda alpha, low: stats.pareto(-alpha - 1, scale=low),
        ("low",),
        alpha=-6.0,
        low=0.9,
    ),
    "RelaxedBernoulli": Case(
        lambda t: dist.RelaxedBernoulliLogits(**t), {"temperature": 0.7, "logits": 0.4}, wave, _relaxed
    ),
    "MatrixNormal": Case(
        _matrix, {"loc": 0.3, "c": 0.4, "column": -0.3}, lambda x: wave(jnp.sum(PLANE * x)), _matrix_mean
    ),
    "GaussianRandomWalk": Case(
        lambda t: dist.GaussianRandomWalk(t["scale"], 3), {"scale": 0.7}, _projected, _walk
    ),
    "MultivariateStudentT": Case(
        lambda t: dist.MultivariateStudentT(t["df"], _loc(t), _tril(t)),
        {"df": 6.0, "loc": 0.3, "c": 0.4},
        _projected,
        _student,
    ),
    "Mixture": Case(_mixture, {"w": 0.3, "left": -1.0, "scale": 0.7}, wave, _mixed),
    "MultivariateNormal": Case(
        lambda t: dist.MultivariateNormal(_loc(t), scale_tril=_tril(t)),
        {"loc": 0.3, "c": 0.4},
        _projected,
        _gaussian,
    ),
    "OfCovariance": Case(
        lambda t: dist.MultivariateNormal(_loc(t), _tril(t) @ _tril(t).T),
        {"loc": 0.3, "c": 0.4},
        _projected,
        _gaussian,
    ),
    "OfPrecision": Case(
        lambda t: dist.MultivariateNormal(_loc(t), precision_matrix=jnp.linalg.inv(_tril(t) @ _tril(t).T)),
        {"loc": 0.3, "c": 0.4},
        _projected,
        _gaussian,
    ),
    "LowRank": Case(_low_rank, {"loc": 0.3, "a": 0.7, "b": 0.6}, _projected, _low_rank_mean),
    "Dirichlet": Case(
        lambda t: dist.Dirichlet(jnp.stack([t["c"], 2.0 + 0 * t["c"], 0.5 + 0 * t["c"]])),
        {"c": 1.2},
        lambda x: x[0] ** 2 + x[0] * x[1],
        _dirichlet_moment,
    ),
    "ProjectedNormal": Case(
        lambda t: dist.ProjectedNormal(jnp.stack([t["a"], t["b"]])),
        {"a": 0.8, "b": 0.5},
        _angles,
        _onto_circle,
    ),
    "VonMisesFisher3": _sphere(3),
    "VonMisesFisher5": _sphere(5),
    "VonMisesFisherTurned": Case(
        _sphere_turned,
        {"angle": 0.4},
        lambda x: x[1],
        lambda t: float((1 / np.tanh(2.0) - 0.5) * np.sin(t["angle"])),
    ),
    "VonMises": Case(
        lambda t: dist.VonMises(**t), {"loc": 0.3, "concentration": 2.0}, circular, circular_mean
    ),
    "Independent": Case(
        lambda t: dist.Gamma(t["a"], 2.0).expand([3]).to_event(1),
        {"a": 1.5},
        lambda x: jnp.sum(x**2),
        lambda t: 3 * t["a"] * (t["a"] + 1) / 4,
    ),
}

HEAVY: dict[str, Case] = {
    "Cauchy": Case(lambda t: dist.Cauchy(**t), {"loc": 0.4, "scale": 0.8}, wave, _cauchy),
    "HalfCauchy": Case(
        lambda t: dist.HalfCauchy(**t),
        {"scale": 0.8},
        wave,
        lambda t: over_heavy(stats.halfcauchy(scale=t["scale"]), 0.0),
    ),
    "Levy": Case(
        lambda t: dist.Levy(**t),
        {"loc": 0.4, "scale": 0.8},
        wave,
        lambda t: over_heavy(stats.levy(t["loc"], t["scale"]), t["loc"]),
    ),
}

DISCRETE: dict[str, Case] = {
    "BernoulliProbs": of_counts(dist.BernoulliProbs, _bernoulli, probs=0.3),
    "BernoulliTied": of_counts(
        dist.BernoulliLogits, lambda logits: stats.bernoulli(sigmoid(logits)), logits=0.0
    ),
    "BinomialProbs": Case(
        lambda t: dist.BinomialProbs(t["probs"], 4),
        {"probs": 0.3},
        lambda x: wave(x * 1.0),
        lambda t: over_counts(stats.binom(4, t["probs"])),
    ),
    "BinomialTied": Case(
        lambda t: dist.BinomialLogits(t["logits"], 4),
        {"logits": 0.0},
        lambda x: wave(x * 1.0),
        lambda t: over_counts(stats.binom(4, sigmoid(t["logits"]))),
    ),
    "CategoricalProbs": Case(
        lambda t: dist.CategoricalProbs(jnp.stack([t["p"], 0.5 - t["p"], 0.5 + 0 * t["p"]])),
        {"p": 0.2},
        lambda x: wave(x * 1.0),
        _choices(lambda t: [t["p"], 0.5 - t["p"], 0.5]),
    ),
    "CategoricalTied": Case(
        lambda t: dist.CategoricalLogits(_stack3(t["l"])),
        {"l": 0.0},
        lambda x: wave(x * 1.0),
        _choices(_softmax),
    ),
    "GeometricProbs": of_counts(dist.GeometricProbs, lambda probs: stats.geom(probs, -1), probs=0.3),
    "GeometricTied": of_counts(
        dist.GeometricLogits, lambda logits: stats.geom(sigmoid(logits), -1), logits=0.0
    ),
    "MultinomialProbs": Case(
        lambda t: dist.MultinomialProbs(jnp.stack([t["p"], 0.5 - t["p"], 0.5 + 0 * t["p"]]), 3),
        {"p": 0.2},
        lambda x: wave(x[0] * 1.0),
        _multinomial(lambda t: [t["p"]]),
    ),
    "MultinomialTied": Case(
        lambda t: dist.MultinomialLogits(_stack3(t["l"]), 3),
        {"l": 0.0},
        lambda x: wave(x[0] * 1.0),
        _multinomial(_softmax),
    ),
    "Poisson": of_counts(dist.Poisson, _poisson, rate=2.3),
    "ZeroInflatedPoisson": Case(
        lambda t: dist.ZeroInflatedPoisson(**t),
        {"gate": 0.3, "rate": 1.6},
        lambda x: wave(x * 1.0),
        _zero_inflated,
    ),
    "GammaPoisson": of_counts(
        dist.GammaPoisson,
        lambda concentration, rate: stats.nbinom(concentration, rate / (1 + rate)),
        concentration=2.0,
        rate=0.8,
    ),
    "NegativeBinomial2": of_counts(dist.NegativeBinomial2, _negative_binomial, mean=2.0, concentration=1.5),
    "NegativeBinomialProbs": of_counts(
        dist.NegativeBinomialProbs,
        lambda total_count, probs: stats.nbinom(total_count, 1 - probs),
        total_count=2.5,
        probs=0.4,
    ),
    "NegativeBinomialTied": of_counts(
        dist.NegativeBinomialLogits,
        lambda total_count, logits: stats.nbinom(total_count, sigmoid(-logits)),
        total_count=2.5,
        logits=0.0,
    ),
    "BetaBinomial": Case(
        lambda t: dist.BetaBinomial(t["a"], t["b"], 5),
        {"a": 1.3, "b": 2.0},
        lambda x: wave(x * 1.0),
        lambda t: over_counts(stats.betabinom(5, t["a"], t["b"]), 6),
    ),
    "DirichletMultinomial": Case(
        lambda t: dist.DirichletMultinomial(jnp.stack([t["a"], t["b"], 0.5 + 0 * t["a"]]), 3),
        {"a": 1.2, "b": 0.7},
        lambda x: wave(x[0] * 1.0),
        _first_of_urn,
    ),
    "OrderedLogistic": Case(
        lambda t: dist.OrderedLogistic(t["predictor"], jnp.stack([-0.5 + 0 * t["cut"], t["cut"]])),
        {"predictor": 0.3, "cut": 0.8},
        lambda x: wave(x * 1.0),
        _choices(_ordered),
    ),
}
