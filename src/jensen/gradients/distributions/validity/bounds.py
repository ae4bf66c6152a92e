"""Where the support of a transformed distribution ends, and which parameters of its transforms move that."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np
from numpyro.distributions import constraints, transforms

from jensen.gradients.distributions.validity.tracers import concrete

Bounds = tuple[float, float]
"""The two ends of a support: infinite where there is none, NaN where one may be anywhere."""

NOWHERE: Bounds = (-math.inf, math.inf)
ANYWHERE: Bounds = (math.nan, math.nan)

MONOTONE = (
    transforms.ExpTransform,
    transforms.SigmoidTransform,
    transforms.SoftplusTransform,
    transforms.IdentityTransform,
)
OF_VECTORS = (
    transforms.LowerCholeskyAffine,
    transforms.StickBreakingTransform,
    transforms.OrderedTransform,
    transforms.PermuteTransform,
    transforms.CorrCholeskyTransform,
    transforms.LowerCholeskyTransform,
)
PARAMETERS: dict[type, tuple[str, ...]] = {
    transforms.AffineTransform: ("loc", "scale"),
    transforms.PowerTransform: ("exponent",),
    transforms.LowerCholeskyAffine: ("loc", "scale_tril"),
}
TRANSFORMS = (*MONOTONE, *OF_VECTORS, transforms.AffineTransform, transforms.PowerTransform)
"""One-to-one transforms, of which it is known where they put the ends of a support."""


def parameters(transform: Any) -> tuple[str, ...]:
    """The names of the parameters of a transform."""
    return PARAMETERS.get(type(transform), ())


def bounds(distribution: Any) -> Bounds:
    """The ends of the support of a distribution of numbers, or of all its coordinates."""
    constraint = distribution.support
    while isinstance(constraint, constraints.independent):
        constraint = constraint.base_constraint
    if constraint in (constraints.real, constraints.real_vector):
        return NOWHERE
    low, high = ends(constraint)
    if low is None and high is None:
        return ANYWHERE
    return (-math.inf if low is None else _number(low)), (math.inf if high is None else _number(high))


def ends(support: Any) -> tuple[Any, Any]:
    """The lower and the upper end of a support, as NumPyro has them; None where there is none."""
    low, high = (getattr(support, end, None) for end in ("lower_bound", "upper_bound"))
    return low, high


def moving(transform: Any, at: Bounds) -> tuple[set[str], Bounds]:
    """The parameters of a transform that move the ends of a support, and where these are afterwards."""
    names = set(parameters(transform))
    if isinstance(transform, transforms.AffineTransform):
        names -= set() if any(map(_is_far, at)) else {"scale"}
        names -= set() if any(map(_is_finite, at)) else {"loc"}
        return names, _affine(transform, at)
    if isinstance(transform, transforms.PowerTransform):
        fixed = all(end in (0.0, math.inf) for end in at)
        return (set(), at) if fixed else (names, ANYWHERE)
    if isinstance(transform, MONOTONE):
        return names, (_at(transform, at[0]), _at(transform, at[1]))
    unbounded = at == NOWHERE
    after = NOWHERE if unbounded and isinstance(transform, transforms.LowerCholeskyAffine) else ANYWHERE
    return (set() if unbounded else names), after


def _affine(transform: Any, at: Bounds) -> Bounds:
    """An end at 0 goes to ``loc``, an infinite one stays (on the other side where the scale is negative)."""
    if not any(map(_is_finite, at)):
        return at
    scale = concrete(transform.scale)
    sign = 1.0 if scale is None or np.all(scale > 0) else -1.0
    loc = _number(transform.loc)
    after = [sign * end if math.isinf(end) else loc if end == 0.0 else math.nan for end in at]
    return (after[0], after[1]) if sign > 0 else (after[1], after[0])


def _is_finite(end: float) -> bool:
    return not math.isinf(end)


def _is_far(end: float) -> bool:
    """Whether an end may be elsewhere than at 0."""
    return _is_finite(end) and end != 0.0


def _at(transform: Any, end: float) -> float:
    if math.isnan(end):
        return end
    with jax.ensure_compile_time_eval():
        return float(transform(np.float64(end)))


def _number(value: Any) -> float:
    known = concrete(value)
    return math.nan if known is None or np.size(known) != 1 else float(np.reshape(known, ()))
