"""All parameters of a model as one unconstrained vector, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import accumulate
from math import prod
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Labels, Mask, Params
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.notebook import InNotebook
from jensen.basics.plain import given
from jensen.spaces.links import Link
from jensen.spaces.space import Space


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a natural number comes from: one entry of a space, at some of the coordinates of the chart.

    Attributes
    ----------
    space
        The space.
    part
        The coordinates of the space.
    offset
        The place of the number among those of the space.
    support
        (s,): the coordinates of the chart that the number depends on.
    """

    space: Space
    part: slice
    offset: int
    support: Labels


@dataclass(frozen=True, slots=True)
class Local:
    """Coordinates v in which every parameter that has a bound has one of its own: u = basis · v.

    They are the chart's, but for simplices: there they are the log-ratios to the largest entry.

    Attributes
    ----------
    basis
        (p, p).
    ends
        (p,): the sides on which a coordinate ends in a bound: −1 below, 2 both, 0 neither.
    far
        (p,): its absolute value there.
    entry
        (p,): the natural number that is at its bound there; −1 where there is none.
    v
        (p,): the coordinates.
    unit
        (p,): their units, as `jensen.em.score.unit_scale` has them for the chart's.
    """

    basis: Array
    ends: NDArray[np.intp]
    far: Array
    entry: Labels
    v: Array
    unit: Array


def as_dict(params: Any) -> dict[str, Any]:
    if isinstance(params, Mapping):
        return dict(params)
    if isinstance(params, tuple) and (named := given(params, ["_asdict"])):
        return named["_asdict"]()
    if isinstance(params, type) or not is_dataclass(params):
        raise ModelTypeError(f"params are a dict, a named tuple or a dataclass, not {params!r:.60}")
    return {field.name: attrgetter(field.name)(params) for field in fields(params)}


