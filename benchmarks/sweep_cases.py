"""The sweeps of section `sweeps`: real data, and planted data of every awkward kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import QUALITY, available
from jensen.families import EEI, EII, Categorical, Diagonal, Full, Gaussian, Poisson, Product, Spherical, Tied
from jensen.families.gaussian.structures.registry import USUAL
from jensen.models import Dirichlet, MixturePrior, NormalInverseWishart

Array = NDArray[Any]

ALL = (Full(), Tied(), Diagonal(), EEI(), Spherical(), EII())
OTHER_ORDER = (EII(), Spherical(), EEI(), Diagonal(), Tied(), Full())
LOW, HIGH = range(1, 7), range(3, 10)
FEW = range(1, 5)
MANY = 4_000  # numbers in a data set of which few k are tried
ROUGH = 2  # random starts in place of a search: they leave many cells below others, to be mended
PLANTED = 170


@dataclass(frozen=True, slots=True)
class Case:
    """One call of `jensen.select`."""

    name: str
    data: Any
    kinds: tuple[Any, ...]
    ks: tuple[int, ...]
    weight: Array | None = None
    prior: MixturePrior | None = None
    restarts: int | None = None


def real() -> Iterator[Case]:
    """Every data set, standardized and as it is."""
    for number, each in enumerate(available(QUALITY)):
        for form, rows in (("standardized", each.standardized()), ("raw", each.rows())):
            ks = FEW if rows.size > MANY else HIGH if number % 3 == 2 else LOW
            kinds = USUAL if rows.size > MANY else OTHER_ORDER if number % 2 else ALL
            restarts = ROUGH if form == "raw" else None
            yield Case(_name(f"{each.name}, {form}", restarts), rows, kinds, tuple(ks), restarts=restarts)


def _name(name: str, restarts: int | None) -> str:
    return name if restarts is None else f"{name}, {restarts} starts"


def planted(count: int = PLANTED) -> Iterator[Case]:
    """Data sets of which each seed is another."""
    makers = (_gaussian, _counts, _codes, _mixed)
    for seed in range(count):
        yield makers[(0, 0, 0, 0, 1, 0, 0, 2, 0, 3)[seed % 10]](seed)


def _gaussian(seed: int) -> Case:
    """Groups near or far, with what real data do to them."""
    rng = np.random.default_rng(seed)
    n, d, k = int(np.exp(rng.uniform(np.log(60), np.log(3000)))), int(rng.integers(1, 9)), 1 + seed % 8
    n = min(n, 3000 // d)
    distance = float(rng.choice([1.0, 2.0, 4.0]))
    labels = rng.choice(k, n, p=rng.dirichlet(np.full(k, 5.0)))
    shape = rng.normal(size=(k, d, d)) / np.sqrt(d) + np.eye(d)
    rows = distance * rng.normal(size=(k, d))[labels] + np.einsum(
        "nde,ne->nd", shape[labels], rng.normal(size=(n, d))
    )
    flaw = FLAWS[seed // 2 % len(FLAWS)]
    rows, weight = flaw[1](rows, rng)
    ks = tuple({1: LOW, 3: HIGH, 5: reversed(LOW)}.get(seed % 10, FEW))
    kinds = (ALL, USUAL, OTHER_ORDER)[seed % 3]
    restarts = None if seed % 3 == 1 and n * d < 1000 else ROUGH
    prior = None
    if seed % 15 == 14:
        prior = MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(rows, k))
        kinds = USUAL
    name = f"planted {seed}: n = {n}, d = {d}, k = {k}, {flaw[0]}{', prior' if prior else ''}"
    return Case(_name(name, restarts), rows, kinds, ks, weight, prior, restarts)


def _plain(rows: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    return rows, None


def _tails(rows: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    return rows + rng.standard_t(2.0, size=rows.shape), None


def _tied_values(rows: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    return np.round(rows, 1), None


def _whole(rows: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    return np.round(2 * rows) / 2, None


def _outliers(rows: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    rows[:3] += 50.0 * rng.normal(size=(3, rows.shape[1]))
    return rows, None


def _duplicates(rows: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    return rows[rng.integers(len(rows) // 4, size=len(rows))], None


def _weights(rows: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    return rows, rng.gamma(1.0, size=len(rows)) * (rng.random(len(rows)) > 0.1)


def _units(rows: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    return rows * 10.0 ** rng.integers(-6, 7, size=rows.shape[1]) + 100.0, None


FLAWS = (
    ("as they are", _plain),
    ("heavy tails", _tails),
    ("rounded to 0.1", _tied_values),
    ("rounded to halves", _whole),
    ("outliers", _outliers),
    ("duplicates", _duplicates),
    ("weights", _weights),
    ("units", _units),
)


def _counts(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    n, d, k = int(rng.integers(60, 600)), int(rng.integers(1, 6)), int(rng.integers(1, 6))
    rows = rng.poisson(np.exp(rng.normal(1.0, 1.0, size=(k, d)))[rng.integers(k, size=n)])
    weight = rng.integers(0, 4, size=n).astype(float) if seed % 20 >= 10 else None
    restarts = ROUGH if seed % 20 >= 10 else None
    name = _name(f"counts {seed}: n = {n}, d = {d}, k = {k}", restarts)
    return Case(name, rows, (Poisson(),), tuple(LOW), weight, restarts=restarts)


def _codes(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    n, d, k = int(rng.integers(60, 600)), int(rng.integers(3, 8)), int(rng.integers(1, 5))
    p = rng.dirichlet(np.ones(3), size=(k, d))[rng.integers(k, size=n)]
    rows = (rng.random((n, d, 1)) > p.cumsum(axis=2)).sum(axis=2)
    restarts = ROUGH if seed % 20 >= 10 else None
    name = _name(f"codes {seed}: n = {n}, d = {d}, k = {k}", restarts)
    return Case(name, rows, (Categorical(),), tuple(LOW), restarts=restarts)


def _mixed(seed: int) -> Case:
    """Numbers beside counts, whose numbers have one structure or another."""
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(80, 300)), int(rng.integers(1, 5))
    labels = rng.integers(k, size=n)
    numbers = 3.0 * rng.normal(size=(k, 2))[labels] + rng.normal(size=(n, 2))
    counts = rng.poisson(np.exp(rng.normal(1.0, 1.0, size=k))[labels])
    kinds = tuple(
        Product({(0, 1): Gaussian(structure), 2: Poisson()}) for structure in (Full(), Diagonal(), Tied())
    )
    name = _name(f"mixed {seed}: n = {n}, k = {k}", ROUGH)
    return Case(name, np.column_stack([numbers, counts]), kinds, tuple(FEW), restarts=ROUGH)
