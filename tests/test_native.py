"""The kernels against plain NumPy, on whichever instruction set is chosen; the same bits for any
number of threads.
"""

from __future__ import annotations

import numpy as np
import pytest

import jensen
from jensen._native import _core
from jensen.basics.threads import get_num_threads, set_num_threads
from jensen.em import DiscretePosterior
from jensen.families import STRUCTURES, Gaussian, GaussianParams
from jensen.models import Mixture, MixtureParams

STRUCTURE_NAMES = sorted(STRUCTURES)


def problem(name: str, n: int, d: int, k: int, seed: int = 0) -> tuple[Mixture, MixtureParams, np.ndarray]:
    rng = np.random.default_rng([seed, n, d, k])
    factors = rng.normal(size=(k, d, 2 * d + 3))
    full = factors @ factors.transpose(0, 2, 1) / (2 * d)
    weights = rng.dirichlet(np.ones(k))
    structure = STRUCTURES[name]
    means = 2 * rng.normal(size=(k, d)) + 10
    params = MixtureParams(weights, GaussianParams(means, structure.reduce(full, weights)))
    return Mixture(k, Gaussian(structure)), params, 2 * rng.normal(size=(n, d)) + 10


def plain_posterior(model: Mixture, params: MixtureParams, data: np.ndarray) -> DiscretePosterior:
    joint = np.log(params.weights) + model.family.log_density(params.components, data)
    evidence = np.logaddexp.reduce(joint, axis=1)
    return DiscretePosterior(np.exp(joint - evidence[:, None]), evidence)


def rounding(data: np.ndarray, terms: int) -> float:
    """Errors of sums of ``terms`` numbers, each of a few operations, relative to the sum of their sizes."""
    return 64 * float(np.finfo(data.dtype).eps) * np.sqrt(terms)


@pytest.mark.parametrize("name", STRUCTURE_NAMES)
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 16, 17, 33, 40, 70])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_pass_is_the_plain_e_step(name: str, d: int, dtype: type) -> None:
    for n, k in [(1, 1), (7, 3), (700, 5), (2500, 2)]:
        model, params, data = problem(name, n, d, k)
        data = np.ascontiguousarray(data, dtype)
        weight = np.random.default_rng(n).uniform(0, 3, n) if d % 2 else None
        plain = model.expected(params, data, plain_posterior(model, params, data), weight)
        native = model.e_step(params, data, weight)
        tol = rounding(data, d)
        moved = native.stats.components.about(plain.stats.components.centre)
        expected = plain.stats.components
        size = float(np.abs(expected.second).max())
        assert native.weight == pytest.approx(plain.weight, rel=1e-12)
        assert native.log_evidence == pytest.approx(plain.log_evidence, rel=tol)
        assert native.entropy == pytest.approx(plain.entropy, abs=tol * plain.weight * d)
        np.testing.assert_allclose(moved.count, expected.count, atol=tol * plain.weight * d)
        np.testing.assert_allclose(moved.first, expected.first, atol=tol * size * d)
        np.testing.assert_allclose(moved.second, expected.second, atol=tol * size * d)


