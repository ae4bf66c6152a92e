"""Section: E-steps that the accelerators need where plain EM is slow."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

import jensen
from benchmarks import squarem_peer
from benchmarks.acceleration_cases import CASES, Case
from benchmarks.options import Options
from benchmarks.results import Section, table
from jensen.em import EM, Anderson, Gain, QuasiNewton, Squarem

ALGORITHMS = {"EM": EM(), "SQUAREM": Squarem(), "Anderson": Anderson(), "quasi-Newton": QuasiNewton()}
NEAR = 1e-6  # nats below the maximum that a climb went to
SAME = 1e-3  # nats within which two ends are as good
MAX_STEPS = 50_000
TEXT = """Every start is climbed by plain EM and by the three accelerators. Counted are the passes over the
data (E-steps) until the log-likelihood is within 10⁻⁶ of the maximum that the climb goes to (found by
quasi-Newton from its end); medians over the starts. *Ends*: how often quasi-Newton's end is better than,
as good as, worse than plain EM's (more than 10⁻³ apart; ends that the diagnosis calls collapsed, spurious or
at a bound count as worse than any other, and as equal among themselves). *Lowest step*: the smallest gain of
a step of any accelerator, in nats. *Time*: plain EM's over quasi-Newton's, until there. *R*: the E-steps of
R's SQUAREM, stopped on the norm of its step, 10⁻⁸ (it allows decreases), and in brackets of plain EM."""


@dataclass(frozen=True, slots=True)
class Run:
    """One climb: E-steps and seconds until it was near its maximum, the end, the worst step."""

    num_e_steps: int
    seconds: float
    end: float
    proper: bool
    smallest_gain: float


def section(options: Options) -> Section:
    """Measure and write."""
    head = ["case, starts", *ALGORITHMS, "ratio", "time", "ends", "lowest step", "R"]
    rows, ratios, ends = [], [], []
    for case in CASES[:1] if options.quick else CASES:
        options.say(f"acceleration {case.name}")
        runs = _measure(case)
        rows.append(_row(case, runs))
        ratios += [
            em.num_e_steps / fast.num_e_steps
            for em, fast in zip(runs["EM"], runs["quasi-Newton"], strict=True)
        ]
        ends += [_compare(em, fast) for em, fast in zip(runs["EM"], runs["quasi-Newton"], strict=True)]
    note = (
        f"Over all {len(ratios)} climbs quasi-Newton EM needs {statistics.median(ratios):.1f}× fewer E-steps "
        f"in the median (target 5×, goal 10×); its end is better {ends.count('better')}, as good "
        f"{ends.count('as good')}, worse {ends.count('worse')} times."
    )
    return Section("acceleration", "Acceleration", f"{TEXT}\n\n{table(head, rows)}\n\n{note}")


def _measure(case: Case) -> dict[str, list[Run]]:
    model, data, weight, starts = case.make()
    jensen.fit(model, data, starts[0], weight=weight)  # compiles what is compiled
    return {
        name: [_climb(model, data, weight, start, algorithm) for start in starts]
        for name, algorithm in ALGORITHMS.items()
    }


def _climb(model: Any, data: Any, weight: Any, start: Any, algorithm: Any) -> Run:
    began = time.perf_counter()
    fit = jensen.fit(
        model, data, start, weight=weight, algorithm=algorithm, stop=Gain(1e-6), max_steps=MAX_STEPS
    )
    spent = time.perf_counter() - began
    polished = jensen.fit(model, data, fit.params, weight=weight, algorithm=QuasiNewton())
    maximum = max(fit.log_evidence, polished.log_evidence)
    if maximum > fit.log_evidence + SAME:  # it left a plateau: not the end of this climb
        maximum = fit.log_evidence
    objectives = fit.ledger["objective"]
    near = int(np.argmax(objectives >= maximum - NEAR))
    used = int(fit.ledger["num_e_steps"][near])
    gains = np.diff(objectives)
    return Run(
        used,
        spent * used / fit.num_e_steps,
        maximum,
        fit.verdict.proper,
        float(gains.min()) if len(gains) else 0.0,
    )


def _row(case: Case, runs: dict[str, list[Run]]) -> list[object]:
    counts = {name: statistics.median(run.num_e_steps for run in each) for name, each in runs.items()}
    seconds = {name: statistics.median(run.seconds for run in each) for name, each in runs.items()}
    ends = [_compare(em, fast) for em, fast in zip(runs["EM"], runs["quasi-Newton"], strict=True)]
    lowest = min(run.smallest_gain for name, each in runs.items() if name != "EM" for run in each)
    return [
        f"{case.name}, {len(ends)}",
        *(f"{count:.0f}" for count in counts.values()),
        f"{counts['EM'] / counts['quasi-Newton']:.1f}×",
        f"{seconds['EM'] / seconds['quasi-Newton']:.1f}×",
        " / ".join(str(ends.count(word)) for word in ("better", "as good", "worse")),
        f"{lowest:.1g}",
        _of_r(case),
    ]


def _compare(em: Run, fast: Run) -> str:
    if em.proper != fast.proper:
        return "better" if fast.proper else "worse"
    if not fast.proper or abs(fast.end - em.end) <= SAME:
        return "as good"
    return "better" if fast.end > em.end else "worse"


def _of_r(case: Case) -> str:
    if not squarem_peer.is_here():
        return "–"
    found = {key: run for key, run in squarem_peer.runs().items() if key[0].rsplit("-", 1)[0] == case.name}
    if not found:
        return "–"
    medians = {
        method: statistics.median(run.num_e_steps for (_, name), run in found.items() if name == method)
        for method in ("SQUAREM", "EM")
    }
    return f"{medians['SQUAREM']:.0f} ({medians['EM']:.0f})"
