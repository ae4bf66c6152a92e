"""The time of one EM iteration, jensen's and each peer's, from the same start."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import jensen
from benchmarks import mclust_peer, torch_peers
from benchmarks.sklearn_peer import precisions
from benchmarks.timing import best_threads, in_turn, limited, seconds
from jensen.em import EM, Never
from jensen.families import GaussianParams
from jensen.families.covariance import STRUCTURES
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
FILLED = 0.2  # seconds that m iterations should fill
HOW = """One EM iteration is the time of a fit with 3m iterations less that of a fit with m, over 2m, both
from the same given start with no convergence test (`tol=0`); so what a fit does once is not in it. The
rows are drawn from k Gaussians that overlap (neighbouring means about 2.5 standard deviations apart), the
start is k rows and the data's covariance."""


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
    ours, theirs = Steps(partial(_jensen, problem)), Steps(partial(_sklearn, problem))
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
    unit: int = 0

    def __call__(self) -> float:
        """The time of 3m iterations less that of m, over 2m."""
        if not self.unit:
            self.run(1)
            self.unit = min(max(round(FILLED / (self.run(3) / 3)), 1), 50)
        return (self.run(3 * self.unit) - self.run(self.unit)) / (2 * self.unit)


def _jensen(problem: Problem, steps: int) -> float:
    model = Mixture(len(problem.params.weights), jensen.Gaussian(STRUCTURES[problem.structure]))
    climb = partial(jensen.fit, model, problem.rows, problem.params, algorithm=EM(), stop=Never())
    return seconds(lambda: climb(max_steps=steps))


def _sklearn(problem: Problem, steps: int) -> float:
    weights, (means, covariances) = problem.params.weights, problem.params.components
    model = GaussianMixture(
        len(weights),
        covariance_type=problem.structure,
        tol=0.0,
        max_iter=steps,
        weights_init=weights,
        means_init=means,
        precisions_init=precisions(covariances, problem.structure),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return seconds(lambda: model.fit(problem.rows))


def _mclust(problem: Problem) -> float:
    return mclust_peer.seconds_per_iteration(problem.rows, problem.params, 1, timeout=90)