@pytest.mark.parametrize("name", STRUCTURE_NAMES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_single_rows_are_the_plain_posterior(name: str, dtype: type) -> None:
    model, params, data = problem(name, 1003, 6, 4)
    data = np.ascontiguousarray(data, dtype)
    plain = plain_posterior(model, params, data)
    responsibilities, evidence = model.family.native.posterior(*params, data)
    tol = rounding(data, 6)
    assert responsibilities.dtype == dtype
    np.testing.assert_allclose(evidence, plain.log_evidence, rtol=tol, atol=tol)
    np.testing.assert_allclose(responsibilities, plain.responsibilities, atol=100 * tol)
    np.testing.assert_array_equal(model.family.native.log_evidence(*params, data), evidence)
    joint = np.log(params.weights) + model.family.log_density(params.components, data)
    np.testing.assert_allclose(model.family.native.log_joint(*params, data), joint, rtol=tol, atol=100 * tol)


@pytest.mark.parametrize("name", STRUCTURE_NAMES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("d", [5, 19])
def test_any_number_of_threads_gives_the_same_bits(name: str, dtype: type, d: int) -> None:
    model, params, data = problem(name, 30_001, d, 3)
    data = np.ascontiguousarray(data, dtype)
    before = get_num_threads()
    try:
        results = []
        for threads in (1, 2, 3, 8):
            set_num_threads(threads)
            results.append(model.family.native.e_step(*params, data, None))
    finally:
        set_num_threads(before)
    for other in results[1:]:
        for total in ("log_evidence", "entropy", "weight"):
            assert getattr(other, total) == getattr(results[0], total)
        for field in ("count", "first", "second", "centre"):
            np.testing.assert_array_equal(getattr(other.stats, field), getattr(results[0].stats, field))


@pytest.mark.parametrize("d", [3, 16, 19])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_that_a_component_has_nothing_of(d: int, dtype: type) -> None:
    """Groups far apart, in no order, some rows without weight: moments are those of each group alone."""
    rng = np.random.default_rng(d)
    labels = rng.integers(3, size=1501)
    data = np.ascontiguousarray(rng.normal(size=(1501, d)) + 64.0 * labels[:, None], dtype)
    weight = rng.integers(3, size=1501).astype(float)
    means = 64.0 * np.arange(3.0)[:, None] + np.zeros((3, d))
    model = Mixture(3, Gaussian(STRUCTURES["full"]))
    params = MixtureParams(np.full(3, 1 / 3), GaussianParams(means, np.tile(np.eye(d), (3, 1, 1))))
    stats = model.e_step(params, data, weight).stats.components
    for k in range(3):
        own, w = data[labels == k].astype(float), weight[labels == k]
        about = own - stats.centre[k]
        tol = rounding(data, d) * w.sum()
        assert stats.count[k] == pytest.approx(w.sum(), rel=rounding(data, 1))
        np.testing.assert_allclose(stats.first[k], w @ about, atol=tol)
        np.testing.assert_allclose(stats.second[k], (about.T * w) @ about, atol=tol)


@pytest.mark.parametrize("name", STRUCTURE_NAMES)
def test_far_rows_and_empty_components_stay_finite(name: str) -> None:
    model, params, data = problem(name, 400, 3, 3)
    params = params._replace(weights=np.array([0.5, 0.5, 0.0]))
    data[0] = 1e120  # the squared distance overflows
    data[1] = -1e9
    expected = model.e_step(params, data[1:], None)
    assert np.isfinite(expected.log_evidence) and np.isfinite(expected.entropy)
    assert expected.stats.count[2] == 0
    after = model.m_step(expected.stats, params)
    np.testing.assert_array_equal(after.components.means[2], params.components.means[2])
    responsibilities, _ = model.family.native.posterior(*params, data)
    assert np.isfinite(responsibilities).all()
    np.testing.assert_allclose(responsibilities.sum(axis=1), 1.0)


def test_what_is_not_positive_definite_is_refused() -> None:
    model, params, data = problem("full", 50, 2, 2)
    bad = params._replace(components=params.components._replace(covariances=-params.components.covariances))
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        model.e_step(bad, data, None)


def test_shapes_are_checked() -> None:
    data = np.zeros((4, 2))
    with pytest.raises(ValueError, match="means"):
        _core.e_step(0, data, None, np.ones(1), np.zeros((1, 3)), np.ones((1, 2, 2)), 1)
    with pytest.raises(ValueError, match="weight"):
        _core.e_step(0, data, np.ones(3), np.ones(1), np.zeros((1, 2)), np.eye(2)[None], 1)


@pytest.mark.parametrize("name", STRUCTURE_NAMES)
def test_a_native_climb_is_the_python_one(name: str) -> None:
    """SQUAREM in C++ ends where the engine's SQUAREM ends from the same start."""
    data = np.ascontiguousarray(jensen.load_dataset("faithful").values)
    structure = STRUCTURES[name]
    model = Mixture(2, Gaussian(structure)).prepare(data, None)
    metric = model.family.metric
    white = np.ascontiguousarray(metric.whiten(data))
    unit = Mixture(2, Gaussian(STRUCTURES[name])).prepare(white, None)
    start = unit.start(white, None, np.random.default_rng(0))
    covariances = start.components.covariances
    weights, means, ends, objective, e_steps, status, _ = _core.climb(
        structure.moments.code,
        structure.is_shared,
        white,
        None,
        start.weights[None],
        np.ascontiguousarray(start.components.means)[None],
        np.ascontiguousarray(structure.spread(covariances, 2, 2)).reshape(1, -1),
        1e-7,
        structure.needed(2),
        False,
        2000,
        1e-9,
        2,
    )
    fit = jensen.fit(unit, white, start, algorithm=jensen.em.Squarem(), stop=jensen.em.Gain(1e-7))
    assert status[0] == 0 and e_steps[0] > 0
    assert objective[0] == pytest.approx(fit.log_evidence, abs=1e-7)
    np.testing.assert_allclose(means[0], fit.params.components.means, atol=1e-4)
    np.testing.assert_allclose(weights[0], fit.params.weights, atol=1e-4)
    found = structure.of_spread(ends[0].reshape(structure.moments.shape(2, 2)))
    np.testing.assert_allclose(found, fit.params.components.covariances, atol=1e-4)


def test_climbs_on_ugly_rows_end_without_nan() -> None:
    """Repeated rows, fewer distinct rows than components, one row: every start ends, finite."""
    rng = np.random.default_rng(0)
    for rows in (np.repeat(rng.normal(size=(2, 3)), 20, axis=0), rng.normal(size=(1, 3)), np.zeros((5, 3))):
        for name in STRUCTURE_NAMES:
            structure = STRUCTURES[name]
            spread = structure.spread(structure.reduce(np.tile(np.eye(3), (4, 1, 1)), np.ones(4)), 4, 3)
            start = np.broadcast_to(spread, (6, *spread.shape))
            result = _core.climb(
                structure.moments.code,
                structure.is_shared,
                rows,
                None,
                np.full((6, 4), 0.25),
                rng.normal(size=(6, 4, 3)),
                np.ascontiguousarray(start).reshape(6, -1),
                1e-7,
                structure.needed(3),
                False,
                300,
                1e-5,
                2,
            )
            assert all(np.isfinite(part).all() for part in result[:4])
            assert (result[5] != 2).all()


def test_k_means_finds_separate_clusters() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 50)
    rows = rng.normal(size=(150, 2)) + 20.0 * np.array([[0, 0], [1, 0], [0, 1]])[truth]
    for labels in _core.kmeans(rows, None, rng.random((20, 3)), 20, 2):
        assert len({(a, b) for a, b in zip(labels, truth, strict=True)}) == 3


def test_k_means_fills_empty_clusters() -> None:
    rows, weight = np.array([[0.0], [0.0], [0.0], [10.0]]), np.array([1.0, 1.0, 1.0, 0.0])
    labels = _core.kmeans(rows, weight, np.array([[0.5, 0.5]]), 20, 1)[0]
    assert labels[3] != labels[0]


@pytest.mark.parametrize("weighted", [False, True])
def test_seeds_are_drawn_by_their_distance_from_those_before(weighted: bool) -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(60, 3))
    w = rng.integers(0, 3, 60).astype(float) if weighted else np.ones(60)
    draws = rng.random((50, 4))
    labels = _core.kmeans(rows, w if weighted else None, draws, 1, 2)
    for draw, label in zip(draws, labels, strict=True):
        mass, nearest, centres = w, np.full(60, np.inf), []
        for u in draw:
            row = np.searchsorted(np.cumsum(mass), u * mass.sum(), side="right")
            centres.append(rows[row])
            nearest = np.minimum(nearest, np.square(rows - rows[row]).sum(axis=1))
            mass = w * nearest
        distance = np.square(rows[:, None] - np.array(centres)).sum(axis=2)
        np.testing.assert_array_equal(label, distance.argmin(axis=1))


