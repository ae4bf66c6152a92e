"""The spaces that parameters live in, each with a chart: its points as unconstrained vectors, and back.

``from_chart`` takes the array namespace to compute in (NumPy by default), so that the same formula serves
plain models and models that are differentiated. Coordinates are kept where the map back is still finite.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jensen.basics.arrays import Array

Shape = tuple[int, ...]

LOGIT_BOUND = 30.0
"""Logits and log-ratios stay within ±30: probabilities within 1e-13 of their bounds are at them."""
LOG_BOUND = 600.0
"""Logarithms of positive numbers stay within ±600, so that squares of such numbers are finite."""


@runtime_checkable
class Space(Protocol):
    """Where one parameter lives.

    Attributes
    ----------
    shape
        Of a value.
    size
        Number of its free coordinates.
    """

    @property
    def shape(self) -> Shape: ...
    @property
    def size(self) -> int: ...

    def to_chart(self, value: ArrayLike) -> Array:
        """The coordinates (size,) of a value; those beyond a bound are set to the bound."""
        ...

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        """The value at coordinates (size,)."""
        ...

    def violation(self, value: Array) -> str | None:
        """What keeps a finite value of the right shape out of the space; None where it is inside."""
        ...

    def random(self, rng: np.random.Generator) -> Array:
        """A random value, for starts."""
        ...


@cache
def lower_indices(d: int, diagonal: int = 0) -> tuple[NDArray[np.intp], ...]:
    """Rows and columns of the entries of a (d, d) lower triangle."""
    return np.tril_indices(d, diagonal)


def _as_shape(shape: int | Shape) -> Shape:
    found = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if any(not isinstance(n, (int, np.integer)) or n < 1 for n in found):
        raise ValueError(f"a shape is a positive integer or a tuple of them, not {shape!r}")
    return tuple(int(n) for n in found)


@dataclass(frozen=True, slots=True)
class _Elementwise:
    """Every entry on its own: the chart is a function of one number."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _as_shape(self.shape))  # pyright: ignore[reportAttributeAccessIssue]

    @abstractmethod
    def _value(self, u: Any, xp: Any) -> Any:
        """Of coordinates in the shape of the value."""

    @abstractmethod
    def _coordinate(self, value: Array) -> Array:
        """And back."""

    @property
    def size(self) -> int:
        return prod(self.shape)  # pyright: ignore[reportAttributeAccessIssue] -- a field of the space itself

    def to_chart(self, value: ArrayLike) -> Array:
        return self._coordinate(np.asarray(value, dtype=float)).ravel()

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        return self._value(xp.reshape(u, self.shape), xp)  # pyright: ignore[reportAttributeAccessIssue]


@dataclass(frozen=True, slots=True)
class Real(_Elementwise):
    """Any real numbers.

    Parameters
    ----------
    shape
        Of the parameter; () is one number.
    start
        (low, high): random starts are uniform between them; by default they are standard normal.

    Examples
    --------
    >>> import jensen
    >>> jensen.Real((3, 2)).size
    6
    """

    shape: Any = ()
    start: tuple[float, float] | None = None

    def _value(self, u: Any, xp: Any) -> Any:
        return u

    def _coordinate(self, value: Array) -> Array:
        return value

    def violation(self, value: Array) -> str | None:
        return None

    def random(self, rng: np.random.Generator) -> Array:
        return _uniform(self.start, self.shape, rng, rng.standard_normal)


