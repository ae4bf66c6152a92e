"""Codes: each column of a component has probabilities of its own, as in latent class analysis.

    log p(x | π) = Σ_j log π_j[x_j]

With C_kjm = Σ_n w_nk 1[x_nj = m] the M-step is π = C / Σ_m C, and in u = log(π_m / π_last)

    ∂Q/∂u_kjm = C_kjm − N_k π_kjm,  m short of the last
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import lgamma
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Weight
from jensen.basics.errors import ModelError
from jensen.basics.naming import column_in_words
from jensen.basics.numbers import as_probabilities, is_number, is_whole
from jensen.basics.sampling import Randomness, as_generator
from jensen.basics.verdict import Verdict
from jensen.em.statistics import Totals
from jensen.families.carriers import Lines
from jensen.families.checks import UNPREPARED, counts, first_cell, identical, require_rows, whole_columns
from jensen.families.family import Family
from jensen.families.table import named_table
from jensen.spaces.simplex import Simplex
from jensen.spaces.space import Space

CategoricalParams = dict[str, Array]
"""Of column j: ``probabilities[j]``, (k, number of codes)."""


MOST_CODES = 1e7  # of a column that says how many there are by itself
CODES = "codes, as a categorical distribution has them"


def name_of_column(j: int) -> str:
    """The name of a column's parameter."""
    return f"probabilities{j}"