def test_moments_of_groups_are_theirs_and_those_of_an_empty_one_are_zero() -> None:
    rng = np.random.default_rng(2)
    rows, w = 1e3 + rng.normal(size=(200, 3)), rng.random(200)
    labels = rng.integers(0, 3, (5, 200)).astype(np.int32)
    results = [_core.group_moments(rows, w, labels, 4, threads) for threads in (1, 2)]
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)
    count, mean, covariance = results[0]
    for s, j in np.ndindex(5, 3):
        mine = labels[s] == j
        np.testing.assert_allclose(count[s, j], w[mine].sum(), rtol=1e-13)
        np.testing.assert_allclose(mean[s, j], np.average(rows[mine], axis=0, weights=w[mine]), rtol=1e-13)
        expected = np.cov(rows[mine].T, aweights=w[mine], ddof=0)
        np.testing.assert_allclose(covariance[s, j], expected, rtol=1e-9)
    assert not count[:, 3].any()
    assert not covariance[:, 3].any()


def test_labels_of_no_group_are_refused() -> None:
    with pytest.raises(ValueError, match="labels"):
        _core.group_moments(np.zeros((2, 1)), None, np.array([[0, 2]], np.int32), 2, 1)


@pytest.mark.parametrize("d", [1, 2, 3, 7, 20, 60])
@pytest.mark.parametrize("rank", [1, 0.5, 1.0])
def test_a_covariance_below_the_bound_is_raised_along_its_own_axes(d: int, rank: float) -> None:
    rng = np.random.default_rng(d)
    m = max(1, int(rank * d)) if rank != 1 else 1
    factors = rng.normal(size=(2, d, m)) * 10.0 ** rng.uniform(-3, 1, (2, 1, m))
    covariances = factors @ np.swapaxes(factors, 1, 2)
    floor = 1e-4
    climbed = _core.climb(
        STRUCTURES["full"].moments.code,
        False,
        np.ascontiguousarray(rng.normal(size=(4 * d + 8, d))),
        None,
        np.full((1, 2), 0.5),
        rng.normal(size=(1, 2, d)),
        covariances.reshape(1, -1),
        floor,
        0.0,
        True,
        0,
        1e-9,
        1,
    )
    values, axes = np.linalg.eigh(covariances)
    expected = (axes * np.maximum(values, floor)[:, None]) @ np.swapaxes(axes, 1, 2)
    np.testing.assert_allclose(
        climbed[2].reshape(2, d, d), expected, atol=1e-12 * np.abs(covariances).max() + 1e-15
    )


