"""The von Mises–Fisher distribution on a sphere."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
from numpyro.distributions import constraints

from jensen.basics.errors import ModelError
from jensen.gradients.distributions.implicit import angles


class VonMisesFisher(dist.Distribution):
    """Unit vectors x in d ≥ 2 dimensions, of density ∝ exp(κ μ·x).

    Parameters
    ----------
    mean_direction
        μ, (…, d); its length does not matter.
    concentration
        κ > 0, (…).

    Notes
    -----
    The angle to μ is drawn by rejection (Wood, 1994), in three dimensions by its quantile, and moves with κ
    at a fixed value of its distribution function; the direction around μ is uniform.

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> from jensen.gradients import VonMisesFisher
    >>> x = VonMisesFisher(jnp.array([0.0, 0.0, 1.0]), 5.0).sample(jax.random.key(0))
    >>> bool(abs(jnp.linalg.norm(x) - 1) < 1e-6)
    True
    """

    arg_constraints: ClassVar[Any] = {
        "mean_direction": constraints.real_vector,
        "concentration": constraints.positive,
    }
    support: ClassVar[Any] = constraints.sphere
    reparametrized_params: ClassVar[Any] = ["mean_direction", "concentration"]

    def __init__(self, mean_direction: Any, concentration: Any, *, validate_args: bool | None = None) -> None:
        if jnp.ndim(mean_direction) < 1 or jnp.shape(mean_direction)[-1] < 2:
            raise ModelError(
                f"mean_direction must have two coordinates or more, not the shape {jnp.shape(mean_direction)}"
            )
        batch = jnp.broadcast_shapes(jnp.shape(mean_direction)[:-1], jnp.shape(concentration))
        self.mean_direction = mean_direction
        self.concentration = concentration
        super().__init__(batch, jnp.shape(mean_direction)[-1:], validate_args=validate_args)

    @property
    def _power(self) -> int:
        return self.event_shape[0] - 2

    def sample(self, key: Any, sample_shape: tuple[int, ...] = ()) -> Any:
        """Draws, which move with both parameters."""
        of_angle, around = jax.random.split(key)
        shape = (*sample_shape, *self.batch_shape)
        concentration = jnp.broadcast_to(jnp.asarray(self.concentration, jnp.result_type(float)), shape)
        drawn = _cosine(of_angle, jax.lax.stop_gradient(concentration), self._power + 2)
        angle = angles.follow(concentration, jnp.arccos(drawn), self._power)[..., None]
        pole = _unit(jnp.asarray(self.mean_direction, concentration.dtype))
        free = jax.random.normal(around, (*shape, *self.event_shape), concentration.dtype)
        side = _unit(free - jnp.sum(free * pole, axis=-1, keepdims=True) * pole)
        return jnp.cos(angle) * pole + jnp.sin(angle) * side

    def log_prob(self, value: Any, intermediates: Any = None) -> Any:
        """log density on the sphere, in the measure of its surface."""
        cosine = jnp.sum(_unit(jnp.asarray(self.mean_direction)) * value, axis=-1)
        concentration = jnp.asarray(self.concentration, jnp.result_type(float))
        half = (self._power + 1) / 2.0
        area = math.log(2.0) + half * math.log(math.pi) - math.lgamma(half)
        return concentration * cosine - area - angles.log_normalizer(concentration, self._power)

    @property
    def mean(self) -> Any:
        """E x."""
        concentration = jnp.asarray(self.concentration, jnp.result_type(float))
        return angles.mean_cosine(concentration, self._power)[..., None] * _unit(
            jnp.asarray(self.mean_direction)
        )


def _unit(x: Any) -> Any:
    return x / jnp.linalg.norm(x, axis=-1, keepdims=True)


def _cosine(key: Any, concentration: Any, size: int) -> Any:
    """μ·x."""
    if size == 3:
        u = jax.random.uniform(key, concentration.shape, concentration.dtype)
        drop = -jnp.log1p(-u * -jnp.expm1(-2.0 * concentration)) / concentration
        return jnp.clip(1.0 - drop, -1.0, 1.0)
    return _by_rejection(key, concentration, size)


def _by_rejection(key: Any, concentration: Any, size: int) -> Any:
    """From an envelope that is the image of a beta draw; accepted in two of three tries or more."""
    free = size - 1.0
    b = free / (2.0 * concentration + jnp.sqrt(4.0 * concentration**2 + free**2))
    x0 = (1.0 - b) / (1.0 + b)
    c = concentration * x0 + free * jnp.log1p(-(x0**2))

    def go_on(state: Any) -> Any:
        return ~jnp.all(state[1])

    def again(state: Any) -> Any:
        key, done, kept = state
        key, of_beta, of_uniform = jax.random.split(key, 3)
        z = jax.random.beta(of_beta, free / 2.0, free / 2.0, concentration.shape, concentration.dtype)
        w = (1.0 - (1.0 + b) * z) / (1.0 - (1.0 - b) * z)
        threshold = jnp.log(jax.random.uniform(of_uniform, concentration.shape, concentration.dtype))
        is_accepted = concentration * w + free * jnp.log1p(-x0 * w) - c >= threshold
        return key, done | is_accepted, jnp.where(done, kept, w)

    done = jnp.zeros(concentration.shape, bool)
    return jax.lax.while_loop(go_on, again, (key, done, jnp.zeros_like(concentration)))[2]