@dataclass(frozen=True, slots=True)
class Positive(_Elementwise):
    """Positive numbers; the chart is the logarithm.

    Parameters
    ----------
    shape
        Of the parameter; () is one number.
    start
        (low, high): random starts are uniform between them; by default they are log-normal, about 1.
    """

    shape: Any = ()
    start: tuple[float, float] | None = None

    def _value(self, u: Any, xp: Any) -> Any:
        return xp.exp(xp.clip(u, -LOG_BOUND, LOG_BOUND))

    def _coordinate(self, value: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.clip(np.log(value), -LOG_BOUND, LOG_BOUND)

    def violation(self, value: Array) -> str | None:
        return None if (value > 0).all() else f"{value.min():.6g} is not positive"

    def random(self, rng: np.random.Generator) -> Array:
        return _uniform(self.start, self.shape, rng, lambda shape: rng.lognormal(size=shape))


@dataclass(frozen=True, slots=True)
class Interval(_Elementwise):
    """Numbers between two bounds; the chart is the logit.

    Parameters
    ----------
    low, high
        The bounds.
    shape
        Of the parameter; () is one number.
    """

    low: float = 0.0
    high: float = 1.0
    shape: Any = ()

    def __post_init__(self) -> None:
        _Elementwise.__post_init__(self)
        if not (np.isfinite([self.low, self.high]).all() and self.low < self.high):
            raise ValueError(f"an interval needs finite bounds, low < high, not ({self.low}, {self.high})")

    def _value(self, u: Any, xp: Any) -> Any:
        return self.low + (self.high - self.low) / (1.0 + xp.exp(-xp.clip(u, -LOGIT_BOUND, LOGIT_BOUND)))

    def _coordinate(self, value: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.clip(np.log(value - self.low) - np.log(self.high - value), -LOGIT_BOUND, LOGIT_BOUND)

    def violation(self, value: Array) -> str | None:
        outside = value[(value < self.low) | (value > self.high)]
        return f"{outside[0]:.6g} is not between {self.low:g} and {self.high:g}" if outside.size else None

    def random(self, rng: np.random.Generator) -> Array:
        return rng.uniform(self.low, self.high, self.shape)


@dataclass(frozen=True, slots=True)
class Simplex:
    """Non-negative numbers that add up to 1 along the last axis; the chart is the log-ratios to the last one.

    Parameters
    ----------
    shape
        Of the parameter: k, or (…, k) for many of them.
    """

    shape: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", _as_shape(self.shape))
        if not self.shape:
            raise ValueError("a simplex needs a shape: the number of its entries")

    @property
    def size(self) -> int:
        return prod(self.shape[:-1]) * (self.shape[-1] - 1)

    def to_chart(self, value: ArrayLike) -> Array:
        value = np.asarray(value, dtype=float)
        with np.errstate(divide="ignore"):
            logs = np.log(value)
        ratios = np.maximum(logs[..., :-1], -LOGIT_BOUND) - np.maximum(logs[..., -1:], -LOGIT_BOUND)
        return ratios.ravel()

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        ratios = xp.reshape(u, (*self.shape[:-1], self.shape[-1] - 1))
        logits = xp.concatenate([ratios, xp.zeros((*self.shape[:-1], 1))], axis=-1)
        logits = logits - xp.max(logits, axis=-1, keepdims=True)
        # No clip from above: at ties with the largest it would halve the derivative.
        raised = xp.exp(xp.maximum(logits, -LOGIT_BOUND))
        return raised / xp.sum(raised, axis=-1, keepdims=True)

    def violation(self, value: Array) -> str | None:
        if (value < 0).any():
            return f"{value.min():.6g} is negative"
        total = value.sum(axis=-1)
        worst = total.flat[np.argmax(np.abs(total - 1))]
        return None if abs(worst - 1) < 1e-6 else f"they add up to {worst:.9g}, not 1"

    def random(self, rng: np.random.Generator) -> Array:
        return rng.dirichlet(np.ones(self.shape[-1]), size=self.shape[:-1])


@dataclass(frozen=True, slots=True)
class Covariance:
    """Symmetric positive definite matrices; the chart is the Cholesky factor, its diagonal in logarithms.

    Parameters
    ----------
    dim
        d, for one (d, d) matrix; (k, d) for k of them, (k, d, d).
    scale
        Random starts are about ``scale²`` times the identity.
    """

    dim: Any
    scale: float = 1.0
    shape: Shape = field(init=False)

    def __post_init__(self) -> None:
        dim = _as_shape(self.dim)
        object.__setattr__(self, "shape", (*dim, dim[-1]))

    @property
    def size(self) -> int:
        d = self.shape[-1]
        return prod(self.shape[:-2]) * (d * (d + 1) // 2)

    def to_chart(self, value: ArrayLike) -> Array:
        factor = np.linalg.cholesky(np.asarray(value, dtype=float))
        d = self.shape[-1]
        diagonal = np.arange(d)
        factor[..., diagonal, diagonal] = np.log(factor[..., diagonal, diagonal])
        return factor[(..., *lower_indices(d))].ravel()

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        factor = self.factor(u, xp)
        return factor @ xp.swapaxes(factor, -1, -2)

    def factor(self, u: Any, xp: Any = np) -> Any:
        """The lower Cholesky factor at coordinates (size,)."""
        lower = _lower(xp.reshape(u, (*self.shape[:-2], -1)), self.shape[-1], xp)
        return xp.where(
            np.eye(self.shape[-1], dtype=bool), xp.exp(xp.clip(lower, -LOG_BOUND / 2, LOG_BOUND / 2)), lower
        )

    def violation(self, value: Array) -> str | None:
        if not np.allclose(value, np.swapaxes(value, -1, -2), rtol=1e-8, atol=0.0):
            return "it is not symmetric"
        smallest = np.linalg.eigvalsh(value).min()
        return None if smallest > 0 else f"its smallest eigenvalue is {smallest:.6g}, not positive"

    def random(self, rng: np.random.Generator) -> Array:
        d = self.shape[-1]
        factor = rng.standard_normal((*self.shape[:-1], 2 * d))
        return self.scale**2 * factor @ np.swapaxes(factor, -1, -2) / (2 * d)


@dataclass(frozen=True, slots=True)
class Correlation:
    """Correlation matrices.

    The chart is the entries of the Cholesky factor below its diagonal, each row divided by its diagonal
    entry.

    Parameters
    ----------
    dim
        d, for one (d, d) matrix; (k, d) for k of them, (k, d, d).
    """

    dim: Any
    shape: Shape = field(init=False)

    def __post_init__(self) -> None:
        dim = _as_shape(self.dim)
        object.__setattr__(self, "shape", (*dim, dim[-1]))

    @property
    def size(self) -> int:
        d = self.shape[-1]
        return prod(self.shape[:-2]) * (d * (d - 1) // 2)

    def to_chart(self, value: ArrayLike) -> Array:
        factor = np.linalg.cholesky(np.asarray(value, dtype=float))
        d = self.shape[-1]
        factor = factor / np.diagonal(factor, axis1=-2, axis2=-1)[..., None]
        return factor[(..., *lower_indices(d, -1))].ravel()

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        d = self.shape[-1]
        lower = _lower(xp.reshape(u, (*self.shape[:-2], -1)), d, xp, -1) + np.eye(d)
        rows = lower / xp.sqrt(xp.sum(lower**2, axis=-1, keepdims=True))
        return rows @ xp.swapaxes(rows, -1, -2)

    def violation(self, value: Array) -> str | None:
        if not np.allclose(np.diagonal(value, axis1=-2, axis2=-1), 1.0, rtol=1e-8):
            return "its diagonal is not 1"
        return Covariance.violation(self, value)  # pyright: ignore[reportArgumentType] -- needs the value alone

    def random(self, rng: np.random.Generator) -> Array:
        return self.from_chart(0.3 * rng.standard_normal(self.size))


def _lower(entries: Any, d: int, xp: Any, diagonal: int = 0) -> Any:
    """(…, d, d) lower triangular matrices from their entries, row by row."""
    rows, columns = lower_indices(d, diagonal)
    place = np.zeros((d, d), dtype=int)
    place[rows, columns] = np.arange(len(rows))
    inside = np.tri(d, k=diagonal, dtype=bool)
    if not len(rows):
        return xp.zeros((*entries.shape[:-1], d, d))
    return xp.where(inside, entries[..., place], 0.0)


def _uniform(
    start: tuple[float, float] | None, shape: Shape, rng: np.random.Generator, default: Any
) -> Array:
    return np.asarray(default(shape) if start is None else rng.uniform(*start, shape))
