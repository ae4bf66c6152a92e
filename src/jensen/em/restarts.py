"""Many starts as one result: each isolated, all kept, the maxima counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen.em.climb import Climb
from jensen.em.protocols import LatentVariableModel, Params
from jensen.em.tables import Table
from jensen.em.verdict import Outcome, Verdict

DEFAULT_RESTARTS = 10
SAME_OBJECTIVE = 0.01  # nats
SAME_PARAMS = 0.05  # relative distance of the packed canonical parameters


@dataclass(frozen=True, slots=True)
class Start:
    """One start and where it ended."""

    kind: str
    params: Params | None
    objective: float
    num_e_steps: int
    verdict: Verdict
    run: Climb | None = None
    """The whole climb, where the start was climbed by the loop and not by the model's own search."""


def run_starts(
    starts: Iterable[tuple[str, Callable[[], Params]]], climber: Callable[[Params], Climb]
) -> Iterator[Start]:
    """Climb from every start. One that fails is a row with its reason, never the end of the others."""
    for kind, make in starts:
        try:
            run = climber(make())
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            yield Start(kind, None, -np.inf, 0, Verdict(Outcome.FAILED, str(error)))
            continue
        verdict = Verdict(run.outcome, run.note, climbed=run.outcome is Outcome.CONVERGED)
        yield Start(kind, run.state.params, run.state.objective, run.problem.num_e_steps, verdict, run)
        if run.outcome is Outcome.INTERRUPTED:
            return


def gather(starts: Iterator[Start]) -> tuple[list[Start], bool]:
    """All starts, or those there were when the user interrupted, and whether that happened."""
    found: list[Start] = []
    try:
        for start in starts:
            found.append(start)  # noqa: PERF402 -- what there is when an interrupt comes is kept
    except KeyboardInterrupt:
        if not any(start.params is not None for start in found):
            raise
        return found, True
    return found, bool(found) and found[-1].verdict.outcome is Outcome.INTERRUPTED


def table_of_starts(model: LatentVariableModel, starts: list[Start]) -> Table:
    """All starts, best first, with the maximum each one reached and how often that was found."""
    ordered = sorted(starts, key=lambda start: -start.objective if np.isfinite(start.objective) else np.inf)
    maxima = _group(model, ordered)
    counts = np.bincount(maxima[maxima >= 0]) if (maxima >= 0).any() else np.zeros(0, int)
    return Table(
        {
            "kind": np.array([start.kind for start in ordered]),
            "objective": np.array([start.objective for start in ordered]),
            "num_e_steps": np.array([start.num_e_steps for start in ordered], dtype=int),
            "outcome": np.array([str(start.verdict.outcome) for start in ordered]),
            "note": np.array([start.verdict.message for start in ordered]),
            "maximum": maxima,
            "times_found": np.array([counts[m] if m >= 0 else 0 for m in maxima], dtype=int),
        }
    )


def _group(model: LatentVariableModel, ordered: list[Start]) -> np.ndarray:
    """The number of the maximum of each start, counted from the best; −1 for a failed one."""
    canonical: Callable[[Any], Any] = getattr(model, "canonical", lambda params: params)
    pack: Callable[[Any], Any] | None = getattr(model, "pack", None)
    seen: list[tuple[float, Any]] = []
    labels = np.full(len(ordered), -1)
    for i, start in enumerate(ordered):
        if start.params is None or not np.isfinite(start.objective):
            continue
        vector = pack(canonical(start.params)) if pack else None
        for label in range(len(seen) - 1, -1, -1):
            objective, other = seen[label]
            if objective - start.objective > SAME_OBJECTIVE:
                break
            if vector is None or np.linalg.norm(vector - other) <= SAME_PARAMS * np.linalg.norm(other):
                labels[i] = label
                break
        if labels[i] < 0:
            labels[i] = len(seen)
            seen.append((start.objective, vector))
    return labels
