"""Positive definite matrices by the native core, against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from jensen.numerics.positive_definite import is_positive_definite, log_det_and_trace


def matrices(m: int, d: int, seed: int = 0) -> np.ndarray:
    a = np.random.default_rng([seed, m, d]).normal(size=(m, d, 2 * d + 1))
    return a @ a.transpose(0, 2, 1)


@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 9, 17, 40, 130])
def test_log_dets_and_traces_are_numpys(d: int) -> None:
    a, s = matrices(3, d), matrices(3, d, seed=1)
    log_dets, trace = log_det_and_trace(a, s)
    error = 100 * np.finfo(float).eps * np.linalg.cond(a).max() * d
    np.testing.assert_allclose(log_dets, np.linalg.slogdet(a)[1], rtol=error, atol=error)
    assert trace == pytest.approx(np.trace(np.linalg.solve(a, s), axis1=1, axis2=2).sum(), rel=error)


def test_one_matrix_is_a_matrix_too() -> None:
    log_dets, trace = log_det_and_trace(np.diag([1.0, 4.0]), np.array([[1.0, 7.0], [7.0, 2.0]]))
    np.testing.assert_allclose(log_dets, [np.log(4.0)])
    assert trace == pytest.approx(1.5)


@pytest.mark.parametrize("d", [1, 3, 20, 70])
def test_positive_definite_is_by_the_least_eigenvalue(d: int) -> None:
    a = matrices(4, d)
    least = np.linalg.eigvalsh(a)[:, 0].min()
    for factor, expected in ((0.99, True), (1.01, False)):
        assert is_positive_definite(a - factor * least * np.eye(d)) is expected


def test_what_is_none_is_refused() -> None:
    for bad in (np.diag([1.0, 0.0]), np.diag([1.0, np.nan]), np.diag([np.inf, 1.0])):
        assert not is_positive_definite(bad)
        with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
            log_det_and_trace(bad, np.eye(2))
    with pytest.raises(ValueError, match="one shape"):
        log_det_and_trace(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="matrices"):
        is_positive_definite(np.ones((2, 3)))
