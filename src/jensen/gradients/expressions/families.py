"""Distributions by the names that one types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpyro.distributions as dist


class Family(NamedTuple):
    """How to make a distribution, and its parameters in the order in which they are typed."""

    make: Callable[..., Any]
    parameters: tuple[str, ...]
    defaults: dict[str, float] = {}  # noqa: RUF012  (a named tuple's default, never changed)


FAMILIES = {
    "normal": Family(dist.Normal, ("loc", "scale"), {"loc": 0.0, "scale": 1.0}),
    "lognormal": Family(dist.LogNormal, ("loc", "scale"), {"loc": 0.0, "scale": 1.0}),
    "laplace": Family(dist.Laplace, ("loc", "scale"), {"loc": 0.0, "scale": 1.0}),
    "logistic": Family(dist.Logistic, ("loc", "scale"), {"loc": 0.0, "scale": 1.0}),
    "gumbel": Family(dist.Gumbel, ("loc", "scale"), {"loc": 0.0, "scale": 1.0}),
    "cauchy": Family(dist.Cauchy, ("loc", "scale"), {"loc": 0.0, "scale": 1.0}),
    "studentt": Family(dist.StudentT, ("df", "loc", "scale"), {"loc": 0.0, "scale": 1.0}),
    "halfnormal": Family(dist.HalfNormal, ("scale",), {"scale": 1.0}),
    "exponential": Family(dist.Exponential, ("rate",), {"rate": 1.0}),
    "gamma": Family(dist.Gamma, ("concentration", "rate"), {"rate": 1.0}),
    "inversegamma": Family(dist.InverseGamma, ("concentration", "rate"), {"rate": 1.0}),
    "weibull": Family(dist.Weibull, ("scale", "concentration")),
    "beta": Family(dist.Beta, ("concentration1", "concentration0")),
    "uniform": Family(dist.Uniform, ("low", "high"), {"low": 0.0, "high": 1.0}),
    "pareto": Family(dist.Pareto, ("scale", "alpha")),
    "vonmises": Family(dist.VonMises, ("loc", "concentration")),
    "bernoulli": Family(dist.BernoulliProbs, ("probs",)),
    "bernoullilogits": Family(dist.BernoulliLogits, ("logits",)),
    "geometric": Family(dist.GeometricProbs, ("probs",)),
    "poisson": Family(dist.Poisson, ("rate",)),
}
