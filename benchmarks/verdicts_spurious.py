"""Whether the rule for spurious Gaussian components tells planted ones from ends that rest on few rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import jensen
from benchmarks.results import table
from jensen.families import GaussianParams
from jensen.families.gaussian.diagnosis import at_bound, leave_one_out_optimism
from jensen.models import MixtureParams

THRESHOLDS = (3, 5, 7, 10, 15)
TEXT = """The rule for spurious components of Gaussian mixtures flags a component whose optimism is so many
times the number of its parameters. *Planted*: two or three Gaussians four to six standard deviations apart,
full covariances, climbed from the truth: all components are real, so each flag is a false alarm. *Few
rows*: one Gaussian, climbed with a second component from d + 2 … 2d + 2 rows that are close neighbours; an
end above the bound whose small component has at most 2 (d + 1) rows is of nothing real, and not to flag it
is a miss. Smallest groups have d + 4 rows."""


@dataclass(frozen=True)
class Case:
    """The optimism of a component, in units of its parameters."""

    real: bool
    d: int
    rows: int
    """Of the smallest planted component."""
    ratio: float


def cases(repetitions: int) -> Iterator[Case]:
    """Of all components that should and should not be flagged."""
    rng = np.random.default_rng(0)
    for d in (2, 3, 5, 8, 10):
        for size in (8, 12, 16, 20, 30, 50, 100, 300, 1000):
            if size < d + 4:
                continue
            for _ in range(repetitions):
                yield from _planted(d, size, rng)
                yield from _few(d, size, rng)


def _planted(d: int, size: int, rng: np.random.Generator) -> Iterator[Case]:
    k = int(rng.integers(2, 4))
    means = np.cumsum(np.r_[np.zeros((1, d)), rng.normal(size=(k - 1, d))], axis=0)
    means *= rng.uniform(4, 6) / np.linalg.norm(np.diff(means, axis=0), axis=1).min()
    roots = [np.eye(d) + 0.3 * rng.normal(size=(d, d)) for _ in range(k)]
    x = np.concatenate([m + rng.normal(size=(size, d)) @ r.T for m, r in zip(means, roots, strict=True)])
    spread = np.stack([r @ r.T for r in roots])
    start = MixtureParams(np.full(k, 1 / k), GaussianParams(means, spread))
    for ratio, _ in _ratios(x, start):
        yield Case(True, d, size, ratio)


def _few(d: int, size: int, rng: np.random.Generator) -> Iterator[Case]:
    x = rng.normal(size=(2 * size, d))
    whole = np.cov(x.T)
    near = int(rng.integers(d + 2, 2 * d + 3))
    middle = x[rng.integers(len(x))]
    rows = x[np.argsort(np.sum((x - middle) ** 2, axis=1))[:near]]
    start = MixtureParams(
        np.array([1 - near / len(x), near / len(x)]),
        GaussianParams(np.stack([x.mean(0), rows.mean(0)]), np.stack([whole, np.cov(rows.T) + 1e-6 * whole])),
    )
    for ratio, count in _ratios(x, start):
        if count <= 2 * (d + 1):
            yield Case(False, d, size, ratio)


def _ratios(x: np.ndarray, start: MixtureParams) -> Iterator[tuple[float, float]]:
    """Optimism by parameters, and rows, of each component of the end."""
    d = x.shape[1]
    fit = jensen.fit(jensen.Mixture(len(start.weights)), x, start, max_steps=2000)
    family, params = fit.model.prepare(x, None).family, fit.params
    components = params.components
    if at_bound(family, components).any():
        return
    optimism = leave_one_out_optimism(family, params.weights, components, x, None)
    for value, share in zip(optimism, params.weights, strict=True):
        yield value / (1 + d + d * (d + 1) / 2), share * len(x)


def body(repetitions: int) -> str:
    """The table, by dimensions."""
    found = list(cases(repetitions))
    head = ["", *(f"false alarms at {t}" for t in THRESHOLDS), *(f"misses at {t}" for t in THRESHOLDS)]
    rows = [_line(f"d = {d}", [c for c in found if c.d == d]) for d in sorted({c.d for c in found})]
    rows += [
        _line(f"{n} rows a component", [c for c in found if c.rows == n])
        for n in sorted({c.rows for c in found})
    ]
    return "\n\n".join([TEXT, table(head, [*rows, _line("all", found)])])


def _line(name: str, found: list[Case]) -> list[object]:
    real = np.array([c.ratio for c in found if c.real])
    few = np.array([c.ratio for c in found if not c.real])
    return [
        name,
        *(f"{int((real > t).sum())} of {len(real)}" for t in THRESHOLDS),
        *(f"{int((few <= t).sum())} of {len(few)}" for t in THRESHOLDS),
    ]
