"""The default search for a mixture's best maximum: accelerated starts of mixed kinds, and split-and-merge.

Likelihoods of mixtures have many maxima, and the starts that reach the best one differ from data set to data set. So:

1. starts of every kind, each accelerated to within `ROUGH` of its end;
2. from the best proper ends, solutions with two components merged and another split, until none is better;
3. the best ends polished to `FINE`. What `fit` then does with them are plain EM steps.

Everything happens in the coordinates of the structure's metric, on at most `SEARCH_ROWS` rows; with more rows the ends
are ranked again on all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jensen._native import _core
from jensen.em import Gain, Outcome, Problem, Squarem, Start, Verdict
from jensen.em.climb import climb
from jensen.em.progress import Progress
from jensen.families import GaussianParams
from jensen.models import fused, starts
from jensen.models.diagnosis import at_bound, spurious_components
from jensen.models.split_merge import neighbours
from jensen.threads import get_num_threads

if TYPE_CHECKING:
    from jensen.models.mixture import Mixture, MixtureParams

Array = NDArray[np.float64]

SEARCH_ROWS = 2000
ROUGH, FINE = 1e-2, 1e-5  # nats gained in a cycle of two E-steps, twice in a row
KINDS = ("k-means", "random rows", "projection", "k-means++", "random responsibilities")
STATUS = (Outcome.CONVERGED, Outcome.STEP_LIMIT, Outcome.FAILED, Outcome.COLLAPSED)


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
    """How much work the search does."""

    num_starts: int
    num_rounds: int
    num_bases: int
    num_merges: int = 3
    num_splits: int = 4

    @classmethod
    def of(cls, k: int) -> Effort:
        """More components have more maxima."""
        if k <= 2:
            return cls(num_starts=10, num_rounds=0, num_bases=0)
        if k == 3:
            return cls(num_starts=10, num_rounds=2, num_bases=2)
        return cls(num_starts=15, num_rounds=4, num_bases=3)


def search(
    model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator, progress: Progress | None
) -> Iterator[Start]:
    """Ends of the search on ``data``, in the order they were found."""
    if model.num_components == 1:
        yield _single(model, data, weight)
        return
    rows = data if weight is None else data[np.asarray(weight) > 0]
    picked = None
    if len(rows) > SEARCH_ROWS:
        picked = rng.choice(len(data), SEARCH_ROWS, replace=False, p=None if weight is None else weight / weight.sum())
    hunt = Hunt.of(model, data if picked is None else data[picked], None if picked is not None else weight)
    ends = hunt.run(rng, progress)
    if picked is None:
        for end in ends:
            yield hunt.start(end)
    else:
        yield from _on_all_rows(model, data, weight, hunt, ends, progress)


def _single(model: Mixture, data: Array, weight: Array | None) -> Start:
    """One component has a closed form: the M-step from any start."""
    base = starts.from_means(model, np.asarray(data[:1], float))
    problem = Problem(model, data, weight)
    state = problem.e_step(problem.m_step(problem.e_step(base)))
    return Start("closed form", state.params, state.objective, 2, Verdict(Outcome.CONVERGED, "", climbed=True))


class Hunt:
    """The search on few rows, in the coordinates of the metric."""

    def __init__(self, model: Mixture, white: Mixture, rows: Array, weight: Array | None) -> None:
        self.model, self.white, self.rows, self.weight = model, white, rows, weight
        self.total = float(len(rows)) if weight is None else float(np.sum(weight))

    @classmethod
    def of(cls, model: Mixture, data: Array, weight: Array | None) -> Hunt:
        """The search for ``model`` on these rows."""
        metric = model.family.metric
        if metric is None:
            raise ValueError("prepare the model first: model.prepare(data, weight)")
        rows = np.ascontiguousarray(metric.whiten(np.asarray(data, float)))
        unit = type(metric).of(np.zeros(rows.shape[1]), np.eye(rows.shape[1]))
        family = replace(model.family, metric=unit)
        weight = None if weight is None else np.ascontiguousarray(weight, float)
        return cls(model, replace(model, family=family), rows, weight)

    def run(self, rng: np.random.Generator, progress: Progress | None) -> list[End]:
        """All ends, the best polished."""
        effort = Effort.of(self.model.num_components)
        ends = self.climb(self._starts(effort.num_starts, rng), ROUGH, 300)
        tried: list[float] = []
        for number in range(effort.num_rounds):
            if progress is not None:
                progress.update(f"search, round {number + 1}, {len(ends)} starts")
            bases = [end for end in self._best(ends, effort.num_bases) if not _near(end.objective, tried)]
            if not bases:
                break
            tried += [end.objective for end in bases]
            ends += self._improve(bases, effort)
        best = self._best(ends, 2)
        polished = self.climb([replace(end) for end in best], FINE, 1000)
        others = [end for end in ends if not any(end is b for b in best)]
        return [*polished, *others]

    def climb(self, ends: list[End], tol: float, max_e_steps: int) -> list[End]:
        """Climb from where the ends are, on all cores; updates and returns them."""
        if not ends:
            return ends
        k = self.model.num_components
        means = np.stack([end.params.components.means for end in ends])
        covariances = np.stack([end.params.components.covariances for end in ends])
        weights = np.stack([end.params.weights for end in ends])
        result = _core.climb(
            fused.CODES[self.model.family.covariance.name],
            self.rows,
            self.weight,
            weights,
            np.ascontiguousarray(means),
            np.ascontiguousarray(covariances.reshape(len(ends), -1)),
            self.model.family.floor,
            max_e_steps,
            tol,
            get_num_threads(),
        )
        shape = self.model.family.covariance.shape(k, self.rows.shape[1])
        for end, w, m, c, objective, e_steps, status in zip(ends, *result, strict=True):
            end.params = _mixture_params(w, m, c.reshape(shape))
            end.num_e_steps += int(e_steps)
            end.outcome = STATUS[status]
            end.objective = float(objective) if end.outcome is not Outcome.FAILED else -np.inf
            end.proper = None
        return ends

    def is_proper(self, end: End) -> bool:
        """Whether no component is spurious or at the bound; found out once."""
        if end.proper is None:
            end.proper = end.outcome is not Outcome.FAILED and not (
                at_bound(self.white, end.params).any()
                or spurious_components(self.white, end.params, self.rows, self.weight).any()
            )
        return end.proper

    def start(self, end: End) -> Start:
        """The end in the coordinates of the data."""
        metric = self.model.family.metric
        assert metric is not None
        means, covariances = end.params.components
        components = GaussianParams(metric.unwhiten(means), metric.unwhiten_covariances(covariances))
        params = _mixture_params(end.params.weights, components.means, components.covariances)
        objective = end.objective - self.total * metric.log_scale
        verdict = Verdict(end.outcome, "", climbed=end.outcome is Outcome.CONVERGED)
        return Start(end.kind, params, objective, end.num_e_steps, verdict)

    def _starts(self, count: int, rng: np.random.Generator) -> list[End]:
        kinds = islice(cycle(KINDS), count)
        return [End(kind, starts.KINDS[kind](self.white, self.rows, self.weight, rng)) for kind in kinds]

    def _best(self, ends: list[End], count: int) -> list[End]:
        """The best proper ends that differ; where there is none, the best."""
        ranked = sorted(ends, key=lambda end: -end.objective)
        best: list[End] = []
        for end in ranked:
            if len(best) == count:
                break
            if not _near(end.objective, [b.objective for b in best]) and self.is_proper(end):
                best.append(end)
        return best or ranked[:1]

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
        tries = self.climb(self._best(tries, 3 * len(bases)), 0.0, 16)
        return self.climb(self._best(tries, 2 * len(bases)), ROUGH, 300)


def _near(value: float, others: list[float]) -> bool:
    return any(abs(value - other) < 2 * ROUGH for other in others)


def _mixture_params(weights: Array, means: Array, covariances: Array) -> MixtureParams:
    from jensen.models.mixture import MixtureParams

    return MixtureParams(weights, GaussianParams(means, covariances))


def _on_all_rows(
    model: Mixture, data: Array, weight: Array | None, hunt: Hunt, ends: list[End], progress: Progress | None
) -> Iterator[Start]:
    """The best ends of the subsample, climbed on all rows: all a little, then the two best to the end."""
    ranked = [hunt.start(end) for end in hunt._best(ends, 4)]
    spent = sum(end.num_e_steps for end in ends) * len(hunt.rows) // len(data)
    rough: list[Start] = []
    for start in ranked:
        rough.append(_climb(model, data, weight, start, 1.0, 20, progress))
        if rough[-1].verdict.outcome is Outcome.INTERRUPTED:
            yield from rough
            return
    rough.sort(key=lambda start: -start.objective)
    yield from rough[2:]
    for start in rough[:2]:
        fine = _climb(model, data, weight, start, 1e-3, 500, progress)
        yield replace(fine, num_e_steps=fine.num_e_steps + spent)
        if fine.verdict.outcome is Outcome.INTERRUPTED:
            return
        spent = 0


def _climb(
    model: Mixture, data: Array, weight: Array | None, start: Start, tol: float, max_steps: int, progress: Progress | None
) -> Start:
    run = climb(Problem(model, data, weight), start.params, Squarem(), Gain(tol), max_steps, progress)
    verdict = Verdict(run.outcome, run.note, climbed=run.outcome is Outcome.CONVERGED)
    return Start(start.kind, run.state.params, run.state.objective, start.num_e_steps + run.problem.num_e_steps, verdict)


