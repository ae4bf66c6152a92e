"""Columns of several kinds: within a component they are independent, each set of columns of a family of its
own.

    log p(x | z = k) = Σ_parts log p_part(x_part | z = k)

Everything is the sum, or one after the other, of what the parts say.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass, replace
from functools import reduce
from types import MethodType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arguments import require_kind
from jensen.basics.arrays import Array, Mask, Weight
from jensen.basics.errors import DataError, ModelError, ModelTypeError
from jensen.basics.naming import columns_called, part_of_columns
from jensen.basics.numbers import is_whole, repr_in_full
from jensen.basics.sampling import Randomness, as_generator
from jensen.basics.tables import default_columns
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.cases import Rows
from jensen.families.carriers import Lines
from jensen.families.columns import named, numbered
from jensen.families.family import Family, as_family
from jensen.spaces.names import Axis, Columns
from jensen.spaces.space import Space

Keys = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PartStats:
    """The statistics of every part by its label; they add and scale. None is nothing."""

    parts: dict[str, Any]

    def __add__(self, other: PartStats) -> PartStats:
        return PartStats({label: _sum(mine, other.parts[label]) for label, mine in self.parts.items()})

    def scale(self, factor: float) -> PartStats:
        """The statistics of the rows counted ``factor`` times."""
        scaled = {label: None if s is None else s.scale(factor) for label, s in self.parts.items()}
        return PartStats(scaled)


def _sum(a: Any, b: Any) -> Any:
    return a if b is None else b if a is None else a + b


class Product(Family):
    """Independent parts, each a family over some of the columns.

    Parameters
    ----------
    parts
        {columns: family}. Columns are a name or a number, or a tuple of them: names where the data are a dict
        of arrays, numbers where they are an (n, d) array. A part's parameters are named after its columns:
        ``age.means``.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> rng = np.random.default_rng(0)
    >>> z = np.repeat([0, 1], 200)
    >>> data = {"size": np.array([2.0, 7.0])[z] + rng.normal(size=400)}
    >>> data["visits"] = rng.poisson(np.array([1.0, 6.0])[z])
    >>> family = jensen.Product({"size": jensen.Gaussian(), "visits": jensen.Poisson()})
    >>> fit = jensen.fit(jensen.Mixture(2, family), data)
    >>> fit.params.components["visits"].rates.round().tolist()
    [[1.0], [6.0]]
    """

    def __init__(self, parts: Mapping[Any, Any]) -> None:
        require_kind(parts, Mapping, "parts", "a dict of columns: family")
        if not parts:
            raise ModelError("a product needs at least one part: {columns: family}")
        self.columns: dict[str, Keys] = {}
        self.parts: dict[str, Family] = {}
        for columns, family in parts.items():
            named = columns if isinstance(columns, tuple) else (columns,)
            label = "+".join(map(str, named))
            _refuse(named, label, self.columns)
            self.columns[label], self.parts[label] = named, as_family(family)
        used = [column for columns in self.columns.values() for column in columns]
        if twice := sorted({str(column) for column in used if used.count(column) > 1}):
            raise ModelError(f"columns {', '.join(twice)} are in more than one part")

    @property
    def name(self) -> str:
        return " × ".join(part.name for part in self.parts.values())

    def made_of(self) -> dict[str, Any]:
        """The arguments that make it again, for files."""
        return {"parts": {self.columns[label]: part for label, part in self.parts.items()}}

    @property
    def shared(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """The shared parameters of the parts."""
        return tuple(f"{label}.{name}" for label, part in self.parts.items() for name in part.shared)

    def take(self, label: str, data: Any) -> Any:
        """The columns of a part, as its family has them: (n, number of columns)."""
        columns = self.columns[label]
        if self.parts[label].keys:  # a product of its own
            return {column: data[column] for column in columns}
        if isinstance(data, Mapping) or (self.keys and not isinstance(data, (np.ndarray, list, tuple))):
            return np.column_stack([_one_column(data[column], column) for column in columns])
        if self.keys:
            raise ModelTypeError(f"the data must be a dict of the columns {self.keys}, or a data frame")
        if isinstance(data, tuple):
            raise ModelTypeError("the data must be (n, d): a tuple is neither rows nor columns here")
        return np.take(data, [int(column) for column in columns], axis=1)  # pyright: ignore[reportArgumentType]

    def accept(self, data: Any) -> Any:
        """An (n, d) array of numbers where columns are numbers, a dict of the columns where they are names.

        What a part makes of its own columns is what it gets; columns of a part that takes data as they are
        stay so.
        """
        if self.keys:
            return self._accept_named(named(data, self.keys))
        values, names = numbered(data)
        raw = False
        for label, part in self.parts.items():
            own = [int(column) for column in self.columns[label]]  # pyright: ignore[reportArgumentType]
            if max(own) >= len(names):
                raise ModelError(f"the data have no column {max(own)} (counted from 0)")
            if not len(values):
                continue
            found = _accepted(label, part, {names[j]: values[:, j] for j in own})
            raw |= found is None
            if found is not None and not np.array_equal(found, values[:, own]):  # a family's own idea of them
                values = np.array(values, float)
                values[:, own] = found
        return values if raw or values.dtype.kind == "f" else values.astype(float)

    def _accept_named(self, data: dict[Hashable, Any]) -> dict[Hashable, Any]:
        made: dict[Hashable, Any] = {}
        for label, part in self.parts.items():
            own = {column: data[column] for column in self.columns[label]}
            found = _accepted(label, part, own) if all(len(values) for values in own.values()) else None
            if found is None:
                made |= {column: _one_column(values, column) for column, values in own.items()}
            else:
                made |= found if isinstance(found, dict) else dict(zip(own, found.T, strict=True))
        return made

    def plain_columns(self, data: Any) -> Array | None:
        """Those of all parts, in their order."""
        found = [self.take(label, data) for label in self.parts]
        found = [part.plain_columns(x) for part, x in zip(self.parts.values(), found, strict=True)]
        return None if any(rows is None for rows in found) else np.hstack(found)  # pyright: ignore

    def _each(self, data: Any) -> Iterable[tuple[str, Family, Any]]:
        return ((label, part, self.take(label, data)) for label, part in self.parts.items())

    # ---- the contract --------------------------------------------------------------------------------------

    def log_density(self, params: dict[str, Any], data: Any) -> Array:
        """log p(x_n | z = k), (n, k)."""
        return reduce(np.add, (part.log_density(params[label], x) for label, part, x in self._each(data)))

    def expected(self, params: dict[str, Any] | None, data: Any, weight: Array) -> tuple[PartStats, float]:
        """The statistics of every part, and the entropy of their own hidden variables."""
        found = {
            label: part.expected(None if params is None else params[label], x, weight)
            for label, part, x in self._each(data)
        }
        stats = PartStats({label: stats for label, (stats, _) in found.items()})
        return stats, float(sum(entropy for _, entropy in found.values()))

    def m_step(self, stats: PartStats, params: dict[str, Any] | None) -> dict[str, Any]:
        return {
            label: part.m_step(stats.parts[label], None if params is None else params[label])
            for label, part in self.parts.items()
        }

    def expected_log_density(self, params: dict[str, Any], stats: PartStats) -> float:
        return sum(
            part.expected_log_density(params[label], stats.parts[label])
            for label, part in self.parts.items()
            if stats.parts[label] is not None
        )

    # ---- what it adds --------------------------------------------------------------------------------------

    def prepare(self, data: Any, weight: Weight) -> Product:
        """With what the data fix of every part; what goes wrong is told with the columns of the part."""
        prepared = self._told(data, lambda part, x: part.prepare(x, weight))
        made = copy(self)  # a subclass stays one
        made.parts = prepared
        return made

    def check(self, data: Any) -> None:
        """What every part refuses, told with its columns."""
        self._told(data, lambda part, x: part.check(x))

    def _told(self, data: Any, ask: Callable[[Family, Any], Any]) -> dict[str, Any]:
        """What is asked of every part, by label; an error with the columns of the part that it is of."""
        found = {}
        for label, part in self.parts.items():
            try:
                rows = self.take(label, data)
            except (KeyError, IndexError):
                columns = ", ".join(map(str, self.columns[label])) + (
                    " (counted from 0)" if not self.keys else ""
                )
                raise ModelError(f"the data have no column {columns}") from None
            if len(rows) != Rows().count(data) and not part.keys:
                raise ModelError(f"{label} has {len(rows)} rows, the data have {Rows().count(data)}")
            try:
                with self._calling(label):
                    found[label] = ask(part, rows)
            except ValueError as error:
                raise ModelError(f"{label}: {error}") from None
        return found

    def _calling(self, label: str) -> AbstractContextManager[None]:
        """What messages call the columns of a part."""
        own: Any = self.columns[label]
        return columns_called([str(column) for column in own]) if self.keys else part_of_columns(own)

    @property
    def keys(self) -> Keys:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        used = tuple(column for columns in self.columns.values() for column in columns)
        return used if any(isinstance(column, str) for column in used) else ()

    def spaces(self, k: int) -> dict[str, Space] | None:
        found: dict[str, Space] = {}
        for label, part in self.parts.items():
            spaces = part.spaces(k)
            if spaces is None:
                return None
            found |= {f"{label}.{name}": self._named(label, space) for name, space in spaces.items()}
        return found

    def _named(self, label: str, space: Space) -> Space:
        """A space of a part, whose columns are some of those of the product."""
        own = self.columns[label]

        def called(axis: Axis) -> Axis:
            if not isinstance(axis, Columns):
                return axis
            which = range(len(own)) if axis.which is None else axis.which
            mine = [own[j] for j in which]
            if not self.keys:
                return Columns(tuple(int(j) for j in mine))  # pyright: ignore[reportArgumentType] -- numbers
            return tuple(map(str, mine)) if len(own) > 1 else None  # the label of the part says it

        return space if space.names is None else space.named(tuple(called(axis) for axis in space.axes))

    def _by_part(self, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """Parameters by the label of their part, under the part's own names."""
        found: dict[str, dict[str, Any]] = {label: {} for label in self.parts}
        for name, value in values.items():
            label = max((known for known in self.parts if name.startswith(f"{known}.")), key=len)
            found[label][name.removeprefix(f"{label}.")] = value
        return found

    def make(self, values: dict[str, Any]) -> dict[str, Any]:
        of_parts = self._by_part(values)
        return {label: part.make(of_parts[label]) for label, part in self.parts.items()}

    def split(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            f"{label}.{name}": value
            for label, part in self.parts.items()
            for name, value in part.split(params[label]).items()
        }

    def join(self, like: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        of_parts = self._by_part(values)
        return {label: part.join(like[label], of_parts[label]) for label, part in self.parts.items()}

    def from_other(self, other: Family, params: Any, weights: Array) -> dict[str, Any] | None:
        """The components of a product of the same columns, where every part has them."""
        if not isinstance(other, Product) or self.columns != other.columns:
            return None
        found = {}
        for label, part in self.parts.items():
            mine = params[label]
            if repr_in_full(part) != repr_in_full(other.parts[label]):
                mine = part.from_other(other.parts[label], mine, weights)
            if mine is None:
                return None
            found[label] = mine
        return found

    def contains(self, params: dict[str, Any]) -> bool:
        return all(part.contains(params[label]) for label, part in self.parts.items())

    def at_bound(self, params: dict[str, Any]) -> Mask | None:
        k = len(self.order(params))
        found = []
        for label, part in self.parts.items():
            held, spaces = part.at_bound(params[label]), part.spaces(k)
            size = sum(space.size for space in (spaces or {}).values())
            found.append(np.zeros(size, bool) if held is None else held)
        return np.concatenate(found)

    @property
    def score(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """``score(params, stats)``: that of every part, where all have one."""
        return None if any(part.score is None for part in self.parts.values()) else self._score

    def _score(self, params: dict[str, Any], stats: PartStats) -> Array:
        parts = self.parts.items()
        return np.concatenate([part.score(params[label], stats.parts[label]) for label, part in parts])

    @property
    def row_scores(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """``row_scores(params, data, r)``: those of every part, where all have them."""
        return None if any(part.row_scores is None for part in self.parts.values()) else self._row_scores

    def _row_scores(self, params: dict[str, Any], data: Any, r: Array) -> Array:
        return np.hstack([part.row_scores(params[label], x, r) for label, part, x in self._each(data)])

    @property
    def num_free(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """``num_free(params)``: of parts that count for themselves, the size of the spaces of the others."""
        return None if all(part.num_free is None for part in self.parts.values()) else self._num_free

    def _num_free(self, params: dict[str, Any]) -> int | None:
        k, total = len(self.order(params)), 0
        for label, part in self.parts.items():
            spaces = part.spaces(k)
            if part.num_free is not None:
                total += part.num_free(params[label])
            elif spaces is not None:
                total += sum(space.size for space in spaces.values())
            else:
                return None
        return total

    def diagnose(
        self, weights: Array, params: dict[str, Any], data: Any, weight: Weight, held_up: bool
    ) -> Verdict | None:
        """A bound that is active in one part; components that are the same in all.

        Whether a component rests on single rows no part can tell: the rows are shared out by all together.
        """
        found: dict[str, Verdict | None] = {}
        for label, part, x in self._each(data):
            with self._calling(label):
                ask = part.diagnose
                found[label] = None if ask is None else ask(weights, params[label], x, weight, True)
        for label, verdict in found.items():
            if verdict is not None and verdict.outcome is not Outcome.SADDLE:
                return replace(verdict, message=f"{label}: {verdict.message}")
        return None if None in found.values() else next(iter(found.values()))

    # ---- for people ----------------------------------------------------------------------------------------

    kind = "families"

    @property
    def caption(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """Those of the parts that have one."""
        told = [f"{label}: {part.caption}" for label, part in self.parts.items() if part.caption]
        return "; ".join(told)

    def describe(self, params: dict[str, Any], columns: Sequence[str] | None) -> Lines:
        """What every part says, under the names of its columns."""
        return [
            row
            for label, part in self.parts.items()
            for row in part.describe(params[label], self._names(label, columns))
        ]

    def _names(self, label: str, columns: Sequence[str] | None) -> list[str]:
        own = self.columns[label]
        if self.keys:
            return [str(column) for column in own]
        names = default_columns(1 + max(map(int, own))) if columns is None else columns  # pyright: ignore
        return [names[int(column)] for column in own]  # pyright: ignore[reportArgumentType] -- numbers of columns

    def _place(self, column: int) -> tuple[Family, str, int] | None:
        """The part that a column is of, its label, and the column's number there; None for a column of none.

        Where the columns have names, ``column`` counts `keys`.
        """
        wanted = self.keys[column] if self.keys else column
        found = [label for label, own in self.columns.items() if wanted in own]
        return (self.parts[found[0]], found[0], self.columns[found[0]].index(wanted)) if found else None

    def is_discrete(self, column: int) -> bool:
        place = self._place(column)
        return place is not None and place[0].is_discrete(place[2])

    @property
    def marginal(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """``marginal(params, column, points)``: by the part of the column, where every part has it."""
        used = {column for own in self.columns.values() for column in own}
        known = all(part.marginal is not None for part in self.parts.values())
        return self._marginal if known and (self.keys or used == set(range(len(used)))) else None

    def _marginal(self, params: dict[str, Any], column: int, points: Array) -> Array:
        part, label, inner = self._place(column)  # pyright: ignore[reportGeneralTypeIssues] -- all are of one
        return part.marginal(params[label], inner, points)

    def relabel(self, params: dict[str, Any], order: Any) -> dict[str, Any]:
        return {label: part.relabel(params[label], order) for label, part in self.parts.items()}

    def order(self, params: dict[str, Any]) -> Any:
        """That of the first part of which not everything is shared."""
        told = ((part, params[label]) for label, part in self.parts.items())
        part, own = next((p, q) for p, q in told if not set(p.split(q)) <= set(p.shared))
        return part.order(own)

    def embed(self, data: Any) -> Array | None:
        """What every part says of its rows, side by side; None where one says nothing."""
        found = [part.embed(x) for _, part, x in self._each(data)]
        return None if any(rows is None for rows in found) else np.hstack(found)  # pyright: ignore

    @property
    def sample(self) -> Any:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """``sample(params, labels, rng)``: rows as the data were, where every part can."""
        return None if any(part.sample is None for part in self.parts.values()) else self._sample

    def _sample(self, params: dict[str, Any], labels: NDArray[np.integer], rng: Randomness = None) -> Any:
        found: dict[Any, Array] = {}
        generator = as_generator(rng)
        for label, part in self.parts.items():
            rows = np.asarray(part.sample(params[label], labels, generator)).reshape(len(labels), -1)
            found |= dict(zip(self.columns[label], rows.T, strict=True))
        if self.keys:
            return found
        rows = np.full((len(labels), 1 + max(found)), np.nan)  # columns of no part are not known
        for column, values in found.items():
            rows[:, column] = values
        return rows

    def __repr__(self) -> str:
        inside = ", ".join(f"{label}: {part!r}" for label, part in self.parts.items())
        return f"Product({inside})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Product) and (self.columns, self.parts) == (other.columns, other.parts)

    def __hash__(self) -> int:
        return hash((tuple(self.columns.values()), tuple(self.parts.values())))


def _refuse(named: Keys, label: str, before: Mapping[str, Keys]) -> None:
    """Columns that are neither names nor numbers from 0, and parts whose parameters would be called alike."""
    for column in named:
        if not (isinstance(column, str) or (is_whole(column) and column >= 0)):  # pyright: ignore
            raise ModelError(f"a column is a name or a number from 0, not {column!r}")
    for other in before:
        if f"{label}.".startswith(f"{other}.") or f"{other}.".startswith(f"{label}."):
            raise ModelError(f"the parts {other} and {label} would be called alike: rename a column")


def _accepted(label: str, part: Family, own: dict[Any, Any]) -> Any:
    """What a part makes of its columns; None where it takes data as they are."""
    if part.accept == MethodType(Family.accept, part):
        return None
    try:
        return part.accept(own)
    except DataError as error:
        raise type(error)(f"{label}: {error}") from None
    except ValueError as error:
        raise ModelError(f"{label}: {error}") from None


def _one_column(values: Any, name: Hashable) -> Array:
    column = np.asarray(values)
    if column.ndim != 1:
        raise ModelError(f"{name} must be one column (n,), not of shape {column.shape}")
    return column
