"""A latent-class model of 32 rows, fitted in a process of its own: seconds of each step, as JSON.

The data are section 6 of the Law School Admission Test: five items, 32 patterns with their counts (Bock and
Lieberman, 1970).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

import jensen

PATTERNS = np.array([[int(digit) for digit in f"{i:05b}"] for i in range(32)])
COUNTS = np.fromstring(
    "3 6 2 11 1 1 3 4 1 8 0 16 0 3 2 15 10 29 14 81 3 28 15 80 16 56 21 173 11 61 28 298", sep=" ", dtype=int
)


def log_joint(params: Any, z: Any, x: Any) -> Any:
    """Two classes, the items independent within each."""
    return jnp.log(params["share"][z]) + jensen.densities.bernoulli(x, params["yes"][z]).sum()


def main() -> None:
    """Fit, fit again, fit other data, and standard errors."""
    spent: dict[str, float] = {}

    def timed(name: str, call: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        found = call()
        spent[name] = time.perf_counter() - wall
        spent[f"{name}, processor"] = time.process_time() - cpu
        return found

    model = jensen.LogJoint(
        log_joint,
        latent=jensen.Enumerated(2),
        parameters={"share": jensen.Simplex(2), "yes": jensen.Interval(0, 1, (2, 5))},
        symmetric=("yes", "share"),
    )
    _ = jensen.fit, jensen.uncertainty  # imports are lazy, and are not what is measured
    fit = timed("cold", lambda: jensen.fit(model, PATTERNS, weight=COUNTS))
    timed("again", lambda: jensen.fit(model, PATTERNS, weight=COUNTS))
    timed("other data", lambda: jensen.fit(model, 1 - PATTERNS, weight=COUNTS + 1))
    timed("uncertainty", lambda: jensen.uncertainty(model, fit, PATTERNS, weight=COUNTS))
    print(json.dumps({**spent, "num_e_steps": fit.num_e_steps, "log_evidence": fit.log_evidence}))


if __name__ == "__main__":
    main()
