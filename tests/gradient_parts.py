"""Families made of others (wrapped, folded, truncated, transformed, mixed), with E[f] as in the cases."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from numpyro.distributions import transforms
from scipy import stats

from gradient_cases import (
    DIRECTION,
    Case,
    Params,
    _loc,
    _projected,
    _tril,
    of_characteristic,
    over_counts,
    over_density,
    quadrature,
    sigmoid,
    wave,
    wave_of_normal,
)


def transformed(base: Callable[[Params], Any], *steps: Any) -> Callable[[Params], Any]:
    """``base(θ)``, pushed through transforms."""
    return lambda t: dist.TransformedDistribution(base(t), list(steps))


def _normal(t: Params) -> Any:
    return dist.Normal(t["loc"], t["scale"])


def _normals(size: int) -> Callable[[Params], Any]:
    return lambda t: _normal(t).expand([size]).to_event(1)


def of_normal(push: Callable[[Any], Any]) -> Callable[[Params], float]:
    """E[wave(push(y))] of a normal y."""

    def mean(t: Params) -> float:
        law = stats.norm(t["loc"], t["scale"])
        return quadrature(
            lambda y: wave(push(y)) * law.pdf(y), t["loc"] + t["scale"] * np.linspace(-9, 9, 80)
        )

    return mean


def of_two_normals(push: Callable[[Any, Any], Any]) -> Callable[[Params], float]:
    """E[wave(push(y, z))] of two normals."""

    def mean(t: Params) -> float:
        nodes, weights = np.polynomial.hermite_e.hermegauss(90)
        weights = weights / weights.sum()
        y = t["loc"] + t["scale"] * nodes
        return float(np.sum(weights[:, None] * weights * wave(push(y[:, None], y[None, :]))))

    return mean


AT = {"loc": 0.3, "scale": 0.6}


def _affine(t: Params) -> Any:
    steps = [transforms.IdentityTransform(), transforms.AffineTransform(t["loc"], t["scale"])]
    return dist.TransformedDistribution(dist.Normal(0.2, 1.1), steps)


def _affine_mean(t: Params) -> float:
    return wave_of_normal(t["loc"] + 0.2 * t["scale"], (1.1 * t["scale"]) ** 2)


def _powered(t: Params) -> Any:
    return dist.TransformedDistribution(dist.Gamma(t["c"], 1.2), transforms.PowerTransform(t["by"]))


def _powered_mean(t: Params) -> float:
    """With y = log of the gamma draw."""
    law = stats.gamma(t["c"], scale=1 / 1.2)
    return quadrature(
        lambda y: wave(np.exp(t["by"] * y)) * law.pdf(np.exp(y)) * np.exp(y), np.linspace(-20, 5, 200)
    )


def _turned(t: Params) -> Any:
    base = dist.Laplace(0.0, 1.0).expand([3]).to_event(1)
    return dist.TransformedDistribution(base, transforms.LowerCholeskyAffine(_loc(t), _tril(t)))


def _turned_characteristic(frequency: float, t: Params) -> complex:
    tril = np.array([[1.0, 0, 0], [t["c"], 0.8, 0], [0.3, -0.2, 0.5 + t["c"] ** 2]])
    centre = DIRECTION @ np.array([t["loc"], 0.5, -0.2])
    return np.exp(1j * frequency * centre) / np.prod(1 + (frequency * DIRECTION @ tril) ** 2)


def _right_truncated(t: Params) -> float:
    law = stats.logistic(t["loc"], t["scale"])
    ends = t["high"] - np.concatenate([np.linspace(0, 6, 60), np.linspace(6.5, 40, 60)])[::-1]
    return quadrature(lambda x: wave(x) * law.pdf(x), ends) / law.cdf(t["high"])


def _between(law: Callable[[Params], Any]) -> Callable[[Params], float]:
    def mean(t: Params) -> float:
        ends = np.linspace(t["low"], t["high"], 30)
        mass = law(t).cdf(t["high"]) - law(t).cdf(t["low"])
        return quadrature(lambda x: wave(x) * law(t).pdf(x), ends) / mass

    return mean


def _folded(t: Params) -> float:
    law = stats.logistic(t["loc"], t["scale"])
    return quadrature(lambda x: wave(x) * (law.pdf(x) + law.pdf(-x)), np.linspace(0, 36, 150))


def _planes(t: Params) -> Any:
    weights = jnp.stack([t["w"], 1.0 - t["w"]])
    loc = jnp.stack([jnp.stack([t["m"], -0.5 + 0 * t["m"]]), jnp.array([1.0, 0.8])])
    tril = jnp.stack([jnp.array([[0.7, 0.0], [0.4, 0.5]]), jnp.array([[1.0, 0.0], [0.0, 0.6]]) + 0 * t["c"]])
    tril = tril.at[1, 1, 0].set(t["c"])
    return dist.MixtureSameFamily(
        dist.CategoricalProbs(weights), dist.MultivariateNormal(loc, scale_tril=tril)
    )


def _planes_mean(t: Params) -> float:
    along = np.array([0.6, -0.8])
    parts = [
        ([t["m"], -0.5], np.array([[0.7, 0.0], [0.4, 0.5]])),
        ([1.0, 0.8], np.array([[1.0, 0.0], [t["c"], 0.6]])),
    ]
    first, second = (wave_of_normal(along @ loc, np.sum((along @ tril) ** 2)) for loc, tril in parts)
    return float(t["w"] * first + (1 - t["w"]) * second)


def _factorized(t: Params) -> Any:
    components = dist.Laplace(
        jnp.array([[-1.0, 0.5], [0.7, -0.2]]) + t["m"], jnp.array([[0.5, 0.8], [0.9, 0.6]])
    )
    return dist.MixtureSameFamily(
        dist.CategoricalLogits(jnp.stack([t["l"], 0 * t["l"]])), components.to_event(1)
    )


def _factorized_mean(t: Params) -> float:
    def sine_product(locs, scales):
        return np.prod(
            [np.sin(loc + t["m"]) / (1 + scale**2) for loc, scale in zip(locs, scales, strict=True)]
        )

    w = 1 / (1 + math.exp(-t["l"]))
    return float(w * sine_product([-1.0, 0.5], [0.5, 0.8]) + (1 - w) * sine_product([0.7, -0.2], [0.9, 0.6]))


def mixed(*parts: Any) -> Callable[[Params], Any]:
    """A mixture of families; the first has the weight w."""
    others = len(parts) - 1

    def make(t: Params) -> Any:
        weights = jnp.stack([t["w"], *[(1.0 - t["w"]) / others] * others])
        return dist.MixtureGeneral(dist.CategoricalProbs(weights), [part(t) for part in parts])

    return make


def mean_of_mixed(*laws: Any) -> Callable[[Params], float]:
    others = len(laws) - 1

    def mean(t: Params) -> float:
        first, *rest = (over_density(law(t)) for law in laws)
        return float(t["w"] * first + (1 - t["w"]) * np.mean(rest) * (others > 0))

    return mean


PARTS: dict[str, Case] = {
    "AffineNormal": Case(_affine, {"loc": 0.3, "scale": 0.8}, wave, _affine_mean),
    "ExpNormal": Case(transformed(_normal, transforms.ExpTransform()), AT, wave, of_normal(np.exp)),
    "SigmoidNormal": Case(transformed(_normal, transforms.SigmoidTransform()), AT, wave, of_normal(sigmoid)),
    "SoftplusNormal": Case(
        transformed(_normal, transforms.SoftplusTransform()),
        AT,
        wave,
        of_normal(lambda y: np.logaddexp(0, y)),
    ),
    "PowerGamma": Case(_powered, {"c": 2.3, "by": 0.6}, wave, _powered_mean),
    "CholeskyOfLaplace": Case(
        _turned, {"loc": 0.3, "c": 0.4}, _projected, of_characteristic(_turned_characteristic)
    ),
    "StickBreaking": Case(
        transformed(_normals(1), transforms.StickBreakingTransform()),
        AT,
        lambda x: wave(x[0]),
        of_normal(sigmoid),
    ),
    "Ordered": Case(
        transformed(_normals(2), transforms.OrderedTransform()),
        AT,
        lambda x: wave(x[1]),
        of_two_normals(lambda y, z: y + np.exp(z)),
    ),
    "Permuted": Case(
        transformed(_normals(3), transforms.PermuteTransform(jnp.array([2, 0, 1]))),
        AT,
        _projected,
        lambda t: wave_of_normal(DIRECTION.sum() * t["loc"], DIRECTION @ DIRECTION * t["scale"] ** 2),
    ),
    "CorrCholesky": Case(
        transformed(_normals(1), transforms.CorrCholeskyTransform()),
        AT,
        lambda x: wave(x[1, 0]),
        of_normal(np.tanh),
    ),
    "LowerCholesky": Case(
        transformed(_normals(3), transforms.LowerCholeskyTransform()),
        AT,
        lambda x: wave(x[1, 0] + x[0, 0]),
        of_two_normals(lambda y, z: y + np.exp(z)),
    ),
    "RightTruncated": Case(
        lambda t: dist.RightTruncatedDistribution(dist.Logistic(t["loc"], t["scale"]), t["high"]),
        {"loc": 0.4, "scale": 0.7, "high": 1.5},
        wave,
        _right_truncated,
        ("high",),
    ),
    "TruncatedCauchy": Case(
        lambda t: dist.TruncatedCauchy(t["loc"], t["scale"], low=t["low"], high=t["high"]),
        {"loc": 0.3, "scale": 0.9, "low": -1.2, "high": 2.0},
        wave,
        _between(lambda t: stats.cauchy(t["loc"], t["scale"])),
        ("low", "high"),
    ),
    "TruncatedSoftLaplace": Case(
        lambda t: dist.TwoSidedTruncatedDistribution(
            dist.SoftLaplace(t["loc"], t["scale"]), t["low"], t["high"]
        ),
        {"loc": 0.3, "scale": 0.9, "low": -1.2, "high": 2.0},
        wave,
        _between(lambda t: stats.hypsecant(t["loc"], t["scale"])),
        ("low", "high"),
    ),
    "FoldedLogistic": Case(
        lambda t: dist.FoldedDistribution(dist.Logistic(t["loc"], t["scale"])),
        {"loc": 0.4, "scale": 0.7},
        wave,
        _folded,
    ),
    "MixtureOfPlanes": Case(
        _planes, {"w": 0.3, "m": -0.6, "c": 0.5}, lambda x: wave(0.6 * x[0] - 0.8 * x[1]), _planes_mean
    ),
    "MixtureFactorized": Case(
        _factorized, {"l": -0.4, "m": 0.3}, lambda x: jnp.sin(x[0]) * jnp.sin(x[1]), _factorized_mean
    ),
    "MixtureOfReals": Case(
        mixed(
            lambda t: dist.Laplace(t["a"], t["b"]),
            lambda t: dist.Logistic(t["a"], t["c"]),
            lambda t: dist.Gumbel(t["a"], t["b"]),
            lambda t: dist.Normal(t["a"], t["c"]),
        ),
        {"w": 0.3, "a": 0.2, "b": 0.7, "c": 0.9},
        wave,
        mean_of_mixed(
            lambda t: stats.laplace(t["a"], t["b"]),
            lambda t: stats.logistic(t["a"], t["c"]),
            lambda t: stats.gumbel_r(t["a"], t["b"]),
            lambda t: stats.norm(t["a"], t["c"]),
        ),
    ),
    "MixtureOfPositives": Case(
        mixed(
            lambda t: dist.LogNormal(t["a"], 0.5),
            lambda t: dist.Exponential(t["b"]),
            lambda t: dist.HalfNormal(t["b"]),
            lambda t: dist.Weibull(t["b"], t["c"]),
        ),
        {"w": 0.3, "a": 0.2, "b": 0.9, "c": 1.6},
        wave,
        mean_of_mixed(
            lambda t: stats.lognorm(0.5, scale=np.exp(t["a"])),
            lambda t: stats.expon(scale=1 / t["b"]),
            lambda t: stats.halfnorm(scale=t["b"]),
            lambda t: stats.weibull_min(t["c"], scale=t["b"]),
        ),
    ),
}

OVERLAPPING: dict[str, Case] = {
    "MixtureOfIntervals": Case(
        mixed(lambda t: dist.Uniform(0.0, 2.0), lambda t: dist.Uniform(1.0, 3.0)),
        {"w": 0.3},
        wave,
        mean_of_mixed(lambda t: stats.uniform(0, 2), lambda t: stats.uniform(1, 2)),
    ),
    "MixtureOfTruncated": Case(
        mixed(
            lambda t: dist.TruncatedNormal(t["m"], 1.0, low=0.0),
            lambda t: dist.TruncatedNormal(t["m"], 1.0, low=0.5),
        ),
        {"w": 0.3, "m": 0.2},
        wave,
        mean_of_mixed(
            lambda t: stats.truncnorm(0.0 - t["m"], np.inf, t["m"]),
            lambda t: stats.truncnorm(0.5 - t["m"], np.inf, t["m"]),
        ),
    ),
}
"""Without a path, and with a score that NumPyro's density has wrong: it counts values outside of supports."""


