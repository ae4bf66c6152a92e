"""All climbs of one fit, and which end is returned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.basics.progress import Progress
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.acceleration.extrapolation import Squarem
from jensen.em.acceleration.newton import newton_step
from jensen.em.acceleration.quasi_newton import QuasiNewton
from jensen.em.algorithms import EM, Algorithm, as_algorithm
from jensen.em.contract import Model, name_of
from jensen.em.coordinates import Natural
from jensen.em.curvature.parabola import Parabola
from jensen.em.effort import Search
from jensen.em.ends import PERHAPS, Look, at_bound, end_of, flat, second_look
from jensen.em.loop import Run, climb
from jensen.em.problem import Problem
from jensen.em.restarts import (
    DEFAULT_RESTARTS,
    MOST_RESTARTS,
    RANDOM,
    Starts,
    gather,
    rank,
    resumed,
    run_starts,
    table_of_starts,
    until_confirmed,
)
from jensen.em.reweighted import HIGHER, higher_at_weights
from jensen.em.shaken import higher_beside
from jensen.em.start import Start
from jensen.em.stopping import Gain, Stop
from jensen.em.uncertainty.judge import AT_A_MAXIMUM, log_likelihood_left

# Which flawed end is returned where there is no proper one; the best objective among equals.
SEVERITY = {Outcome.COLLAPSED: 1, Outcome.FAILED: 2}
CHECK = "jensen.testing.check_model(model, params, data) says what is wrong"
GO_ON = "go on with fit(model, data, params=fit.params)"
STILL = "the climb stands still"
RISES = "the evidence rises to second order in some direction"
FAR_ABOVE = 100.0  # nats by which an end that was passed over is worth a word


def _with(message: str, more: str) -> str:
    return "; ".join(filter(None, (message, more)))


def _same(params: Params) -> Params:
    return params


def default_algorithm(model: Model) -> Algorithm:
    """The model's own; else quasi-Newton EM in its chart, SQUAREM in its natural coordinates, or plain EM."""
    if model.algorithm is not None:
        return as_algorithm(model.algorithm)
    if model.chart is not None:
        return QuasiNewton()
    return EM() if Natural().of(model) is None else Squarem()


