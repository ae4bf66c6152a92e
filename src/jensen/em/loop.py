"""The one loop: from a state upwards, with a ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Params
from jensen.basics.progress import Progress
from jensen.basics.tables import Table
from jensen.basics.verdict import Outcome
from jensen.em.acceleration.newton import Polished, can_polish, polish
from jensen.em.algorithms import EM, Algorithm
from jensen.em.contract import name_of
from jensen.em.coordinates import Natural
from jensen.em.identities import log_prior
from jensen.em.problem import Problem, State
from jensen.em.stopping import Extrapolation, Seen, Stop, aitken, noise, spread

DUST = 1e-9  # relative to the objective: a fall that no wrong step would make, and that nobody would miss
VISIBLE = 1e-12  # relative size of a step that rounding does not drown
MUCH = 1e-3  # nats left after Newton's step: the climb was not at its end
MOST_POLISHED = 5  # a likelihood without bound always has more to climb
VERIFYING_STEPS = 5  # plain steps at a time after an accelerated climb without an estimate of what is left


@dataclass(slots=True)
class Run:
    """A climb in progress: where it is, what it saw, how it ended."""

    problem: Problem
    state: State
    rows: list[dict[str, float | int | str]] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    """Objectives of the latest run of plain EM steps."""
    path: list[NDArray[np.float64]] = field(default_factory=list)
    """The natural parameters of the last three states of one algorithm, where the model has coordinates."""
    outcome: Outcome = Outcome.STEP_LIMIT
    note: str = ""
    polished: Polished | None = None
    culprit: str = ""
    """What lowered the objective, where it fell and that is known."""

    @property
    def num_steps(self) -> int:
        """Steps taken, the start not counted."""
        return len(self.rows) - 1

    @property
    def remaining(self) -> float:
        """The log-likelihood still to be gained: the algorithm's own estimate, else Aitken's."""
        if self.polished is not None:
            return self.polished.remaining
        if self.state.draws:
            return spread(self.plain)  # of noisy steps: their latest changes
        own = self.state.remaining
        return abs(own) if np.isfinite(own) else self._extrapolation.remaining

    @property
    def _extrapolation(self) -> Extrapolation:
        return aitken(self.plain[-3:], noise(self.plain, self.problem.resolution(self.state)))

    @property
    def rate(self) -> float:
        """EM's rate of convergence: the ratio of its last two steps, or the root of that of two gains.

        NaN where the climb did not end with plain steps.
        """
        if len(self.plain) < 3 or self.state.draws:
            return np.nan
        if len(self.path) == 3:
            before, last = (float(np.linalg.norm(b - a)) for a, b in pairwise(self.path))
            if last > VISIBLE * float(np.linalg.norm(self.path[-1])):
                return last / before
        return float(np.sqrt(self._extrapolation.ratio))

    @property
    def ledger(self) -> Table:
        """One row a step."""
        return Table.from_rows(self.rows)

    def take(self, new: State, algorithm: str) -> None:
        """Go to a new state, with a row in the ledger."""
        self.rows.append(_row(self.problem, self.state, new, algorithm))
        self.state = new


def climb(
    problem: Problem,
    params: Params,
    algorithm: Algorithm,
    stop: Stop,
    max_steps: int,
    progress: Progress | None = None,
) -> Run:
    """Climb from ``params``, and make sure of the end.

    After a climb whose algorithm estimates itself what is left, that is Newton's step where the model has
    second derivatives: it also finds saddles, and leaves them. After other accelerated climbs plain EM steps
    confirm the end or send it on.
    """
    stop = algorithm.stopping(stop)
    state = algorithm.init(problem, params)
    run = Run(problem, state, [_row(problem, None, state, "start")], [state.objective])
    if not np.isfinite(state.objective):
        run.outcome, run.note = Outcome.FAILED, "the objective is not finite at the start"
        return run
    num_polished = 0
    while run.num_steps < max_steps:
        _run(run, algorithm, stop, max_steps - run.num_steps, progress)
        if run.outcome is not Outcome.CONVERGED or algorithm.is_plain():
            break
        if run.num_steps < max_steps and (np.isfinite(run.state.remaining) or can_polish(run.problem)):
            num_polished += 1
            if not _polish(run):
                break
            run.outcome = Outcome.STEP_LIMIT  # until it has climbed on from there
            if num_polished == MOST_POLISHED:
                break
            continue
        _run(run, EM(), stop, min(VERIFYING_STEPS, max_steps - run.num_steps), progress)
        if run.outcome is not Outcome.STEP_LIMIT:
            break
    return run


def _run(run: Run, algorithm: Algorithm, stop: Stop, max_steps: int, progress: Progress | None) -> None:
    """Steps of one algorithm, until it stops, falls, fails, is interrupted or has had ``max_steps``."""
    plain = algorithm.is_plain()
    objectives = [run.state.objective]
    run.outcome, run.plain, run.polished = Outcome.STEP_LIMIT, [run.state.objective], None
    run.path = _packed(run)
    for _ in range(max_steps):
        try:
            new = algorithm.step(run.problem, run.state)
        except KeyboardInterrupt:
            run.outcome, run.note = Outcome.INTERRUPTED, "interrupted"
            return
        if not np.isfinite(new.objective):
            run.outcome, run.note = Outcome.FAILED, "the objective became non-finite"
            return
        fall = run.state.objective - new.objective
        if algorithm.is_monotone() and fall > run.problem.tolerated_fall(new):
            if fall < DUST * (abs(new.objective) + new.expected.weight):  # of moments that cancelled
                run.outcome = Outcome.CONVERGED
                return
            run.outcome = Outcome.FELL
            run.note = f"step {run.num_steps + 1} lowered the objective by {fall:.3g}"
            run.culprit = _culprit(run.problem, run.state)
            return
        run.take(new, algorithm.name)
        objectives.append(new.objective)
        run.path = [*run.path[-2:], *_packed(run)]
        if plain:
            run.plain = objectives
        if progress is not None:
            progress.update(f"step {run.num_steps}, objective {new.objective:.6f}")
        if stop.done(_seen(run, objectives, plain)):
            run.outcome = Outcome.CONVERGED
            return


def _culprit(problem: Problem, state: State) -> str:
    """What is wrong with a model whose exact EM step lowers the objective, as far as one more step tells.

    A right M-step does not lower Q; a right E-step makes Q + H the log-evidence, so that what Q gains the
    evidence gains at least.
    """
    try:
        params = problem.m_step(state)
        before = problem.expected_log_joint(state.params, state) + state.log_prior
        after = problem.expected_log_joint(params, state) + log_prior(problem.model, params)
        bound = before + state.expected.entropy
    except (ArithmeticError, ValueError):  # LinAlgError is a ValueError
        return ""
    noise, name = problem.tolerated_fall(state), name_of(problem.model)
    if after < before - noise:
        return f"{name}.m_step lowers Q by {before - after:.3g}"
    if state.gap == 0.0 and abs(bound - state.objective) > noise:
        away = bound - state.objective
        side = "above" if away > 0 else "below"
        return f"Q + H of {name} is {abs(away):.3g} {side} the log-evidence at the same parameters"
    return ""


def _seen(run: Run, objectives: list[float], plain: bool) -> Seen:
    step = float(np.linalg.norm(run.path[-1] - run.path[-2])) if run.path else np.nan
    return Seen(objectives, run.problem.resolution(run.state), plain, run.state.remaining, step)


def _polish(run: Run) -> bool:
    """Newton's step where it can be had. True where it shows that there is more to climb."""
    if not can_polish(run.problem):
        return False
    before = run.state
    polished = polish(run.problem, before)
    if polished is None:
        return False
    if polished.state is not before:
        run.take(polished.state, "Newton")
    if polished.left_saddle or (polished.state is not before and polished.remaining > MUCH):
        return True
    run.polished = polished
    if polished.is_saddle:
        run.outcome, run.note = Outcome.SADDLE, "the evidence rises to second order in some direction"
    return False


