"""Runs in oneDAL's interpreter: `em_gmm` for as many iterations as a line of the input says."""

import sys
import time
from pathlib import Path

import daal4py
import numpy as np


def main() -> None:
    """Load, then answer until the input ends."""
    folder, n, d, k, dtype, threads = sys.argv[1:]
    size = {"n": int(n), "d": int(d), "k": int(k)}
    daal4py.daalinit(int(threads))
    x = _load(folder, "x", dtype, (size["n"], size["d"]))
    weights = _load(folder, "weights", dtype, (1, size["k"]))
    means = _load(folder, "means", dtype, (size["k"], size["d"]))
    covariances = list(_load(folder, "covariances", dtype, (size["k"], size["d"], size["d"])))
    for line in sys.stdin:
        steps = int(line)
        model = daal4py.em_gmm(
            nComponents=size["k"],
            maxIterations=steps,
            accuracyThreshold=0.0,
            fptype="double" if dtype == "float64" else "float",
        )
        began = time.perf_counter()
        done = model.compute(x, weights, means, covariances)
        seconds = time.perf_counter() - began
        if int(done.nIterations.ravel()[0]) != steps:
            raise SystemExit(f"oneDAL stopped after {done.nIterations} of {steps} iterations")
        print(seconds, flush=True)


def _load(folder: str, name: str, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.fromfile(Path(folder) / name, dtype).reshape(shape)


if __name__ == "__main__":
    main()
