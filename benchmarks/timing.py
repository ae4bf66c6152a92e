"""Contestants in turn, again and again; medians."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from threadpoolctl import threadpool_limits

Measure = Callable[[], float]


def in_turn(contestants: Mapping[str, Measure], repetitions: int) -> dict[str, float]:
    """The median of what each measures, over repetitions in which all of them have their turn."""
    seen = _seen(contestants, repetitions)
    return {name: statistics.median(values) for name, values in seen.items()}


def least_in_turn(contestants: Mapping[str, Measure], repetitions: int) -> dict[str, float]:
    """The least instead: of many short measurements, what others on the machine have disturbed least."""
    return {name: min(values) for name, values in _seen(contestants, repetitions).items()}


def _seen(contestants: Mapping[str, Measure], repetitions: int) -> dict[str, list[float]]:
    seen: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repetitions):
        for name, measure in contestants.items():
            seen[name].append(measure())
    return seen


def seconds(call: Callable[[], Any]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def thread_counts() -> list[int]:
    """What a peer may choose from: one thread, or one for each core."""
    return sorted({1, os.cpu_count() or 1})


def best_threads(measure: Measure) -> int:
    """The number of threads that makes a peer fastest, each tried twice."""
    tried = {count: min(limited(measure, count)() for _ in range(2)) for count in thread_counts()}
    return min(tried, key=lambda count: tried[count])


def limited(measure: Measure, threads: int) -> Measure:
    """The same with BLAS and OpenMP held to that many threads."""

    def run() -> float:
        with threadpool_limits(threads):
            return measure()

    return run
