"""Many starts as one result: each isolated, all kept, the maxima counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.basics.tables import Table
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.contract import Model
from jensen.em.coordinates import Natural
from jensen.em.start import SAME_OBJECTIVE, Start, times_found

RANDOM = "random"  # the kind of the model's own starts
DEFAULT_RESTARTS = 10
MOST_RESTARTS = 50
TIMES_FOUND = 3
SETTLED = 0.1  # of the starts, that lead to the best end
SAME_PARAMS = 0.05  # relative distance of the packed canonical parameters


@dataclass(frozen=True, slots=True)
class Starts:
    """A way of starting, for `jensen.fit`.

    Parameters
    ----------
    kind
        Its name in the table of starts.
    make
        ``make(model, data, weight, rng) -> params``; the model is as the data fixed it.
    reorder
        Whether the components of the end come in canonical order, or as they were started.
    """

    kind: str
    make: Callable[[Any, Any, Any, np.random.Generator], Params]
    reorder: bool = True


def run_starts(
    starts: Iterable[tuple[str, Callable[[], Params]]], climb: Callable[[Params], Any]
) -> Iterator[Start]:
    """Climb from every start. One that fails is a row with its reason, never the end of the others."""
    for number, (kind, make) in enumerate(starts):
        try:
            run = climb(make())
        except TypeError:  # something is of another kind: no start will do
            raise
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            yield Start(kind, None, -np.inf, 0, Verdict(Outcome.FAILED, str(error)), number=number)
            continue
        verdict = Verdict(run.outcome, run.note, climbed=run.outcome is Outcome.CONVERGED)
        yield Start(
            kind, run.state.params, run.state.objective, run.problem.num_e_steps, verdict, run, number
        )
        if run.outcome is Outcome.INTERRUPTED:
            return


def until_confirmed(starts: Iterator[Start]) -> Iterator[Start]:
    """Starts until the best end was reached three times: at least 10, at most 50."""
    objectives: list[float] = []
    for seen, start in enumerate(starts, 1):
        yield start
        if start.verdict.climbed:
            objectives.append(start.objective)
        if seen >= DEFAULT_RESTARTS:
            times = sum(objective > max(objectives) - SAME_OBJECTIVE for objective in objectives)
            if times >= TIMES_FOUND:
                return


def resumed(
    before: Iterable[Start], starts: Iterable[tuple[str, Any]], climb: Callable[[Params], Any]
) -> Iterator[Start]:
    """The ends of an earlier call, then the starts that it did not come to, each made when it is its turn."""
    done = {
        start.number: replace(start, run=None)
        for start in before
        if start.verdict.outcome is not Outcome.INTERRUPTED
    }
    yield from done.values()
    for number, start in enumerate(starts):
        if number not in done:
            for end in run_starts([start], climb):
                yield replace(end, number=number)
                if end.verdict.outcome is Outcome.INTERRUPTED:
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


def best_first(starts: list[Start]) -> list[Start]:
    """By objective; failed starts last."""
    return sorted(starts, key=rank)


def rank(start: Start) -> float:
    """Smallest for the best; an objective that is no number comes last."""
    return -start.objective if np.isfinite(start.objective) else np.inf


def table_of_starts(model: Model, starts: list[Start]) -> Table:
    """All starts, best first, with the maximum each one reached and how often that was found."""
    ordered = best_first(starts)
    maxima = _group(model, ordered)
    counts = np.bincount(maxima[maxima >= 0])
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


def _group(model: Model, ordered: list[Start]) -> np.ndarray:
    """The number of the maximum of each start, counted from the best; −1 for a failed one.

    Maxima are the same if their objectives and canonical parameters are; for models that do not say which
    parameters are relabellings of each other, the objective alone.
    """
    canonical = model.canonical
    maps = None if canonical is None else Natural().of(model)

    @cache
    def vector(i: int) -> Any:
        return maps.pack(canonical(ordered[i].params)) if maps and canonical else None

    firsts: list[int] = []
    labels = np.full(len(ordered), -1)
    for i, start in enumerate(ordered):
        if start.params is None or not np.isfinite(start.objective):
            continue
        for label in range(len(firsts) - 1, -1, -1):
            first = firsts[label]
            if ordered[first].objective - start.objective > SAME_OBJECTIVE:
                break
            if vector(i) is None or _alike(vector(i), vector(first)):
                labels[i] = label
                break
        if labels[i] < 0:
            labels[i] = len(firsts)
            firsts.append(i)
    return labels


def _alike(vector: Array, other: Array) -> bool:
    away = vector - other
    return bool(away @ away <= SAME_PARAMS**2 * (other @ other))


def settled(starts: list[Start], table: Table, objective: float) -> str:
    """How settled it is that ``objective`` is the best end: how many starts there were, and how many led
    to it. ``table`` is theirs.
    """
    tried = len(starts)
    if tried < 2:
        return ""
    times = max(times_found(table, objective), 1)
    found = "once" if times == 1 else f"{times} times"
    doubt = "unsettled: " if times == 1 or times < SETTLED * tried else ""
    return f"{doubt}the best of {tried} starts, found {found}"