class Chart(InNotebook):
    """Named parameters as one unconstrained vector.

    A model that has one (its attribute ``chart``) receives acceleration, standard errors, gradient M-steps,
    and parameters that can be fixed and tied.

    Parameters
    ----------
    spaces
        Name → space, in the order of the vector.
    make
        ``make(**values) -> params``; by default params are a dict.
    split
        ``split(params) -> dict`` of the values; by default for dicts, named tuples and dataclasses.

    Examples
    --------
    >>> import jensen
    >>> chart = jensen.Chart({"w": jensen.Simplex(2), "rate": jensen.Positive(2)})
    >>> u = chart.to_vector({"w": [0.5, 0.5], "rate": [1.0, 2.0]})
    >>> u.round(3).tolist()
    [0.0, 0.0, 0.693]
    >>> chart.from_vector(u)["rate"].tolist()
    [1.0, 2.0]
    >>> chart.names
    ['w[0]', 'w[1]', 'rate[0]', 'rate[1]']
    """

    def __init__(
        self,
        spaces: Mapping[str, Space],
        make: Callable[..., Params] = dict,
        split: Callable[[Params], dict[str, Any]] = as_dict,
    ) -> None:
        self.spaces = dict(spaces)
        self._make = make
        self._split = split
        self._ends = list(accumulate(space.size for space in self.spaces.values()))

    @property
    def size(self) -> int:
        """Number of coordinates: the free parameters."""
        return self._ends[-1] if self._ends else 0

    @property
    def names(self) -> list[str]:
        """A name for every natural number, in the order of `natural_vector`: ``rate[1]``."""
        return self.named()

    def named(self, columns: Sequence[str] = ()) -> list[str]:
        """The same where the columns of the data have these names: ``means[1, waiting]``."""
        return [
            name + (f"[{entry}]" if space.shape else "")
            for name, space in self.spaces.items()
            for entry in space.entries(columns)
        ]

    @property
    def numbered(self) -> list[str]:
        """The same with numbers alone, whatever the entries are called: ``means[1,0]``."""
        return [
            name + (f"[{','.join(map(str, index))}]" if space.shape else "")
            for name, space in self.spaces.items()
            for index in np.ndindex(*space.shape)
        ]

    def split(self, params: Params) -> dict[str, Any]:
        """Name → value, as they are."""
        return self._split(params)

    def join(self, values: Mapping[str, Any]) -> Params:
        """Params from their values by name: what `split` took apart."""
        return self._make(**values)

    def natural(self, params: Params) -> dict[str, Array]:
        """Name → value, as arrays."""
        values = self._split(params)
        return {name: np.asarray(values[name], dtype=float) for name in self.spaces}

    def natural_vector(self, params: Params) -> Array:
        """All values, one after the other."""
        values = self.natural(params)
        return np.concatenate([np.zeros(0), *(value.ravel() for value in values.values())])

    def from_natural_vector(self, vector: Array) -> Params | None:
        """Params from `natural_vector`; None where they are outside their spaces."""
        values, begin = {}, 0
        for name, space in self.spaces.items():
            end = begin + int(np.prod(space.shape))
            values[name], begin = np.reshape(vector[begin:end], space.shape), end
        feasible = all(
            np.isfinite(value).all() and self.spaces[name].violation(value) is None
            for name, value in values.items()
        )
        return self._make(**values) if feasible else None

    def to_vector(self, params: Params) -> Array:
        """The coordinates (size,) of params."""
        values = self.natural(params)
        parts = [space.to_chart(values[name]) for name, space in self.spaces.items()]
        return np.concatenate([np.zeros(0), *parts])

    def from_vector(self, u: Any, xp: Any = np) -> Params:
        """Params at coordinates (size,); ``xp`` is the array namespace to compute in."""
        begins = [0, *self._ends[:-1]]
        values = {
            name: space.from_chart(u[begin:end], xp)
            for (name, space), begin, end in zip(self.spaces.items(), begins, self._ends, strict=True)
        }
        return self._make(**values)

    def jacobian(self, u: Array) -> Array:
        """∂ natural / ∂ u, (number of names, size)."""
        found = np.zeros((len(self.names), self.size))
        row = column = 0
        for space in self.spaces.values():
            block = space.slopes(u[column : column + space.size])
            found[row : row + len(block), column : column + space.size] = block
            row, column = row + len(block), column + space.size
        return found

    def random(self, rng: np.random.Generator) -> Params:
        """Random params inside all spaces."""
        return self._make(**{name: space.random(rng) for name, space in self.spaces.items()})

    def check(self, params: Params) -> None:
        """Raise a ValueError that says which parameter is missing, misshapen or outside its space."""
        values = self._split(params)
        if missing := [name for name in self.spaces if name not in values]:
            raise ModelError(f"params lack {', '.join(missing)}")
        if unknown := [name for name in values if name not in self.spaces]:
            known = ", ".join(self.spaces)
            raise ModelError(f"params have {', '.join(unknown)}, which the model does not; it has {known}")
        for name, space in self.spaces.items():
            value = np.asarray(values[name], dtype=float)
            if value.shape != space.shape:
                raise ModelError(
                    f"params[{name!r}] has shape {value.shape}, its space {space}: {space.shape}"
                )
            if not np.isfinite(value).all():
                raise ModelError(f"params[{name!r}] is not finite: {value.tolist()}")
            if problem := space.violation(value):
                raise ModelError(f"params[{name!r}] is outside {space}: {problem}")

    # ---- bounds --------------------------------------------------------------------------------------------

    def contains(self, params: Params) -> bool:
        """Whether params respect bounds that the spaces do not know, such as those that the data fix."""
        return True

    def at_bound(self, params: Params) -> Mask:
        """Which coordinates are held by such bounds, (size,)."""
        return np.zeros(self.size, bool)

    def links(self) -> list[Link]:
        """The link of every natural number."""
        return [link for space in self.spaces.values() for link in space.links()]

    def widest(self) -> Array:
        """(size,): how far a coordinate may be moved before the map to the natural numbers is another one.

        Logarithms by 1; whatever has the units of the data by any amount.
        """
        return np.concatenate([np.zeros(0), *(space.widest() for space in self.spaces.values())])

    def cell(self, index: int) -> Cell:
        """Where a natural number comes from."""
        for space, at, begin in self.places():
            if begin <= index < begin + prod(space.shape):
                offset = index - begin
                return Cell(space, slice(at, at + space.size), offset, at + space.dependence(offset))
        raise IndexError(f"there are {len(self.names)} natural numbers, none with the index {index}")

    def local(self, u: Array, natural: Array, unit: Array) -> Local:
        """The local coordinates at u, where the natural numbers are ``natural``."""
        basis, unit = np.eye(len(u)), unit.copy()
        ends, far, entry = np.zeros(len(u), int), np.full(len(u), np.inf), np.full(len(u), -1)
        for space, at, begin in self.places():
            part = slice(at, at + space.size)
            values = natural[begin : begin + prod(space.shape)]
            basis[part, part], ends[part], inside, unit[part] = space.local(values, unit[part])
            far[part] = space.far
            entry[part] = np.where(inside < 0, -1, begin + inside)
        return Local(basis, ends, far, entry, np.asarray(np.linalg.solve(basis, u), np.float64), unit)

    def places(self) -> Iterator[tuple[Space, int, int]]:
        """Every space with the place of its coordinates and of its natural numbers."""
        at = begin = 0
        for space in self.spaces.values():
            yield space, at, begin
            at += space.size
            begin += prod(space.shape)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}: {space}" for name, space in self.spaces.items())
        return f"Chart({inside})"
