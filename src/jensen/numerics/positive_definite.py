"""Positive definite matrices by the native core: small, many, and with no threads of a BLAS library, which
cost more than they give at these sizes.
"""

from __future__ import annotations

import numpy as np

from jensen._native import _core
from jensen.basics.arrays import Array


def is_positive_definite(matrices: Array) -> bool:
    """Whether each of the symmetric matrices (…, d, d) is, by its Cholesky factor; their upper triangles are
    read.

    Examples
    --------
    >>> is_positive_definite(np.eye(2)), is_positive_definite(np.diag([1.0, -1.0]))
    (True, False)
    """
    return _core.is_positive_definite(np.ascontiguousarray(matrices, np.float64))


def log_det_and_trace(matrices: Array, second: Array) -> tuple[Array, float]:
    """log |A_i| of each, (m,), and Σ_i tr(A_i⁻¹ S_i): what a Gaussian's Q has of its covariances.

    Parameters
    ----------
    matrices
        A, symmetric and positive definite, (m, d, d) or (d, d).
    second
        S, in the same shape.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not positive definite.

    Examples
    --------
    >>> log_dets, trace = log_det_and_trace(4.0 * np.eye(2), np.eye(2))
    >>> [round(float(value), 4) for value in log_dets], trace
    ([2.7726], 0.5)
    """
    try:
        return _core.log_det_and_trace(
            np.ascontiguousarray(matrices, np.float64), np.ascontiguousarray(second, np.float64)
        )
    except ArithmeticError as error:
        raise np.linalg.LinAlgError(str(error)) from None