def _packed(run: Run) -> list[NDArray[np.float64]]:
    maps = Natural().of(run.problem.model)
    return [] if maps is None else [maps.pack(run.state.params)]


def _row(problem: Problem, old: State | None, new: State, algorithm: str) -> dict[str, float | int | str]:
    """The identity of Jensen's inequality at one θ, and the half-step that led there.

    ``gap`` is KL(q ‖ p(z | x, θ)) at the θ of the row, 0 for an exact E-step:
    log_evidence = expected_log_joint + entropy + gap.

    ``kl`` is KL(q_old ‖ p(z | x, θ_new)) = ℓ(θ_new) − Q(θ_new, S_old) − H[q_old]: the gap that the M-step
    opened and the E-step closed. NaN where it would cost a pass over the data: for a model whose Q is not
    ``cheap``.
    """
    expected = new.expected
    kl = np.nan
    cheap = problem.model.cheap
    if old is not None and (cheap is None or cheap(old.expected.stats)):
        bound = problem.expected_log_joint(new.params, old) + old.expected.entropy
        kl = expected.log_evidence - bound
    return {
        "log_evidence": expected.log_evidence,
        "expected_log_joint": problem.expected_log_joint(new.params, new),
        "entropy": expected.entropy,
        "gap": new.gap,
        "kl": kl,
        "log_prior": new.log_prior,
        "objective": new.objective,
        "num_e_steps": problem.num_e_steps,
        "algorithm": algorithm,
    }
