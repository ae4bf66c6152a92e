"""Mixtures that were planted: where the truth is known, a search can be judged at any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jensen.families import GaussianParams
from jensen.models import MixtureParams

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Planted:
    """A mixture of full covariances to draw.

    Attributes
    ----------
    n, d, k
        Rows, columns, components; the rare ones among them come on top of n.
    separation
        Standard deviation of the means, where the components' own is about 1.
    concentration
        Of the Dirichlet that the sizes are drawn from: large for equal ones.
    seed
        Of everything.
    rare
        How many components have only 20 to 100 rows; they lie further out.
    """

    n: int
    d: int
    k: int
    separation: float
    concentration: float
    seed: int
    rare: int = 0

    def draw(self) -> tuple[Array, MixtureParams]:
        """The rows, and what they were drawn from."""
        rng, d, k = np.random.default_rng(self.seed), self.d, self.k
        fewest = max(20, 2 * (d + 2))
        shares = rng.dirichlet(np.full(k - self.rare, self.concentration))
        sizes = np.maximum((shares * self.n).astype(int), fewest)
        if self.rare:
            sizes = np.r_[sizes, rng.integers(fewest, 101, self.rare)]
        means = rng.normal(size=(k, d)) * self.separation
        means[k - self.rare :] *= 2.5
        factors = rng.normal(size=(k, d, d)) / np.sqrt(d) * 0.6 + np.eye(d) * 0.8
        groups = [
            mean + rng.normal(size=(size, d)) @ factor.T
            for mean, size, factor in zip(means, sizes, factors, strict=True)
        ]
        covariances = factors @ np.swapaxes(factors, 1, 2)
        truth = MixtureParams(sizes / sizes.sum(), GaussianParams(means, covariances))
        return rng.permutation(np.concatenate(groups)), truth


# None of these was looked at while the search was made; it was tried on the same with seeds 101 to 120.
PROBLEMS = (
    Planted(20_000, 2, 12, 5, 1, 201),
    Planted(30_000, 2, 40, 6, 5, 202),
    Planted(10_000, 3, 20, 4, 0.5, 203),
    Planted(80_000, 2, 25, 8, 0.5, 204, 4),
    Planted(20_000, 4, 30, 3, 5, 205),
    Planted(60_000, 3, 50, 5, 1, 206),
    Planted(30_000, 5, 15, 2, 0.5, 207, 2),
    Planted(100_000, 5, 45, 3.5, 5, 208),
    Planted(40_000, 6, 12, 1.5, 5, 209),
    Planted(20_000, 7, 25, 3, 0.5, 210),
    Planted(60_000, 8, 25, 2, 1, 211, 3),
    Planted(80_000, 10, 40, 2.5, 0.5, 212),
    Planted(10_000, 8, 12, 1.2, 5, 213),
    Planted(40_000, 12, 25, 2, 1, 214),
    Planted(20_000, 15, 12, 1.5, 0.5, 215, 2),
    Planted(60_000, 16, 20, 1.5, 5, 216),
    Planted(30_000, 20, 12, 1, 1, 217),
    Planted(60_000, 18, 20, 2, 0.5, 218),
    Planted(150_000, 3, 60, 8, 5, 219),
    Planted(200_000, 4, 50, 3, 1, 220),
)
