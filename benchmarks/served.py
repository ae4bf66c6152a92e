"""Peers in processes of their own: they load the rows once, and run so many iterations whenever asked."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.models import MixtureParams

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Served:
    """A peer that waits for work: a number of iterations in, the seconds that they took out."""

    process: subprocess.Popen[str]

    def seconds_per_iteration(self, steps: int) -> float:
        """Of so many, from the same start each time."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the peer has no pipes")
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended with {self.process.wait()}")
        return float(line) / steps


def outside() -> dict[str, str]:
    """The environment, without the path to modules that are ours."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


@contextmanager
def served(command: list[str], rows: Array, params: MixtureParams, threads: int) -> Iterator[Served]:
    """The peer that ``command`` starts, with the data and its number of threads.

    The command gets a folder with the raw arrays x (n, d), weights, means and covariances in the precision of
    the rows, then n, d, k, the precision, and the threads.
    """
    k, d = params.components.means.shape
    with tempfile.TemporaryDirectory() as folder:
        for name, array in {
            "x": rows,
            "weights": params.weights,
            "means": params.components.means,
            "covariances": params.components.covariances,
        }.items():
            np.ascontiguousarray(array, rows.dtype).tofile(Path(folder) / name)
        arguments = [folder, *map(str, (len(rows), d, k)), rows.dtype.name, str(threads)]
        environment = outside() | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1"}
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        try:
            yield Served(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
