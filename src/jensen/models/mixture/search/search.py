"""The search itself: rounds of starts, the best of each improved, until the best end has been found again.

Many rows are scouted by samples: each round draws rows anew, finds a solution for them, and takes it to
all rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Data, Weight
from jensen.basics.progress import Progress
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.acceleration.extrapolation import Squarem
from jensen.em.cases import Rows
from jensen.em.effort import Search
from jensen.em.loop import climb
from jensen.em.problem import Problem
from jensen.em.start import Start
from jensen.em.stopping import Gain
from jensen.families.carriers import End
from jensen.models.mixture.params import MixtureParams
from jensen.models.mixture.search.climbing import by_steps
from jensen.models.mixture.search.cross import crossed
from jensen.models.mixture.search.ground import SOUND, Ground
from jensen.models.mixture.search.improve import Improver
from jensen.models.mixture.search.starts import begin

FEW_ROWS = 2000  # that are searched whole; of few components more of them, where an E-step costs no more than
QUICK = 1e7  # this, on the scale of `Meter`
SAMPLE, SCOUTS = 1200, 150  # rows in a sample of more, for each component
FEW_COMPONENTS = 8  # of which all neighbours can be tried
ROUGH, FAIR, FINE = 3e-2, 1e-3, 1e-8
SAME = 2 * ROUGH  # nats
EARLY, REACH = 3.0, 30.0  # nats gained in a cycle, of many rows, and below the best, of a start that is left
RACED, MANY_ROWS = 1500, 3000
BATCH, FEW = 20, 4  # starts of a round, of a scouted one
NEIGHBOURS = 2
BASES = 2  # of a round, which are improved
FOUND, AGAIN = 3, 2  # times that the best end is found: by starts, by solutions of different samples
SHARE, OFTEN = 0.1, 6  # of the starts on all rows, that lead to the best end; or so many
TAKEN = 3  # solutions of a sample, to all rows
LOOKS = 2  # at splits on all rows
CROSSED = 4  # solutions, the best of which gets parts of the others
CLOSE = 3.0  # nats below the best, that may be above it at their end
# What a search may cost, on the scale of `Meter`: in passes over all rows, for each component, since more
# components have more maxima; less for few components of many rows.
PASSES, LONG_PASSES = 300, 90
LEAST, MOST = 1e8, 1e11  # some milliseconds, and most of a minute; but at least
FEW_PASSES = 1000
WORK = 1e7  # that an E-step of all starts of a round may cost
MOST_CELLS = 2e7  # rows × columns, or × components, that are searched: of more, a part
ON_ALL_ROWS = 2  # ends of a part that are climbed on all rows


def single(problem: Problem, rng: np.random.Generator) -> Start:
    """One component has no label to hide: its M-step from any start, exact where the family's is."""
    base = problem.random(rng)
    state = problem.e_step(problem.m_step(problem.e_step(base)))
    verdict = Verdict(Outcome.CONVERGED, "", climbed=True)
    return Start("closed form", state.params, state.objective, 2, verdict)


def search(
    model: Any,
    data: Data,
    weight: Weight,
    rng: np.random.Generator,
    progress: Progress | None,
    effort: Search,
) -> Iterator[Start]:
    """Ends of the search, best first."""
    part, mass = _affordable(model, data, weight, rng)
    run = Hunt(Ground.of(model, part, mass, by_steps), rng, progress, effort)
    interrupted = False
    try:
        run.hunt()
    except KeyboardInterrupt:
        interrupted = True
    if part is data:
        yield from run.starts()
    else:
        yield from _on_all_rows(Problem(model, data, weight), list(run.starts()), progress)
    if interrupted:
        raise KeyboardInterrupt


