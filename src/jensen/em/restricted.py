"""Spaces with some of their entries fixed and others equal.

A space is made of cells that vary on their own: single numbers (`Real`, `Positive`, `Interval`), whole
matrices (`Covariance`, `Correlation`), whole rows of a `Simplex`. A cell is free, fixed, or equal to others;
so the coordinates of a restricted space are some of those of the whole one. Entries of one row of a simplex
can be fixed and tied too: the free ones then share what the fixed ones leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jensen.em.links import Link, _local, _widest, links_of
from jensen.em.spaces import Correlation, Covariance, Interval, Positive, Real, Shape, Simplex, Space

Array = NDArray[np.float64]
Labels = NDArray[np.intp]

FIXED = -2
FREE = -1
FULL = 1e-8  # how far fixed weights may be from adding up to 1, as for any simplex


class Restricted(Space, Protocol):
    """A space with fewer coordinates than the one it restricts."""

    def impose(self, value: ArrayLike) -> Array:
        """The value with what is fixed as it is fixed, and what is tied at its mean."""
        ...

    def pullback(self, u: Array) -> Array:
        """∂ coordinates of the whole space / ∂ coordinates of this one, (whole size, size)."""
        ...


@dataclass(frozen=True, eq=False)
class Whole:
    """A space without restriction.

    Parameters
    ----------
    space
        Itself.
    """

    space: Space

    @property
    def shape(self) -> Shape:
        return self.space.shape

    @property
    def size(self) -> int:
        return self.space.size

    def to_chart(self, value: ArrayLike) -> Array:
        return self.space.to_chart(value)

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        return self.space.from_chart(u, xp)

    def impose(self, value: ArrayLike) -> Array:
        return np.asarray(value, dtype=float)

    def pullback(self, u: Array) -> Array:
        return np.eye(self.space.size)

    def violation(self, value: Array) -> str | None:
        return self.space.violation(value)

    def random(self, rng: np.random.Generator) -> Array:
        return self.space.random(rng)

    def __repr__(self) -> str:
        return str(self.space)


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of a space fixed and tied.

    Parameters
    ----------
    space
        The whole one.
    value
        Of its shape; what is fixed is read from it.
    labels
        One for each cell: `FIXED`, `FREE`, or the number of its group.
    """

    space: Space
    value: Array
    labels: Labels

    @cached_property
    def _groups(self) -> Labels:
        """Which of the restricted cells each cell is; −1 for fixed ones."""
        groups = np.full(len(self.labels), -1)
        seen: dict[int, int] = {}
        count = 0
        for i, label in enumerate(self.labels):
            if label == FIXED:
                continue
            if label == FREE or label not in seen:
                seen[int(label)] = count  # of FREE never read
                groups[i], count = count, count + 1
            else:
                groups[i] = seen[int(label)]
        return groups

    @cached_property
    def _first(self) -> Labels:
        """The first cell of each group; of a fixed cell itself."""
        first: dict[int, int] = {}
        return np.array(
            [i if g < 0 else first.setdefault(int(g), i) for i, g in enumerate(self._groups)], dtype=np.intp
        )

    @cached_property
    def leaders(self) -> Labels:
        """The first cell of every group, in the order of the coordinates."""
        return np.unique(self._first[self._groups >= 0])

    @property
    def shape(self) -> Shape:
        return self.space.shape

    @property
    def _per_cell(self) -> int:
        return self.space.size // len(self.labels)

    @property
    def _count(self) -> int:
        """How many of the restricted cells there are."""
        return int(self._groups.max(initial=-1)) + 1

    @property
    def size(self) -> int:
        return self._count * self._per_cell

    def _cells(self, value: Any, xp: Any = np) -> Any:
        """The value with one row for each cell."""
        return xp.reshape(value, (len(self.labels), -1))

    def to_chart(self, value: ArrayLike) -> Array:
        whole = np.asarray(self.space.to_chart(value)).reshape(len(self.labels), self._per_cell)
        return whole[self.leaders].ravel()

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        fixed = (self._groups < 0)[:, None]
        whole = xp.asarray(self._fixed_coordinates)
        if self._count:
            own = xp.reshape(u, (self._count, self._per_cell))
            whole = xp.where(fixed, whole, own[np.maximum(self._groups, 0)])
        value = self._cells(self.space.from_chart(xp.reshape(whole, (-1,)), xp), xp)[self._first]
        return xp.reshape(xp.where(fixed, self._cells(self.value), value), self.shape)

    @cached_property
    def _fixed_coordinates(self) -> Array:
        """Coordinates of the fixed cells; 0 for the others."""
        whole = np.zeros((len(self.labels), self._per_cell))
        fixed = self._groups < 0
        if fixed.any():
            filled = self._cells(self.value).copy()
            filled[~fixed] = filled[np.argmax(fixed)]
            coordinates = np.asarray(self.space.to_chart(filled.reshape(self.shape)))
            whole[fixed] = coordinates.reshape(whole.shape)[fixed]
        return whole

    def impose(self, value: ArrayLike) -> Array:
        cells = self._cells(np.asarray(value, dtype=float)).copy()
        for group in range(self._count):
            members = self._groups == group
            if members.sum() > 1:
                cells[members] = cells[members].mean(axis=0)
        fixed = self._groups < 0
        cells[fixed] = self._cells(self.value)[fixed]
        return cells.reshape(self.shape)

    def pullback(self, u: Array) -> Array:
        return self._chosen

    @cached_property
    def _chosen(self) -> Array:
        chosen = (self._groups[:, None] == np.arange(self._count)).astype(float)
        return np.kron(chosen, np.eye(self._per_cell))

    def violation(self, value: Array) -> str | None:
        return self.space.violation(value) or _broken(value, self.impose(value))

    def random(self, rng: np.random.Generator) -> Array:
        return self.impose(self.space.random(rng))

    def __repr__(self) -> str:
        return f"{self.space} with {self.size} of {self.space.size} coordinates free"


