"""How the randomness of the draws is arranged."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import jax
import jax.numpy as jnp

from jensen.basics.errors import ModelError, ModelTypeError
from jensen.gradients.distributions.noise import uniform
from jensen.gradients.labels import Labelled
from jensen.gradients.randomness.sobol import scrambled
from jensen.gradients.site import Layout

MOST = 10**8  # draws, which are all made at once


@runtime_checkable
class Draws(Protocol):
    """An arrangement of draws.

    One draw by itself is uniform, whatever it is coupled with: no coupling biases an estimator that looks at
    one draw at a time. Those that look at others (`LeaveOneOut`) leave out all that a draw is coupled with.
    """

    @property
    def layout(self) -> Layout:
        """How many, and which are coupled."""
        ...

    def uniforms(self, key: Any, size: int) -> Any:
        """(batches, coupled, size) numbers in (0, 1), each uniform by itself; None for draws by key."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Independent(Labelled):
    """``num`` independent draws."""

    says_all: ClassVar[bool] = True
    num: int = 64

    def __post_init__(self) -> None:
        _require_positive(self.num, "num")

    @property
    def layout(self) -> Layout:
        return Layout(self.num, 1)

    def uniforms(self, key: Any, size: int) -> Any:
        return None


@dataclass(frozen=True, slots=True, repr=False)
class Antithetic(Labelled):
    """``num`` draws in pairs: the second of a pair has the randomness of the first, mirrored."""

    says_all: ClassVar[bool] = True
    num: int = 64

    def __post_init__(self) -> None:
        _require_positive(self.num, "num")
        if self.num % 2:
            raise ModelError(f"antithetic draws come in pairs: num must be even, not {self.num}")

    @property
    def layout(self) -> Layout:
        return Layout(self.num // 2, 2)

    def uniforms(self, key: Any, size: int) -> Any:
        first = uniform(key, (self.num // 2, 1, size))
        return jnp.concatenate([first, 1.0 - first], axis=1)


@dataclass(frozen=True, slots=True, repr=False)
class Stratified(Labelled):
    """``num`` draws with one in each of ``num`` strata of every coordinate: a Latin hypercube.

    Parameters
    ----------
    num
        Of draws in a batch.
    num_batches
        Of independent batches.
    """

    says_all: ClassVar[bool] = True
    num: int = 64
    num_batches: int = 1

    def __post_init__(self) -> None:
        _require_positive(self.num, "num")
        _require_positive(self.num_batches, "num_batches")

    @property
    def layout(self) -> Layout:
        return Layout(self.num_batches, self.num)

    def uniforms(self, key: Any, size: int) -> Any:
        order, within = jax.random.split(key)
        strata = jnp.broadcast_to(jnp.arange(self.num)[None, :, None], (self.num_batches, self.num, size))
        shuffled = jax.random.permutation(order, strata, axis=1, independent=True)
        return _inside((shuffled + uniform(within, shuffled.shape)) / self.num)


@dataclass(frozen=True, slots=True, repr=False)
class Sobol(Labelled):
    """Scrambled Sobol points, jointly over all entries of all variables.

    Parameters
    ----------
    num
        Of points in a batch; a power of 2.
    num_batches
        Of batches, which are scrambled independently.
    """

    says_all: ClassVar[bool] = True
    num: int = 64
    num_batches: int = 1

    def __post_init__(self) -> None:
        _require_positive(self.num, "num")
        _require_positive(self.num_batches, "num_batches")
        if self.num & (self.num - 1):
            raise ModelError(f"the number of Sobol points must be a power of 2, not {self.num}")

    @property
    def layout(self) -> Layout:
        return Layout(self.num_batches, self.num)

    def uniforms(self, key: Any, size: int) -> Any:
        return _inside(scrambled(key, self.num_batches, self.num, size))


def as_draws(draws: Any) -> Draws:
    """Draws as given; a number of independent ones; 64 of them where nothing is said."""
    if draws is None:
        return Independent()
    if isinstance(draws, numbers.Integral):
        return Independent(int(draws))
    if isinstance(draws, type) or not isinstance(draws, Draws):
        raise ModelTypeError(
            f"draws must be a number or an arrangement such as Independent(64), not {draws!r}"
        )
    return draws


def _inside(u: Any) -> Any:
    """Rounding leaves both ends out."""
    tiny = jnp.finfo(u.dtype).eps / 2
    return jnp.clip(u, tiny, 1.0 - tiny)


def _require_positive(num: int, name: str) -> None:
    if not isinstance(num, numbers.Integral) or isinstance(num, bool):
        raise ModelTypeError(f"{name} must be an integer, not {num!r}")
    if not 1 <= num <= MOST:
        raise ModelError(f"{name} must be from 1 to {MOST}, not {num}")
