"""Data that several test files use."""

from functools import cache

import numpy as np

import jensen
from jensen.families import GaussianParams
from jensen.models import MixtureParams


@cache
def faithful():
    """Old Faithful: eruption length and waiting time, both in minutes, (272, 2)."""
    return _frozen(jensen.load_dataset("faithful").values)


@cache
def iris():
    """Fisher's iris: four lengths in centimetres, (150, 4), 50 rows of each species in turn."""
    from sklearn.datasets import load_iris

    return _frozen(load_iris().data)


@cache
def galaxies():
    """Velocities of 82 galaxies, 1000 km/s, (82, 1)."""
    return _frozen(jensen.load_dataset("galaxies").values / 1000)


@cache
def clusters(n=240, d=3, seed=0):
    """Three correlated clusters that overlap, (n, d)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, size=n)
    centres = 2.5 * rng.standard_normal((3, d))
    shapes = rng.standard_normal((3, d, d)) + 1.5 * np.eye(d)
    return _frozen(centres[labels] + np.einsum("nde,ne->nd", shapes[labels], rng.standard_normal((n, d))))


def _frozen(rows):
    rows = np.array(rows, dtype=float)
    rows.setflags(write=False)
    return rows


def rows_as_means(structure, data, k, seed, weight=None):
    """A start of the tests' own: random rows as means, the data's covariance, equal weights."""
    d = data.shape[1]
    means = np.array(data[np.random.default_rng(seed).choice(len(data), k, replace=False)], dtype=float)
    spread = np.cov(data.T, bias=True, aweights=weight).reshape(d, d) * k ** (-2 / d)
    covariances = structure.reduce(np.tile(spread, (k, 1, 1)), np.ones(k))
    return MixtureParams(np.full(k, 1 / k), GaussianParams(means, covariances))
