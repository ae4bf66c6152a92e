"""What a fit tells its user while it runs and when it ends short of a proper maximum."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from sklearn.exceptions import ConvergenceWarning

from jensen.basics.numbers import count
from jensen.basics.verdict import Outcome
from jensen.em.result import Fit
from jensen.em.stopping import Seen, Stop


@dataclass(slots=True)
class Reporter:
    """A stopping rule that also prints every ``interval`` steps, in ``detail`` with gain and time; and the
    number of each start, where every climb is one.
    """

    stop: Stop
    interval: int
    detail: bool
    numbered: bool = False
    starts: int = 0
    began: float = field(default_factory=time.perf_counter)

    def done(self, seen: Seen) -> bool:
        """What the wrapped rule says."""
        step = len(seen.objectives) - 1
        if self.numbered and step == 1:
            self.starts += 1
            print(f"start {self.starts}")
        if step % self.interval == 0:
            print(f"  step {step}: {self._progress(seen.objectives)}")
        return self.stop.done(seen)

    def _progress(self, objectives: Sequence[float]) -> str:
        text = f"objective {objectives[-1]:.6f}"
        if not self.detail:
            return text
        gain = objectives[-1] - objectives[-2]
        return f"{text}, gained {gain:.3g}, {time.perf_counter() - self.began:.2f} s"


def report_begin(kind: str, num_starts: int | None) -> None:
    """Print what is about to be run."""
    print(
        "search among starts of several kinds"
        if num_starts is None
        else f"{count(num_starts, 'start')}: {kind}"
    )


def report_end(fit: Fit) -> None:
    """Print how the fit ended, and all starts."""
    steps = f"{fit.num_steps} steps, {fit.seconds:.2f} s"
    print(f"{fit.verdict}; log-likelihood {fit.log_evidence:.6f} after {steps}")
    print(fit.starts)


def warn_unless_converged(fit: Fit, num_rows: int, max_iter: int, tol: float) -> None:
    """A `ConvergenceWarning` with the verdict and what to do.

    Silent where the user asked for a start (``max_iter=0``) or a number of steps (``tol=0``) and got it.
    """
    verdict = fit.verdict
    counted = verdict.outcome is Outcome.STEP_LIMIT and tol == 0
    if verdict.converged or counted or max_iter == 0:
        return
    text = f"not a proper maximum: {verdict.outcome}: {verdict.message}."
    advice = _advice(fit, num_rows, max_iter)
    if advice:
        text += f" What to do: {advice}."
    warnings.warn(text, ConvergenceWarning, stacklevel=4)


def _advice(fit: Fit, num_rows: int, max_iter: int) -> str:
    """What to do, in terms of the estimator's arguments."""
    outcome = fit.verdict.outcome
    if outcome is Outcome.STEP_LIMIT:
        return f"raise max_iter (now {max_iter})"
    if outcome is Outcome.COLLAPSED and fit.weight < 0.5 * num_rows:
        return (
            f"{fit.verdict.advice}; or, as the weights of {num_rows} rows add up to {fit.weight:.3g} and "
            f"count as that many rows, scale them to add up to {num_rows} if they are shares"
        )
    return fit.verdict.advice
