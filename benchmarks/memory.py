"""Section: the memory that a fit takes on top of the data."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.options import Options
from benchmarks.results import Section, table
from benchmarks.steps import Problem

SHAPE = (1_000_000, 8, 16)
QUICK = (100_000, 8, 16)
LIMIT = 64.0  # MiB
MIB = 1024.0


def section(options: Options) -> Section:
    """Measure and write."""
    shape = QUICK if options.quick else SHAPE
    n, d, k = shape
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npy"
        np.save(path, Problem.draw(shape, "full", gap=8.0).rows)
        found = {}
        for side in ("jensen", "scikit-learn"):
            options.say(f"memory {side}")
            found[side] = _probe(side, path, k)
    data = n * d * 8 / MIB**2
    rows = [
        [side, f"{loaded:,.0f} MiB", f"{peak:,.0f} MiB", f"**{peak - loaded:,.0f} MiB**", f"{spent:,.1f} s"]
        for side, (loaded, peak, spent) in found.items()
    ]
    text = (
        f"n = {n:,}, d = {d}, k = {k}, full covariance, float64: the data are {data:,.0f} MiB. Peak resident "
        "memory of the process once the library is in use and the data are loaded, and after a fit. jensen: "
        "its whole default fit. scikit-learn: its default with `max_iter=5` (more steps take no more memory)."
    )
    took = found["jensen"][1] - found["jensen"][0]
    verdict = f"Target: at most {LIMIT:.0f} MiB beside the data: {'met' if took <= LIMIT else 'not met'}."
    head = ["", "data loaded", "peak", "the fit took", "time"]
    return Section("memory", "Memory", f"{text}\n\n{table(head, rows)}\n\n{verdict}")


def _probe(side: str, path: Path, k: int) -> tuple[float, float, float]:
    """MiB before and after, and seconds."""
    command = [sys.executable, "-m", "benchmarks.memory_probe", side, str(path), str(k)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    loaded, peak, spent = map(float, done.stdout.split())
    return loaded / MIB, peak / MIB, spent
