"""The Gaussian family: K normal distributions over one covariance structure.

    log N(x | μ, Σ) = −½ (d log 2π + log|Σ| + (x − μ)ᵀ Σ⁻¹ (x − μ))

The statistics are the moments about a centre that they carry (the means of the E-step), in the shape that the
structure needs. In the chart, with x̃ = x − μ_k, the gradient of Q(·, S) is

    ∂Q/∂μ_k   = Σ_k⁻¹ Σ_n w_n r_nk x̃           (`score`, with the structure's own for the covariances)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Mask, Weight
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.naming import column_in_words
from jensen.basics.numbers import is_number
from jensen.basics.sampling import Randomness, as_generator
from jensen.basics.verdict import Verdict
from jensen.families.carriers import End, Lines
from jensen.families.checks import refuse_without_moments, require_columns, require_rows
from jensen.families.family import Family, Standardized
from jensen.families.gaussian import climb, diagnosis, starts
from jensen.families.gaussian.apart import within
from jensen.families.gaussian.describe import described
from jensen.families.gaussian.kernels import Native, require_same_columns
from jensen.families.gaussian.metric import Metric
from jensen.families.gaussian.moments import GaussianParams, GaussianStats, data_moments
from jensen.families.gaussian.split_merge import neighbours
from jensen.families.gaussian.structures.full import Full
from jensen.families.gaussian.structures.structure import Structure
from jensen.families.gaussian.symmetry import AffineMap, random_map
from jensen.families.table import as_table
from jensen.spaces.names import Columns
from jensen.spaces.real import Real
from jensen.spaces.space import Space

LOG_2PI = float(np.log(2.0 * np.pi))
DEFAULT_FLOOR, COARSE_FLOOR = 1e-10, 1e-7  # coarse where digits are few
LOOSENED = 5.0
LEAST_VARIANCE = {4: 1e-40, 8: 1e-292}  # by item size: with smaller ones digits are lost


@dataclass(frozen=True)
class Gaussian(Family):
    """K normal distributions.

    Parameters
    ----------
    covariance
        The structure: `Full`, `Tied`, `Diagonal`, `EEI`, `Spherical` or `EII`, or one of your own.
    floor
        ε: every component covariance is at least ε times the data's own covariance in the metric of the
        structure; by default 10⁻¹⁰, less where the data fall into groups that are far apart, and 10⁻⁷ in
        single precision or where columns depend on each other. It is part of the parameter space, not a
        ridge: where it is not active the fit is plain maximum likelihood.
    metric
        Set by `prepare` from the data; without it there is no bound.

    Examples
    --------
    >>> import jensen
    >>> jensen.Gaussian(jensen.Diagonal()).covariance.name
    'diag'
    """

    covariance: Structure = field(default_factory=Full)
    floor: float = DEFAULT_FLOOR
    metric: Metric | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.covariance, Structure):
            raise ModelTypeError(
                "covariance must be a structure of jensen.families, such as Tied() or Full(), "
                f"not {self.covariance!r}"
            )
        if not (is_number(self.floor) and self.floor >= 0):
            raise ModelError(f"floor must be at least 0, not {self.floor!r}")

    @property
    def native(self) -> Native | None:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """Passes over the rows that store nothing of size n × k; None for a subclass with its own density."""
        return Native(self.covariance) if self._is_plain else None

    @property
    def _is_plain(self) -> bool:
        """Whether densities and steps are those of this class: the compiled ones are."""
        own = type(self)
        return (
            own.log_density is Gaussian.log_density
            and own.statistics is Gaussian.statistics
            and own.m_step is Gaussian.m_step
        )

    @property
    def shared(self) -> tuple[str, ...]:  # pyright: ignore[reportIncompatibleVariableOverride] -- read, never set
        """The covariances, where the structure has one array for all components."""
        return ("covariances",) if self.covariance.is_shared else ()

    @property
    def name(self) -> str:
        """Of the covariance structure."""
        return self.covariance.name

    def same_as(self, k: int, data: Any) -> str:
        return f"{self.covariance.same_as(k, _num_columns(data))} from {self.floor}"

    def count_free(self, k: int, data: Any) -> int:
        d = _num_columns(data)
        return k * d + self.covariance.num_free(k, d)

    def transform(self, data: Array, rng: Any) -> AffineMap:
        return AffineMap(self.covariance, *random_map(self.covariance, np.asarray(data), rng))

    def meaning(self, k: int, params: GaussianParams) -> str:
        return self.covariance.meaning(k, params.means.shape[1])

    # ---- the contract --------------------------------------------------------------------------------------

    def log_density(self, params: GaussianParams, data: Array) -> Array:
        """log p(x_n | z = k), (n, k)."""
        k, d = params.means.shape
        moments, spread = self.covariance.moments, self.covariance.spread(params.covariances, k, d)
        distances = moments.squared_distances(np.asarray(data, float), params.means, spread)
        return -0.5 * (d * LOG_2PI + moments.log_det(spread, k, d) + distances)

    def statistics(self, params: GaussianParams, data: Array, weight: Array) -> GaussianStats:
        """Moments about the current means under ``weight`` (n, k)."""
        data, moments = np.asarray(data, float), self.covariance.moments
        if params is not None:
            require_same_columns(data, params.means)
        centre = params.means if params is not None else np.repeat(data[:1], weight.shape[1], axis=0)
        count = weight.sum(axis=0)
        first = np.stack([w @ (data - c) for c, w in zip(centre, weight.T, strict=True)])
        return GaussianStats(moments, centre, count, first, moments.second(data, centre, weight), count)

    def m_step(self, stats: GaussianStats, params: GaussianParams) -> GaussianParams:
        """Weighted means and covariances, the latter within the bound; a component without rows stays."""
        k, d = stats.centre.shape
        if params is None:  # of a random start
            unit = self.covariance.reduce(np.tile(np.eye(d), (k, 1, 1)), np.ones(k))
            params = GaussianParams(stats.centre, unit)
        count = stats.count[:, None]
        shift = np.where(count > 0, stats.first / np.where(count > 0, count, 1.0), 0.0)
        means = np.where(count > 0, stats.centre + shift, params.means)
        scatter = stats.second - stats.moments.outer(count * shift, shift)
        covariances = self.covariance.estimate(scatter, stats.dof, d, params.covariances)
        return GaussianParams(means, self.clip(covariances))

    def nearest(self, params: GaussianParams) -> GaussianParams:
        """Params with covariances that are not quite of the structure made so."""
        k, d = params.means.shape
        full = self.covariance.full(params.covariances, k, d)
        return GaussianParams(params.means, self.covariance.reduce(full, np.ones(k)))

    def clip(self, covariances: Array) -> Array:
        """The covariances within the bound: the exact constrained M-step."""
        if self.metric is None:
            return covariances
        return self.covariance.clip(covariances, self.metric, self.floor)

    def expected_log_density(self, params: GaussianParams, stats: GaussianStats) -> float:
        """Σ_nk w_nk log N(x_n | μ_k, Σ_k) from the statistics."""
        k, d = params.means.shape
        moments, spread = stats.moments, self.covariance.spread(params.covariances, k, d)
        moved = stats.about(params.means)
        log_det, quadratic = moments.log_det_and_trace(spread, moved.second, k, d)
        return -0.5 * float(d * LOG_2PI * stats.count.sum() + stats.dof @ log_det + quadratic)

    # ---- the parameter space -------------------------------------------------------------------------------

    def accept(self, data: Any) -> Array:
        """Arrays, lists and data frames of numbers, as (n, d); one dimension is one column."""
        return require_columns(as_table(data, finite=True), self.num_columns)

    def prepare(self, data: Array, weight: Weight) -> Gaussian:
        """The family with its bound in the metric of these data.

        Raises
        ------
        ValueError
            If the data are not (n, d), a value is not finite or too large to be squared, there is no row, or
            a column is constant, so that no covariance can be estimated in it.
        """
        _num_columns(data)
        require_rows(data)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, covariance = data_moments(data, weight)
        if not np.isfinite(covariance).all():
            refuse_without_moments(data)
        self._refuse_constant_columns(data, weight, mean, covariance)
        metric = self.covariance.metric(mean, covariance)
        floor = self.floor
        if floor == DEFAULT_FLOOR:
            is_fine = metric.rank == len(mean) and data.dtype != np.float32
            least = metric.least_bound
            floor = max(least, floor * within(metric, data, weight)) if is_fine else COARSE_FLOOR
        return replace(self, metric=metric, floor=floor)

    def _refuse_constant_columns(self, data: Array, weight: Weight, mean: Array, covariance: Array) -> None:
        variances, least = np.diagonal(covariance), LEAST_VARIANCE.get(data.dtype.itemsize, 0.0)
        suspects = np.flatnonzero((variances <= np.square(1e-6 * mean)) | (variances < least))
        if not len(suspects):
            return
        rows = data[:, suspects] if weight is None else data[np.asarray(weight) > 0][:, suspects]
        constant = suspects[rows.min(axis=0) == rows.max(axis=0)]
        if len(constant) and (len(constant) == len(mean) or self.covariance.needs_every_column):
            if len(rows) == 1:
                raise ModelError("no variance to estimate: there is one row; give more")
            columns = " and ".join(map(column_in_words, constant[:3]))
            more = f" and {len(constant) - 3} more" if len(constant) > 3 else ""
            what = "is constant; leave it out" if len(constant) == 1 else "are constant; leave them out"
            raise ModelError(f"no variance to estimate: {columns}{more} {what}")
        small = np.setdiff1d(suspects[variances[suspects] < least], constant)
        if len(small):
            j = small[0]
            raise ModelError(
                f"the values of {column_in_words(j)} differ by no more than {np.ptp(data[:, j]):.2g}, "
                "too little to be squared: change the units of that column"
            )

    @property
    def num_columns(self) -> int | None:
        """d, once `prepare` has seen the data."""
        return None if self.metric is None else len(self.metric.mean)

    def spaces(self, k: int) -> dict[str, Space] | None:
        """``means`` and ``covariances``, once the columns are known."""
        d = self.num_columns
        if d is None:
            return None
        means = Real((k, d), names=(None, Columns()))
        return {"means": means, "covariances": self.covariance.named_space(k, d)}

    def from_other(self, other: Family, params: Any, weights: Array) -> GaussianParams | None:
        """The components of another structure, where they are some of this one."""
        if not isinstance(other, Gaussian):
            return None
        means, full = other.moments(params)
        covariances = self.covariance.reduce(full, weights)
        same = self.covariance.full(covariances, *means.shape)
        near = np.allclose(same, full, rtol=1e-8, atol=1e-10 * float(np.abs(full).max()))
        return GaussianParams(means, covariances) if near else None

    def make(self, values: dict[str, Any]) -> GaussianParams:
        return GaussianParams(**values)

    def contains(self, params: GaussianParams) -> bool:
        """Whether every covariance is one of the structure, and at least at its bound."""
        means, covariances = params
        if not self.covariance.contains(covariances, *means.shape):
            return False
        return self.metric is None or self.metric.smallest(covariances).min() >= self.floor

    def at_bound(self, params: GaussianParams) -> Mask | None:
        """Which coordinates belong to a covariance that its bound holds up."""
        if self.metric is None:
            return None
        limit = diagnosis.AT_BOUND * self.floor
        held = self.covariance.at_bound(self.metric, params.covariances, limit, len(params.means))
        return np.concatenate([np.zeros(params.means.size, bool), held])

    def score(self, params: GaussianParams, stats: GaussianStats) -> Array:
        """∂/∂u of the expected log-density, (p,)."""
        k, d = params.means.shape
        moved = stats.about(params.means)
        covariances = self.covariance.score(params.covariances, moved.second, moved.dof, k, d)
        return np.concatenate([self._shifts(params, moved.first), covariances])

    def row_scores(self, params: GaussianParams, data: Array, r: Array) -> Array:
        """∂/∂u Σ_k r_nk log p(x_n | k) of every row, (n, p)."""
        away = np.asarray(data, float)[:, None, :] - params.means
        first = r[..., None] * away
        covariances = self.covariance.row_scores(params.covariances, first, away, r, *params.means.shape)
        return np.concatenate([self._shifts(params, first), covariances], axis=-1)

    def _shifts(self, params: GaussianParams, first: Array) -> Array:
        """∂/∂means, from first moments about them (…, k, d)."""
        spread = self.covariance.spread(params.covariances, *params.means.shape)
        return self.covariance.moments.precision_times(spread, first).reshape(*first.shape[:-2], -1)

    def order(self, params: GaussianParams) -> NDArray[np.intp]:
        """By their means, first column first."""
        return np.lexsort(params.means.T[::-1])

    def relabel(self, params: GaussianParams, order: NDArray[np.integer]) -> GaussianParams:
        """The components in another order; a shared covariance stays."""
        return GaussianParams(params.means[order], self.covariance.relabel(params.covariances, order))

    def num_free(self, params: GaussianParams) -> int:
        """Free parameters: means and covariances."""
        k, d = params.means.shape
        return k * d + self.covariance.num_free(k, d)

    # ---- starts, ends, samples -----------------------------------------------------------------------------

    def embed(self, data: Array) -> Array:
        """The coordinates in which the data have unit covariance."""
        return starts.metric_of(self).whiten(np.asarray(data, float))

    def start(self, k: int, data: Array, weight: Weight, rng: np.random.Generator) -> tuple[Array, Any]:
        """Rows as means; every covariance is the data's own, shrunk by k^(−2/d)."""
        return starts.random_rows(self, k, data, weight, rng)

    def begin(self, data: Array, weight: Weight, responsibilities: Array) -> tuple[Array, GaussianParams]:
        """Moments of each group; one of too few rows for a covariance leans on the others."""
        return starts.from_responsibilities(self, data, weight, responsibilities[None])[0]

    def begin_all(self, data: Array, weight: Weight, responsibilities: Array) -> list[starts.Begin]:
        """The same for many (count, n, k), with the products of the columns formed once."""
        return starts.from_responsibilities(self, data, weight, responsibilities)

    def begin_partitions(
        self, data: Array, weight: Weight, labels: NDArray[np.integer], k: int
    ) -> list[starts.Begin]:
        """The same for partitions, (count, n)."""
        return starts.from_partitions(self, data, weight, labels, k)

    def around(self, params: GaussianParams, data: Array) -> Array:
        """The coordinates in which the component has unit covariance."""
        (covariance,) = self.covariance.full(params.covariances, *params.means.shape)
        return np.linalg.solve(
            np.linalg.cholesky(covariance), (np.asarray(data, float) - params.means[0]).T
        ).T

    @property
    def needed(self) -> float:  # pyright: ignore[reportIncompatibleVariableOverride]
        """With no more rows than this a covariance cannot be estimated."""
        return 1.0 if self.num_columns is None else max(1.0, self.covariance.needed(self.num_columns))

    def standardized(self, data: Array, weight: Weight) -> Standardized | None:
        """The coordinates of the metric."""
        return climb.standardized(self, data) if self.climb is not None and self.metric is not None else None

    @property
    def climb(self) -> Callable[[list[End], Array, Weight, float, int, bool], bool] | None:  # pyright: ignore
        """Native climbs in the coordinates of the metric, where the M-step is one that they know."""
        return partial(climb.climb, self) if self._is_plain and self.covariance.is_native else None

    def neighbours(
        self, weights: Array, params: GaussianParams, data: Array, weight: Weight
    ) -> list[tuple[Array, GaussianParams]]:
        """Solutions with two components merged and another split."""
        return neighbours(self, weights, params, data, weight)

    @property
    def loosened(self) -> Callable[[GaussianParams, NDArray[np.intp]], GaussianParams] | None:  # pyright: ignore
        """Components with covariances several times as large, unless these are shared."""
        return None if self.shared else self._loosened

    def _loosened(self, params: GaussianParams, which: NDArray[np.intp]) -> GaussianParams:
        k, d = params.means.shape
        full = np.array(self.covariance.full(params.covariances, k, d))
        full[which] *= LOOSENED
        return GaussianParams(params.means, self.clip(self.covariance.reduce(full, np.ones(k))))

    def flawed(
        self, weights: Array, params: GaussianParams, data: Array, weight: Weight, held_up: bool
    ) -> Mask:
        """Components that are spurious or at the bound."""
        spurious = diagnosis.spurious_components(self, weights, params, data, weight, held_up)
        return spurious | diagnosis.at_bound(self, params)

    def diagnose(
        self, weights: Array, params: GaussianParams, data: Array, weight: Weight, held_up: bool
    ) -> Verdict | None:
        """Collapse, a bound that is active, identical components."""
        return diagnosis.diagnose(self, weights, params, data, weight, held_up)

    def sample(self, params: GaussianParams, labels: NDArray[np.integer], rng: Randomness = None) -> Array:
        """One row for each label."""
        k, d = params.means.shape
        factors = np.linalg.cholesky(self.covariance.full(params.covariances, k, d))
        noise = as_generator(rng).standard_normal((len(labels), d))
        return params.means[labels] + np.einsum("nde,ne->nd", factors[labels], noise)

    # ---- for people ----------------------------------------------------------------------------------------

    kind = "covariance"
    caption = "mean (standard deviation)"

    def describe(self, params: GaussianParams, columns: Sequence[str] | None) -> Lines:
        """Means with standard deviations, and correlations where there are few columns."""
        return described(params.means, self.moments(params)[1], columns)

    def written_out(self, params: GaussianParams) -> dict[str, Any]:
        """With covariances (k, d, d), whatever the structure."""
        means, covariances = self.moments(params)
        return {"means": means, "covariances": covariances}

    def moments(self, params: GaussianParams) -> tuple[Array, Array]:  # pyright: ignore
        """Means and full covariances."""
        return params.means, self.covariance.full(params.covariances, *params.means.shape)

    def marginal(self, params: GaussianParams, column: int, points: Array) -> Array:  # pyright: ignore
        """Normal densities of one column."""
        means, covariances = self.moments(params)
        variances = covariances[:, column, column][:, None]
        squares = np.square(points - means[:, column, None]) / variances
        return np.exp(-0.5 * squares) / np.sqrt(2.0 * np.pi * variances)


def _num_columns(data: Any) -> int:
    shape = np.shape(data) if isinstance(data, np.ndarray) else ()
    if len(shape) != 2:
        found = f"not of shape {shape}" if shape else f"as an array, not a {type(data).__name__}"
        raise ModelError(f"data must be (n, d), {found}")
    return shape[1]
