"""The default search of a mixture: the family's own, its best ends climbed on all rows under the
objective.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from jensen.basics.progress import Progress
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.acceleration.extrapolation import Squarem
from jensen.em.loop import climb
from jensen.em.problem import Problem
from jensen.em.start import Start
from jensen.em.stopping import Gain
from jensen.families.family import Found
from jensen.models.mixture.params import MixtureParams


def single(problem: Problem, rng: np.random.Generator) -> Start:
    """One component has no label to hide: its M-step from any start, exact where the family's is."""
    base = problem.random(rng)
    state = problem.e_step(problem.m_step(problem.e_step(base)))
    verdict = Verdict(Outcome.CONVERGED, "", climbed=True)
    return Start("closed form", state.params, state.objective, 2, verdict)


def on_all_rows(problem: Problem, found: Iterator[Found], progress: Progress | None) -> Iterator[Start]:
    """What a family's search found; ends that are none on all rows are climbed on: a little for all, more for
    the two best. `fit` climbs the best of them to its end.
    """
    unfinished: list[Start] = []
    try:
        for each in found:
            start = _start(each)
            if np.isnan(start.objective):
                unfinished.append(start)
            else:
                yield start
    except KeyboardInterrupt:
        for start in unfinished[:1]:
            yield _climb(problem, start, 10.0, 0, progress)
        raise
    yield from _finish(problem, unfinished, progress)


def _finish(problem: Problem, unfinished: list[Start], progress: Progress | None) -> Iterator[Start]:
    spent = [start.num_e_steps for start in unfinished]
    rough: list[Start] = []
    for start in unfinished:
        rough.append(_climb(problem, replace(start, num_e_steps=0), 10.0, 8, progress))
        if rough[-1].verdict.outcome is Outcome.INTERRUPTED:
            yield from rough
            return
    rough.sort(key=lambda start: -start.objective)
    yield from rough[2:]
    before = sum(spent)
    for start in rough[:2]:
        fine = _climb(problem, start, 1.0, 50, progress)
        yield replace(fine, num_e_steps=fine.num_e_steps + before)
        if fine.verdict.outcome is Outcome.INTERRUPTED:
            return
        before = 0


def _start(found: Found) -> Start:
    params = MixtureParams(found.weights, found.params)
    return Start(found.kind, params, found.objective, found.num_e_steps, found.verdict)


def _climb(problem: Problem, start: Start, tol: float, max_steps: int, progress: Progress | None) -> Start:
    again = problem.again()
    run = climb(again, start.params, Squarem(), Gain(tol), max_steps, progress)
    verdict = Verdict(run.outcome, run.note, climbed=run.outcome is Outcome.CONVERGED)
    num_e_steps = start.num_e_steps + again.num_e_steps
    return Start(start.kind, run.state.params, run.state.objective, num_e_steps, verdict)