def _affordable(model: Any, data: Data, weight: Weight, rng: np.random.Generator) -> tuple[Data, Weight]:
    """The data, or as many of the rows as memory is to be spent on."""
    n = Rows().count(data)
    columns = np.size(data) // max(n, 1) if isinstance(data, np.ndarray) else 1
    most = int(MOST_CELLS // max(columns, model.num_components))
    if n <= most:
        return data, weight
    which = np.sort(rng.choice(n, most, replace=False))
    return Rows().take(data, which), None if weight is None else np.asarray(weight)[which]


def _on_all_rows(problem: Problem, starts: list[Start], progress: Progress | None) -> Iterator[Start]:
    """The best ends of a part of the rows, climbed roughly on all of them; `fit` climbs the best to its
    end.
    """
    found = sorted((s for s in starts if s.params is not None), key=lambda s: -s.objective)[:ON_ALL_ROWS]
    yield from (start for start in starts if start.params is None)
    for start in found:
        again = problem.again()
        run = climb(again, start.params, Squarem(), Gain(1.0), 50, progress)
        verdict = Verdict(run.outcome, run.note, climbed=run.outcome is Outcome.CONVERGED)
        steps = again.num_e_steps
        yield replace(
            start,
            params=run.state.params,
            objective=run.state.objective,
            num_e_steps=steps,
            verdict=verdict,
            is_proper=False,  # nobody has looked at these
        )
        if run.outcome is Outcome.INTERRUPTED:
            return


@dataclass
class Hunt:
    """A search in progress."""

    whole: Ground
    rng: np.random.Generator
    progress: Progress | None
    effort: Search
    ends: list[End] = field(default_factory=list)
    tried: list[float] = field(default_factory=list)
    improved: list[float] = field(default_factory=list)
    lines: list[End] = field(default_factory=list)
    """Solutions of samples, taken to all rows."""

    @property
    def is_small(self) -> bool:
        """Whether all rows are looked at from the beginning."""
        is_quick = self.whole.k <= FEW_COMPONENTS and self.whole.cost <= QUICK
        return self.whole.n <= FEW_ROWS or is_quick

    @property
    def budget(self) -> float:
        """After which there is no further round."""
        cost = self.whole.cost
        is_long = self.whole.n > FEW_ROWS and self.whole.k <= FEW_COMPONENTS
        passes = LONG_PASSES if is_long else PASSES
        most = max(MOST, FEW_PASSES * cost)
        return self.effort.effort * float(min(LEAST + passes * self.whole.k * cost, most))

    def hunt(self) -> None:
        """Rounds until the best end is found again or the effort is spent; then the best to their ends."""
        for number in range(1000):
            if self.progress is not None:
                self.progress.update(f"search, round {number + 1}")
            (self.round if self.is_small else self.scouted_round)(number)
            if self.whole.meter.spent > self.budget or self.is_settled:
                break
        if not any(end.outcome in SOUND for end in self.ends):
            return
        best = [end for end in self.distinct(3) if end.objective > self.distinct(1)[0].objective - CLOSE]
        self.whole.climb(best, 1e-4, 1000)
        self.whole.climb([max(best, key=lambda end: end.objective)], FINE, 4000)

    def round(self, number: int) -> None:
        """Starts on all rows, and neighbours of the best of them that are new."""
        count = int(np.clip(WORK / self.whole.cost, BATCH // 2, BATCH))
        ends = begin(self.whole, count, self.rng, number * count)
        self.ends += ends
        self.race(ends)
        for _ in range(NEIGHBOURS if self.whole.k > 2 else 0):
            bases = [end for end in self.distinct(BASES) if not _near(end.objective, self.tried)]
            self.tried += [end.objective for end in bases]
            self.ends += self.neighbours(bases)
        if self.whole.k > FEW_COMPONENTS and number > 0 and not self.is_settled:
            for base in (*self.distinct(1), *self.distinct(1, ends)):
                if not _near(base.objective, self.improved):
                    self.improved.append(base.objective)
                    self.improve(base)

    def race(self, ends: list[End]) -> None:
        """Climb them all some way, and to their ends those that may still become the best: all of them where
        rows are few, since a small gain may there be the beginning of a large one.
        """
        few = self.whole.n < RACED
        self.whole.climb(ends, ROUGH if few else EARLY * min(1.0, self.whole.n / MANY_ROWS), 300)
        waiting = [] if few else ends
        while waiting:
            best = self.distinct(1)[0]
            least = best.objective - REACH if self.whole.is_proper(best) else -np.inf
            near = [end for end in waiting if end.objective > least]
            if not near:
                break
            self.whole.climb(near, ROUGH, 300)
            waiting = [end for end in waiting if all(end is not other for other in near)]

    def neighbours(self, bases: list[End]) -> list[End]:
        """A few steps for all neighbours of the bases, more for the promising, the end for the best."""
        ground = self.whole
        ask = ground.family.neighbours
        if ask is None or not bases:
            return []
        tries = [
            End("split and merge", *begin)
            for base in bases
            for begin in ask(base.weights, base.params, ground.data, ground.weight)
        ]
        for count, tol, most in (
            (len(tries), 0.0, 6),
            (3 * len(bases), 0.0, 16),
            (2 * len(bases), ROUGH, 300),
        ):
            tries = ground.climb(self.pick(tries, count), tol, most)
        return tries

    def pick(self, ends: list[End], count: int) -> list[End]:
        picked: list[End] = []
        for end in sorted(ends, key=lambda end: -end.objective):
            if len(picked) == count:
                break
            if end.num_e_steps == 0 or (
                end.outcome in SOUND and not _near(end.objective, [o.objective for o in picked])
            ):
                picked.append(end)
        return picked

    def improve(self, base: End) -> None:
        """Improve an end, and let it stand where it comes to."""
        there = Improver(self.whole, base, self.rng).run(regroup=self.whole.k > FEW_COMPONENTS)
        if there is base:
            return
        self.whole.climb([there], ROUGH, 300)
        self.ends = [end for end in self.ends if end is not base] + [there]
        self.improved.append(there.objective)

    def scouted_round(self, number: int) -> None:
        """The best solutions for a sample of the rows, taken to all of them. What is best for a sample need
        not be for all rows: only what two samples agree on is believed, and otherwise improved.
        """
        whole = self.whole
        size = min(whole.n, max(SAMPLE, SCOUTS * whole.k))
        scout = Hunt(whole.sample(size, self.points, self.rng, start=True), self.rng, None, self.effort)
        few = whole.k <= FEW_COMPONENTS
        if few:
            scout.round(number)
        else:
            scout.ends = begin(scout.whole, FEW, self.rng, number * FEW)
            scout.whole.climb(scout.ends, 1.0, 60)
            scout.improve(scout.distinct(1)[0])
        if not any(end.outcome in SOUND for end in scout.ends):
            self.ends += scout.ends
            return
        best = scout.distinct(TAKEN if few or number == 0 else 1)
        ends = [End(end.kind, end.weights, end.params) for end in best]
        whole.climb(ends, 1.0, 20)
        ends.sort(key=lambda end: -end.objective)
        whole.climb(ends[:1], 0.3, 100)
        if not few or number > 1:
            ends[0] = Improver(whole, ends[0], self.rng).run(regroup=not few, looks=LOOKS)
        self.ends += ends[1:]
        before = self.lines
        self.lines = [*before, *whole.climb(ends[:1], FAIR, 300)]
        self.ends += self.lines[-1:]
        if before and self.times_found < AGAIN:
            self.cross()

    def cross(self) -> None:
        """The best solution with what others have better; it stands beside them."""
        best, *others = sorted(self.lines, key=lambda end: -end.objective)[:CROSSED]
        improver = Improver(self.whole, best, self.rng)
        for other in others:
            improver.take("crossed", crossed(self.whole, improver.end, other))
        if improver.end is not best:
            there = improver.run()
            self.whole.climb([there], FAIR, 300)
            there.kind = "crossed"
            self.lines.append(there)
            self.ends.append(there)

    @cached_property
    def points(self) -> Array | None:
        """The rows, centred, as the family sees how near they are."""
        points = self.whole.family.embed(self.whole.data)
        return None if points is None else points - points.mean(axis=0)

    # ---- what there is -------------------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether the best end was found often enough: by a share of the starts, by solutions of different
        samples.
        """
        if self.is_small:
            return self.times_found >= min(max(FOUND, SHARE * len(self.ends)), OFTEN)
        return self.times_found >= AGAIN

    @property
    def times_found(self) -> int:
        """How often the best proper end was; 0 where there is none."""
        best = self.distinct(1)
        if not best or not self.whole.is_proper(best[0]):
            return 0
        return sum(abs(end.objective - best[0].objective) < SAME for end in self.ends)

    def distinct(self, count: int, among: list[End] | None = None) -> list[End]:
        """The best proper ends that differ; where there is none, the best."""
        picked: list[End] = []
        ordered = sorted(self.ends if among is None else among, key=lambda end: -end.objective)
        for end in ordered:
            if len(picked) == count:
                break
            if not _near(end.objective, [other.objective for other in picked]) and self.whole.is_proper(end):
                picked.append(end)
        return picked or ordered[:1]

    def starts(self) -> Iterator[Start]:
        """The ends in the coordinates of the data; what is not theirs in passes is put down to the first."""
        whole = self.whole
        ends = [end for end in self.ends if end.num_e_steps]
        own = sum(end.num_e_steps for end in ends)
        extra = max(0, round(whole.meter.work / whole.cost) - own)
        for end in sorted(ends, key=lambda end: -end.objective):
            failed = end.outcome is Outcome.FAILED
            params = None if failed else MixtureParams(end.weights, whole.back(end.params))
            known = None if end.proper or failed else end.flaw
            verdict = known or Verdict(end.outcome, end.note, climbed=end.outcome is Outcome.CONVERGED)
            objective, num_e_steps = end.objective - whole.shift, end.num_e_steps + extra
            yield Start(end.kind, params, objective, num_e_steps, verdict, is_proper=bool(end.proper))
            extra = 0


def _near(value: float, others: list[float]) -> bool:
    return any(abs(value - other) < SAME for other in others)
