"""How heavy the tails of a distribution are: which moments of its draws are finite.

A draw of scale s moves by x/s where s moves by 1. Without a second moment its path has an infinite variance,
for every f whose slope does not fall off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpyro.distributions as dist
from numpyro.distributions import transforms

from jensen.gradients.distributions.by_type import ByType

HEAVIEST = 2.0
"""Up to this order of finite moments the second one is infinite."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Of the absolute value of a draw.

    Attributes
    ----------
    power
        E|x|^k is finite for k below it; None where the values that it depends on cannot be seen.
    growth
        E exp(k |x|) is finite for k below it.
    """

    power: float | None = math.inf
    growth: float | None = math.inf

    @property
    def is_heavy(self) -> bool | None:
        """Whether the second moment is infinite; None where that is not known."""
        return None if self.power is None else self.power <= HEAVIEST


TAILS = ByType()
BOUNDED = Tail()


Look = Callable[[Any], "np.ndarray | None"]
"""How the value of a parameter is looked up; None where it is not to be seen."""


def unseen(value: Any) -> None:
    """The look that sees nothing: what is found with it is true of all values."""


def tail(distribution: Any, look: Look) -> Tail:
    """The heavier of both tails of a distribution, of all its entries."""
    found = TAILS.get(distribution)
    return Tail() if found is None else found(distribution, look)


def _least(values: Iterable[float | None]) -> float | None:
    """The least one; None where one is not known, and the others do not decide."""
    values = list(values)
    known = min((value for value in values if value is not None), default=math.inf)
    return known if known <= HEAVIEST or None not in values else None


def _at(value: np.ndarray | None, then: Callable[[Any], Any]) -> float | None:
    """The least of all entries; None where it is NaN."""
    least = math.nan if value is None or not value.size else float(np.min(then(np.asarray(value, float))))
    return None if math.isnan(least) else least


def _add_power(of: Callable[[Any], Any], power: Callable[[Any], Any], *kinds: type) -> None:
    TAILS.add(*kinds)(lambda d, look: Tail(_at(look(of(d)), power), 0.0))


def _add_growth(of: Callable[[Any], Any], growth: Callable[[Any], Any], *kinds: type) -> None:
    TAILS.add(*kinds)(lambda d, look: Tail(math.inf, _at(look(of(d)), growth)))


def _add(always: Tail, *kinds: type) -> None:
    TAILS.add(*kinds)(lambda d, look: always)


_add(Tail(1.0, 0.0), dist.Cauchy, dist.HalfCauchy)
_add(Tail(0.5, 0.0), dist.Levy)
_add(Tail(math.inf, 0.0), dist.LogNormal)
_add(Tail(math.inf, 0.5), dist.Chi2)
_add_power(lambda d: d.df, lambda df: df, dist.StudentT, dist.MultivariateStudentT)
_add_power(lambda d: d.alpha, lambda alpha: alpha, dist.Pareto)
_add_power(lambda d: d.alpha, lambda alpha: -1.0 - alpha, dist.LowerTruncatedPowerLaw)
_add_power(lambda d: d.concentration, lambda concentration: concentration, dist.InverseGamma)
_add_growth(
    lambda d: d.scale, lambda scale: 1.0 / scale, dist.Laplace, dist.Logistic, dist.Gumbel, dist.SoftLaplace
)
_add_growth(lambda d: d.rate, lambda rate: rate, dist.Exponential, dist.Gamma)
_add_growth(
    lambda d: d.concentration,
    lambda c: np.where(c > 1.0, math.inf, np.where(c < 1.0, 0.0, math.nan)),
    dist.Weibull,
)


@TAILS.add(
    dist.Independent,
    dist.ExpandedDistribution,
    dist.MaskedDistribution,
    dist.FoldedDistribution,
    dist.LeftTruncatedDistribution,
    dist.RightTruncatedDistribution,
)
def _(d: Any, look: Look) -> Tail:
    return tail(d.base_dist, look)


@TAILS.add(dist.MixtureSameFamily)
def _(d: Any, look: Look) -> Tail:
    return tail(d.component_distribution, look)


@TAILS.add(dist.MixtureGeneral)
def _(d: Any, look: Look) -> Tail:
    parts = [tail(part, look) for part in d.component_distributions]
    return Tail(_least(part.power for part in parts), _least(part.growth for part in parts))


@TAILS.add(dist.TransformedDistribution)
def _(d: Any, look: Look) -> Tail:
    found = tail(d.base_dist, look)
    for step in d.transforms:
        found = _pushed(step, found, look)
    return found


KEPT = (transforms.IdentityTransform, transforms.SoftplusTransform, transforms.PermuteTransform)
ONTO_BOUNDED = (
    transforms.SigmoidTransform,
    transforms.StickBreakingTransform,
    transforms.CorrCholeskyTransform,
)
STRETCHING = (
    transforms.ExpTransform,
    transforms.PowerTransform,
    transforms.OrderedTransform,
    transforms.LowerCholeskyTransform,
)
"""After which a draw without a second moment moves without one also where what was stretched is shifted."""


def _pushed(step: Any, found: Tail, look: Look) -> Tail:
    """The tail of what a transform makes of a draw."""
    if isinstance(step, KEPT):
        return found
    if isinstance(step, ONTO_BOUNDED):
        return BOUNDED
    if isinstance(step, transforms.ExpTransform):
        return Tail(found.growth, 0.0)
    if isinstance(step, transforms.AffineTransform):
        shrink = _at(look(step.scale), lambda scale: np.where(scale > 0.0, 1.0 / scale, math.nan))
        return Tail(found.power, _product(found.growth, shrink))
    if isinstance(step, transforms.PowerTransform):
        inverse = _at(look(step.exponent), lambda by: np.where(by > 0.0, 1.0 / by, math.nan))
        return Tail(None if inverse is None else _product(found.power, inverse), None)
    return Tail(found.power if isinstance(step, transforms.LowerCholeskyAffine) else None, None)


def _product(value: float | None, factor: float | None) -> float | None:
    """Infinite and zero stay so; None where it is not known."""
    if value is None or value == 0.0 or math.isinf(value):
        return value
    return None if factor is None else value * factor
