"""The time of one EM iteration, jensen's and each peer's, from the same start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

import jensen
from benchmarks import mclust_peer, torch_peers
from benchmarks.sklearn_peer import set_params
from benchmarks.timing import best_threads, in_turn, limited, seconds
from jensen.em import EM, Never
from jensen.em import Problem as EMProblem
from jensen.em.loop import climb
from jensen.families import STRUCTURES, GaussianParams
from jensen.models import Mixture, MixtureParams

Array = NDArray[Any]
Shape = tuple[int, int, int]

SHAPES: list[Shape] = [
    (500_000, 2, 3),
    (500_000, 2, 16),
    (200_000, 8, 8),
    (200_000, 16, 32),
    (50_000, 64, 16),
    (20_000, 128, 8),
]
FILLED = 0.3  # seconds that the iterations of one turn should fill
HOW = """Warm iterations from the same start, with no convergence test. jensen: its own loop with its
ledger, `jensen.em.loop.climb` with plain EM; a climb of m steps has m + 1 E-steps and counts as m + 1.
scikit-learn: the three calls that its loop makes (`_e_step`, `_m_step`, `_compute_lower_bound`). What a
fit does once (checks, the metric, the diagnosis) is in neither. mclust: `em` of 2m iterations less `em`
of m, timed in R. The rows are drawn from k Gaussians that overlap (means about 2.5 standard deviations
apart), the start is k rows and the data's covariance."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows, and where everybody starts."""

    rows: Array
    params: MixtureParams
    structure: str

    @classmethod
    def draw(cls, shape: Shape, structure: str, gap: float = 2.5) -> Problem:
        """Rows from k Gaussians about ``gap`` apart; the start is rows and the data's own covariance."""
        n, d, k = shape
        rng = np.random.default_rng(0)
        means = rng.normal(scale=gap / np.sqrt(2 * d), size=(k, d))
        rows = means[rng.integers(k, size=n)] + rng.normal(size=(n, d))
        covariance = np.tile(np.cov(rows, rowvar=False).reshape(d, d), (k, 1, 1))
        covariances = STRUCTURES[structure].reduce(covariance, np.ones(k))
        start = rows[rng.choice(n, k, replace=False)]
        return cls(rows, MixtureParams(np.full(k, 1 / k), GaussianParams(start, covariances)), structure)

    def as_type(self, dtype: str) -> Problem:
        """The rows in that precision."""
        return Problem(self.rows.astype(dtype), self.params, self.structure)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds per iteration by name, and the threads that scikit-learn was fastest with."""

    seconds: dict[str, float]
    sklearn_threads: int

    def ratio(self, peer: str) -> float:
        """How many times jensen is faster."""
        return self.seconds.get(peer, float("nan")) / self.seconds["jensen"]


def compare(problem: Problem, repetitions: int, everybody: bool) -> Times:
    """jensen and scikit-learn in turn; mclust and torch's too where ``everybody`` is asked for and here."""
    ours, theirs = Steps(partial(jensen_steps, problem)), Steps(partial(_sklearn, problem))
    ours()
    threads = best_threads(theirs)
    contestants = {"jensen": ours, "scikit-learn": limited(theirs, threads)}
    if everybody and problem.rows.dtype == np.float64 and mclust_peer.is_here():
        contestants["mclust"] = partial(_mclust, problem)
    if everybody:
        contestants |= torch_peers.contestants(problem.rows, problem.params)
    return Times(in_turn(contestants, repetitions), threads)


@dataclass(slots=True)
class Steps:
    """Seconds per iteration of something that can be run for a number of them."""

    run: Callable[[int], float]
    count: int = 0

    def __call__(self) -> float:
        """As many as fill some time, and at least three."""
        if not self.count:
            self.run(1)
            self.count = max(3, round(FILLED / self.run(3)))
        return self.run(self.count)


def jensen_steps(problem: Problem, steps: int) -> float:
    """Seconds per iteration of jensen's own loop."""
    plain = Mixture(len(problem.params.weights), jensen.Gaussian(STRUCTURES[problem.structure]))
    model = plain.prepare(problem.rows, None)
    task = EMProblem(model, problem.rows, None)
    return seconds(lambda: climb(task, problem.params, EM(), Never(), steps)) / (steps + 1)


def _sklearn(problem: Problem, steps: int) -> float:
    model: Any = GaussianMixture(len(problem.params.weights), covariance_type=problem.structure)
    set_params(model, problem.params, problem.rows.dtype)

    def run() -> None:
        for _ in range(steps):
            log_prob_norm, log_resp = model._e_step(problem.rows)
            model._m_step(problem.rows, log_resp)
            model._compute_lower_bound(log_resp, log_prob_norm)

    return seconds(run) / steps


def _mclust(problem: Problem) -> float:
    small = problem.rows.size * len(problem.params.weights) * problem.rows.shape[1] < 100_000_000
    return mclust_peer.seconds_per_iteration(problem.rows, problem.params, 5 if small else 1, timeout=90)
