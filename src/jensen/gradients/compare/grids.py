"""Points to integrate over a variable with: all values of a finite support, or a grid where the mass is."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.core import Tracer
from numpyro.distributions import constraints

from jensen.gradients.distributions.validity.bounds import ends
from jensen.gradients.distributions.wrappers import unwrapped
from jensen.gradients.estimators.exact import joint_values, possible_values
from jensen.gradients.estimators.support import finite_support
from jensen.gradients.sampling import fixed

FAR = 30.0  # of s in t = sinh s
SEEN = 255  # draws by which the middle of a distribution is told, and its spread
FARTHEST = {jnp.dtype("float64"): 700.0, jnp.dtype("float32"): 85.0}  # of t where x is an exponential of it
REACH = 15.0  # spreads, or powers of e, from the middle: what is beyond is far out


class Grid(NamedTuple):
    """Of one variable.

    Attributes
    ----------
    values
        (points, ...).
    widths
        What each point stands for by three rules, (points, 3): all points, every second one, those that are
        not far out. Of a finite support these are the probabilities, and there is no density to be taken.
    is_finite
        Whether it is of one.
    """

    values: Any
    widths: Any
    is_finite: bool


def is_finite(distribution: Any) -> bool:
    """Whether it has so few values that they are summed."""
    return finite_support(unwrapped(distribution)) is not None


def has_grid(distribution: Any) -> bool:
    """Whether there is one."""
    if is_finite(distribution):
        return True
    if distribution.batch_shape or distribution.event_shape:
        return False
    if distribution.is_discrete:
        return ends(distribution.support)[0] is not None
    return _kind(distribution) is not None


def count(distribution: Any, num: int) -> int:
    """How many points it has, if one without a finite support has ``num``."""
    finite = finite_support(unwrapped(distribution))
    return num if finite is None else finite.nodes.shape[0] ** prod(finite.nodes.shape[1:])


def is_wide(distribution: Any, num: int) -> bool:
    """Whether a count varies more than so many points tell; where it is not to be seen, no."""
    if is_finite(distribution) or not distribution.is_discrete:
        return False
    seen = fixed(distribution).sample(jax.random.key(0), (SEEN,))
    return not isinstance(seen, Tracer) and bool(jnp.max(seen) - jnp.min(seen) > num / 4)


def grid(distribution: Any, num: int, s: Any = None) -> Grid:
    """Points that move with the support, and with nothing else; ``s``, in [−1, 1], puts them elsewhere."""
    finite = finite_support(unwrapped(distribution))
    if finite is not None:
        values, probabilities = joint_values(finite)
        values = possible_values(values, probabilities, distribution)
        return Grid(values, jnp.repeat(probabilities[:, None], 3, axis=1), True)
    return _counts(distribution, num) if distribution.is_discrete else _real(distribution, num, s)


def _counts(distribution: Any, num: int) -> Grid:
    """Whole numbers on both sides of the middle, from the least one on."""
    seen = fixed(distribution).sample(jax.random.key(0), (SEEN,))
    middle, low = jnp.mean(seen).astype(int), distribution.support.lower_bound
    first = jnp.maximum(low, middle - num // 2)
    values = jax.lax.stop_gradient(first) + jnp.arange(num)
    near = jnp.abs(values - middle) <= num // 4
    return Grid(values, jnp.stack([jnp.ones_like(near), near, near], 1) * 1.0, False)


def _real(distribution: Any, num: int, s: Any) -> Grid:
    """x(t), with t = middle + spread · sinh(s): close together in the middle, and far out very far."""
    kind = _kind(distribution)
    assert kind is not None
    start, end, there, _, farthest = kind
    middle, spread = jax.lax.stop_gradient(_middle(distribution, kind))
    most = jnp.minimum(FAR, jnp.arcsinh(farthest / spread))
    at = (jnp.linspace(-1.0, 1.0, num) if s is None else s) * most
    t = middle + spread * jnp.sinh(at)
    x, slope = jax.vmap(jax.value_and_grad(there))(t)
    wide, rough = _trapezoids(at), _trapezoids(at[::2])
    slope = jnp.abs(slope) * spread * jnp.cosh(at)  # t may lead downwards
    half = jnp.zeros_like(wide).at[::2].set(rough)
    near = _is_near(at, t, middle, spread, start, end)
    return Grid(x, jnp.stack([wide, half, wide * near], axis=1) * slope[:, None], False)


def _trapezoids(at: Any) -> Any:
    """The weights of the trapezoidal rule at any points."""
    gaps = jnp.diff(at) / 2.0
    return jnp.concatenate([gaps[:1], gaps[1:] + gaps[:-1], gaps[-1:]])


def _is_near(at: Any, t: Any, middle: Any, spread: Any, start: Any, end: Any) -> Any:
    """Whether a point is not far out; there is no such thing where a support ends."""
    if start is None and end is None:
        return jnp.abs(at) < FAR / 2
    reach = REACH * jnp.maximum(1.0, spread)
    if start is not None and end is not None:
        return jnp.ones_like(at, bool)
    return t - middle < reach


class _Kind(NamedTuple):
    """Of a support: its ends, x(t) for t from −∞ to ∞, t(x), and how far t may go."""

    start: Any
    end: Any
    there: Callable[[Any], Any]
    back: Callable[[Any], Any]
    farthest: float


def _kind(distribution: Any) -> _Kind | None:
    support = distribution.support
    low, high = ends(support)
    farthest = FARTHEST[jnp.dtype(jnp.result_type(float))]
    if isinstance(support, type(constraints.real)):
        return _Kind(None, None, lambda t: t, lambda x: x, math.inf)
    if low is not None and high is not None:
        width = high - low
        return _Kind(
            low,
            high,
            lambda t: low + width * jax.nn.sigmoid(t),
            lambda x: jnp.log(x - low) - jnp.log(high - x),
            farthest,
        )
    if low is not None:
        return _Kind(low, None, lambda t: low + jnp.exp(t), lambda x: jnp.log(x - low), farthest)
    if high is not None:
        return _Kind(None, high, lambda t: high - jnp.exp(t), lambda x: jnp.log(high - x), farthest)
    return None


def _middle(distribution: Any, kind: _Kind) -> tuple[Any, Any]:
    """Of t, and how far draws are from it: as given, or by some of them."""
    given = vars(distribution)
    if kind.start is None and kind.end is None and {"loc", "scale"} <= {*given}:
        return given["loc"], given["scale"]
    seen: Any = kind.back(fixed(distribution).sample(jax.random.key(0), (SEEN,)))
    is_seen = jnp.isfinite(seen)
    num = jnp.maximum(jnp.sum(is_seen), 1)
    middle = jnp.sum(seen, where=is_seen) / num
    spread = jnp.sum(jnp.abs(seen - middle), where=is_seen) / num
    return middle, jnp.where(spread > 0.0, spread, 1.0)