def _zero_inflated(law: Any, gate: Callable[[Params], float]) -> Callable[[Params], float]:
    return lambda t: float(gate(t) * wave(np.zeros(1))[0] + (1 - gate(t)) * over_counts(law(t), 60))


def _tied(t: Params) -> Any:
    return dist.MixtureSameFamily(
        dist.CategoricalProbs(jnp.stack([t["w"], 1.0 - t["w"]])),
        dist.BernoulliLogits(jnp.stack([t["l"], 1.0 + 0.0 * t["l"]])),
    )


def _tied_mean(t: Params) -> float:
    one = t["w"] * sigmoid(t["l"]) + (1 - t["w"]) * sigmoid(1.0)
    return float((1 - one) * wave(np.zeros(1))[0] + one * wave(np.ones(1))[0])


COUNTS: dict[str, Case] = {
    "MixtureTied": Case(_tied, {"w": 0.3, "l": 0.0}, lambda x: wave(x * 1.0), _tied_mean),
    "ZeroInflatedTied": Case(
        lambda t: dist.ZeroInflatedProbs(dist.BinomialLogits(t["l"], 4), t["gate"]),
        {"l": 0.0, "gate": 0.3},
        lambda x: wave(x * 1.0),
        _zero_inflated(lambda t: stats.binom(4, sigmoid(t["l"])), lambda t: t["gate"]),
    ),
    "ZeroInflatedLogits": Case(
        lambda t: dist.ZeroInflatedLogits(dist.Poisson(t["rate"]), t["gate"]),
        {"rate": 1.4, "gate": 0.0},
        lambda x: wave(x * 1.0),
        _zero_inflated(lambda t: stats.poisson(t["rate"]), lambda t: sigmoid(t["gate"])),
    ),
}
