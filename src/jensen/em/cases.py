"""What is independent in the data: rows, sequences, groups. Evidence, weights and scores are by case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Data


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
    """Every row on its own: an array, a list, or a tuple, named tuple or dict of arrays with a common first
    axis.
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
        """The rows of these groups; a group that is named again comes under a new value, one more than
        all.
        """
        values, case = self.labels(data)
        ends = np.bincount(case, minlength=len(values)).cumsum()
        of_case = np.split(np.argsort(case, kind="stable"), ends[:-1])
        rows, names = [], []
        seen: set[int] = set()
        extra = 0
        for i in map(int, which):
            mine = of_case[i]
            rows.append(mine)
            if i in seen:
                extra += 1
                names.append(np.full(len(mine), _another(values, extra)))
            else:
                names.append(np.repeat(values[i], len(mine)))
            seen.add(i)
        chosen = np.concatenate([np.zeros(0, np.intp), *rows])
        found = Rows().take(data, chosen)
        return self._renamed(found, np.concatenate(names)) if extra else found

    def _renamed(self, data: Data, column: NDArray[Any]) -> Data:
        if isinstance(data, dict):
            return {**data, self.by: column}
        if isinstance(data, tuple):
            at = data._fields.index(self.by) if is_named(data) else int(self.by)  # pyright: ignore
            parts = [column if i == at else part for i, part in enumerate(data)]
            return type(data)(*parts) if is_named(data) else tuple(parts)
        renamed = np.array(data)
        renamed[:, int(self.by)] = column
        return renamed

    def sizes(self, data: Data) -> Array:
        return np.ones(self.count(data))


def _another(values: NDArray[Any], number: int) -> Any:
    if values.dtype.kind in "biuf":
        return values.max() + number
    return f"{values[-1]}+{number}"


def is_named(data: tuple) -> bool:
    """Whether a tuple is a named one, to be made again from its parts one by one."""
    return hasattr(type(data), "_fields")


def precision(data: Data) -> float:
    """eps of the data: of float32 where that is what they are, else of float64."""
    first = first_array(data)
    single = isinstance(first, np.ndarray) and first.dtype == np.float32
    return float(np.finfo(np.float32 if single else np.float64).eps)


def first_array(data: Data) -> Any:
    """The first of the arrays."""
    while isinstance(data, (tuple, dict)) and data:
        data = next(iter(data.values())) if isinstance(data, dict) else data[0]
    return data
