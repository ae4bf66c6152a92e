"""Section: one EM iteration beside other native code, and beside the machine's limit."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks import armadillo_peer, onedal_peer, units
from benchmarks.iteration import name
from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.served import served
from benchmarks.steps import SHAPES, Problem, Shape, jensen_steps
from benchmarks.timing import Measure, least_in_turn, limited, seconds
from jensen.basics.threads import get_num_threads, set_num_threads

QUICK = [(50_000, 2, 3), (20_000, 8, 8)]
PEERS: dict[str, Callable[[], list[str] | None]] = {
    "oneDAL": onedal_peer.command,
    "Armadillo": armadillo_peer.command,
}
SLOW = 20.0  # an iteration of Armadillo is that many of jensen's: one of it has to do
FILLED = 0.1  # seconds
TEXT = """jensen's own loop with its ledger, as in the section above; oneDAL's `em_gmm` and Armadillo's
`gmm_full` in processes of their own that load the data once, by turns with jensen, on as many threads.
Full covariances. The least of {repetitions} short runs, since what others on the machine do only ever adds.
The limit is the arithmetic of both halves, n k d (d + 1) multiply-adds: the triangle of every distance and
of every second moment, at the rate of NumPy's matrix product on one thread in the same run ({rates}) times
the threads. Exponentials and memory are not in it, and at two columns they are nearly all there is. *Missing*
peers: {missing}."""


def section(options: Options) -> Section:
    """Measure and write."""
    shapes = QUICK if options.quick else SHAPES
    repetitions = options.repetitions * (1 if options.quick else 4)
    peers = {peer: command for peer, find in PEERS.items() if (command := find()) is not None}
    for peer in PEERS.keys() - peers.keys():
        options.say(f"native: {peer} is not here")
    rates = {dtype: matrix_rate(dtype) for dtype in ("float64", "float32")}
    parts = []
    for threads in sorted({1, os.cpu_count() or 1}):
        found = {}
        for shape in shapes:
            options.say(f"native {shape}, {threads} threads")
            found[shape] = measure(shape, threads, peers, repetitions)
            rates = {dtype: max(rate, matrix_rate(dtype)) for dtype, rate in rates.items()}
        parts.append(_table(found, threads, rates["float64"], list(peers)))
    text = TEXT.format(
        repetitions=repetitions,
        rates=", ".join(f"{rate / 1e9:.0f} GF/s {dtype}" for dtype, rate in rates.items()),
        missing=", ".join(PEERS.keys() - peers.keys()) or "none",
    )
    return Section("native", "One EM iteration beside other native code", "\n\n".join([text, *parts]))


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds per iteration by contestant; of jensen in both precisions."""

    seconds: dict[str, float]

    def ratio(self, slower: str, faster: str = "jensen") -> float:
        """How many times the second is faster."""
        return self.seconds.get(slower, float("nan")) / self.seconds[faster]


def measure(shape: Shape, threads: int, peers: dict[str, list[str]], repetitions: int) -> Found:
    """jensen in float64 and float32, and the peers in float64, by turns."""
    problem = Problem.draw(shape, "full")
    single = problem.as_type("float32")
    before = get_num_threads()
    set_num_threads(threads)
    try:
        with ExitStack() as stack:
            steps = max(2, min(40, round(FILLED / jensen_steps(problem, 2))))
            contestants: dict[str, Measure] = {
                "jensen": limited(partial(jensen_steps, problem, steps), threads),
                "float32": limited(partial(jensen_steps, single, steps), threads),
            }
            for peer, command in peers.items():
                process = stack.enter_context(served(command, problem.rows, problem.params, threads))
                count = steps if process.seconds_per_iteration(1) * steps < SLOW * FILLED else 1
                contestants[peer] = partial(process.seconds_per_iteration, count)
            return Found(least_in_turn(contestants, repetitions))
    finally:
        set_num_threads(before)


def matrix_rate(dtype: str, size: int = 1024, repetitions: int = 20) -> float:
    """Operations a second of NumPy's matrix product on one thread, the best of some."""
    a = np.ones((size, size), dtype)
    least = min(limited(partial(seconds, lambda: a @ a), 1)() for _ in range(repetitions))
    return 2 * size**3 / least


def _table(found: dict[Shape, Found], threads: int, rate: float, peers: list[str]) -> str:
    rows = []
    for shape, times in found.items():
        n, d, k = shape
        limit = 2 * n * k * d * (d + 1) / (rate * threads)
        own = times.seconds["jensen"]
        row: list[object] = [name(shape), units.seconds(own)]
        for peer in peers:
            row += [units.seconds(times.seconds[peer]), f"**{units.ratio(times.ratio(peer))}**"]
        row += [units.seconds(limit), units.percent(limit / own)]
        row += [units.seconds(times.seconds["float32"]), units.ratio(times.ratio("jensen", "float32"))]
        rows.append(row)
    head = ["n, d, k", "jensen"]
    for peer in peers:
        head += [peer, "jensen is faster"]
    head += ["limit", "of the limit", "jensen, float32", "float64 / float32"]
    return f"{threads} thread{'s' if threads > 1 else ''}, float64 unless said.\n\n{table(head, rows)}"
