"""What is independent in the data: rows, sequences, groups. Evidence, weights and scores are by case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Data
from jensen.basics.plain import given


class Cases(Protocol):
    """How data are made of independent cases. Posteriors and weights have one entry for each."""

    def count(self, data: Data) -> int:
        """How many cases there are."""
        ...

    def take(self, data: Data, which: NDArray[np.intp]) -> Data:
        """Some of the cases, in data of the same form; one that is named twice is there twice."""
        ...

    def sizes(self, data: Data) -> Array:
        """(count,): how many observations each case is, for the n of BIC."""
        ...


@dataclass(frozen=True, slots=True)
class Rows:
    """Every row on its own: an array, a list, a data frame, or a tuple, named tuple or dict of arrays with a
    common first axis.
    """

    def count(self, data: Data) -> int:
        return len(first_array(data))

    def take(self, data: Data, which: NDArray[np.intp]) -> Data:
        if isinstance(data, dict):
            return {name: self.take(part, which) for name, part in data.items()}
        if isinstance(data, tuple):
            parts: Any = (self.take(part, which) for part in data)
            return type(data)(*parts) if is_named(data) else tuple(parts)
        if isinstance(data, list):
            return [data[int(i)] for i in which]
        if columns_of(data):
            return given(data, ["iloc"]).get("iloc", data)[which]  # of pandas, else of polars
        return np.asarray(data)[which]

    def sizes(self, data: Data) -> Array:
        return np.ones(self.count(data))


@dataclass(frozen=True, slots=True)
class Sequences:
    """A list or tuple of sequences, each an array (or a dict or tuple of arrays) of its own length.

    BIC's n is the number of observations, Σ of the lengths.
    """

    def count(self, data: Data) -> int:
        return len(data)

    def take(self, data: Data, which: NDArray[np.intp]) -> Data:
        return type(data)(data[int(i)] for i in which)

    def sizes(self, data: Data) -> Array:
        return np.array([len(first_array(sequence)) for sequence in data], dtype=float)


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows that belong together: those with the same value of one column are one case.

    Cases come in the order of `labels`. BIC's n is the number of groups.

    Parameters
    ----------
    by
        The column: a name where data are a dict of arrays or a named tuple, a number where they are an (n, d)
        array or a tuple of arrays.
    """

    by: str | int

    def labels(self, data: Data) -> tuple[NDArray[Any], NDArray[np.intp]]:
        """The different values of the column, sorted, and the case (n,) that each row belongs to."""
        if isinstance(data, dict):
            column = data[self.by]
        elif isinstance(data, tuple):
            column = data[data._fields.index(self.by) if is_named(data) else int(self.by)]  # pyright: ignore
        else:
            column = np.asarray(data)[:, int(self.by)]
        values, which = np.unique(np.asarray(column), return_inverse=True)
        return values, which.reshape(-1)

    def count(self, data: Data) -> int:
        return len(self.labels(data)[0])

    def take(self, data: Data, which: NDArray[np.intp]) -> Data:
        """The rows of these groups; where one is named more than once, all are numbered from 0."""
        values, case = self.labels(data)
        ends = np.bincount(case, minlength=len(values)).cumsum()
        of_case = np.split(np.argsort(case, kind="stable"), ends[:-1])
        rows = [of_case[int(i)] for i in which]
        found = Rows().take(data, np.concatenate([np.zeros(0, np.intp), *rows]))
        if len(set(map(int, which))) == len(which):
            return found
        return self._renamed(found, np.repeat(np.arange(len(rows)), [len(mine) for mine in rows]))

    def _renamed(self, data: Data, column: NDArray[Any]) -> Data:
        if isinstance(data, dict):
            return {**data, self.by: column}
        if isinstance(data, tuple):
            at = data._fields.index(self.by) if is_named(data) else int(self.by)  # pyright: ignore
            parts = [column if i == at else part for i, part in enumerate(data)]
            return type(data)(*parts) if is_named(data) else tuple(parts)
        renamed = np.array(data, dtype=np.result_type(np.asarray(data), np.min_scalar_type(column.max())))
        renamed[:, int(self.by)] = column
        return renamed

    def sizes(self, data: Data) -> Array:
        return np.ones(self.count(data))


def is_named(data: tuple) -> bool:
    """Whether a tuple is a named one, to be made again from its parts one by one."""
    return hasattr(type(data), "_fields")


def precision(data: Data) -> float:
    """eps of the data: of float32 where that is what they are, else of float64."""
    first = first_array(data)
    single = isinstance(first, np.ndarray) and first.dtype == np.float32
    return float(np.finfo(np.float32 if single else np.float64).eps)


def first_array(data: Data) -> Any:
    """The first of the arrays; of a dict, the first that is none of text or a number alone."""
    while isinstance(data, (tuple, dict)) and data:
        if isinstance(data, dict):
            arrays = [part for part in data.values() if not isinstance(part, str) and np.ndim(part)]
            data = arrays[0] if arrays else next(iter(data.values()))
        else:
            data = data[0]
    return data


def names_of_columns(data: Data) -> tuple[str, ...]:
    """What the columns of the data are called; empty where they have no names, or have numbers for names.

    Of a data frame, an Arrow table, a column of either, a `jensen.data.Dataset`, rows with ``columns``, a
    structured array, or a dict of arrays.
    """
    if isinstance(data, dict):
        found: Any = [] if any(np.ndim(part) > 1 for part in data.values()) else list(data)
    elif isinstance(data, np.ndarray):
        found = data.dtype.names or []
    else:
        lazy = given(data, ["collect_schema"])
        if lazy:
            return tuple(lazy["collect_schema"]().names())
        said = given(data, ["column_names", "columns", "dtypes", "values", "to_frame", "name"])
        found = said.get("column_names", [])
        if not found and "columns" in said and ("dtypes" in said or "values" in said):
            found = list(said["columns"])
        if not found and "to_frame" in said:
            found = [said.get("name")]
    names = tuple(found)
    return names if all(isinstance(name, str) for name in names) else ()


def num_numbers(data: Data) -> int:
    """How many numbers there are in arrays, and in dicts and tuples of them; anything else counts as one."""
    if isinstance(data, np.ndarray):
        return data.size
    if isinstance(data, dict):
        return sum(map(num_numbers, data.values()))
    return sum(map(num_numbers, data)) if isinstance(data, tuple) else 1


def columns_of(data: Data) -> list[Any]:
    """The names of the columns of a data frame; none of anything else."""
    said = given(data, ["columns", "dtypes"])
    return list(said["columns"]) if len(said) == 2 else []
