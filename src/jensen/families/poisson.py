"""Counts: each column of a component has a rate of its own.

    log p(x | λ) = Σ_j x_j log λ_j − λ_j − log x_j!

With N_k = Σ_n w_nk and T_kj = Σ_n w_nk x_nj the M-step is λ = T/N, and in u = log λ

    ∂Q/∂u_kj = T_kj − N_k λ_kj
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import lgamma, log
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Weight
from jensen.basics.errors import ModelError
from jensen.basics.numbers import is_number
from jensen.basics.sampling import Randomness, as_generator
from jensen.basics.verdict import Verdict
from jensen.em.statistics import Totals
from jensen.families.checks import (
    UNPREPARED,
    counts,
    identical,
    require_columns,
    require_rows,
    whole_columns,
)
from jensen.families.family import Family
from jensen.families.table import named_table
from jensen.spaces.names import Columns
from jensen.spaces.positive import Positive
from jensen.spaces.space import Space

COUNTS = "counts, as a Poisson distribution has them"


class PoissonParams(NamedTuple):
    """Rates (k, d)."""

    rates: Array


@dataclass(frozen=True)
class Poisson(Family):
    """K Poisson distributions of counts in d independent columns.

    Parameters
    ----------
    num_columns
        d; set by `prepare` from the data.

    Notes
    -----
    Data are (n, d) whole numbers from 0, or (n,) for one column. A component in which a column is 0
    throughout has the rate 0 there, which is at its bound.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> x = np.random.default_rng(0).poisson(np.repeat([1.0, 9.0], 150))[:, None]
    >>> fit = jensen.fit(jensen.Mixture(2, jensen.Poisson()), x)
    >>> fit.params.components.rates.round().tolist()
    [[1.0], [9.0]]
    """

    num_columns: int | None = None

    # ---- the contract --------------------------------------------------------------------------------------

    def log_density(self, params: PoissonParams, data: Any) -> Array:
        """log p(x_n | z = k), (n, k)."""
        x = whole_columns(data)
        return _products(x, params.rates) - params.rates.sum(axis=1) - _log_factorials(x)[:, None]

    def statistics(self, params: PoissonParams | None, data: Any, weight: Array) -> Totals:
        """N (k,), T (k, d), and −Σ_nk w_nk log x_n!."""
        x = whole_columns(data)
        base = -float(weight.sum(axis=1) @ _log_factorials(x))
        return Totals(count=weight.sum(axis=0), total=weight.T @ x, base=base)

    def m_step(self, stats: Totals, params: PoissonParams | None) -> PoissonParams:
        """λ = T/N; a component without rows stays."""
        count = stats.count[:, None]
        rates = stats.total / np.where(count > 0, count, 1.0)
        return PoissonParams(rates if params is None else np.where(count > 0, rates, params.rates))

    def expected_log_density(self, params: PoissonParams, stats: Totals) -> float:
        """Σ_kj T_kj log λ_kj − N_k λ_kj, and the constants."""
        used = stats.total > 0
        with np.errstate(divide="ignore"):  # a rate of 0 under rows that have counts is −∞, and right
            logs = float(stats.total[used] @ np.log(params.rates[used]))
        return logs - float(stats.count @ params.rates.sum(axis=1)) + stats.base

    # ---- what it adds --------------------------------------------------------------------------------------

    def accept(self, data: Any) -> Array:
        """Arrays, lists and data frames of counts, as (n, d)."""
        x, columns = named_table(data)
        counts(x, COUNTS, columns)
        return require_columns(x, self.num_columns)

    def prepare(self, data: Any, weight: Weight) -> Poisson:
        """With the number of columns.

        Raises
        ------
        ValueError
            For anything that is not a count: the first row and column, and how many there are.
        """
        x = require_columns(counts(data, COUNTS), self.num_columns)
        require_rows(x)
        return replace(self, num_columns=x.shape[1])

    def check(self, data: Any) -> None:
        """Refuse what is no count."""
        require_columns(counts(data, COUNTS), self.num_columns)

    def spaces(self, k: int) -> dict[str, Space] | None:
        d = self.num_columns
        return None if d is None else {"rates": Positive((k, d), names=(None, Columns()))}

    def make(self, values: dict[str, Any]) -> PoissonParams:
        return PoissonParams(**values)

    def score(self, params: PoissonParams, stats: Totals) -> Array:
        """∂Q/∂ log λ."""
        return (stats.total - stats.count[:, None] * params.rates).ravel()

    def row_scores(self, params: PoissonParams, data: Any, r: Array) -> Array:
        """r_nk (x_nj − λ_kj)."""
        each = r[:, :, None] * (whole_columns(data)[:, None, :] - params.rates)
        return each.reshape(len(r), -1)

    def diagnose(
        self, weights: Array, params: PoissonParams, data: Any, weight: Weight, held_up: bool
    ) -> Verdict | None:
        """Components that are the same."""
        return identical(np.sqrt(params.rates))

    def embed(self, data: Any) -> Array:
        """2 √x, of which the variance is about 1 whatever the rate is."""
        return 2.0 * np.sqrt(whole_columns(data))

    def is_discrete(self, column: int) -> bool:
        return True

    def marginal(self, params: PoissonParams, column: int, points: Array) -> Array:
        """The probability of every point in a column, (k, m)."""
        rates = params.rates[:, column : column + 1]
        return np.exp(Poisson().log_density(PoissonParams(rates), points).T)

    def sample(self, params: PoissonParams, labels: NDArray[np.integer], rng: Randomness = None) -> Array:
        """One row for each label."""
        return as_generator(rng).poisson(params.rates[labels]).astype(float)


@dataclass(frozen=True, slots=True)
class GammaPrior:
    """Gamma(a, b) on every rate: a − 1 counts seen before in b rows.

    Parameters
    ----------
    shape
        a ≥ 1.
    rate
        b > 0.
    """

    shape: float
    rate: float

    def __post_init__(self) -> None:
        known = is_number(self.shape) and is_number(self.rate)
        if not (known and self.shape >= 1 and self.rate > 0):
            raise ModelError(f"need shape ≥ 1 and rate > 0, not {self.shape} and {self.rate}")

    @property
    def holds_up(self) -> bool:
        """Whether it keeps every component from collapsing: above a = 1 no rate is 0."""
        return self.shape > 1

    def pseudo_stats(self, family: Poisson, k: int) -> Totals:
        """b rows with a − 1 counts in every column."""
        if family.num_columns is None:
            raise ModelError(UNPREPARED)
        total = np.full((k, family.num_columns), self.shape - 1.0)
        return Totals(count=np.full(k, self.rate), total=total, base=0.0)

    def log_density(self, family: Poisson, params: PoissonParams) -> float:
        """Σ log Gamma(λ | a, b)."""
        a, b, rates = self.shape, self.rate, params.rates
        logs = (a - 1) * float(np.log(rates).sum()) if a > 1 else 0.0
        return rates.size * (a * log(b) - lgamma(a)) + logs - b * float(rates.sum())


def _products(x: Array, rates: Array) -> Array:
    """Σ_j x_nj log λ_kj, where 0 · log 0 is 0: (n, k)."""
    with np.errstate(divide="ignore"):
        logs = np.log(rates)
    if np.isfinite(logs).all():
        return x @ logs.T
    finite = x @ np.where(np.isfinite(logs), logs, 0.0).T
    impossible = (x > 0).astype(float) @ np.isneginf(logs).T.astype(float) > 0
    return np.where(impossible, -np.inf, finite)


def _log_factorials(x: Array) -> Array:
    """Σ_j log x_nj!, (n,)."""
    from scipy.special import gammaln

    top = x.max(initial=0.0)
    if top < x.size:  # a table is quicker than as many logarithms as there are cells
        return gammaln(np.arange(top + 1.0) + 1.0)[x.astype(np.intp)].sum(axis=1)
    return gammaln(x + 1.0).sum(axis=1)
