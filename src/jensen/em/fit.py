"""`fit`, the one verb."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from jensen.em import criteria
from jensen.em.acceleration import Squarem
from jensen.em.algorithms import EM, Algorithm
from jensen.em.climb import Climb, climb
from jensen.em.coordinates import Natural
from jensen.em.progress import Progress
from jensen.em.protocols import Data, LatentVariableModel, Params, Weight
from jensen.em.quasi_newton import QuasiNewton
from jensen.em.restarts import DEFAULT_RESTARTS, Start, gather, run_starts, table_of_starts
from jensen.em.state import Problem
from jensen.em.stopping import Gain, Stop
from jensen.em.tables import Table
from jensen.em.verdict import Outcome, Verdict

DEFAULT_MAX_STEPS = 10_000
# Which flawed end is returned where there is no proper one; the best objective among equals.
SEVERITY = [Outcome.BOUNDARY, Outcome.SADDLE, Outcome.COLLAPSED, Outcome.FELL, Outcome.FAILED]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted model and how sure it is. Everything reported is of ``params``, the parameters returned.

    Attributes
    ----------
    params
        θ̂.
    log_evidence
        log p(x | θ̂), the total over the rows (natural logarithm).
    log_prior
        log p(θ̂); 0 without a prior.
    entropy
        H[q] of the posterior of the hidden variables at θ̂.
    ledger
        One row a step of the climb that was kept: log_evidence, expected_log_joint (Q), entropy (H), kl (of
        the half-step), log_prior, objective, num_e_steps, algorithm.
    verdict
        How it ended and what to do.
    remaining
        Estimate of the log-likelihood still to be gained: ½ gᵀ W g of the score g where the climb was
        quasi-Newton or Newton, else Aitken's over plain EM steps; NaN after fewer than two.
    rate
        EM's rate of convergence at the end: the ratio of two successive steps of plain EM (gains shrink by
        its square); NaN where rounding hides it or the climb did not end with plain steps
        (`jensen.uncertainty` has it for every direction).
    starts
        Every start, its end, its verdict, and how often its maximum was found.
    num_steps, num_e_steps
        Steps of the climb that was kept; passes over the data of all starts together.
    weight
        Σ_n w_n: the number of rows where there are no weights.
    num_free
        Free parameters; None where the model does not say.
    model
        The model as fitted, with what the data fixed (bounds).
    seconds
        Wall time.
    gap
        KL(q ‖ p(z | x, θ̂)) where an inexact E-step climbed a bound, ``log_evidence - gap``; 0 where the
        evidence was climbed.
    """

    params: Params
    log_evidence: float
    log_prior: float
    entropy: float
    ledger: Table
    verdict: Verdict
    remaining: float
    rate: float
    starts: Table
    num_steps: int
    num_e_steps: int
    weight: float
    num_free: int | None
    model: LatentVariableModel = field(repr=False)
    seconds: float
    gap: float = 0.0

    @property
    def objective(self) -> float:
        """What was climbed: log p(x | θ̂) + log p(θ̂), or the bound in place of the first."""
        return self.log_evidence - self.gap + self.log_prior

    @property
    def aic(self) -> float:
        """Akaike's criterion; smaller is better."""
        return criteria.aic(self.log_evidence, self._free())

    @property
    def bic(self) -> float:
        """Schwarz's criterion; smaller is better (mclust prints minus this)."""
        return criteria.bic(self.log_evidence, self._free(), self.weight)

    @property
    def icl(self) -> float:
        """BIC plus twice the entropy of the posterior; smaller is better."""
        return criteria.icl(self.log_evidence, self._free(), self.weight, self.entropy)

    def _free(self) -> int:
        if self.num_free is None:
            raise ValueError("an information criterion needs the model's num_free(params)")
        return self.num_free

    def __repr__(self) -> str:
        return (
            f"Fit(log_evidence={self.log_evidence:.6f}, verdict={str(self.verdict.outcome)!r}, "
            f"remaining={self.remaining:.2g}, num_steps={self.num_steps}, num_e_steps={self.num_e_steps}, "
            f"starts={self.starts.num_rows}, seconds={self.seconds:.3g})"
        )


