"""The fixed list of real data sets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.outside import UnavailableError, r_columns

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set: a name, where it is from, and how to get its (n, d) rows."""

    name: str
    source: str
    read: Callable[[], Array]

    def rows(self) -> Array:
        """(n, d), as they are.

        Raises
        ------
        UnavailableError
            Where this machine does not have it.
        """
        return np.ascontiguousarray(_read(self), dtype=np.float64)

    def standardized(self) -> Array:
        """(n, d), every column with mean 0 and variance 1."""
        rows = self.rows()
        return (rows - rows.mean(axis=0)) / rows.std(axis=0)


@cache
def _read(data: DataSet) -> Array:
    return data.read()


def available(sets: list[DataSet]) -> list[DataSet]:
    """Those that this machine has."""
    return [data for data in sets if _is_here(data)]


def _is_here(data: DataSet) -> bool:
    try:
        data.rows()
    except UnavailableError:
        return False
    return True


def _built_in(name: str) -> DataSet:
    def read() -> Array:
        import jensen

        return jensen.load_dataset(name).values

    return DataSet(name, f'jensen.load_dataset("{name}")', read)


def _breast_cancer() -> Array:
    from sklearn.datasets import load_breast_cancer

    return np.asarray(load_breast_cancer(return_X_y=True)[0])[:, :10]


def _diabetes_442() -> Array:
    from sklearn.datasets import load_diabetes

    return np.delete(np.asarray(load_diabetes(return_X_y=True)[0]), 1, axis=1)


def _digits() -> Array:
    """Scores on the first ten principal components."""
    from sklearn.datasets import load_digits

    pixels = np.asarray(load_digits(return_X_y=True)[0])
    centred = pixels - pixels.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return centred @ vectors[:, ::-1][:, :10]


def _quakes() -> Array:
    return r_columns("datasets", "quakes", ["lat", "long", "depth"])


def _stocks() -> Array:
    return 100 * np.diff(
        np.log(r_columns("datasets", "EuStockMarkets", ["DAX", "SMI", "CAC", "FTSE"])), axis=0
    )


def _xclara() -> Array:
    return r_columns("cluster", "xclara", ["V1", "V2"])


def _light_chains() -> Array:
    return np.log(r_columns("survival", "flchain", ["kappa", "lambda"]))


def _graft() -> Array:
    return r_columns("mclust", "GvHD.pos", ["CD4", "CD8b", "CD3", "CD8"], file="GvHD")


def _diamonds() -> Array:
    length, depth, price = r_columns("ggplot2", "diamonds", ["x", "depth", "price"]).T
    measured = length > 0
    rows = np.column_stack([np.log(length[measured]), depth[measured], np.log(price[measured])])
    return rows[np.sort(np.random.default_rng(0).choice(len(rows), 20_000, replace=False))]


FAITHFUL, IRIS, GALAXIES, DIABETES, WINE = map(
    _built_in, ("faithful", "iris", "galaxies", "diabetes", "wine")
)
BREAST_CANCER = DataSet("breast cancer", "scikit-learn load_breast_cancer, first 10 columns", _breast_cancer)
DIGITS = DataSet("digits", "scikit-learn load_digits, 10 principal components", _digits)
DIAMONDS = DataSet("diamonds", "R ggplot2::diamonds, log x, depth, log price, 20,000 rows", _diamonds)
GRAFT = DataSet("GvHD", "R mclust::GvHD.pos", _graft)

QUALITY: list[DataSet] = [
    _built_in("acidity"),
    FAITHFUL,
    _built_in("geyser"),
    DIABETES,
    IRIS,
    _built_in("penguins"),
    _built_in("crabs"),
    _built_in("thyroid"),
    _built_in("banknote"),
    WINE,
    DataSet("diabetes (442)", "scikit-learn load_diabetes without sex", _diabetes_442),
    BREAST_CANCER,
    DataSet("quakes", "R datasets::quakes, latitude, longitude, depth", _quakes),
    DIGITS,
    DataSet("EuStockMarkets", "R datasets::EuStockMarkets, daily log returns in %", _stocks),
    DataSet("xclara", "R cluster::xclara", _xclara),
    DataSet("flchain", "R survival::flchain, log kappa, log lambda", _light_chains),
    GRAFT,
    DIAMONDS,
]