def _broken(value: Array, imposed: Array) -> str | None:
    """What a restriction says of a value, up to rounding."""
    wrong = ~np.isclose(value, imposed, rtol=1e-9, atol=0.0)
    if not wrong.any():
        return None
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    index = f"[{','.join(map(str, where))}] " if where else ""
    return f"{index}is {value[where]:.9g}, and what is fixed or tied makes it {imposed[where]:.9g}"


@dataclass(frozen=True, eq=False)
class Shares:
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

    space: Simplex
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

    def violation(self, value: Array) -> str | None:
        return self.space.violation(value) or _broken(value, self.impose(value))

    def random(self, rng: np.random.Generator) -> Array:
        return self.impose(self.space.random(rng))

    def __repr__(self) -> str:
        return f"{self.space} with {self.size} of {self.space.size} coordinates free"


@dataclass(frozen=True, eq=False)
class _Row:
    """One row of `Shares`: ``groups`` (k,) is −1 where fixed; ``share`` is what is left for the others."""

    value: Array
    groups: Labels
    share: float

    @classmethod
    def of(cls, value: Array, labels: Labels) -> _Row:
        groups = Cells(Real(len(labels)), value, labels)._groups
        fixed = groups < 0
        total = float(value[fixed].sum())
        if fixed.all():
            if abs(total - 1) > FULL:
                raise ValueError(f"all are fixed and add up to {total:.9g}, not 1")
        elif fixed.any() and not 1 - total > FULL:
            raise ValueError(f"the fixed ones add up to {total:.9g}, which leaves nothing for the others")
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


class Copy(Whole):
    """A parameter that is equal to another one, and has no coordinates of its own."""

    @property
    def size(self) -> int:
        return 0

    def to_chart(self, value: ArrayLike) -> Array:
        return np.zeros(0)

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        raise NotImplementedError("the value is that of another parameter")

    def pullback(self, u: Array) -> Array:
        return np.zeros((self.space.size, 0))

    def __repr__(self) -> str:
        return f"{self.space}, a copy"


