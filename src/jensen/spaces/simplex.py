"""Probabilities: non-negative numbers that add up to 1, and rows of them with entries fixed and tied."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Array, Labels
from jensen.basics.errors import ModelError
from jensen.spaces.cells import FIXED, Cells, Imposed, refuse_outside
from jensen.spaces.interval import Interval
from jensen.spaces.links import Link, Logit
from jensen.spaces.real import Real
from jensen.spaces.space import LOGIT_BOUND, LocalPart, Shape, Space, as_shape

FULL = 1e-8  # how far fixed weights may be from adding up to 1, as for any simplex


@dataclass(frozen=True, slots=True)
class Simplex(Space):
    """Non-negative numbers that add up to 1 along the last axis; the chart is the log-ratios to the last one.

    Parameters
    ----------
    shape
        Of the parameter: k, or (…, k) for many of them.
    names
        What the entries are called, one text for each along the last axis; or for each axis None, or such
        texts. By default they are numbered from 0.
    """

    cell_axes = 1
    cell_name = "row"

    shape: Any
    names: Any = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", as_shape(self.shape))
        if not self.shape:
            raise ModelError("a simplex needs a shape: the number of its entries")
        _ = self.axes  # refuses names that do not fit

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

    def slopes(self, u: Array) -> Array:
        """∂w_i/∂u_j = w_i (δ_ij − w_j), one row of the simplex after the other."""
        k = self.shape[-1]
        rows = self.from_chart(u).reshape(-1, k)
        found = np.zeros((len(rows), k, len(rows), k - 1))
        for i, w in enumerate(rows):
            found[i, :, i, :] = (np.diag(w) - np.outer(w, w))[:, :-1]
        return found.reshape(len(rows) * k, len(rows) * (k - 1))

    def links(self) -> list[Link]:
        return [Logit()] * prod(self.shape)

    def dependence(self, offset: int) -> Labels:
        k = self.shape[-1]
        return offset // k * (k - 1) + np.arange(k - 1)

    def local(self, values: Array, unit: Array) -> LocalPart:
        """log(w_j / w_m) with the largest entry m instead of the last one: u_j = v_j − v_last."""
        k = self.shape[-1]
        if k == 1:
            return LocalPart(np.zeros((0, 0)), np.zeros(0, int), np.zeros(0, int), unit)
        rows, units = values.reshape(-1, k), unit.reshape(-1, k - 1)
        basis, entry, found = np.zeros((self.size, self.size)), [], []
        for i, row in enumerate(rows):
            others = np.delete(np.arange(k), np.argmax(row))
            part = slice(i * (k - 1), (i + 1) * (k - 1))
            basis[part, part] = np.eye(k)[:-1, others] - np.eye(k)[-1, others]
            entry.extend(i * k + others)
            found.extend(_units(row, units[i])[others])
        return LocalPart(basis, np.full(self.size, -1), np.array(entry, int), np.array(found, float))

    def widest(self) -> Array:
        return np.ones(self.size)

    def restrict_inside(self, value: Array, labels: Labels, by_cell: bool) -> Shares | None:
        refuse_outside(Interval(), value[labels == FIXED])
        if by_cell and len(self.shape) > 1:
            return None
        rows = labels.reshape(-1, self.shape[-1])
        for group in np.unique(rows[rows >= 0]):
            if (rows == group).any(axis=1).sum() > 1:
                raise ModelError(
                    "entries of different rows are tied: tie whole rows, with one number for each"
                )
        return Shares(self, value, labels)


def _units(row: Array, unit: Array) -> Array:
    """1/√(N w_j (1 − w_j)) of every entry, N from the coordinate that tells most."""
    spread = np.maximum(row * (1 - row), 1e-300)
    best = int(np.argmax(spread[:-1]))
    return np.minimum(unit[best] * np.sqrt(spread[best] / spread), 1.0)


@dataclass(frozen=True, eq=False)
class Shares(Imposed):
    """Rows of a simplex with entries fixed and tied: the free ones share what the fixed ones leave.

    Coordinates: the log-ratios of the groups of a row to its last group.

    Parameters
    ----------
    space
        The whole one.
    value
        Of its shape; what is fixed is read from it.
    labels
        Of its shape: `FIXED`, `FREE`, or the number of a group within the row.
    """

    space: Simplex  # pyright: ignore[reportIncompatibleVariableOverride] -- frozen
    value: Array
    labels: Labels

    def __post_init__(self) -> None:
        _ = self._rows  # refuses what cannot be

    @cached_property
    def _rows(self) -> list[_Row]:
        k = self.shape[-1]
        pairs = zip(self.value.reshape(-1, k), self.labels.reshape(-1, k), strict=True)
        return [_Row.of(value, labels) for value, labels in pairs]

    @cached_property
    def _ends(self) -> Labels:
        return np.cumsum([row.size for row in self._rows])

    @property
    def shape(self) -> Shape:
        return self.space.shape

    @property
    def size(self) -> int:
        return int(self._ends[-1])

    def _parts(self, u: Any) -> list[Any]:
        begins = [0, *self._ends[:-1]]
        return [u[int(b) : int(e)] for b, e in zip(begins, self._ends, strict=True)]

    def to_chart(self, value: ArrayLike) -> Array:
        whole = np.asarray(value, dtype=float).reshape(-1, self.shape[-1])
        return np.concatenate([row.to_chart(one) for row, one in zip(self._rows, whole, strict=True)])

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        rows = [row.from_chart(part, xp) for row, part in zip(self._rows, self._parts(u), strict=True)]
        return xp.reshape(xp.stack(rows), self.shape)

    def impose(self, value: ArrayLike) -> Array:
        whole = np.asarray(value, dtype=float).reshape(-1, self.shape[-1])
        return np.stack([row.impose(one) for row, one in zip(self._rows, whole, strict=True)]).reshape(
            self.shape
        )

    def pullback(self, u: Array) -> Array:
        k = self.shape[-1]
        found = np.zeros((len(self._rows), k - 1, self.size))
        begins = [0, *self._ends[:-1]]
        for i, (row, part) in enumerate(zip(self._rows, self._parts(u), strict=True)):
            found[i, :, begins[i] : self._ends[i]] = row.pullback(part)
        return found.reshape(self.space.size, self.size)

    @property
    def is_bent(self) -> bool:
        return self.size > 0

    def widest(self) -> Array:
        return np.ones(self.size)


@dataclass(frozen=True, eq=False)
class _Row:
    """One row of `Shares`: ``groups`` (k,) is −1 where fixed; ``share`` is what is left for the others."""

    value: Array
    groups: Labels
    share: float

    @classmethod
    def of(cls, value: Array, labels: Labels) -> _Row:
        groups = Cells(Real(len(labels)), value, labels).groups
        fixed = groups < 0
        total = float(value[fixed].sum())
        if fixed.all():
            if abs(total - 1) > FULL:
                raise ModelError(f"all are fixed and add up to {total:.9g}, not 1")
        elif fixed.any() and not 1 - total > FULL:
            raise ModelError(f"the fixed ones add up to {total:.9g}, which leaves nothing for the others")
        return cls(np.where(fixed, value, 0.0), groups, 1.0 - total)

    @cached_property
    def _times(self) -> Array:
        """How often each group occurs."""
        return np.bincount(self.groups[self.groups >= 0]).astype(float)

    @property
    def size(self) -> int:
        return max(len(self._times) - 1, 0)

    def _means(self, value: Array) -> Array:
        free = self.groups >= 0
        return np.bincount(self.groups[free], weights=value[free]) / self._times

    def to_chart(self, value: Array) -> Array:
        return Simplex(len(self._times)).to_chart(self._means(value)) if self.size else np.zeros(0)

    def from_chart(self, u: Any, xp: Any) -> Any:
        if not len(self._times):
            return xp.asarray(self.value)
        each = self._each(u, xp)
        return xp.where(self.groups < 0, self.value, each[np.maximum(self.groups, 0)])

    def _each(self, u: Any, xp: Any) -> Any:
        """The value of each group."""
        relative = Simplex(len(self._times)).from_chart(u, xp)
        return self.share * relative / xp.sum(self._times * relative)

    def impose(self, value: Array) -> Array:
        if not len(self._times):
            return self.value.copy()
        means = self._means(value)
        total = float(means @ self._times)
        if not total > 0:  # nothing is left to share in proportion
            means, total = np.ones_like(means), float(self._times.sum())
        each = means if total == self.share else self.share * means / total
        return np.where(self.groups < 0, self.value, each[np.maximum(self.groups, 0)])

    def pullback(self, u: Array) -> Array:
        """∂ log(w_j / w_last) / ∂u: log w is u of its group less the log of the shares' sum, or fixed."""
        if not self.size:
            return np.zeros((len(self.groups) - 1, self.size))
        fractions = (self._times * self._each(u, np) / self.share)[:-1]
        chosen = (self.groups[:, None] == np.arange(self.size)).astype(float)
        logs = np.where((self.groups >= 0)[:, None], chosen - fractions, 0.0)
        return logs[:-1] - logs[-1]
