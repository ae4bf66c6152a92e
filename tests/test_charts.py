"""Spaces and charts: there and back, what they refuse, their derivatives, their bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jensen
from jensen.em import Chart
from jensen.numerics.differences import jacobian
from jensen.spaces.links import Link, Log, Logit

SPACES = [
    jensen.Real(),
    jensen.Real((2, 3)),
    jensen.Positive(),
    jensen.Positive((3,)),
    jensen.Interval(-2.0, 5.0, (2, 2)),
    jensen.Simplex(1),
    jensen.Simplex(4),
    jensen.Simplex((3, 2)),
    jensen.Covariance(1),
    jensen.Covariance(3),
    jensen.Covariance((2, 3)),
    jensen.Correlation(1),
    jensen.Correlation(4),
    jensen.Correlation((2, 3)),
]
EVERY = pytest.mark.parametrize("space", SPACES, ids=str)


@EVERY
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), spread=st.sampled_from([0.1, 1.0, 4.0]))
def test_there_and_back(space, seed, spread):
    rng = np.random.default_rng(seed)
    u = spread * rng.standard_normal(space.size)
    value = space.from_chart(u)
    assert np.shape(value) == space.shape
    assert space.violation(np.asarray(value)) is None
    np.testing.assert_allclose(space.to_chart(value), u, rtol=1e-6, atol=1e-6 + of_factoring(space, value))
    drawn = space.random(rng)
    assert drawn.shape == space.shape
    assert space.violation(drawn) is None
    np.testing.assert_allclose(space.from_chart(space.to_chart(drawn)), drawn, rtol=1e-9, atol=1e-12)


def of_factoring(space, value):
    """What a Cholesky factor loses: it is that of a matrix (d + 1) eps |S| away (Higham 2002, theorem 10.3).

    The logarithms of its diagonal move by as much times the condition of S.
    """
    if not isinstance(space, (jensen.Covariance, jensen.Correlation)):
        return 0.0
    return (value.shape[-1] + 1) * np.finfo(float).eps * np.linalg.cond(value).max()


@EVERY
def test_the_derivative(space):
    u = 0.7 * np.random.default_rng(0).standard_normal(space.size)
    expected = jacobian(lambda v: np.ravel(space.from_chart(v)), u)
    np.testing.assert_allclose(space.slopes(u), expected, rtol=1e-10, atol=1e-12)


@EVERY
def test_every_number_has_a_link_that_keeps_its_bounds(space):
    chart = Chart({"x": space})
    value = space.random(np.random.default_rng(1))
    found = chart.links()
    assert len(found) == value.size == len(chart.names)
    for link, x in zip(found, value.ravel(), strict=True):
        if link.low < x < link.high:
            assert link.back(link.to(x)) == pytest.approx(x, rel=1e-12)
            slope = (link.back(link.to(x) + 1e-6) - link.back(link.to(x) - 1e-6)) / 2e-6
            assert link.slope(x) == pytest.approx(slope, rel=1e-6)


@EVERY
def test_a_number_depends_on_the_coordinates_that_its_cell_names(space):
    chart = Chart({"first": jensen.Real(2), "x": space})
    u = 0.5 * np.random.default_rng(2).standard_normal(chart.size)
    moved = chart.jacobian(u)
    for i in range(len(chart.names)):
        where = chart.cell(i)
        others = np.setdiff1d(np.arange(chart.size), where.support)
        assert not moved[i, others].any()
        found = np.ravel(where.space.from_chart(u[where.part]))[where.offset]
        assert found == chart.natural_vector(chart.from_vector(u))[i]


@pytest.mark.parametrize(
    ("space", "value", "message"),
    [
        (jensen.Positive(2), [1.0, -0.5], "-0.5 is not positive"),
        (jensen.Interval(0, 2), 2.5, "2.5 is not between 0 and 2"),
        (jensen.Simplex(2), [1.5, -0.5], "-0.5 is negative"),
        (jensen.Simplex(2), [0.5, 0.6], "they add up to 1.1, not 1"),
        (jensen.Simplex((2, 2)), [[0.5, 0.5], [0.2, 0.2]], "they add up to 0.4, not 1"),
        (jensen.Covariance(2), [[1.0, 0.5], [0.4, 1.0]], "it is not symmetric"),
        (jensen.Covariance(2), [[1.0, 2.0], [2.0, 1.0]], "its smallest eigenvalue is -1, not positive"),
        (jensen.Correlation(2), [[2.0, 0.0], [0.0, 1.0]], "its diagonal is not 1"),
        (jensen.Correlation(2), [[1.0, 1.5], [1.5, 1.0]], "its smallest eigenvalue is -0.5"),
    ],
)
def test_what_is_outside(space, value, message):
    assert message in space.violation(np.asarray(value))
    chart = Chart({"x": space})
    with pytest.raises(ValueError, match="is outside") as raised:
        chart.check({"x": value})
    assert message in str(raised.value)
    assert chart.from_natural_vector(np.ravel(value)) is None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"w": [0.5, 0.5]}, "params lack rate"),
        ({"w": [0.5, 0.5], "rate": [1.0, 2.0], "tau": 1.0}, "params have tau, which the model does not"),
        ({"w": [0.5, 0.5], "rate": [1.0]}, r"params\['rate'\] has shape \(1,\), its space .*: \(2,\)"),
        ({"w": [0.5, 0.5], "rate": [1.0, np.nan]}, r"params\['rate'\] is not finite"),
    ],
)
def test_params_that_do_not_fit_the_chart(params, message):
    chart = Chart({"w": jensen.Simplex(2), "rate": jensen.Positive(2)})
    with pytest.raises(ValueError, match=message):
        chart.check(params)


@pytest.mark.parametrize("shape", [0, -1, (2, 0), 1.5, "3"])
def test_shapes_that_are_none(shape):
    with pytest.raises(ValueError, match="a shape is a positive integer"):
        jensen.Real(shape)


def test_intervals_and_simplices_that_are_none():
    with pytest.raises(ValueError, match="low < high"):
        jensen.Interval(1, 1)
    with pytest.raises(ValueError, match="finite bounds"):
        jensen.Interval(0, np.inf)
    with pytest.raises(ValueError, match="number of its entries"):
        jensen.Simplex(())


def test_bounds_have_finite_coordinates_that_lead_back_to_them():
    for space, value in (
        (jensen.Interval(0, 1, 2), [0.0, 1.0]),
        (jensen.Simplex(3), [0.0, 1.0, 0.0]),
        (jensen.Simplex(3), [0.0, 0.0, 1.0]),
        (jensen.Positive(), 0.0),
    ):
        u = space.to_chart(value)
        assert np.isfinite(u).all()
        np.testing.assert_allclose(space.from_chart(u), value, atol=1e-12)


def test_the_units_of_coordinates():
    chart = Chart({"mean": jensen.Real(2), "sd": jensen.Positive(), "cov": jensen.Covariance(2)})
    assert chart.widest().tolist() == [np.inf, np.inf, 1, 1, np.inf, 1]


def test_local_coordinates_are_ratios_to_the_largest():
    chart = Chart({"w": jensen.Simplex(3), "x": jensen.Real()})
    params = {"w": [0.1, 0.7, 0.2], "x": 3.0}
    u = chart.to_vector(params)
    place = chart.local(u, chart.natural_vector(params), np.ones(3))
    assert place.v == pytest.approx([np.log(1 / 7), np.log(2 / 7), 3.0])
    np.testing.assert_allclose(place.basis @ place.v, u)
    assert place.entry.tolist() == [0, 2, -1]
    assert place.ends.tolist() == [-1, -1, 0]


def test_links_of_matrices():
    found = Chart({"s": jensen.Covariance(2), "r": jensen.Correlation(2)}).links()
    kinds = [type(link) for link in found]
    assert kinds == [Log, Link, Link, Log, Link, Logit, Logit, Link]
    assert (found[5].low, found[5].high) == (-1.0, 1.0)


def test_random_params_are_inside():
    chart = Chart({str(i): space for i, space in enumerate(SPACES)})
    for seed in range(20):
        params = chart.random(np.random.default_rng(seed))
        chart.check(params)
        assert chart.from_natural_vector(chart.natural_vector(params)) is not None
    assert len(chart.to_vector(params)) == chart.size


def test_symmetry_is_judged_beside_the_variances():
    """An entry that is zero but for rounding is no less symmetric than the others."""
    space = jensen.Covariance(2)
    value = np.array([[1.0, 6e-17], [7e-17, 1e-2]])
    assert space.violation(value) is None
    assert "symmetric" in space.violation(np.array([[1.0, 1e-6], [2e-6, 1e-2]]))
