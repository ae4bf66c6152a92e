"""The search on few rows, in the coordinates of the metric: climbs from many starts, and split-and-merge.

Likelihoods of mixtures have many maxima, and the starts that reach the best one differ from data set to data
set. So: starts of every kind, each accelerated roughly to its end, where one that collapses is given up; from
the best proper ends, solutions with two components merged and another split, until none is better; the best
ends polished.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen._native import _core
from jensen.basics.arrays import Array, Weight
from jensen.basics.progress import Progress
from jensen.basics.threads import get_num_threads
from jensen.basics.verdict import Outcome, Verdict
from jensen.families.family import Found, PriorKind
from jensen.families.gaussian import starts
from jensen.families.gaussian.climb import climb_one
from jensen.families.gaussian.diagnosis import at_bound, spurious_components
from jensen.families.gaussian.moments import GaussianParams
from jensen.families.gaussian.split_merge import neighbours
from jensen.numerics import partitions

Partitions = Callable[[Array, Weight, int, int, np.random.Generator], NDArray]

ROUGH, FAIR, FINE = 3e-2, 1e-4, 5e-7  # nats gained in a cycle of two E-steps, twice in a row
FEW_COLUMNS = 16  # up to which the products of columns are formed once for all starts
STATUS = (Outcome.CONVERGED, Outcome.STEP_LIMIT, Outcome.FAILED, Outcome.COLLAPSED)
SEARCH_ROWS = 1000
NATIVE_SIZE = 1_000_000  # rows × columns up to which a copy in the metric costs little
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
    weights: Array
    params: GaussianParams
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


class Search:
    """The search for the best maximum of ``k`` components on few rows."""

    def __init__(self, family: Any, k: int, data: Array, weight: Weight, prior: PriorKind) -> None:
        self.k, self.metric, self.held_up = k, starts.metric_of(family), prior.holds_up
        data = np.asarray(data, float)
        unit = family.covariance.metric(np.zeros(data.shape[1]), np.eye(data.shape[1]))
        self.family = replace(family, metric=unit)
        self.rows = np.ascontiguousarray(self.metric.whiten(data))
        spread = data.std(axis=0)
        self.columns = (data - data.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        self.weight = None if weight is None else np.ascontiguousarray(weight, float)
        self.total = float(len(data)) if weight is None else float(np.sum(weight))

    def run(self, rng: np.random.Generator, progress: Progress | None) -> tuple[list[End], bool]:
        """All ends, the best polished, and whether the user interrupted the search."""
        n, d = self.rows.shape
        effort = Effort.of(n, d, self.k)
        ends = self.begin(effort.num_starts, rng)
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
        if not self.family.covariance.is_native:
            for end in ends:
                self._arrive(
                    end,
                    *climb_one(
                        self.family, end.weights, end.params, self.rows, self.weight, tol, max_e_steps
                    ),
                )
            return ends
        structure, d = self.family.covariance, self.rows.shape[1]
        *result, interrupted = _core.climb(
            structure.moments.code,
            structure.is_shared,
            self.rows,
            self.weight,
            np.stack([end.weights for end in ends]),
            np.stack([end.params.means for end in ends]),
            np.stack([structure.spread(end.params.covariances, self.k, d).ravel() for end in ends]),
            self.family.floor,
            structure.needed(d),
            max_e_steps,
            tol,
            get_num_threads(),
        )
        shape = structure.moments.shape(self.k, d)
        for end, w, m, c, objective, e_steps, status in zip(ends, *result, strict=True):
            covariances = structure.of_spread(c.reshape(shape))
            self._arrive(end, w, GaussianParams(m, covariances), objective, e_steps, STATUS[status])
        if interrupted:
            raise KeyboardInterrupt
        return ends

    def _arrive(
        self,
        end: End,
        weights: Array,
        params: GaussianParams,
        objective: float,
        e_steps: int,
        outcome: Outcome,
    ) -> None:
        end.weights, end.params, end.outcome = weights, params, outcome
        end.num_e_steps += int(e_steps)
        end.objective = float(objective) if outcome is not Outcome.FAILED else -np.inf
        end.proper = None if outcome in STATUS[:2] else False

    def is_proper(self, end: End) -> bool:
        """Whether no component is spurious or at the bound; found out once."""
        if end.proper is None:
            where = self.family, end.weights, end.params, self.rows, self.weight
            end.proper = not (
                at_bound(self.family, end.params).any() or spurious_components(*where, self.held_up).any()
            )
        return end.proper

    def in_data(self, ends: list[End]) -> list[Found]:
        """The ends in the coordinates of the data."""
        if not ends:
            return []
        means = self.metric.unwhiten(np.stack([end.params.means for end in ends]))
        covariances = self.metric.unwhiten_covariances(np.stack([end.params.covariances for end in ends]))
        shift = self.total * self.metric.log_scale
        return [
            Found(
                end.kind,
                end.weights,
                GaussianParams(m, np.asarray(c)),
                end.objective - shift,
                end.num_e_steps,
                Verdict(end.outcome, "", climbed=end.outcome is Outcome.CONVERGED),
            )
            for end, m, c in zip(ends, means, covariances, strict=True)
        ]

    def best(self, ends: list[End], count: int) -> list[End]:
        """The best proper ends that differ; where there is none, the best."""
        return self._pick(ends, count, self.is_proper) or sorted(ends, key=lambda end: -end.objective)[:1]

    def begin(self, count: int, rng: np.random.Generator) -> list[End]:
        """Starts of all kinds in turn."""
        kinds = self._kinds()
        made: list[End] = []
        for kind in dict.fromkeys(kinds):
            number = sum(kinds[i % len(kinds)] == kind for i in range(count))
            made += [End(kind, *begin) for begin in self._of_kind(kind, number, rng)]
        return made

    def _kinds(self) -> list[str]:
        same = self.metric.standardizes_columns
        return [kind for kind in KINDS if not (same and kind == "columns")]

    def _of_kind(self, kind: str, count: int, rng: np.random.Generator) -> list[starts.Begin]:
        k = self.k
        if kind == "rows":
            return [self.family.start(k, self.rows, self.weight, rng) for _ in range(count)]
        rows = self.columns if kind == "columns" else self.rows
        parts = PARTITIONS[kind](rows, self.weight, k, count, rng)
        return self._from_responsibilities(np.eye(k)[parts] if parts.ndim == 2 else parts)

    def _from_responsibilities(self, r: Array) -> list[starts.Begin]:
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
        reduce = self.family.covariance.reduce
        return [(w, GaussianParams(m, reduce(c, w))) for w, m, c in zip(weights, means, full, strict=True)]

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
            End("split and merge", *begin)
            for base in bases
            for begin in neighbours(
                self.family,
                base.weights,
                base.params,
                self.rows,
                self.weight,
                effort.num_merges,
                effort.num_splits,
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


def search(
    family: Any,
    k: int,
    data: Array,
    weight: Weight,
    rng: np.random.Generator,
    progress: Progress | None,
    prior: PriorKind,
) -> Iterator[Found]:
    """Ends of the search, in the order they were found.

    It happens on at most `SEARCH_ROWS` rows. The best ends are then climbed on all of them, unless that is
    better done by the model: with a prior, which the search does not see, or where a copy of the rows would
    be large.
    """
    if weight is not None:
        weight = np.asarray(weight, float)
        kept = weight > 0
        if not kept.all():
            data, weight = data[kept], weight[kept]
    few = len(data) <= SEARCH_ROWS
    picked = slice(None)
    if not few:
        share = None if weight is None else weight / weight.sum()
        picked = rng.choice(len(data), SEARCH_ROWS, replace=False, p=share)
    small = Search(family, k, data[picked], weight if few else None, prior)
    ends, interrupted = small.run(rng, progress)
    if few and not prior.exists:
        yield from small.in_data(ends)
    elif interrupted:
        yield from _unfinished(small.in_data(small.best(ends, 1)), 0)
    else:
        spent = sum(end.num_e_steps for end in ends) * len(small.rows) // len(data)  # in passes over all rows
        if data.size <= NATIVE_SIZE and not prior.exists:
            yield from _on_all_rows(Search(family, k, data, weight, prior), small.best(ends, 4), spent)
        else:
            yield from _unfinished(small.in_data(small.best(ends, 4)), spent)
    if interrupted:
        raise KeyboardInterrupt


def _unfinished(found: list[Found], spent: int) -> list[Found]:
    """Ends that are no ends of the objective on all rows; ``spent`` E-steps are put down to the first."""
    return [replace(start, objective=np.nan, num_e_steps=0 if i else spent) for i, start in enumerate(found)]


def _on_all_rows(whole: Search, ends: list[End], spent: int) -> Iterator[Found]:
    """A little for all, more for the two best, the best to its end: in the coordinates of the metric."""
    for end in ends:
        end.num_e_steps = 0
    ends[0].num_e_steps = spent
    interrupted = False
    try:
        for count, tol, max_e_steps in ((4, 1.0, 20), (2, ROUGH, 300), (1, FINE, 4000)):
            whole.climb(ends[:count], tol, max_e_steps)
            ends.sort(key=lambda end: -end.objective)
    except KeyboardInterrupt:
        interrupted = True
    yield from whole.in_data(ends)
    if interrupted:
        raise KeyboardInterrupt
