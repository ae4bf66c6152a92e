"""The chart of a Gaussian mixture and its analytic score."""

import numpy as np
import pytest

import jensen
from jensen.em import e_step
from jensen.em.score import by_differences
from jensen.families import STRUCTURES
from jensen.models import Dirichlet, Mixture, MixturePrior, NormalInverseWishart
from samples import clusters
from test_laws import start_of

EACH = pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)


def case(structure, k=3, d=3, prior=None):
    data = clusters(240, d)
    if prior == "both":
        prior = MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(data, k))
    elif prior == "weights":
        prior = MixturePrior(Dirichlet(3.0))
    model = Mixture(k, jensen.Gaussian(structure), prior).prepare(data, None)
    return model, start_of(model, data), data


@EACH
@pytest.mark.parametrize("d", [1, 2, 4])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_round_trip_and_size(structure, k, d):
    model, params, _ = case(structure, k, d)
    chart = model.chart
    u = chart.to_vector(params)
    assert chart.size == len(u) == model.num_free(params)
    again = chart.from_vector(u)
    assert type(again) is type(params)
    np.testing.assert_allclose(chart.natural_vector(again), chart.natural_vector(params), rtol=1e-13)
    np.testing.assert_allclose(chart.to_vector(again), u, rtol=1e-12, atol=1e-13)
    assert len(chart.names) == len(chart.natural_vector(params))
    chart.check(params)


@EACH
@pytest.mark.parametrize("prior", [None, "weights", "both"])
@pytest.mark.parametrize("sizes", [(1, 2), (3, 1), (3, 3)])
def test_the_score_is_the_gradient_of_q(structure, sizes, prior):
    model, params, data = case(structure, *sizes, prior)
    params = model.chart.from_vector(model.chart.to_vector(params) + 0.1)
    stats = e_step(model, params, data).stats
    there = model.m_step(stats, params)
    for at in (params, there):
        found, expected = model.score(at, stats), by_differences(model, at, stats)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-8)
    assert np.abs(model.score(params, stats)).max() > 1
    if prior is None:
        assert np.abs(model.score(there, stats)).max() < 1e-9  # the M-step is where it is zero


@EACH
def test_the_score_does_not_depend_on_where_the_moments_are_centred(structure):
    model, params, data = case(structure)
    stats = e_step(model, params, data).stats
    moved = type(stats)(stats.count, stats.components.about(stats.components.centre + 5.0))
    np.testing.assert_allclose(model.score(params, stats), model.score(params, moved), rtol=1e-9, atol=1e-9)


@EACH
def test_values_below_the_covariance_bound_are_refused(structure):
    model, params, _ = case(structure)
    chart = model.chart
    assert chart.contains(params)
    flat = params._replace(
        components=params.components._replace(covariances=1e-12 * params.components.covariances)
    )
    assert not chart.contains(flat)
    assert chart.from_natural_vector(chart.natural_vector(flat)) is None
    assert chart.from_natural_vector(chart.natural_vector(params)) is not None


def test_no_chart_before_the_data_are_known():
    assert Mixture(2).chart is None
    assert Mixture(2).score is None
    assert Mixture(2).prepare(clusters(), None).chart.names[:3] == ["weights[0]", "weights[1]", "means[0,0]"]