def fit(
    model: LatentVariableModel,
    data: Data,
    params: Params | None = None,
    *,
    weight: Weight = None,
    algorithm: Algorithm | None = None,
    stop: Stop | None = None,
    max_steps: int = DEFAULT_MAX_STEPS,
    restarts: int | None = None,
    rng: np.random.Generator | int | None = None,
) -> Fit:
    """Maximize log p(x | θ) (plus log p(θ) where the model has a prior) by EM.

    Parameters
    ----------
    model
        A `LatentVariableModel`.
    data
        Whatever the model takes; for mixtures an (n, d) array.
    params
        Where to start. Without it there are many starts.
    weight
        (n,) non-negative; an integer weight counts as that many repeated rows.
    algorithm
        How to climb. By default EM, accelerated once its steps are small: by `jensen.em.QuasiNewton` where the
        model has a chart, by `jensen.em.Squarem` where it has only ``pack`` and ``unpack``. `jensen.em.EM` for
        plain EM.
    stop
        When to stop; by default once less than 1e-3 of total log-likelihood is estimated to be left
        (`jensen.em.Gain`), or less than the rounding of the data can resolve.
    max_steps
        Limit of each climb. Reaching it is a verdict, not convergence.
    restarts
        Number of starts. None: the model's own search if it has one, else 10.
    rng
        A generator or a seed. Without one, 0: the same call gives the same answer.

    Returns
    -------
    Fit
        Always. What went wrong is its ``verdict``.

    Raises
    ------
    ValueError
        If every start failed; the reasons are in the message.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> x = np.random.default_rng(0).normal(size=(200, 1)) + np.repeat([[0.0], [5.0]], 100, axis=0)
    >>> fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian()), x)
    >>> fit.verdict.converged
    True
    """
    began = time.perf_counter()
    if params is not None and restarts is not None:
        raise ValueError("give either params (one start) or restarts (many), not both")
    if restarts is not None and restarts < 1:
        raise ValueError(f"restarts must be at least 1, not {restarts}")
    prepare = getattr(model, "prepare", None)
    model = model if prepare is None else prepare(data, weight)
    with Progress() as progress:
        climber = Climber(
            model, data, weight, algorithm or default_algorithm(model), stop or Gain(), max_steps, progress
        )
        starts, interrupted = gather(climber.starts(params, restarts, np.random.default_rng(rng or 0)))
        if interrupted:
            climber.max_steps = 0  # no more climbing: what was found is returned at once
        try:
            run, verdict = climber.choose(starts)
        except KeyboardInterrupt:
            interrupted, climber.max_steps = True, 0
            run, verdict = climber.choose(starts)
    if interrupted:
        verdict = Verdict(Outcome.INTERRUPTED, "stopped by the user; this is the best so far", "run it again")
    expected = run.state.expected
    num_free = getattr(model, "num_free", None)
    return Fit(
        params=run.state.params,
        log_evidence=expected.log_evidence,
        log_prior=run.state.log_prior,
        entropy=expected.entropy,
        ledger=run.ledger,
        verdict=verdict,
        remaining=run.remaining,
        rate=run.rate,
        starts=table_of_starts(model, starts),
        num_steps=run.num_steps,
        num_e_steps=sum(start.num_e_steps for start in starts) + climber.num_extra_e_steps,
        weight=expected.weight,
        num_free=None if num_free is None else int(num_free(run.state.params)),
        model=model,
        seconds=time.perf_counter() - began,
        gap=0.0 if run.state.draws else run.state.gap,
    )


def _same(params: Params) -> Params:
    return params


def _rank(start: Start) -> float:
    """Best first; an objective that is no number last."""
    return -start.objective if np.isfinite(start.objective) else np.inf


def default_algorithm(model: LatentVariableModel) -> Algorithm:
    """The model's own; else quasi-Newton EM in its chart, SQUAREM in its natural coordinates, or plain EM."""
    own = getattr(model, "algorithm", None)
    if own is not None:
        return own
    if getattr(model, "chart", None) is not None:
        return QuasiNewton()
    return EM() if Natural().of(model) is None else Squarem()


