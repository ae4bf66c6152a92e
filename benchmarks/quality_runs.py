"""The runs behind the quality section: one row for each data set, k, structure, side and seed."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import jensen
from benchmarks.datasets import QUALITY, DataSet
from benchmarks.sklearn_peer import Ends, run_on, ten_starts
from benchmarks.timing import best_threads
from jensen.basics.threads import set_num_threads
from jensen.em import Outcome, Problem
from jensen.families import STRUCTURES
from jensen.models import Mixture, MixtureParams

Array = NDArray[np.float64]

LEFT_OUT = (Outcome.COLLAPSED, Outcome.BOUNDARY, Outcome.FAILED)


@dataclass(frozen=True, slots=True)
class Case:
    """One model for one data set."""

    data: str
    k: int
    structure: str

    def model(self) -> Mixture:
        """As jensen has it."""
        return Mixture(self.k, jensen.Gaussian(STRUCTURES[self.structure]))


@dataclass(frozen=True, slots=True)
class Row:
    """What one side reached on one case with one seed.

    ``log_evidence`` is that of its best end that is not left out, NaN where there is none; ``best_of_all``
    that of its best end whatsoever.
    """

    data: str
    n: int
    d: int
    k: int
    structure: str
    side: str
    seed: int
    log_evidence: float
    best_of_all: float
    num_ends: int
    num_left_out: int
    num_failed: int
    outcome: str
    num_e_steps: int
    seconds: float


def run_in_turn(cases: list[Case], seeds: int, path: Path, say: Callable[[str], None]) -> None:
    """jensen's default fit and scikit-learn's ten starts, in turn on the whole machine, with times."""
    done = done_by(path, "scikit-learn")
    threads: dict[str, int] = {}
    for number, case in enumerate(cases):
        if case in done:
            continue
        rows = _dataset(case.data).standardized()
        if case.data not in threads:
            threads[case.data] = best_threads(lambda x=rows: ten_starts(x, 4, "full", 0, 2).seconds)
            say(f"quality {number}/{len(cases)}: {case.data}, scikit-learn on {threads[case.data]} threads")
        _append(path, _in_turn(case, rows, seeds, threads[case.data]))


def _in_turn(case: Case, rows: Array, seeds: int, threads: int) -> list[Row]:
    judge = Judge(case, rows)
    found: list[Row] = []
    for seed in range(seeds):
        began = time.perf_counter()
        fit = jensen.fit(case.model(), rows, rng=seed)
        seconds = time.perf_counter() - began
        found.append(judge.row("jensen", seed, Ends([fit.params], 0, seconds), fit.num_e_steps))
        with threadpool_limits(threads):
            ends = ten_starts(rows, case.k, case.structure, seed)
        found.append(judge.row("scikit-learn", seed, ends))
    return found


def run_converged(cases: list[Case], seeds: int, path: Path, say: Callable[[str], None]) -> None:
    """scikit-learn's ten starts to convergence, untimed, on a process for each core."""
    done = done_by(path, "converged")
    left = [case for case in cases if case not in done]
    with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_one_thread) as pool:
        jobs = [pool.submit(_converged, case, seeds) for case in left]
        for number, job in enumerate(as_completed(jobs)):
            _append(path, job.result())
            if number % 20 == 0:
                say(f"quality, to convergence: {number}/{len(left)}")


def _converged(case: Case, seeds: int) -> list[Row]:
    rows = _dataset(case.data).standardized()
    judge = Judge(case, rows)
    found: list[Row] = []
    for seed in range(seeds):
        ends = ten_starts(rows, case.k, case.structure, seed)
        far = run_on(rows, ends.params, case.structure)
        found.append(judge.row("converged", seed, replace(far, num_failed=ends.num_failed + far.num_failed)))
    return found


class Judge:
    """One measure for both sides: the log-evidence of the parameters, and one rule for what is left out.

    An end is left out if it is spurious or at the bound after one more plain EM step. The step takes away
    scikit-learn's ridge, which would hide that a covariance is held up by it; a converged fit stays put.
    """

    def __init__(self, case: Case, rows: Array) -> None:
        self.case, self.rows = case, rows
        self.model = case.model().prepare(rows, None)
        self.problem = Problem(self.model, rows, None)

    def row(self, side: str, seed: int, ends: Ends, num_e_steps: int = 0) -> Row:
        """The best of the ends."""
        values = np.array([self.log_evidence(params) for params in ends.params])
        outcomes = [self.outcome(params) for params in ends.params]
        kept = np.array([outcome not in LEFT_OUT for outcome in outcomes], dtype=bool)
        best = int(np.argmax(np.where(kept, values, -np.inf))) if kept.any() else int(np.argmax(values))
        return Row(
            data=self.case.data,
            n=self.rows.shape[0],
            d=self.rows.shape[1],
            k=self.case.k,
            structure=self.case.structure,
            side=side,
            seed=seed,
            log_evidence=float(values[best]) if kept.any() else float("nan"),
            best_of_all=float(values.max()),
            num_ends=len(values),
            num_left_out=int(np.sum(~kept)),
            num_failed=ends.num_failed,
            outcome=str(outcomes[best]),
            num_e_steps=num_e_steps,
            seconds=ends.seconds,
        )

    def log_evidence(self, params: MixtureParams) -> float:
        """Σ_n log p(x_n | θ)."""
        return float(self.model.posterior(params, self.rows).log_evidence.sum())

    def is_left_out(self, params: MixtureParams) -> bool:
        """Whether the end is spurious or at the bound."""
        return self.outcome(params) in LEFT_OUT

    def outcome(self, params: MixtureParams) -> Outcome:
        """What is wrong with the end, if anything."""
        try:
            after = self.problem.m_step(self.problem.e_step(params))
            flaw = self.model.diagnose(after, self.rows, None)
        except (ArithmeticError, ValueError, np.linalg.LinAlgError):
            return Outcome.FAILED
        return Outcome.CONVERGED if flaw is None else flaw.outcome


def done_by(path: Path, side: str) -> set[Case]:
    """The cases that a side has been through."""
    return {Case(row.data, row.k, row.structure) for row in read(path) if row.side == side}


def read(path: Path) -> list[Row]:
    """The rows written so far."""
    if not path.exists():
        return []
    kinds = {f.name: {"int": int, "float": float, "str": str}[str(f.type)] for f in fields(Row)}
    with path.open(newline="") as file:
        return [
            Row(**{name: kinds[name](text) for name, text in row.items()}) for row in csv.DictReader(file)
        ]


def _append(path: Path, rows: list[Row]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Row)])
        if new:
            writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def _dataset(name: str) -> DataSet:
    return next(data for data in QUALITY if data.name == name)


def _one_thread() -> None:
    set_num_threads(1)
    threadpool_limits(1)