# ---- k-means -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("num_rows", [1, 2, 7, 8, 9, 17, 400])
@pytest.mark.parametrize(("d", "k"), [(1, 1), (2, 3), (5, 4), (17, 9)])
@pytest.mark.parametrize("weighted", [False, True])
def test_kmeans_ends_where_each_row_is_with_the_nearest_mean(num_rows, d, k, weighted):
    rng = np.random.default_rng(num_rows + d)
    rows = rng.normal(size=(num_rows, d))
    weight = rng.integers(0, 3, num_rows).astype(float) if weighted else None
    labels = _core.kmeans(rows, weight, rng.random((3, k)), 300, 2)
    assert labels.shape == (3, num_rows)
    assert labels.min() >= 0 and labels.max() < k
    mass = np.ones(num_rows) if weight is None else weight
    for label in labels:
        count = np.bincount(label, mass, k)
        means = np.stack([np.bincount(label, mass * column, k) for column in rows.T], axis=1)
        known = count > 0
        held = known[label]  # a group of rows without weight has no mean
        if not held.any():
            continue
        means = means[known] / count[known, None]
        distance = np.square(rows[:, None] - means).sum(axis=2)
        own = np.cumsum(known)[label] - 1
        assert (distance[held, own[held]] <= distance[held].min(axis=1) + 1e-9).all()


def test_kmeans_has_the_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(3)
    rows, draws = rng.normal(size=(3001, 4)), rng.random((5, 6))
    one, two = (_core.kmeans(rows, None, draws, 30, threads) for threads in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_kmeans_of_equal_rows():
    labels = _core.kmeans(np.ones((20, 2)), None, np.random.default_rng(0).random((2, 3)), 30, 1)
    assert (labels >= 0).all()
