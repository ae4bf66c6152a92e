from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

def e_step(
    structure: int,
    x: Array,
    weight: Array | None,
    weights: Array,
    means: Array,
    covariances: Array,
    threads: int,
) -> tuple[Array, Array, Array, Array, float, float, float]: ...
def posterior(
    structure: int, x: Array, weights: Array, means: Array, covariances: Array, threads: int
) -> tuple[Array, Array]: ...
def log_evidence(
    structure: int, x: Array, weights: Array, means: Array, covariances: Array, threads: int
) -> Array: ...
def log_joint(
    structure: int, x: Array, weights: Array, means: Array, covariances: Array, threads: int
) -> Array: ...
def climb(
    structure: int,
    x: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    weights: NDArray[np.float64],
    means: NDArray[np.float64],
    covariances: NDArray[np.float64],
    floor: float,
    max_e_steps: int,
    tol: float,
    threads: int,
) -> tuple[Array, Array, Array, Array, Array, Array, bool]: ...
def kmeans(
    x: NDArray[np.float64], weight: NDArray[np.float64] | None, centres: NDArray[np.float64], max_steps: int
) -> NDArray[np.int32]: ...
def instruction_set() -> str: ...
