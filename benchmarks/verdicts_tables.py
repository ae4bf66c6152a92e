"""Tables of data that verdicts are tried on: planted, separable, repeated, empty, far from one, few."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

ROWS = 60  # of every table, so that each model is compiled once; rows beyond a small one have weight 0
Table = tuple[Any, np.ndarray]
"""Data and weight."""


def used(data: Any, weight: np.ndarray) -> Any:
    """The rows that have weight."""
    rows = weight > 0
    return {n: x[rows] for n, x in data.items()} if isinstance(data, dict) else data[rows]


def _padded(x: np.ndarray, weight: Any = 1.0) -> Table:
    n = len(x)
    w = np.zeros(ROWS)
    w[:n] = weight
    return np.concatenate([x, np.repeat(x[:1], ROWS - n, axis=0)]), w


def _against(t: np.ndarray, y: np.ndarray, weight: Any = 1.0) -> Table:
    """y beside t."""
    (t, w), (y, _) = _padded(t, weight), _padded(y, weight)
    return {"t": t, "y": y}, w


def counts(rng: np.random.Generator) -> dict[str, Table]:
    z = rng.integers(2, size=ROWS)
    return {
        "planted": _padded(rng.poisson(np.where(z, 2.0, 9.0))),
        "apart": _padded(rng.poisson(np.where(z, 1.0, 400.0))),
        "one cluster": _padded(rng.poisson(3.0, ROWS)),
        "zeros": _padded(np.zeros(ROWS, int)),
        "mostly zeros": _padded((np.arange(ROWS) == 7).astype(int)),
        "all the same": _padded(np.full(ROWS, 4)),
        "two values": _padded(np.where(z, 3, 11)),
        "five rows": _padded(rng.poisson(4.0, 5)),
        "large": _padded(rng.poisson(np.where(z, 3e8, 5e8))),
        "an outlier": _padded(np.r_[rng.poisson(2.0, ROWS - 1), 5000]),
        "weights": _padded(np.arange(10), np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])),
        "few and heavy": _padded(np.array([0, 1, 30]), np.array([1e6, 2e6, 1e-3])),
        "overdispersed": _padded(rng.negative_binomial(0.5, 0.05, ROWS)),
    }


def times(rng: np.random.Generator) -> dict[str, Table]:
    z = rng.integers(2, size=ROWS)
    planted = rng.exponential(np.where(z, 1.0, 10.0))
    return {
        "planted": _padded(planted),
        "one cluster": _padded(rng.exponential(2.0, ROWS)),
        "tiny": _padded(1e-12 * planted),
        "huge": _padded(1e12 * planted),
        "apart": _padded(rng.exponential(np.where(z, 1e-6, 1e6))),
        "duplicates": _padded(np.repeat(rng.exponential(1.0, 6), 10)),
        "all the same": _padded(np.full(ROWS, 2.5)),
        "two values": _padded(np.where(z, 1.0, 7.0)),
        "five rows": _padded(rng.exponential(1.0, 5)),
        "heavy tails": _padded(np.abs(rng.standard_cauchy(ROWS)) + 1e-9),
        "weights": _padded(rng.exponential(1.0, 8), np.array([1e4, 1, 3, 1e-3, 7, 50, 1e5, 2])),
        "regular": _padded(1.0 + 0.01 * np.arange(ROWS)),
    }


def numbers(rng: np.random.Generator) -> dict[str, Table]:
    z = rng.integers(2, size=ROWS)
    planted = rng.normal(np.where(z, 0.0, 4.0), np.where(z, 1.0, 0.5))
    return {
        "planted": _padded(planted),
        "one cluster": _padded(rng.normal(size=ROWS)),
        "tiny": _padded(1e-12 * planted),
        "huge": _padded(1e12 * planted),
        "far from 0": _padded(1e6 + planted),
        "apart": _padded(rng.normal(np.where(z, -1e3, 1e3))),
        "duplicates": _padded(np.repeat(rng.normal(size=6), 10)),
        "rounded": _padded(np.round(planted)),
        "five rows": _padded(rng.normal(size=5)),
        "heavy tails": _padded(rng.standard_cauchy(ROWS)),
        "an outlier": _padded(np.r_[rng.normal(size=ROWS - 1), 100.0]),
        "weights": _padded(rng.normal(size=8), np.array([1e4, 1, 3, 1e-3, 7, 50, 1e5, 2])),
        "two values": _padded(np.where(z, 1.0, 7.0)),
    }


def answers(rng: np.random.Generator) -> dict[str, Table]:
    z = rng.integers(2, size=ROWS)
    p = np.where(z[:, None], 0.85, 0.25)
    planted = (rng.uniform(size=(ROWS, 4)) < p).astype(int)
    return {
        "planted": _padded(planted),
        "independent": _padded((rng.uniform(size=(ROWS, 4)) < 0.4).astype(int)),
        "separable": _padded(np.tile(z[:, None], (1, 4))),
        "zeros": _padded(np.zeros((ROWS, 4), int)),
        "an item never": _padded(planted * np.array([1, 1, 1, 0])),
        "five rows": _padded(planted[:5]),
        "one pattern twice": _padded(np.array([[0, 1, 0, 1], [1, 0, 1, 0]]), 30.0),
        "heavy": _padded(planted, 1000.0),
        "exclusive": _padded(np.eye(4, dtype=int)[rng.integers(4, size=ROWS)]),
        "light": _padded(planted, 1e-3),
        "patterns": _padded(
            (np.arange(16)[:, None] >> np.arange(4)) & 1,
            np.array([9, 2, 2, 1, 3, 1, 1, 4, 2, 1, 1, 3, 1, 4, 3, 12]),
        ),
    }


def lines(rng: np.random.Generator) -> dict[str, Table]:
    t, z = rng.uniform(-1, 1, ROWS), rng.integers(2, size=ROWS)
    y = np.where(z, 1.0 + 2 * t, -1.0 - t) + 0.3 * rng.normal(size=ROWS)

    return {
        "planted": _against(t, y),
        "one line": _against(t, 1 + t + 0.5 * rng.normal(size=ROWS)),
        "exact": _against(t, np.where(z, 1.0 + 2 * t, -1.0 - t)),
        "huge": _against(t, 1e12 * y),
        "tiny": _against(t, 1e-12 * y),
        "five rows": _against(t[:5], y[:5]),
        "two places": _against(np.where(z, 0.0, 1.0), y),
        "heavy tails": _against(t, y + 0.1 * rng.standard_cauchy(ROWS)),
        "weights": _against(t[:20], y[:20], rng.uniform(0.1, 50, 20)),
        "noise": _against(t, rng.normal(size=ROWS)),
    }


def choices(rng: np.random.Generator) -> dict[str, Table]:
    t, z = rng.normal(size=ROWS), rng.integers(2, size=ROWS)
    y = (rng.uniform(size=ROWS) < expit(np.where(z, 2 + 2 * t, -1 - 2 * t))).astype(int)

    return {
        "planted": _against(t, y),
        "separable": _against(t, (t > 0).astype(int)),
        "nearly separable": _against(t, ((t > 0) ^ (np.arange(ROWS) == 3)).astype(int)),
        "ones": _against(t, np.ones(ROWS, int)),
        "zeros": _against(t, np.zeros(ROWS, int)),
        "coin": _against(t, rng.integers(2, size=ROWS)),
        "steep": _against(1e6 * t, y),
        "shallow": _against(1e-6 * t, y),
        "five rows": _against(t[:5], y[:5]),
        "weights": _against(t, y, rng.uniform(0.1, 30, ROWS)),
    }


def lives(rng: np.random.Generator) -> dict[str, Table]:
    def table(x: np.ndarray, limit: float, w: Any = 1.0) -> Table:
        low, weight = _padded(np.minimum(x, limit), w)
        high, _ = _padded(np.where(x < limit, x, np.inf), w)
        return {"low": low, "high": high}, weight

    z = rng.integers(2, size=ROWS)
    planted = rng.exponential(np.where(z, 1.0, 10.0))
    return {
        "planted": table(planted, 8.0),
        "nothing died": table(planted, 1e-9),
        "one died": table(planted, float(np.sort(planted)[1])),
        "all died": table(planted, 1e9),
        "tiny": table(1e-12 * planted, 8e-12),
        "huge": table(1e12 * planted, 8e12),
        "one cluster": table(rng.exponential(1.0, ROWS), 1.0),
        "five rows": table(planted[:5], 2.0),
        "weights": table(planted[:12], 5.0, rng.uniform(0.1, 40, 12)),
        "duplicates": table(np.repeat(rng.exponential(1.0, 6), 10), 1.0),
    }