@dataclass(slots=True)
class Multistart:
    """All climbs of one fit, and everything that they share."""

    problem: Problem
    algorithm: Algorithm
    stop: Stop
    max_steps: int
    progress: Progress
    reorder: bool = False
    """Whether the components of what is returned are put in their canonical order."""
    may_finish: bool = True
    """Whether a second look may take Newton's step where a climb has stopped short: not where the user has
    said how to climb or when to stop.
    """
    num_extra_e_steps: int = field(default=0, init=False)
    num_searched: int = field(default=0, init=False)
    """E-steps of all starts, once they are known."""
    is_searched: bool = field(default=False, init=False)
    """Whether they are the ends of the model's own search."""

    @property
    def model(self) -> Model:
        """Of the problem."""
        return self.problem.model

    def climb(self, params: Params) -> Run:
        """One climb, with its own count of E-steps."""
        return climb(self.problem.again(), params, self.algorithm, self.stop, self.max_steps, self.progress)

    def starts(
        self,
        params: Params | None,
        restarts: int | None,
        rng: np.random.Generator,
        before: tuple[Start, ...] = (),
        by: Starts | None = None,
        effort: Search | None = None,
    ) -> Iterator[Start]:
        """Ends of all starts, as they are reached; those of an earlier call are not climbed again."""
        if params is not None:
            return run_starts([("given", lambda: params)], self.climb)
        if by is None and restarts is None and self.model.search is not None:
            if before:
                raise ModelError("resume goes on with random starts: say how many, restarts=…")
            said = () if effort is None else (effort,)
            found = self.model.search(self.problem.data, self.problem.weight, rng, self.progress, *said)
            # The ends of a search are of exact EM: for another q they are where to start.
            return found if self.algorithm.is_exact() else self._again(found)
        if by is None and self.model.start is None:
            name = name_of(self.model)
            raise ModelError(f"{name} has no start(data, weight, rng): give fit its params")
        count = MOST_RESTARTS if restarts is None else restarts
        makers = (self._maker(rng.spawn(1)[0], by) for _ in range(count))
        climbed = resumed(before, makers, self.climb)
        return until_confirmed(climbed) if restarts is None else climbed

    def _maker(self, rng: np.random.Generator, by: Starts | None) -> tuple[str, Callable[[], Params]]:
        """A name, and what makes the start."""
        problem = self.problem
        if by is None:
            return RANDOM, partial(problem.random, rng)
        return by.kind, partial(by.make, problem.model.as_given, problem.data, problem.weight, rng)

    def _again(self, found: Iterator[Start]) -> Iterator[Start]:
        """Runs from the best end of every maximum that a search found."""
        starts, _ = gather(found)
        table = table_of_starts(self.model, starts)
        ordered = sorted(starts, key=rank)
        self.num_extra_e_steps += sum(start.num_e_steps for start in starts)
        _, first = np.unique(table["maximum"], return_index=True)
        best = [ordered[i] for i in first if ordered[i].params is not None][:DEFAULT_RESTARTS]
        return run_starts([(start.kind, partial(_same, start.params)) for start in best], self.climb)

    def choose(self, starts: list[Start]) -> tuple[Run, Verdict]:
        """The best end that is proper; where there is none, the best, with a verdict that says so.

        ``starts`` is updated in place with what was found out about the ends that were passed over.
        """
        ranked = sorted(
            (i for i, start in enumerate(starts) if start.params is not None), key=lambda i: rank(starts[i])
        )
        if not ranked:
            others = f" (the first of {len(starts)} starts)" if len(starts) > 1 else ""
            raise ModelError(f"every start failed: {starts[0].verdict.message}{others}")
        self.num_searched = sum(start.num_e_steps for start in starts)
        self.is_searched = any(start.run is None for start in starts)
        flawed: list[int] = []
        for i in ranked:
            flaw = self._flaw(starts[i])
            if flaw is not None and not flaw.proper:
                starts[i] = replace(starts[i], verdict=flaw)
                flawed.append(i)
                continue
            run = self._finish(starts[i])
            verdict = self._verdict(run)
            starts[i] = replace(starts[i], verdict=verdict)
            if verdict.proper:
                return run, replace(verdict, message=_with(verdict.message, self._above(run, starts, flawed)))
            flawed.append(i)
        best = min(flawed, key=lambda i: (SEVERITY.get(starts[i].verdict.outcome, 0), rank(starts[i])))
        run = self._finish(starts[best])
        return run, self._verdict(run)

    def _above(self, run: Run, starts: list[Start], flawed: list[int]) -> str:
        """What is to be said of flawed ends that are far above the one returned."""
        if not flawed:
            return ""
        flawed = [i for i in flawed if starts[i].verdict.outcome is not Outcome.COLLAPSED]  # without bound
        if not flawed:
            return ""
        best = max(flawed, key=lambda i: starts[i].objective)
        gap = starts[best].objective - run.state.objective
        if not gap > FAR_ABOVE:
            return ""
        verdict = starts[best].verdict
        why = f": {verdict.message}" if verdict.message else ""
        return f"an end {gap:,.0f} nats above is {verdict.outcome}{why}"

    def _finish(self, start: Start) -> Run:
        if start.run is not None:
            return start.run
        run = self.climb(start.params)
        self.num_extra_e_steps += run.problem.num_e_steps
        return run

    def _returned(self, params: Params) -> Params:
        """Params with their components in the order in which they are returned."""
        canonical = self.model.canonical
        return canonical(params) if self.reorder and canonical is not None else params

    def _diagnose(self, params: Params) -> Verdict | None:
        diagnose = self.model.diagnose
        return None if diagnose is None else diagnose(params, self.problem.data, self.problem.weight)

    def _flaw(self, start: Start) -> Verdict | None:
        """What is wrong with an end; as its search has it, where that has looked."""
        known = start.verdict
        if start.is_proper:
            return None
        return self._diagnose(start.params) if known.proper or not known.message else known

    def _verdict(self, run: Run) -> Verdict:
        if run.outcome is Outcome.FAILED:
            return Verdict(run.outcome, run.note, "check the data and the start")
        if run.outcome is Outcome.INTERRUPTED:
            return Verdict(run.outcome, "stopped by the user; this is the best so far", "run it again")
        climbed = run.outcome is Outcome.CONVERGED
        flaw = self._diagnose(self._returned(run.state.params))
        # At a collapse precision is lost and no curvature can be trusted; then the collapse is the news.
        if run.outcome is Outcome.SADDLE and (flaw is None or flaw.proper):
            return Verdict(run.outcome, run.note, "start elsewhere", climbed=True)
        if run.outcome is Outcome.FELL and (flaw is None or flaw.proper):
            return _fell(run)
        if flaw is not None and (climbed or not flaw.proper):
            return replace(flaw, climbed=climbed)
        if climbed and (unknown := _score_is_none(run)):
            return Verdict(Outcome.FAILED, unknown, "write the model so that its derivatives are finite")
        if climbed:
            return self._reached(run)
        if run.state.draws:
            return Verdict(Outcome.STEP_LIMIT, _inexact(run), "raise max_steps or the number of draws")
        left = run.remaining
        known = f"; about {left:.2g} of log-likelihood is left" if np.isfinite(left) and left > 0 else ""
        if known and left < Gain().tol:
            known = f" to be sure; it seems that less than {Gain().tol:g} of log-likelihood is left"
        taken = "1 step was" if run.num_steps == 1 else f"{run.num_steps} steps were"
        return Verdict(
            Outcome.STEP_LIMIT,
            f"{taken} not enough{known}",
            "raise max_steps",
        )

    def _look(self, run: Run) -> Look:
        """The curvature of Newton's step at the end, else a second look."""
        if run.polished is not None:
            return Look(run.polished.parabola)
        spent = max(run.problem.num_e_steps + self.num_extra_e_steps, self.num_searched)
        return second_look(run.problem, run.state, spent)

    def _from_beside(self, run: Run) -> Verdict | None:
        """What EM from beside an end says of it."""
        state, algorithm = run.state, default_algorithm(self.model)
        more = higher_beside(run.problem, state.params, state.objective, algorithm, run.num_steps)
        if more == np.inf:
            said = (
                f"{name_of(self.model)}.m_step returns the params that it is given, whatever the statistics"
            )
            return Verdict(Outcome.FAILED, said, CHECK, climbed=True)
        if more <= HIGHER:
            return None
        said = f"{STILL}, but from beside this point EM ends {more:.2g} of log-likelihood higher"
        return Verdict(Outcome.SADDLE, said, f"start elsewhere; or {CHECK}", climbed=True)

    def _is_blind(self, bounds: str, flats: str) -> bool:
        """Whether curvature says nothing: of bounds, and of flat directions. A search has looked about
        itself; of a model that has one, what is flat are components beyond those that the data tell.
        """
        return not self.is_searched and bool(bounds or (flats and self.model.search is None))

    def _without_chart(self, run: Run) -> Verdict | None:
        """What is wrong with an end where nothing but M-steps can tell."""
        return self._from_weights(run) or self._from_beside(run)

    def _from_weights(self, run: Run) -> Verdict | None:
        """Whether the M-step of a model without a chart maximizes, as far as M-steps beside it tell."""
        if (left := higher_at_weights(run.problem, run.state.params, run.state.objective)) <= HIGHER:
            return None
        said = f"{STILL}, but beside this point the log-likelihood is {left:.2g} higher"
        return Verdict(Outcome.STEP_LIMIT, said, f"{name_of(self.model)}.m_step may not maximize: {CHECK}")

    def _reached(self, run: Run) -> Verdict:
        """Of a climb that came to its end: what the curvature says of that."""
        notes = [_resolved(run), _inexact(run)]
        look = Look() if notes[1] else self._look(run)
        if look.is_unknown:
            said = "the score or the information is not finite at the end, as where a likelihood has no bound"
            return Verdict(Outcome.FAILED, said, "check the fit", climbed=True)
        if (parabola := look.parabola) is not None:
            if (flaw := end_of(run.problem, parabola)) is not None:
                return replace(flaw, climbed=True)
            if parabola.climbing.any():
                return Verdict(Outcome.SADDLE, RISES, "start elsewhere", climbed=True)
            if (left := _finished(run, parabola, self.may_finish)) > AT_A_MAXIMUM:
                said = f"{STILL}, but about {left:.2g} of log-likelihood is left"
                return Verdict(Outcome.STEP_LIMIT, said, f"{GO_ON}, with the default algorithm; {CHECK}")
            held = at_bound(run.problem, run.state, parabola, self.reorder), flat(parabola)
            if self._is_blind(*held) and _is_exact(run) and (flaw := self._from_beside(run)) is not None:
                return flaw
            notes += held
        elif look.is_suspect:
            notes.append(PERHAPS)
        elif self.model.chart is None and _is_exact(run) and (flaw := self._without_chart(run)) is not None:
            return flaw
        return Verdict(Outcome.CONVERGED, "; ".join(filter(None, notes)), climbed=True)


