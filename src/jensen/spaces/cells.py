"""Spaces whose cells are free, fixed, or equal to one another.

A space is made of cells that vary on their own: single numbers (`Real`, `Positive`, `Interval`), whole
matrices (`Covariance`, `Correlation`), whole rows of a `Simplex`. So the coordinates of a restricted space
are some of those of the whole one.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from jensen.basics.arrays import Array, Labels
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.spaces.links import Link
from jensen.spaces.space import LocalPart, Shape, Space

FIXED = -2
FREE = -1


class Restricted(Space):
    """A space with fewer coordinates than the one it restricts, its attribute ``space``."""

    space: Space

    @property
    def shape(self) -> Shape:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        return self.space.shape

    @property
    def far(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        return self.space.far

    @abstractmethod
    def impose(self, value: ArrayLike) -> Array:
        """The value with what is fixed as it is fixed, and what is tied at its mean."""

    @abstractmethod
    def pullback(self, u: Array) -> Array:
        """∂ coordinates of the whole space / ∂ coordinates of this one, (whole size, size)."""

    @property
    def is_bent(self) -> bool:
        """Whether the pullback depends on where it is taken."""
        return False

    def links(self) -> list[Link]:
        return self.space.links()

    def entries(self, columns: Sequence[str] = ()) -> list[str]:
        return self.space.entries(columns)


@dataclass(frozen=True, eq=False)
class Whole(Restricted):
    """A space without restriction.

    Parameters
    ----------
    space
        Itself.
    """

    space: Space

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

    def slopes(self, u: Array) -> Array:
        return self.space.slopes(u)

    def dependence(self, offset: int) -> Labels:
        return self.space.dependence(offset)

    def local(self, values: Array, unit: Array) -> LocalPart:
        return self.space.local(values, unit)

    def widest(self) -> Array:
        return self.space.widest()

    def __repr__(self) -> str:
        return str(self.space)


class Imposed(Restricted):
    """What restricted spaces share that make a value of the whole space what was asked."""

    def violation(self, value: Array) -> str | None:
        return self.space.violation(value) or broken(value, self.impose(value))

    def random(self, rng: np.random.Generator) -> Array:
        return self.impose(self.space.random(rng))

    def __repr__(self) -> str:
        return f"{self.space} with {self.size} of {self.space.size} coordinates free"


@dataclass(frozen=True, eq=False)
class Cells(Imposed):
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
    def groups(self) -> Labels:
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
            [i if g < 0 else first.setdefault(int(g), i) for i, g in enumerate(self.groups)], dtype=np.intp
        )

    @cached_property
    def leaders(self) -> Labels:
        """The first cell of every group, in the order of the coordinates."""
        return np.unique(self._first[self.groups >= 0])

    @property
    def _per_cell(self) -> int:
        return self.space.size // len(self.labels)

    @property
    def _count(self) -> int:
        """How many of the restricted cells there are."""
        return int(self.groups.max(initial=-1)) + 1

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
        fixed = (self.groups < 0)[:, None]
        whole = xp.asarray(self._fixed_coordinates)
        if self._count:
            own = xp.reshape(u, (self._count, self._per_cell))
            whole = xp.where(fixed, whole, own[np.maximum(self.groups, 0)])
        value = self._cells(self.space.from_chart(xp.reshape(whole, (-1,)), xp), xp)[self._first]
        return xp.reshape(xp.where(fixed, self._cells(self.value), value), self.shape)

    @cached_property
    def _fixed_coordinates(self) -> Array:
        """Coordinates of the fixed cells; 0 for the others."""
        whole = np.zeros((len(self.labels), self._per_cell))
        fixed = self.groups < 0
        if fixed.any():
            filled = self._cells(self.value).copy()
            filled[~fixed] = filled[np.argmax(fixed)]
            coordinates = np.asarray(self.space.to_chart(filled.reshape(self.shape)))
            whole[fixed] = coordinates.reshape(whole.shape)[fixed]
        return whole

    def impose(self, value: ArrayLike) -> Array:
        cells = self._cells(np.asarray(value, dtype=float)).copy()
        for group in range(self._count):
            members = self.groups == group
            if members.sum() > 1:
                cells[members] = cells[members].mean(axis=0)
        fixed = self.groups < 0
        cells[fixed] = self._cells(self.value)[fixed]
        return cells.reshape(self.shape)

    def pullback(self, u: Array) -> Array:
        return self._chosen

    @cached_property
    def _chosen(self) -> Array:
        chosen = (self.groups[:, None] == np.arange(self._count)).astype(float)
        return np.kron(chosen, np.eye(self._per_cell))

    def widest(self) -> Array:
        return self.space.widest().reshape(len(self.labels), -1)[self.leaders].ravel()

    def local(self, values: Array, unit: Array) -> LocalPart:
        """Numbers with bounds of their own are at the first of those that are tied."""
        if self.space.cell_axes != 0 or not self.size:
            return super().local(values, unit)
        ends = self.space.local(values, np.ones(self.space.size)).ends
        entry = np.where(ends[self.leaders] == 0, -1, self.leaders)
        return LocalPart(np.eye(self.size), ends[self.leaders], entry, unit)


class Copy(Whole):
    """A parameter that is equal to another one, and has no coordinates of its own."""

    @property
    def size(self) -> int:
        return 0

    def to_chart(self, value: ArrayLike) -> Array:
        return np.zeros(0)

    def from_chart(self, u: Any, xp: Any = np) -> Any:
        raise ModelTypeError("a copy has no coordinates: its value is that of another parameter")

    def pullback(self, u: Array) -> Array:
        return np.zeros((self.space.size, 0))

    def dependence(self, offset: int) -> Labels:
        return np.zeros(0, dtype=np.intp)

    def local(self, values: Array, unit: Array) -> LocalPart:
        return LocalPart(np.zeros((0, 0)), np.zeros(0, int), np.zeros(0, int), unit)

    def widest(self) -> Array:
        return np.zeros(0)

    def __repr__(self) -> str:
        return f"{self.space}, a copy"


def broken(value: Array, imposed: Array) -> str | None:
    """What a restriction says of a value, up to rounding."""
    wrong = ~np.isclose(value, imposed, rtol=1e-9, atol=0.0)
    if not wrong.any():
        return None
    where = tuple(int(i) for i in np.argwhere(wrong)[0])
    index = f"[{','.join(map(str, where))}] " if where else ""
    return f"{index}is {value[where]:.9g}, and what is fixed or tied makes it {imposed[where]:.9g}"


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
    inside = space.restrict_inside(value, labels, by_cell)
    return _restrict_cells(space, value, labels, by_cell) if inside is None else inside


def _restrict_cells(space: Space, value: Array, labels: Labels, by_cell: bool) -> Restricted:
    """Whole cells: numbers, matrices, rows."""
    depth = len(space.shape) if space.cell_axes is None else space.cell_axes
    axis = len(space.shape) - depth
    cells = labels.reshape(prod(space.shape[:axis]), -1)
    inner = cells.shape[1]
    # What is tied along the leading axis has numbers of its own for every entry, one after the other.
    tied = (by_cell or inner == 1) & (cells[:, 0] >= 0) & (np.diff(cells, axis=1) == 1).all(axis=1)
    whole = tied | (cells == FIXED).all(axis=1) | (cells == FREE).all(axis=1)
    if not whole.all():
        kind = space.cell_name
        raise ModelError(
            f"only a whole {kind} can be fixed or tied, and {kind} {int(np.argmin(whole))} is so in part"
        )
    fixed = cells[:, 0] == FIXED
    refuse_outside(space, value.reshape(len(cells), *space.shape[axis:])[fixed])
    return Cells(space, value, np.where(tied, cells[:, 0] // inner, cells[:, 0]))


def refuse_outside(space: Space, fixed: Array) -> None:
    """Raise a ValueError where what is fixed is outside the space."""
    if fixed.size and (problem := space.violation(fixed)):
        raise ModelError(f"a fixed value is outside {space}: {problem}")