@dataclass(frozen=True)
class Categorical(Family):
    """K distributions of codes 0, 1, …, m_j − 1 in d independent columns.

    Parameters
    ----------
    num_codes
        m_j of every column, or one number for all. None: the largest code of each column, plus one.

    Notes
    -----
    Data are (n, d) whole numbers, or (n,) for one column. A code that is missing (−1, NaN) is refused, and so
    are codes that start from 1, unless ``num_codes`` says that 0 is one that never occurs. Parameters are a
    dict: ``probabilities0`` of the first column, (k, m_0), and so on.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> rng = np.random.default_rng(0)
    >>> z = np.repeat([0, 1], 200)
    >>> x = (rng.random((400, 4)) < np.array([[0.2], [0.8]])[z]).astype(int)
    >>> fit = jensen.fit(jensen.Mixture(2, jensen.Categorical()), x)
    >>> fit.params.weights.round(1).tolist()
    [0.5, 0.5]
    """

    num_codes: int | Sequence[int] | None = None

    def __post_init__(self) -> None:
        if self.num_codes is None:
            return
        several = isinstance(self.num_codes, (list, tuple, np.ndarray))
        given: Any = self.num_codes if several else (self.num_codes,)
        codes = tuple(int(m) if is_whole(m) else 0 for m in given)
        if min(codes, default=0) < 1:
            raise ModelError(
                f"num_codes must be whole numbers from 1, one for every column, not {self.num_codes}"
            )
        object.__setattr__(self, "num_codes", codes if several else codes[0])

    def _codes(self, d: int) -> tuple[int, ...]:
        """m_j of d columns."""
        if isinstance(self.num_codes, tuple):
            return self.num_codes
        if self.num_codes is None:
            raise ModelError(UNPREPARED)
        return (int(self.num_codes),) * d  # pyright: ignore[reportArgumentType] -- one number by now

    # ---- the contract --------------------------------------------------------------------------------------

    def log_density(self, params: CategoricalParams, data: Any) -> Array:
        """log p(x_n | z = k), (n, k)."""
        x = _as_codes(data)
        self._refuse_unknown(x, params)
        with np.errstate(divide="ignore"):
            logs = (np.log(table)[:, column] for table, column in zip(params.values(), x.T, strict=True))
            return reduce(np.add, logs).T

    def _refuse_unknown(self, x: NDArray[np.intp], params: CategoricalParams) -> None:
        """Codes that ``params`` have no probability for would be taken from the other end of a table."""
        sizes = [np.shape(table)[1] for table in params.values()]
        if x.shape[1] != len(sizes) or (len(x) and (x.min() < 0 or (x.max(axis=0) >= sizes).any())):
            replace(self, num_codes=tuple(sizes)).check(x)

    def statistics(self, params: CategoricalParams | None, data: Any, weight: Array) -> Totals:
        """C_j (k, m_j) of every column."""
        x = _as_codes(data)
        sizes = self._codes(x.shape[1]) if params is None else [len(table[0]) for table in params.values()]
        found = {}
        for j, (column, size) in enumerate(zip(x.T, sizes, strict=True)):
            found[name_of_column(j)] = np.stack([np.bincount(column, w, size) for w in weight.T])
        return Totals(**found)

    def m_step(self, stats: Totals, params: CategoricalParams | None) -> CategoricalParams:
        """π = C / Σ_m C; a component without rows stays."""
        found = {}
        for name, table in vars(stats).items():
            total = table.sum(axis=1, keepdims=True)
            shares = table / np.where(total > 0, total, 1.0)
            found[name] = shares if params is None else np.where(total > 0, shares, params[name])
        return found

    def expected_log_density(self, params: CategoricalParams, stats: Totals) -> float:
        """Σ_kjm C_kjm log π_kjm."""
        value = 0.0
        for name, table in vars(stats).items():
            used = table > 0
            with np.errstate(divide="ignore"):  # 0 under rows that have the code is −∞, and right
                value += float(table[used] @ np.log(params[name][used]))
        return value

    # ---- what it adds --------------------------------------------------------------------------------------

    def accept(self, data: Any) -> Array:
        """Arrays, lists and data frames of codes, as (n, d)."""
        x, columns = named_table(data)
        counts(x, CODES, columns)
        if self.num_codes is not None:
            self._refuse_beyond(x, columns)
        elif x.max(initial=0.0) >= MOST_CODES:
            raise ModelError(
                f"the data must be {CODES}; {first_cell(x, x >= MOST_CODES, columns)}, too large"
            )
        return x

    def prepare(self, data: Any, weight: Weight) -> Categorical:
        """With the number of codes in every column.

        Raises
        ------
        ValueError
            For anything that is not a code: the first row and column, and how many there are.
        """
        x = counts(data, CODES)
        require_rows(x)
        if self.num_codes is not None:
            self.check(x)
            return replace(self, num_codes=self._codes(x.shape[1]))
        least, most = x.min(axis=0), x.max(axis=0)
        if ((least > 0) & (most > least)).any():
            j = int(((least > 0) & (most > least)).argmax())
            raise ModelError(
                f"{column_in_words(j)} has codes {least[j]:g} to {most[j]:g} and no 0, as in row "
                f"{int(x[:, j].argmin())} (counted from 0): code from 0, or say how many codes there are, "
                f"num_codes={most[j] + 1:g}"
            )
        return replace(self, num_codes=tuple(int(top) + 1 for top in most))

    def check(self, data: Any) -> None:
        """Refuse what is no code, and codes that are beyond those of their column."""
        self._refuse_beyond(counts(data, CODES), None)

    def _refuse_beyond(self, x: Array, columns: Sequence[str] | None) -> None:
        codes = self._codes(x.shape[1])
        if len(codes) != x.shape[1]:
            raise ModelError(f"num_codes is of {len(codes)} columns, the data have {x.shape[1]}")
        bad = x >= np.array(codes)
        if bad.any():
            column = int(np.argwhere(bad)[0][1])
            name = f"column {column}" if columns is None else f"column {columns[column]!r}"
            row = int(np.argwhere(bad)[0][0])
            raise ModelError(
                f"{name} has codes 0 to {codes[column] - 1}; row {row} (both counted from 0) is "
                f"{x[row, column]:g}, and {int(bad.sum())} cells are beyond: code from 0, or raise num_codes"
            )

    def spaces(self, k: int) -> dict[str, Space] | None:
        if not isinstance(self.num_codes, tuple):
            return None
        return {name_of_column(j): Simplex((k, m)) for j, m in enumerate(self.num_codes)}

    def score(self, params: CategoricalParams, stats: Totals) -> Array:
        """∂Q/∂u of every column, one after the other."""
        parts = [_slope(table, params[name]) for name, table in vars(stats).items()]
        return np.concatenate([np.zeros(0), *(part.ravel() for part in parts)])

    def row_scores(self, params: CategoricalParams, data: Any, r: Array) -> Array:
        """r_nk (1[x_nj = m] − π_kjm)."""
        parts = []
        for table, column in zip(params.values(), _as_codes(data).T, strict=True):
            hot = np.eye(table.shape[1])[column]
            each = r[:, :, None] * (hot[:, None, :] - table)
            parts.append(each[:, :, :-1].reshape(len(r), -1))
        return np.hstack(parts)

    def diagnose(
        self, weights: Array, params: CategoricalParams, data: Any, weight: Weight, held_up: bool
    ) -> Verdict | None:
        """Components that are the same."""
        return identical(np.hstack([np.asarray(table) for table in params.values()]))

    def embed(self, data: Any) -> Array:
        """Every code of every column as a column of zeros and ones."""
        x = _as_codes(data)
        return np.hstack([np.eye(m)[column] for m, column in zip(self._codes(x.shape[1]), x.T, strict=True)])

    def describe(self, params: CategoricalParams, columns: Sequence[str] | None) -> Lines:
        """The probability of every code, under the name of its column where columns have names."""
        rows: Lines = []
        for j, (name, table) in enumerate(params.items()):
            write = as_probabilities(table)
            for code, probabilities in enumerate(np.asarray(table).T):
                label = f"{name}[{code}]" if columns is None else f"{columns[j]} = {code}"
                rows.append((label, [write(p) for p in probabilities]))
        return rows

    def is_discrete(self, column: int) -> bool:
        return True

    def marginal(self, params: CategoricalParams, column: int, points: Array) -> Array:
        """The probability of every point in a column, (k, m)."""
        table = np.asarray(params[name_of_column(column)])
        codes = np.asarray(points, dtype=np.intp)
        inside = (codes >= 0) & (codes < table.shape[1])
        return np.where(inside, table[:, np.clip(codes, 0, table.shape[1] - 1)], 0.0)

    def sample(
        self, params: CategoricalParams, labels: NDArray[np.integer], rng: Randomness = None
    ) -> NDArray[np.intp]:
        """One row for each label."""
        columns, generator = [], as_generator(rng)
        for table in params.values():
            cumulative = np.cumsum(np.asarray(table)[labels], axis=1)
            drawn = (generator.random(len(labels))[:, None] * cumulative[:, -1:] >= cumulative).sum(axis=1)
            columns.append(np.minimum(drawn, cumulative.shape[1] - 1))
        return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class DirichletPrior:
    """Dirichlet(α, …, α) on the probabilities of every column: α − 1 rows seen before with each code.

    Parameters
    ----------
    concentration
        α ≥ 1; 1 is flat.
    """

    concentration: float = 1.0

    def __post_init__(self) -> None:
        if not (is_number(self.concentration) and self.concentration >= 1.0):
            raise ModelError(f"concentration must be at least 1 to have a mode, not {self.concentration!r}")

    @property
    def holds_up(self) -> bool:
        """Whether it keeps every probability from 0."""
        return self.concentration > 1

    def pseudo_stats(self, family: Categorical, k: int) -> Totals:
        """α − 1 rows with each code."""
        spaces = family.spaces(k)
        if spaces is None:
            raise ModelError(UNPREPARED)
        return Totals(**{n: np.full(space.shape, self.concentration - 1.0) for n, space in spaces.items()})

    def log_density(self, family: Categorical, params: CategoricalParams) -> float:
        """Σ log Dirichlet(π | α)."""
        a, total = self.concentration, 0.0
        for table in params.values():
            k, m = np.shape(table)
            total += k * (lgamma(m * a) - m * lgamma(a))
            total += (a - 1.0) * float(np.log(table).sum()) if a > 1 else 0.0
        return total


def _as_codes(data: Any) -> NDArray[np.intp]:
    return whole_columns(data).astype(np.intp)


def _slope(table: Array, probabilities: Array) -> Array:
    return (table - table.sum(axis=1, keepdims=True) * probabilities)[:, :-1]
