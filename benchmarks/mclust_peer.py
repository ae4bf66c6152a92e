"""R's mclust, timed inside R. Where R or mclust is missing, `is_here` says so."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.outside import r_packages
from jensen.models import MixtureParams

Array = NDArray[np.float64]

NAMES = {"full": "VVV", "tied": "EEE", "diag": "VVI", "spherical": "VII"}
NAMES_1D = {"full": "V", "tied": "E", "diag": "V", "spherical": "V"}
SCRIPT = Path(__file__).parent / "mclust.R"


def is_here() -> bool:
    """Whether this machine has R with mclust."""
    return "mclust" in r_packages()


@cache
def versions() -> str:
    """Of R and mclust."""
    code = 'cat(paste0("R ", getRversion(), ", mclust ", packageVersion("mclust")))'
    return subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout


@dataclass(frozen=True, slots=True)
class Fitted:
    """A whole fit: NaN where mclust found none."""

    log_evidence: float
    seconds: float


def seconds_per_iteration(rows: Array, params: MixtureParams, num_steps: int, timeout: float) -> float:
    """Of ``em`` for VVV: the time of 2m steps less that of m, over m. NaN past the timeout."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _save(home / "x", rows)
        _save(home / "weights", params.weights)
        _save(home / "means", params.components.means)
        _save(home / "covariances", params.components.covariances)
        k, d = params.components.means.shape
        try:
            return float(_run(["steps", folder, str(len(rows)), str(d), str(k), str(num_steps)], timeout)[0])
        except subprocess.TimeoutExpired:
            return float("nan")


def default_fit(rows: Array, k: int, structure: str, timeout: float = 600) -> Fitted:
    """``Mclust(x, G=k, modelNames=…)``; the median time of as many runs as fill 0.3 s, at most five."""
    n, d = rows.shape
    name = (NAMES_1D if d == 1 else NAMES)[structure]
    with tempfile.TemporaryDirectory() as folder:
        _save(Path(folder) / "x", rows)
        try:
            seconds, value = _run(["fit", folder, str(n), str(d), str(k), name], timeout)
        except subprocess.TimeoutExpired:
            return Fitted(float("nan"), float("nan"))
    return Fitted(float(value), float(seconds))


def _save(path: Path, array: Array) -> None:
    np.ascontiguousarray(array, np.float64).tofile(path)


def _run(arguments: list[str], timeout: float) -> list[str]:
    done = subprocess.run(
        ["Rscript", str(SCRIPT), *arguments], capture_output=True, text=True, check=True, timeout=timeout
    )
    return done.stdout.split()