def _finished(run: Run, parabola: Parabola, may_step: bool) -> float:
    """The log-likelihood that curvature says is left, after Newton's step where that was not taken yet, may
    be and is worth it.
    """
    if may_step and run.polished is None and log_likelihood_left(parabola) > AT_A_MAXIMUM:
        run.polished = newton_step(run.problem, run.state, parabola)
        if run.polished.state is not run.state:
            run.take(run.polished.state, "Newton")
    if run.polished is not None:
        parabola = replace(parabola, g=np.asarray(run.problem.score(run.state), dtype=float))
    return log_likelihood_left(parabola)


def _fell(run: Run) -> Verdict:
    """Of a step that lowered what it must not lower: which part of the model to look at."""
    name = name_of(run.problem.model)
    if not run.culprit:
        return Verdict(run.outcome, run.note, f"precision was lost, or {name} is wrong: {CHECK}")
    return Verdict(run.outcome, f"{run.note}: {run.culprit}", CHECK)


def _resolved(run: Run) -> str:
    """What rounding leaves unsaid, where that is more than the default promises."""
    resolution = run.problem.resolution(run.state)
    return "" if resolution < Gain().tol else f"as far as rounding can tell, about {resolution:.2g}"


def _is_exact(run: Run) -> bool:
    """Whether the E-steps were."""
    return not run.state.draws and run.state.gap <= run.problem.resolution(run.state)


def _inexact(run: Run) -> str:
    """What an E-step that is not exact leaves open."""
    state = run.state
    if state.draws:
        change = run.remaining
        return f"sampled E-steps: the last changes were up to {change:.2g}, with {state.draws} draws of a row"
    if _is_exact(run):
        return ""
    return f"a maximum of the bound, {state.gap:.4g} below the log-evidence; not of the evidence"


def _score_is_none(run: Run) -> str:
    """What of the score is not finite at the end, where the model has one of its own."""
    model = run.problem.model
    if model.score is None or model.chart is None or run.state.draws:
        return ""
    g = np.asarray(run.problem.score(run.state), dtype=float)
    if np.isfinite(g).all():
        return ""
    spaces = model.chart.spaces
    ends = np.cumsum([space.size for space in spaces.values()])
    pieces = np.split(g, ends[:-1]) if len(g) == ends[-1] else [g] * len(spaces)
    wrong = [name for name, piece in zip(spaces, pieces, strict=True) if not np.isfinite(piece).all()]
    return f"the derivative of the log-likelihood with respect to {', '.join(wrong)} is not finite"