def restrict(space: Space, value: Array, labels: Labels, by_cell: bool) -> Restricted:
    """The space with entries fixed and tied.

    Parameters
    ----------
    value
        Of the shape of the space, with what is fixed.
    labels
        Of the same shape: `FIXED`, `FREE`, or the number of a group.
    by_cell
        Whether whole cells along the leading axis were tied.

    Raises
    ------
    ValueError
        If the space does not allow it.
    """
    if (labels == FREE).all():
        return Whole(space)
    if isinstance(space, (Real, Positive, Interval)):
        _refuse_outside(space, value[labels == FIXED])
        return Cells(space, value, labels.ravel())
    if isinstance(space, Simplex):
        return _restrict_simplex(space, value, labels, by_cell)
    return _restrict_blocks(space, value, labels, by_cell)


def _restrict_simplex(space: Simplex, value: Array, labels: Labels, by_cell: bool) -> Restricted:
    _refuse_outside(Interval(), value[labels == FIXED])
    rows = labels.reshape(-1, space.shape[-1])
    if by_cell and len(space.shape) > 1:
        return _restrict_blocks(space, value, labels, by_cell)
    for group in np.unique(rows[rows >= 0]):
        if (rows == group).any(axis=1).sum() > 1:
            raise ValueError("entries of different rows are tied: tie whole rows, with one number for each")
    return Shares(space, value, labels)


def _restrict_blocks(space: Space, value: Array, labels: Labels, by_cell: bool) -> Restricted:
    """Whole matrices, or whole rows."""
    depth = {Covariance: 2, Correlation: 2, Simplex: 1}.get(type(space), len(space.shape))
    kind = {Covariance: "matrix", Correlation: "matrix", Simplex: "row"}.get(type(space), "parameter")
    axis = len(space.shape) - depth
    cells = labels.reshape(prod(space.shape[:axis]), -1)
    inner = cells.shape[1]
    # What is tied along the leading axis has numbers of its own for every entry, one after the other.
    tied = by_cell & (cells[:, 0] >= 0) & (np.diff(cells, axis=1) == 1).all(axis=1)
    whole = tied | (cells == FIXED).all(axis=1) | (cells == FREE).all(axis=1)
    if not whole.all():
        raise ValueError(
            f"only a whole {kind} can be fixed or tied, and {kind} {int(np.argmin(whole))} is so in part"
        )
    fixed = cells[:, 0] == FIXED
    _refuse_outside(space, value.reshape(len(cells), *space.shape[axis:])[fixed])
    return Cells(space, value, np.where(tied, cells[:, 0] // inner, cells[:, 0]))


def _refuse_outside(space: Space, fixed: Array) -> None:
    if fixed.size and (problem := space.violation(fixed)):
        raise ValueError(f"a fixed value is outside {space}: {problem}")


# ---- what standard errors ask of a space -------------------------------------------------------------------


@links_of.register(Whole)
@links_of.register(Cells)
@links_of.register(Shares)
def _(space: Any) -> list[Link]:
    return links_of(space.space)


@_widest.register
def _(space: Whole) -> Array | float:
    return _widest(space.space) if space.size else np.zeros(0)


@_widest.register
def _(space: Cells) -> Array | float:
    whole = np.broadcast_to(_widest(space.space), space.space.size).reshape(len(space.labels), -1)
    return whole[space.leaders].ravel()


@_widest.register
def _(space: Shares) -> float:
    return 1.0


@_local.register
def _(space: Whole, values: Array, unit: Array) -> Any:
    return (
        _local.dispatch(object)(space, values, unit) if not space.size else _local(space.space, values, unit)
    )


@_local.register
def _(space: Cells, values: Array, unit: Array) -> Any:
    """Numbers with bounds of their own are at the first of those that are tied."""
    if not isinstance(space.space, (Positive, Interval)):
        return _local.dispatch(object)(space, values, unit)
    return np.eye(space.size), np.full(space.size, 2), space.leaders, unit
