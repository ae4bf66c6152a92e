"""What a space knows about itself: the contract of `Space`, with what holds for most.

``from_chart`` takes the array namespace to compute in (NumPy by default), so that the same formula serves
plain models and models that are differentiated. Coordinates are kept where the map back is still finite.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jensen.basics.arrays import Array, Labels
from jensen.basics.errors import ModelError
from jensen.basics.notebook import InNotebook
from jensen.numerics.differences import jacobian
from jensen.spaces.links import Link
from jensen.spaces.names import Axis, as_axes, entries

Shape = tuple[int, ...]

ROUNDED = 1e-9
"""Relative: what a closed form may miss its space by, and is set right."""
LOGIT_BOUND = 30.0
"""Logits and log-ratios stay within ±30: probabilities within 1e-13 of their bounds are at them."""
LOG_BOUND = 600.0
"""Logarithms of positive numbers stay within ±600, so that squares of such numbers are finite."""


class LocalPart(NamedTuple):
    """Coordinates of a space in which every number that has a bound has one of its own.

    ``basis`` (p, p) takes them to the chart's. ``ends`` (p,) are the sides on which a coordinate ends in a
    bound: −1 below, 2 both, 0 neither. ``entry`` (p,) is the natural number that is at its bound there, −1
    for none. ``unit`` (p,) are their units.
    """

    basis: Array
    ends: NDArray[np.intp]
    entry: Labels
    unit: Array


class Space(InNotebook, ABC):
    """Where one parameter lives: a shape, free coordinates, and the maps between them.

    A space of one's own gives ``shape``, ``size``, `to_chart`, `from_chart`, `violation` and `random`; what
    follows them here is right for any space, and a space that knows better overrides it.

    Attributes
    ----------
    shape
        Of a value.
    size
        Number of its free coordinates.
    cell_axes
        How many of the last axes belong together, so that they can only be fixed or tied as a whole
        (2 for matrices); None for all of them.
    cell_name
        What such a cell is called in messages.
    far
        How far from 0 a coordinate is that has run to its end.
    names
        What the entries are called, as `jensen.spaces.names.as_axes` takes it; None: by number.
    """

    __slots__ = ()

    cell_axes: ClassVar[int | None] = None
    cell_name: ClassVar[str] = "parameter"
    far: ClassVar[float] = LOGIT_BOUND

    shape: Any
    names: Any = None

    @property
    @abstractmethod
    def size(self) -> int: ...

    @abstractmethod
    def to_chart(self, value: ArrayLike) -> Array:
        """The coordinates (size,) of a value; those beyond a bound are set to the bound."""

    @abstractmethod
    def from_chart(self, u: Any, xp: Any = np) -> Any:
        """The value at coordinates (size,)."""

    @abstractmethod
    def violation(self, value: Array) -> str | None:
        """What keeps a finite value of the right shape out of the space; None where it is inside."""

    @abstractmethod
    def random(self, rng: np.random.Generator) -> Array:
        """A random value, for starts."""

    # ---- what holds for most -------------------------------------------------------------------------------

    @property
    def axes(self) -> tuple[Axis, ...]:
        """How the entries along each axis are called."""
        return as_axes(self.names, self.shape, max(1, self.cell_axes or 1))

    def named(self, names: Any) -> Space:
        """The same space with names of its entries; itself where it cannot have any."""
        found = copy(self)
        try:
            object.__setattr__(found, "names", names)
        except AttributeError:  # slots without one for names
            return self
        return found

    def entries(self, columns: Sequence[str] = ()) -> list[str]:
        """What stands between the brackets in the name of every natural number: ``0,1``, ``0, waiting``.

        Parameters
        ----------
        columns
            Names of the columns of the data, where they are known.
        """
        return entries(self.axes, self.shape, columns)

    def tidy(self, value: Array) -> Array:
        """The value with rounding undone that would take it out of the space."""
        return value

    def slopes(self, u: Array) -> Array:
        """∂ values / ∂ u, (number of values, size)."""
        return jacobian(lambda v: np.ravel(self.from_chart(v)), u)

    def links(self) -> list[Link]:
        """The link of every natural number, in order."""
        return [Link()] * prod(self.shape)

    def dependence(self, offset: int) -> Labels:
        """The coordinates that one of its natural numbers depends on."""
        return np.arange(self.size)

    def local(self, values: Array, unit: Array) -> LocalPart:
        """The local coordinates at ``values`` (raveled); ``unit`` are the units of the chart's."""
        return LocalPart(np.eye(self.size), np.zeros(self.size, int), np.full(self.size, -1), unit)

    def widest(self) -> Array:
        """(size,): how far a coordinate may be moved before the map to the natural numbers is another one.

        Logarithms by 1; whatever has the units of the data by any amount.
        """
        return np.full(self.size, np.inf)

    def same_values(self, other: Space) -> bool:
        """Whether another space holds the same values."""
        return type(self) is type(other) and self.shape == other.shape

    def restrict_inside(self, value: Array, labels: Labels, by_cell: bool) -> Any | None:
        """The space with entries *inside* its cells fixed and tied; None where only whole cells can be.

        The arguments are those of `jensen.spaces.cells.restrict`.
        """
        return None


def as_shape(shape: int | Shape) -> Shape:
    """A shape as a tuple; a ValueError for what is none."""
    found = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if any(not isinstance(n, (int, np.integer)) or n < 1 for n in found):
        raise ModelError(f"a shape is a positive integer or a tuple of them, not {shape!r}")
    return tuple(int(n) for n in found)
