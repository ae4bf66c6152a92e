"""Models, data and starts on which EM is slow."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import jensen
from jensen.em import Expected

Array = NDArray[np.float64]
EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True, slots=True)
class Case:
    """What is fitted, and from where.

    Attributes
    ----------
    name
        Also the name of R's runs of it.
    make
        model, data, weight, starts.
    """

    name: str
    make: Callable[[], tuple[Any, Any, Any, list[Any]]]


class TwoRates(NamedTuple):
    share: float
    rates: Array


@dataclass(frozen=True)
class _Counts:
    values: Array

    def __add__(self, other: _Counts) -> _Counts:
        return _Counts(self.values + other.values)

    def scale(self, factor: float) -> _Counts:
        return _Counts(factor * self.values)


@dataclass(frozen=True)
class _Members:
    responsibilities: Array
    log_evidence: Array

    def entropy(self) -> Array:
        r = self.responsibilities
        return -(r * np.log(np.where(r > 0, r, 1.0))).sum(axis=1)


class DeathNotices:
    """Two Poisson distributions; the share of the first and the rates, as R's example has them."""

    chart = jensen.Chart(
        {"share": jensen.Interval(0, 1), "rates": jensen.Positive(2)},
        make=lambda share, rates: TwoRates(float(share), rates),
    )

    def posterior(self, params: TwoRates, data: Array) -> _Members:
        shares = np.array([params.share, 1 - params.share])
        joint = np.log(shares) + data[:, None] * np.log(params.rates) - params.rates + _log_h(data)[:, None]
        evidence = np.logaddexp.reduce(joint, axis=1)
        return _Members(np.exp(joint - evidence[:, None]), evidence)

    def expected(self, params: TwoRates, data: Array, posterior: _Members, weight: Array) -> Expected:
        wr = weight[:, None] * posterior.responsibilities
        stats = _Counts(np.array([wr.sum(axis=0), data @ wr, _log_h(data) @ wr]))
        evidence, entropy = weight @ posterior.log_evidence, weight @ posterior.entropy()
        return Expected(stats, float(evidence), float(entropy), float(weight.sum()))

    def m_step(self, stats: _Counts, params: TwoRates) -> TwoRates:
        count, total, _ = stats.values
        return TwoRates(float(count[0] / count.sum()), total / count)

    def expected_log_joint(self, params: TwoRates, stats: _Counts) -> float:
        count, total, base = stats.values
        logs = np.log([params.share, 1 - params.share]) - params.rates
        return float(count @ logs + total @ np.log(params.rates) + base.sum())


def _log_h(data: Array) -> Array:
    return -np.array([np.log(np.arange(1, x + 1)).sum() for x in data])


def _death_notices() -> tuple[Any, Any, Any, list[Any]]:
    weight = np.array([162.0, 267, 271, 185, 111, 61, 27, 8, 3, 1])
    starts = [TwoRates(p, np.array(rates)) for p, rates in ((0.5, (1, 3)), (0.3, (1, 2.5)), (0.9, (1, 6)))]
    return DeathNotices(), np.arange(10.0), weight, starts


def _factor_analysis(conditional: bool) -> tuple[Any, Any, Any, list[Any]]:
    names = runpy.run_path(str(EXAMPLES / "factor_analysis.py"))
    return names["ecme" if conditional else "em"], names["tests"], names["weight"], [names["start"]]


def _faithful(structure: Any, k: int, count: int) -> tuple[Any, Any, Any, list[Any]]:
    return _gaussian(jensen.load_dataset("faithful").values, structure, k, count)


def _overlapping() -> tuple[Any, Any, Any, list[Any]]:
    """Four components two standard deviations apart, the corners of a square."""
    rng = np.random.default_rng(0)
    corners = np.array([[0, 0], [0, 2], [2, 0], [2, 2]])[rng.integers(4, size=2000)]
    return _gaussian(corners + rng.standard_normal((2000, 2)), jensen.Full(), 4, 10)


def _gaussian(rows: Array, structure: Any, k: int, count: int) -> tuple[Any, Any, Any, list[Any]]:
    model = jensen.Mixture(k, jensen.Gaussian(structure))
    prepared = model.prepare(rows, None)
    starts = [prepared.start(rows, None, np.random.default_rng(seed)) for seed in range(count)]
    return model, rows, None, starts


def _carcinoma() -> tuple[Any, Any, Any, list[Any]]:
    """Three latent classes of seven pathologists (Agresti, 2002, table 13.1), as a `LogJoint`."""
    import jax.numpy as jnp

    patterns, weight = _table(CARCINOMA)

    def log_joint(params: Any, x: Any, z: Any) -> Any:
        yes = params["yes"][z]
        return jnp.log(params["shares"][z]) + jnp.sum(jnp.where(x == 1, jnp.log(yes), jnp.log1p(-yes)))

    def m_step(stats: Any) -> Any:
        return {
            "shares": stats["one"] / stats["one"].sum(),
            "yes": stats["x"] / stats["one"][:, None],
        }

    model = jensen.LogJoint(
        log_joint,
        latent=jensen.Enumerated(3),
        parameters={"shares": jensen.Simplex(3), "yes": jensen.Interval(0, 1, (3, 7))},
        features=lambda x: {"one": 1.0, "x": x},
        m_step=m_step,
    )
    prepared = model.prepare(patterns, weight)
    starts = [prepared.start(patterns, weight, np.random.default_rng(seed)) for seed in range(10)]
    return model, patterns, weight, starts


CARCINOMA = """1111111:34 1111211:2 1211111:6 1211112:1 1211211:4 1211212:5 2111111:2 2121212:1 2211111:2
2211112:1 2211211:2 2211212:7 2211222:1 2212112:1 2212212:2 2212222:3 2221212:13 2221222:5 2222212:10
2222222:16"""


def _table(text: str) -> tuple[Array, Array]:
    """Patterns of 0 and 1, and how often they were seen."""
    entries = [entry.split(":") for entry in text.split()]
    patterns = np.array([[float(digit == "2") for digit in pattern] for pattern, _ in entries])
    return patterns, np.array([float(count) for _, count in entries])


CASES = [
    Case("death-notices", _death_notices),
    Case("factor-analysis", lambda: _factor_analysis(conditional=False)),
    Case("factor-analysis, ECME", lambda: _factor_analysis(conditional=True)),
    Case("faithful, full, k = 3", lambda: _faithful(jensen.Full(), 3, 24)),
    Case("faithful, full, k = 4", lambda: _faithful(jensen.Full(), 4, 24)),
    Case("faithful, tied, k = 4", lambda: _faithful(jensen.Tied(), 4, 24)),
    Case("overlapping, full, k = 4", _overlapping),
    Case("carcinoma, 3 classes", _carcinoma),
]
