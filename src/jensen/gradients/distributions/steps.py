"""Transforms one by one: where they lead, the logarithm of their slope, and the way back.

Some of NumPyro's stop short of the ends of their range, so that logarithms stay finite: a draw beyond that is
another one, without a derivative, and its density is wrong. Those that are here go to the end; where a number
has lost where it came from, the way back is NaN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from numpyro.distributions import transforms
from numpyro.distributions.transforms import _InverseTransform as Inverse
from numpyro.distributions.util import matrix_to_tril_vec, vec_to_tril_matrix


class Maps(NamedTuple):
    """What our own form of a transform does.

    Attributes
    ----------
    there
        ``there(transform, x)``: y.
    log_slope
        ``log_slope(transform, x, y)``: log |det ∂y/∂x|.
    back
        ``back(transform, y)``: x.
    """

    there: Callable[[Any, Any], Any]
    log_slope: Callable[[Any, Any, Any], Any]
    back: Callable[[Any, Any], Any]


MAPS: dict[type, Maps] = {}
LOST = 4.0  # distances between numbers from the end of a range: nearer, the way back has lost its digits


def there(step: Any, x: Any) -> Any:
    """y of a transform."""
    return _maps(step).there(step, x)


def log_slope(step: Any, x: Any, y: Any) -> Any:
    """log |det ∂y/∂x|, one number for each event of the transform."""
    return _maps(step).log_slope(step, x, y)


def back(step: Any, y: Any) -> Any:
    """x; NaN where y does not tell it."""
    return _maps(step).back(step, y)


def one_by_one(steps: Iterable[Any]) -> list[Any]:
    """Transforms that are made of several, taken apart."""
    found: list[Any] = []
    for step in steps:
        if type(step) is transforms.ComposeTransform:
            found += one_by_one(step.parts)
        elif type(step) is transforms.IndependentTransform:
            inner = one_by_one([step.base_transform])
            num = step.reinterpreted_batch_ndims
            found += [transforms.IndependentTransform(each, num) for each in inner]
        elif type(step) is Inverse and type(step.inv) is transforms.ComposeTransform:
            found += one_by_one(part.inv for part in reversed(step.inv.parts))
        elif type(step) is Inverse and type(step.inv) is transforms.IndependentTransform:
            inner = step.inv
            num = inner.reinterpreted_batch_ndims
            found += one_by_one([transforms.IndependentTransform(inner.base_transform.inv, num)])
        elif type(step) is Inverse and type(step.inv) is transforms.PowerTransform:
            found.append(transforms.PowerTransform(1.0 / step.inv.exponent))  # slopes by what goes in
        else:
            found.append(step)
    return _without_returns(found)


def _without_returns(steps: list[Any]) -> list[Any]:
    """Without steps that are taken back by the next: what they lose would be lost for nothing."""
    left: list[Any] = []
    for step in steps:
        if left and _takes_back(left[-1], step):
            left.pop()
        else:
            left.append(step)
    return left or [transforms.IdentityTransform()] * bool(steps)


def _takes_back(one: Any, other: Any) -> bool:
    """Whether two transforms without parameters, one after the other, do nothing."""
    if type(one) is Inverse and type(one.inv) is type(other):
        return not jax.tree.leaves(other) and one.inv == other
    if type(other) is Inverse and type(other.inv) is type(one):
        return not jax.tree.leaves(one) and other.inv == one
    both = transforms.IndependentTransform
    if type(one) is both and type(other) is both:
        return _takes_back(one.base_transform, other.base_transform)
    return False


def sum_last(value: Any, num: int) -> Any:
    """The sum over the last axes."""
    return jnp.sum(value, axis=tuple(range(-num, 0))) if num else value


THEIRS = Maps(
    lambda step, x: step(x),
    lambda step, x, y: step.log_abs_det_jacobian(x, y),
    lambda step, y: step.inv(y),
)


def _maps(step: Any) -> Maps:
    return MAPS.get(type(step), THEIRS)


MAPS[transforms.IndependentTransform] = Maps(
    lambda step, x: there(step.base_transform, x),
    lambda step, x, y: sum_last(log_slope(step.base_transform, x, y), step.reinterpreted_batch_ndims),
    lambda step, y: back(step.base_transform, y),
)
MAPS[Inverse] = Maps(
    lambda step, x: back(step.inv, x),
    lambda step, x, y: -log_slope(step.inv, y, x),
    lambda step, y: there(step.inv, y),
)


def _two_to_one(step: Any, *values: Any) -> Any:
    raise NotImplementedError(
        "AbsTransform has no slope: two numbers have one absolute value, and the density counts both. "
        "FoldedDistribution does, but not within other transforms"
    )


MAPS[transforms.AbsTransform] = Maps(lambda step, x: step(x), _two_to_one, _two_to_one)


# ---- with parameters ---------------------------------------------------------------------------------------


def _triangle(step: Any) -> Any:
    """What is above it belongs to nothing."""
    return transforms.LowerCholeskyAffine(step.loc, jnp.tril(step.scale_tril))


def _solved(step: Any, y: Any) -> Any:
    """One triangle may be that of many values, and one value that of many triangles."""
    factor, off = jnp.tril(step.scale_tril), y - step.loc
    batch = jnp.broadcast_shapes(factor.shape[:-2], off.shape[:-1])
    factor, off = (
        jnp.broadcast_to(factor, (*batch, *factor.shape[-2:])),
        jnp.broadcast_to(off, (*batch, off.shape[-1])),
    )
    return solve_triangular(factor, off[..., None], lower=True)[..., 0]


MAPS[transforms.LowerCholeskyAffine] = Maps(
    lambda step, x: _triangle(step)(x),
    lambda step, x, y: _triangle(step).log_abs_det_jacobian(x, y),
    _solved,
)


MAPS[transforms.PowerTransform] = Maps(
    lambda step, x: step(x),
    lambda step, x, y: jnp.log(jnp.abs(step.exponent)) + (step.exponent - 1.0) * jnp.log(x),
    lambda step, y: step.inv(y),
)


def _log_softplus(x: Any) -> Any:
    """log log (1 + exp x), which is x where exp x is next to nothing."""
    is_small = x < -30.0
    large: Any = jnp.where(is_small, 0.0, x)
    return jnp.where(is_small, x, jnp.log(jax.nn.softplus(large)))


def _log_slope_of_scaled(x: Any) -> Any:
    """Each row has a factor of its own, softplus x, in all its entries."""
    n = round(math.sqrt(2 * x.shape[-1] + 0.25) - 0.5)
    last = x[..., -n:]
    return jnp.sum(jnp.arange(n) * _log_softplus(last) - jax.nn.softplus(-last), axis=-1)


MAPS[transforms.ScaledUnitLowerCholeskyTransform] = Maps(
    lambda step, x: step(x),
    lambda step, x, y: _log_slope_of_scaled(x),
    lambda step, y: step.inv(y),
)


# ---- (0, 1) and simplices ----------------------------------------------------------------------------------


def _log_slope_of_sigmoid(x: Any) -> Any:
    return -jax.nn.softplus(x) - jax.nn.softplus(-x)


def _where_told(is_lost: Any, x: Any) -> Any:
    """NaN elsewhere, by a factor: so are derivatives."""
    return x * jnp.where(is_lost, jnp.nan, 1.0)


def _logit(y: Any) -> Any:
    left: Any = 1.0 - y
    is_lost = left < LOST * jnp.finfo(jnp.result_type(y, float)).eps
    safe: Any = jnp.where(is_lost, 1.0, left)
    return _where_told(is_lost, jnp.log(y) - jnp.log(safe))


MAPS[transforms.SigmoidTransform] = Maps(
    lambda step, x: jax.nn.sigmoid(x),
    lambda step, x, y: _log_slope_of_sigmoid(x),
    lambda step, y: _logit(y),
)


def _balanced(x: Any) -> Any:
    """Numbers that break a stick into equal parts where they are 0."""
    return x - jnp.log(x.shape[-1] - jnp.arange(x.shape[-1]))


def _log_sticks(x: Any) -> Any:
    """log of the parts of a stick, and of what is left before each."""
    x = _balanced(x)
    left = -jnp.cumsum(jax.nn.softplus(x), axis=-1)
    before = _shifted(left)
    return jnp.concatenate([before - jax.nn.softplus(-x), left[..., -1:]], axis=-1)


def _shifted(x: Any, first: float = 0.0) -> Any:
    """What stood before each entry; for the first one the given number."""
    return jnp.concatenate([jnp.full_like(x[..., :1], first), x[..., :-1]], axis=-1)


def _tails(y: Any) -> Any:
    """What comes after each entry, added up from the end: nothing is lost, however small."""
    return jnp.flip(jnp.cumsum(jnp.flip(y, -1), axis=-1), -1)[..., 1:]


def _log_slope_of_sticks(x: Any) -> Any:
    x = _balanced(x)
    left = _shifted(-jnp.cumsum(jax.nn.softplus(x), axis=-1))
    return jnp.sum(left + _log_slope_of_sigmoid(x), axis=-1)


def _unbroken(y: Any) -> Any:
    return jnp.log(y[..., :-1]) - jnp.log(_tails(y)) - _balanced(jnp.zeros_like(y[..., :-1]))


MAPS[transforms.StickBreakingTransform] = Maps(
    lambda step, x: jnp.exp(_log_sticks(x)),
    lambda step, x, y: _log_slope_of_sticks(x),
    lambda step, y: _unbroken(y),
)


def _cuts(step: Any, x: Any) -> Any:
    """logit of the sums up to each entry."""
    sums = jnp.log(jnp.cumsum(x[..., :-1], axis=-1)) - jnp.log(_tails(x))
    return sums + jnp.asarray(step.anchor_point)[..., None]


def _between_cuts(step: Any, y: Any) -> Any:
    """σ(b) − σ(a) = σ(b) σ(−a) (1 − exp(a − b)), from −∞ to ∞."""
    y = y - jnp.asarray(step.anchor_point)[..., None]
    end = jnp.full_like(y[..., :1], jnp.inf)
    low, high = jnp.concatenate([-end, y], axis=-1), jnp.concatenate([y, end], axis=-1)
    return jax.nn.sigmoid(high) * jax.nn.sigmoid(-low) * -jnp.expm1(low - high)


def _log_slope_of_cuts(step: Any, y: Any) -> Any:
    return -jnp.sum(_log_slope_of_sigmoid(y - jnp.asarray(step.anchor_point)[..., None]), axis=-1)


MAPS[transforms.SimplexToOrderedTransform] = Maps(
    _cuts, lambda step, x, y: _log_slope_of_cuts(step, y), _between_cuts
)


# ---- by hyperbolic tangents --------------------------------------------------------------------------------


def _log_left(x: Any) -> Any:
    """log (1 − tanh |x|)."""
    return jnp.log(2.0) - 2.0 * jnp.abs(x) - jax.nn.softplus(-2.0 * jnp.abs(x))


def _log_slope_of_tanh(x: Any) -> Any:
    return 2.0 * math.log(2.0) - jax.nn.softplus(2.0 * x) - jax.nn.softplus(-2.0 * x)


def _into_ball(x: Any) -> Any:
    left = jnp.exp(_shifted(jnp.cumsum(_log_left(x), axis=-1)))
    return jnp.tanh(x) * left


def _log_slope_of_ball(x: Any) -> Any:
    left = _shifted(jnp.cumsum(_log_left(x), axis=-1))
    return jnp.sum(left + _log_slope_of_tanh(x), axis=-1)


def _out_of_ball(y: Any) -> Any:
    """atanh of each entry in what those before have left."""
    lost = LOST * jnp.finfo(jnp.result_type(y, float)).eps
    before = 1.0 - _shifted(jnp.cumsum(jnp.abs(y), axis=-1))
    after = 1.0 - jnp.cumsum(jnp.abs(y), axis=-1)
    safe = jnp.where(after < lost, 1.0, after)
    x = 0.5 * jnp.sign(y) * (jnp.log(before + jnp.abs(y)) - jnp.log(safe))
    return _where_told(after < lost, x)


MAPS[transforms.L1BallTransform] = Maps(
    lambda step, x: _into_ball(x),
    lambda step, x, y: _log_slope_of_ball(x),
    lambda step, y: _out_of_ball(y),
)


def _factor(x: Any) -> Any:
    """Rows of length 1: tanh of each entry, times the length that those before in its row have left."""
    rows = vec_to_tril_matrix(x, diagonal=-1)
    left = jnp.exp(_shifted(jnp.cumsum(0.5 * _log_slope_of_tanh(rows), axis=-1)))
    return (jnp.tanh(rows) + jnp.eye(rows.shape[-1], dtype=x.dtype)) * left


def _log_slope_of_factor(x: Any) -> Any:
    rows = vec_to_tril_matrix(x, diagonal=-1)
    left = _shifted(jnp.cumsum(0.5 * _log_slope_of_tanh(rows), axis=-1))
    return jnp.sum(matrix_to_tril_vec(left + _log_slope_of_tanh(rows), diagonal=-1), axis=-1)


def _out_of_factor(y: Any) -> Any:
    after = jnp.concatenate([_tails(y * y), jnp.ones_like(y[..., :1])], axis=-1)
    is_lost = after <= 0.0
    x = jnp.arcsinh(y / jnp.sqrt(jnp.where(is_lost, 1.0, after)))
    return matrix_to_tril_vec(_where_told(is_lost, x), diagonal=-1)


MAPS[transforms.CorrCholeskyTransform] = Maps(
    lambda step, x: _factor(x),
    lambda step, x, y: _log_slope_of_factor(x),
    lambda step, y: _out_of_factor(y),
)
