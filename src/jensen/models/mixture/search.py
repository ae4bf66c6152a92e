"""The default search for a mixture's best maximum: accelerated starts of mixed kinds, and split-and-merge.

Likelihoods of mixtures have many maxima, and the starts that reach the best one differ from data set to
data set. So:

1. starts of every kind, each accelerated roughly to its end; a start that collapses is given up;
2. from the best proper ends, solutions with two components merged and another split, until none is better;
3. the best ends polished. What `fit` then does with them are plain EM steps.

Everything happens on at most `SEARCH_ROWS` rows (`jensen.families.gaussian.search`); with more rows the
best ends are climbed on all of them. The starts do not see a prior; the climbs on all rows do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.progress import Progress
from jensen.em import Gain, Outcome, Problem, Squarem, Start, Verdict
from jensen.em.loop import climb
from jensen.families.gaussian import starts
from jensen.families.gaussian.search import FINE, ROUGH, End, Hunt

if TYPE_CHECKING:
    from jensen.models.mixture.mixture import Mixture


SEARCH_ROWS = 1000
NATIVE_SIZE = 1_000_000  # rows × columns up to which a copy in the metric costs little


def search(
    model: Mixture, data: Array, weight: Array | None, rng: np.random.Generator, progress: Progress | None
) -> Iterator[Start]:
    """Ends of the search on ``data``, in the order they were found."""
    if model.num_components == 1:
        yield _single(model, data, weight)
        return
    if weight is not None:
        weight = np.asarray(weight, float)
        kept = weight > 0
        if not kept.all():
            data, weight = data[kept], weight[kept]
    if len(data) <= SEARCH_ROWS and model.prior is None:
        hunt = Hunt(model, data, weight)
        ends, interrupted = hunt.run(rng, progress)
        yield from hunt.in_data(ends)
        if interrupted:
            raise KeyboardInterrupt
        return
    picked = slice(None)
    if len(data) > SEARCH_ROWS:
        share = None if weight is None else weight / weight.sum()
        picked = rng.choice(len(data), SEARCH_ROWS, replace=False, p=share)
    hunt = Hunt(model, data[picked], weight if isinstance(picked, slice) else None)
    yield from _on_all_rows(model, data, weight, hunt, rng, progress)


def _single(model: Mixture, data: Array, weight: Array | None) -> Start:
    """One component has a closed form: the M-step from any start."""
    base = starts.from_means(model, np.asarray(data[:1], float))
    problem = Problem(model, data, weight)
    state = problem.e_step(problem.m_step(problem.e_step(base)))
    return Start(
        "closed form", state.params, state.objective, 2, Verdict(Outcome.CONVERGED, "", climbed=True)
    )


def _on_all_rows(
    model: Mixture,
    data: Array,
    weight: Array | None,
    hunt: Hunt,
    rng: np.random.Generator,
    progress: Progress | None,
) -> Iterator[Start]:
    """The best ends of the subsample, climbed on all rows: a little for all, more for the two best.

    `fit` climbs the best of them to its end.
    """
    ends, interrupted = hunt.run(rng, progress)
    if interrupted:
        for start in hunt.in_data(hunt.best(ends, 1)):
            yield _climb(model, data, weight, start, 10.0, 0, progress)
        raise KeyboardInterrupt
    spent = sum(end.num_e_steps for end in ends) * len(hunt.rows) // len(data)  # in passes over all rows
    if data.size <= NATIVE_SIZE and model.prior is None:
        yield from _native_on_all_rows(model, data, weight, hunt.best(ends, 4), spent)
        return
    rough: list[Start] = []
    for start in hunt.in_data(hunt.best(ends, 4)):
        rough.append(_climb(model, data, weight, start, 10.0, 8, progress))
        if rough[-1].verdict.outcome is Outcome.INTERRUPTED:
            yield from rough
            return
    rough.sort(key=lambda start: -start.objective)
    yield from rough[2:]
    for start in rough[:2]:
        fine = _climb(model, data, weight, start, 1.0, 50, progress)
        yield replace(fine, num_e_steps=fine.num_e_steps + spent)
        if fine.verdict.outcome is Outcome.INTERRUPTED:
            return
        spent = 0


def _native_on_all_rows(
    model: Mixture, data: Array, weight: Array | None, ends: list[End], spent: int
) -> Iterator[Start]:
    """The same without Python in between: one thread a climb, in the coordinates of the metric."""
    hunt = Hunt(model, data, weight)
    for end in ends:
        end.num_e_steps = 0
    ends[0].num_e_steps = spent
    interrupted = False
    try:
        for count, tol, max_e_steps in ((4, 1.0, 20), (2, ROUGH, 300), (1, FINE, 4000)):
            hunt.climb(ends[:count], tol, max_e_steps)
            ends.sort(key=lambda end: -end.objective)
    except KeyboardInterrupt:
        interrupted = True
    yield from hunt.in_data(ends)
    if interrupted:
        raise KeyboardInterrupt


def _climb(
    model: Mixture,
    data: Array,
    weight: Array | None,
    start: Start,
    tol: float,
    max_steps: int,
    progress: Progress | None,
) -> Start:
    problem = Problem(model, data, weight)
    run = climb(problem, start.params, Squarem(), Gain(tol), max_steps, progress)
    verdict = Verdict(run.outcome, run.note, climbed=run.outcome is Outcome.CONVERGED)
    num_e_steps = start.num_e_steps + problem.num_e_steps
    return Start(start.kind, run.state.params, run.state.objective, num_e_steps, verdict)
