"""The search on few rows, in the coordinates of the metric: native climbs from many starts, and
split-and-merge.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen._native import _core
from jensen.basics.arrays import Array
from jensen.basics.progress import Progress
from jensen.basics.threads import get_num_threads
from jensen.em import Outcome, Start, Verdict
from jensen.families import GaussianParams
from jensen.families.gaussian import kernels
from jensen.families.gaussian.diagnosis import at_bound, spurious_components
from jensen.families.gaussian.split_merge import neighbours
from jensen.numerics import partitions

if TYPE_CHECKING:
    from jensen.models.mixture.mixture import Mixture, MixtureParams

Partitions = Callable[[Array, Array | None, int, int, np.random.Generator], NDArray]

ROUGH, FAIR, FINE = 3e-2, 1e-4, 5e-7  # nats gained in a cycle of two E-steps, twice in a row
FEW_COLUMNS = 16  # up to which the products of columns are formed once for all starts
STATUS = (Outcome.CONVERGED, Outcome.STEP_LIMIT, Outcome.FAILED, Outcome.COLLAPSED)
WORK = 1e7  # rows × components × columns² that all starts may cost per E-step

PARTITIONS: dict[str, Partitions] = {
    "k-means": partitions.kmeans,
    "columns": partitions.kmeans,  # on the standardized columns instead of the coordinates of the metric
    "projection": partitions.projections,
    "independent": partitions.independent_directions,
    "k-means++": partitions.nearest_seeds,
    "responsibilities": partitions.random_responsibilities,
}
KINDS = (
    "k-means",
    "columns",
    "rows",
    "projection",
    "independent",
    "columns",
    "k-means++",
    "rows",
    "responsibilities",
)


@dataclass(slots=True)
class End:
    """A climb of the search: where it started, where it is, what it cost."""

    kind: str
    params: MixtureParams
    objective: float = -np.inf
    num_e_steps: int = 0
    outcome: Outcome = Outcome.FAILED
    proper: bool | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work the search does: more components have more maxima, few rows cost little."""

    num_starts: int
    num_rounds: int
    num_bases: int
    num_merges: int = 3
    num_splits: int = 3

    @classmethod
    def of(cls, n: int, d: int, k: int) -> Effort:
        """The effort for n rows, d columns and k components."""
        most = 24 if k <= 3 else 20
        num_starts = int(np.clip(WORK / (n * k * (d + 2) ** 2), 10, most))
        return cls(num_starts, num_rounds=0 if k == 2 else 2, num_bases=2)


