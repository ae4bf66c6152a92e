from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

def e_step(
    moments: int,
    x: Array,
    weight: Array | None,
    weights: Array,
    means: Array,
    covariances: Array,
    threads: int,
) -> tuple[Array, Array, Array, Array, float, float, float]: ...
def posterior(
    moments: int, x: Array, weights: Array, means: Array, covariances: Array, threads: int
) -> tuple[Array, Array]: ...
def log_evidence(
    moments: int, x: Array, weights: Array, means: Array, covariances: Array, threads: int
) -> Array: ...
def log_joint(
    moments: int, x: Array, weights: Array, means: Array, covariances: Array, threads: int
) -> Array: ...
def climb(
    moments: int,
    shared: bool,
    x: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    weights: NDArray[np.float64],
    means: NDArray[np.float64],
    covariances: NDArray[np.float64],
    floor: float,
    needed: float,
    hold: bool,
    max_e_steps: int,
    tol: float,
    threads: int,
) -> tuple[Array, Array, Array, Array, Array, Array, bool]: ...
def kmeans(
    x: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    draws: NDArray[np.float64],
    max_steps: int,
    threads: int,
) -> NDArray[np.int32]: ...
def group_moments(
    x: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    labels: NDArray[np.int32],
    k: int,
    threads: int,
) -> tuple[Array, Array, Array]: ...
def is_positive_definite(matrices: NDArray[np.float64]) -> bool: ...
def log_det_and_trace(matrices: NDArray[np.float64], second: NDArray[np.float64]) -> tuple[Array, float]: ...
def instruction_set() -> str: ...