@dataclass(slots=True)
class Climber:
    """Everything that the climbs of one fit share."""

    model: LatentVariableModel
    data: Data
    weight: Weight
    algorithm: Algorithm
    stop: Stop
    max_steps: int
    progress: Progress
    num_extra_e_steps: int = field(default=0, init=False)

    def climb(self, params: Params) -> Climb:
        """One climb, with its own count of E-steps."""
        problem = Problem(self.model, self.data, self.weight)
        return climb(problem, params, self.algorithm, self.stop, self.max_steps, self.progress)

    def starts(
        self, params: Params | None, restarts: int | None, rng: np.random.Generator
    ) -> Iterator[Start]:
        """Ends of all starts, as they are reached."""
        if params is not None:
            return run_starts([("given", lambda: params)], self.climb)
        search = getattr(self.model, "search", None)
        if restarts is None and search is not None:
            found = search(self.data, self.weight, rng, self.progress)
            # The ends of a search are of exact EM: for another q they are where to start.
            return found if getattr(self.algorithm, "posterior", None) is None else self._again(found)
        start = getattr(self.model, "start", None)
        if start is None:
            name = type(self.model).__name__
            raise ValueError(f"{name} has no start(data, weight, rng): give fit its params")
        streams = rng.spawn(DEFAULT_RESTARTS if restarts is None else restarts)
        return run_starts(
            [("random", partial(start, self.data, self.weight, stream)) for stream in streams], self.climb
        )

    def _again(self, found: Iterator[Start]) -> Iterator[Start]:
        """Climbs from the best end of every maximum that a search found."""
        starts, _ = gather(found)
        table = table_of_starts(self.model, starts)
        ordered = sorted(starts, key=_rank)
        self.num_extra_e_steps += sum(start.num_e_steps for start in starts)
        _, first = np.unique(table["maximum"], return_index=True)
        best = [ordered[i] for i in first if ordered[i].params is not None][:DEFAULT_RESTARTS]
        return run_starts([(start.kind, partial(_same, start.params)) for start in best], self.climb)

    def choose(self, starts: list[Start]) -> tuple[Climb, Verdict]:
        """The best end that is proper; where there is none, the best, with a verdict that says so.

        ``starts`` is updated in place with what was found out about the ends that were passed over.
        """
        ranked = sorted(
            (i for i, start in enumerate(starts) if start.params is not None), key=lambda i: _rank(starts[i])
        )
        if not ranked:
            reasons = "; ".join(sorted({start.verdict.message for start in starts}))
            raise ValueError(f"every start failed: {reasons}")
        flawed: list[int] = []
        for i in ranked:
            flaw = self._diagnose(starts[i].params)
            if flaw is not None and not flaw.proper:
                starts[i] = replace(starts[i], verdict=flaw)
                flawed.append(i)
                continue
            run = self._finish(starts[i])
            verdict = self._verdict(run)
            starts[i] = replace(starts[i], verdict=verdict)
            if verdict.proper:
                return run, verdict
            flawed.append(i)
        best = min(flawed, key=lambda i: SEVERITY.index(starts[i].verdict.outcome))
        run = self._finish(starts[best])
        return run, self._verdict(run)

    def _finish(self, start: Start) -> Climb:
        if start.run is not None:
            return start.run
        run = self.climb(start.params)
        self.num_extra_e_steps += run.problem.num_e_steps
        return run

    def _diagnose(self, params: Params) -> Verdict | None:
        diagnose = getattr(self.model, "diagnose", None)
        return None if diagnose is None else diagnose(params, self.data, self.weight)

    def _verdict(self, run: Climb) -> Verdict:
        if run.outcome is Outcome.FAILED:
            return Verdict(run.outcome, run.note, "check the data and the start")
        if run.outcome is Outcome.SADDLE:
            return Verdict(run.outcome, run.note, "start elsewhere", climbed=True)
        if run.outcome is Outcome.INTERRUPTED:
            return Verdict(run.outcome, "stopped by the user; this is the best so far", "run it again")
        climbed = run.outcome is Outcome.CONVERGED
        flaw = self._diagnose(run.state.params)
        # Precision is lost at a collapse; then the collapse is the news.
        if run.outcome is Outcome.FELL and flaw is None:
            return Verdict(run.outcome, run.note, "the M-step does not maximize Q, or precision was lost")
        if flaw is not None and (climbed or not flaw.proper):
            return replace(flaw, climbed=climbed)
        if climbed:
            notes = filter(None, (_resolved(run), _inexact(run), _flat(run)))
            return Verdict(Outcome.CONVERGED, "; ".join(notes), climbed=True)
        if run.state.draws:
            return Verdict(Outcome.STEP_LIMIT, _inexact(run), "raise max_steps or the number of draws")
        left = run.remaining
        return Verdict(
            Outcome.STEP_LIMIT,
            f"{run.num_steps} steps were not enough; about {left:.2g} of log-likelihood is left",
            "raise max_steps",
        )


def _resolved(run: Climb) -> str:
    """What rounding leaves unsaid, where that is more than the default promises."""
    resolution = run.problem.resolution(run.state)
    return "" if resolution < Gain().tol else f"as far as rounding can tell, about {resolution:.2g}"


def _inexact(run: Climb) -> str:
    """What an E-step that is not exact leaves open."""
    state = run.state
    if state.draws:
        change = run.remaining
        return f"sampled E-steps: the last changes were up to {change:.2g}, with {state.draws} draws of a row"
    if state.gap <= run.problem.resolution(state):
        return ""
    return f"a maximum of the bound, {state.gap:.4g} below the log-evidence; not of the evidence"


def _flat(run: Climb) -> str:
    """Directions in which Newton's step found no curvature."""
    if run.polished is None or run.polished.curvature.num_flat == 0:
        return ""
    found = run.polished.curvature
    return f"flat in {found.num_flat} of {len(found.values)} directions: at a bound, or not identified"