class Hunt:
    """The search for a mixture's best maximum on few rows."""

    def __init__(self, model: Mixture, data: Array, weight: Array | None) -> None:
        metric = model.family.metric
        if metric is None:
            raise ValueError("prepare the model first: model.prepare(data, weight)")
        data = np.asarray(data, float)
        unit = model.family.covariance.metric(np.zeros(data.shape[1]), np.eye(data.shape[1]))
        self.model, self.metric = model, metric
        self.white = replace(model, family=replace(model.family, metric=unit))
        self.rows = np.ascontiguousarray(metric.whiten(data))
        spread = data.std(axis=0)
        self.columns = (data - data.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        self.weight = None if weight is None else np.ascontiguousarray(weight, float)
        self.total = float(len(data)) if weight is None else float(np.sum(weight))

    def run(self, rng: np.random.Generator, progress: Progress | None) -> tuple[list[End], bool]:
        """All ends, the best polished, and whether the user interrupted the search."""
        n, d = self.rows.shape
        effort = Effort.of(n, d, self.model.num_components)
        ends = self.starts(effort.num_starts, rng)
        try:
            return self._search(ends, effort, progress), False
        except KeyboardInterrupt:
            return [end for end in ends if end.num_e_steps], True

    def _search(self, ends: list[End], effort: Effort, progress: Progress | None) -> list[End]:
        """From the starts to the polished best; ``ends`` grows on the way."""
        self.climb(ends, ROUGH, 300)
        tried: list[float] = []
        for number in range(effort.num_rounds):
            if progress is not None:
                progress.update(f"search, round {number + 1}, {len(ends)} starts")
            bases = [end for end in self.best(ends, effort.num_bases) if not _near(end.objective, tried)]
            if not bases:
                break
            tried += [end.objective for end in bases]
            ends += self._improve(bases, effort)
        best = self.climb(self.best(ends, 3), FAIR, 1000)
        self.climb([max(best, key=lambda end: end.objective)], FINE, 4000)
        others = [end for end in ends if not any(end is b for b in best)]
        return [*best, *others]

    def climb(self, ends: list[End], tol: float, max_e_steps: int) -> list[End]:
        """Climb from where the ends are, on all cores; updates and returns them."""
        if not ends:
            return ends
        shape = ends[0].params.components.covariances.shape
        *result, interrupted = _core.climb(
            kernels.CODES[self.model.family.covariance.name],
            self.rows,
            self.weight,
            np.stack([end.params.weights for end in ends]),
            np.stack([end.params.components.means for end in ends]),
            np.stack([end.params.components.covariances.ravel() for end in ends]),
            self.model.family.floor,
            max_e_steps,
            tol,
            get_num_threads(),
        )
        for end, w, m, c, objective, e_steps, status in zip(ends, *result, strict=True):
            end.params = _params(w, m, c.reshape(shape))
            end.num_e_steps += int(e_steps)
            end.outcome = STATUS[status]
            end.objective = float(objective) if end.outcome is not Outcome.FAILED else -np.inf
            end.proper = None if end.outcome in STATUS[:2] else False
        if interrupted:
            raise KeyboardInterrupt
        return ends

    def is_proper(self, end: End) -> bool:
        """Whether no component is spurious or at the bound; found out once."""
        if end.proper is None:
            end.proper = not (
                at_bound(self.white, end.params).any()
                or spurious_components(self.white, end.params, self.rows, self.weight).any()
            )
        return end.proper

    def in_data(self, ends: list[End]) -> list[Start]:
        """The ends in the coordinates of the data."""
        if not ends:
            return []
        means = self.metric.unwhiten(np.stack([end.params.components.means for end in ends]))
        covariances = self.metric.unwhiten_covariances(
            np.stack([end.params.components.covariances for end in ends])
        )
        shift = self.total * self.metric.log_scale
        return [
            Start(
                end.kind,
                _params(end.params.weights, m, c),
                end.objective - shift,
                end.num_e_steps,
                Verdict(end.outcome, "", climbed=end.outcome is Outcome.CONVERGED),
            )
            for end, m, c in zip(ends, means, covariances, strict=True)
        ]

    def best(self, ends: list[End], count: int) -> list[End]:
        """The best proper ends that differ; where there is none, the best."""
        return self._pick(ends, count, self.is_proper) or sorted(ends, key=lambda end: -end.objective)[:1]

    def starts(self, count: int, rng: np.random.Generator) -> list[End]:
        """Starts of all kinds in turn."""
        kinds = self._kinds()
        made: list[End] = []
        for kind in dict.fromkeys(kinds):
            number = sum(kinds[i % len(kinds)] == kind for i in range(count))
            made += [End(kind, params) for params in self._of_kind(kind, number, rng)]
        return made

    def _kinds(self) -> list[str]:
        same = self.model.family.covariance.name == "diag"  # its metric standardizes the columns
        return [kind for kind in KINDS if not (same and kind == "columns")]

    def _of_kind(self, kind: str, count: int, rng: np.random.Generator) -> list[MixtureParams]:
        k = self.model.num_components
        if kind == "rows":
            return [self.white.start(self.rows, self.weight, rng) for _ in range(count)]
        rows = self.columns if kind == "columns" else self.rows
        parts = PARTITIONS[kind](rows, self.weight, k, count, rng)
        return self._from_responsibilities(np.eye(k)[parts] if parts.ndim == 2 else parts)

    def _from_responsibilities(self, r: Array) -> list[MixtureParams]:
        """Moments of each group of each partition (count, n, k); a group of too few rows gets a round one."""
        d, k = self.rows.shape[1], r.shape[2]
        wr = np.swapaxes(r if self.weight is None else self.weight[:, None] * r, 1, 2)
        count = wr.sum(axis=2)
        safe = np.maximum(count, 1e-300)[..., None]
        means = wr @ self.rows / safe
        full = self._second_moments(wr) / safe[..., None] - means[..., :, None] * means[..., None, :]
        full[count <= d + 1] = k ** (-2.0 / d) * np.eye(d)
        weights = np.maximum(count, 1e-3 * self.total / k)
        weights /= weights.sum(axis=1, keepdims=True)
        reduce = self.model.family.covariance.reduce
        return [_params(w, m, reduce(c, w)) for w, m, c in zip(weights, means, full, strict=True)]

    def _second_moments(self, wr: Array) -> Array:
        """Σ_n w_nk x_n x_nᵀ for (count, k, n) weights; the rows are centred, which is enough for starts."""
        n, d = self.rows.shape
        if d <= FEW_COLUMNS:
            products = (self.rows[:, :, None] * self.rows[:, None, :]).reshape(n, d * d)
            return (wr @ products).reshape(*wr.shape[:2], d, d)
        return np.stack([np.swapaxes(self.rows * w[..., None], 1, 2) @ self.rows for w in wr])

    def _improve(self, bases: list[End], effort: Effort) -> list[End]:
        """Neighbours of the bases: a few steps for all, more for the promising, the end for the best."""
        tries = [
            End("split and merge", params)
            for base in bases
            for params in neighbours(
                self.white, base.params, self.rows, self.weight, effort.num_merges, effort.num_splits
            )
        ]
        tries = self.climb(tries, 0.0, 6)
        tries = self.climb(self._pick(tries, 3 * len(bases), _alive), 0.0, 16)
        return self.climb(self._pick(tries, 2 * len(bases), _alive), ROUGH, 300)

    def _pick(self, ends: list[End], count: int, wanted: Callable[[End], bool]) -> list[End]:
        picked: list[End] = []
        for end in sorted(ends, key=lambda end: -end.objective):
            if len(picked) == count:
                break
            if not _near(end.objective, [other.objective for other in picked]) and wanted(end):
                picked.append(end)
        return picked


def _alive(end: End) -> bool:
    return end.proper is not False


def _near(value: float, others: list[float]) -> bool:
    return any(abs(value - other) < 2 * ROUGH for other in others)


def _params(weights: Array, means: Array, covariances: Array) -> MixtureParams:
    from jensen.models.mixture.mixture import MixtureParams

    return MixtureParams(weights, GaussianParams(means, covariances))
