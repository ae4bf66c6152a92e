"""One fit in a process of its own: prints the peak of its memory before and after (KiB), and seconds."""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def _jensen(k: int) -> Callable[[Any], Any]:
    import jensen

    return lambda rows: jensen.fit(jensen.Mixture(k, jensen.Gaussian()), rows)


def _sklearn(k: int) -> Callable[[Any], Any]:
    from sklearn.mixture import GaussianMixture

    return lambda rows: GaussianMixture(k, max_iter=5, random_state=0).fit(rows)


def peak() -> int:
    """Of this process, in KiB. Linux has VmHWM; its ru_maxrss begins at the parent's peak."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


def main(side: str, path: str, k: str) -> None:
    """Warm up on a few rows, load, fit."""
    warnings.simplefilter("ignore")
    fit = {"jensen": _jensen, "scikit-learn": _sklearn}[side](int(k))
    fit(np.random.default_rng(0).normal(size=(500, 8)))
    rows = np.load(path)
    before = peak()
    began = time.perf_counter()
    fit(rows)
    print(before, peak(), time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
