"""Distributions by the names that one types."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpyro.distributions as dist


class Domain(NamedTuple):
    """Where a parameter may be: in words, and whether a number is there."""

    words: str
    holds: Callable[[float], bool]


REAL = Domain("a finite number", math.isfinite)
POSITIVE = Domain("positive", lambda value: 0.0 < value < math.inf)
SHARE = Domain("from 0 to 1", lambda value: 0.0 <= value <= 1.0)
POSITIVE_SHARE = Domain("more than 0 and at most 1", lambda value: 0.0 < value <= 1.0)


class Family(NamedTuple):
    """How to make a distribution, and its parameters in the order in which they are typed.

    Attributes
    ----------
    ordered
        Two parameters of which the first is less than the second.
    """

    make: Callable[..., Any]
    parameters: dict[str, Domain]
    defaults: dict[str, float] = {}  # noqa: RUF012  (a named tuple's default, never changed)
    ordered: tuple[str, ...] = ()

    def violation(self, values: Mapping[str, float]) -> str | None:
        """What is wrong with the parameters that have known values."""
        for name, value in values.items():
            domain = self.parameters[name]
            if not domain.holds(value):
                return f"{name} must be {domain.words}, and is {value:g}"
        low, high = (values.get(name) for name in self.ordered or ("", ""))
        if low is not None and high is not None and not low < high:
            first, second = self.ordered
            return f"{first} must be less than {second}, and they are {low:g} and {high:g}"
        return None


PLACED = {"loc": REAL, "scale": POSITIVE}
STANDARD = {"loc": 0.0, "scale": 1.0}
SHAPED = {"concentration": POSITIVE, "rate": POSITIVE}

FAMILIES = {
    "normal": Family(dist.Normal, PLACED, STANDARD),
    "lognormal": Family(dist.LogNormal, PLACED, STANDARD),
    "laplace": Family(dist.Laplace, PLACED, STANDARD),
    "logistic": Family(dist.Logistic, PLACED, STANDARD),
    "gumbel": Family(dist.Gumbel, PLACED, STANDARD),
    "cauchy": Family(dist.Cauchy, PLACED, STANDARD),
    "studentt": Family(dist.StudentT, {"df": POSITIVE, **PLACED}, STANDARD),
    "halfnormal": Family(dist.HalfNormal, {"scale": POSITIVE}, {"scale": 1.0}),
    "exponential": Family(dist.Exponential, {"rate": POSITIVE}, {"rate": 1.0}),
    "gamma": Family(dist.Gamma, SHAPED, {"rate": 1.0}),
    "inversegamma": Family(dist.InverseGamma, SHAPED, {"rate": 1.0}),
    "weibull": Family(dist.Weibull, {"scale": POSITIVE, "concentration": POSITIVE}),
    "beta": Family(dist.Beta, {"concentration1": POSITIVE, "concentration0": POSITIVE}),
    "uniform": Family(
        dist.Uniform, {"low": REAL, "high": REAL}, {"low": 0.0, "high": 1.0}, ordered=("low", "high")
    ),
    "pareto": Family(dist.Pareto, {"scale": POSITIVE, "alpha": POSITIVE}),
    "vonmises": Family(dist.VonMises, {"loc": REAL, "concentration": POSITIVE}),
    "bernoulli": Family(dist.BernoulliProbs, {"probs": SHARE}),
    "bernoullilogits": Family(dist.BernoulliLogits, {"logits": REAL}),
    "geometric": Family(dist.GeometricProbs, {"probs": POSITIVE_SHARE}),
    "poisson": Family(dist.Poisson, {"rate": POSITIVE}),
}
