"""Truncated distributions, also far out, against values of 90 digits."""

from __future__ import annotations

import jax
import numpy as np
import numpyro.distributions as dist
import pytest

from jensen import gradients as gr
from jensen.gradients.distributions.densities import entries
from jensen.gradients.distributions.noise import route

# family, ends, uniform number; its quantile x, ∂x/∂loc, ∂x/∂scale, log p(x), ∂log p/∂loc, ∂log p/∂scale, at
# location 0.2 and scale 1: computed with mpmath, the derivatives of x as −(∂F/∂θ) / (∂F/∂x).
ROWS = [
    (
        "Normal",
        40,
        None,
        0.3,
        40.008955029028705,
        0.0002246670823053272,
        0.01789677890445918,
        3.328046964613572,
        -0.016138975304855568,
        -1.2858408692458017,
    ),
    (
        "Normal",
        13,
        None,
        0.9,
        13.177593543420805,
        0.013525698341355674,
        0.35072248219015834,
        0.26649115345134333,
        0.10039435685946634,
        2.58978459025224,
    ),
    (
        "Normal",
        0.5,
        None,
        0.5,
        1.0740544939140741,
        0.2996405329529076,
        0.6639466537999464,
        -0.3388213442015162,
        -0.12411147494440919,
        -0.5354785323261567,
    ),
    (
        "Normal",
        -3,
        None,
        0.2,
        -0.6396593346378389,
        0.9931986193605247,
        -0.8178949165915179,
        -1.2707650582015113,
        -0.8420450621631959,
        -0.2873378736743992,
    ),
    (
        "Normal",
        None,
        -13,
        0.3,
        -13.090389320046704,
        0.006725944020836346,
        -0.1791717811217436,
        1.388651794872282,
        -0.015477373493120459,
        0.40561058390418586,
    ),
    (
        "Normal",
        13,
        13.01,
        0.6,
        13.005845119471184,
        1.2182566243588826e-05,
        0.00031200173060052253,
        4.593669136206331,
        0.0009517982992226536,
        0.024367930811578026,
    ),
    (
        "Normal",
        -14,
        -13,
        0.3,
        -13.090389137743262,
        0.0067257491857399525,
        -0.17916642557534093,
        1.3886552619504449,
        -0.01547822998496214,
        0.4056343506267623,
    ),
    (
        "Normal",
        -30,
        30,
        0.7,
        0.7244005127080406,
        1.0,
        0.5244005127080407,
        -1.0564364820689007,
        0.5244005127080407,
        -0.7250041022715441,
    ),
    (
        "Normal",
        -0.5,
        0.5,
        0.1,
        -0.3841537745325705,
        0.05112997082207171,
        -0.03332962878661629,
        -0.11125129444869993,
        -0.4002615224252171,
        0.2269812719811614,
    ),
    (
        "Laplace",
        100,
        None,
        0.4,
        100.510825623766,
        0.0,
        0.5108256237659907,
        -0.5108256237659907,
        0.0,
        -0.4891743762340093,
    ),
    (
        "Laplace",
        -0.5,
        2,
        0.4,
        0.23234926776737358,
        0.6239592743252158,
        0.12484415870673529,
        -0.32361177878247277,
        0.7524232106126942,
        -0.4855192847136175,
    ),
    (
        "Logistic",
        50,
        60,
        0.4,
        50.510795357604174,
        9.421980766217251e-23,
        0.5104927005661629,
        -0.5107499566438035,
        -4.7113468636803256e-23,
        -0.48875062248572915,
    ),
    (
        "Cauchy",
        10000.0,
        None,
        0.4,
        16666.5333688896,
        -0.666666663110969,
        7.111253301663172e-05,
        -10.231971623841677,
        2.0000399986665542e-05,
        -5.333546684445519e-10,
    ),
    (
        "SoftLaplace",
        200,
        None,
        0.5,
        200.69314718055995,
        -1.142987391282275e-100,
        0.6931471805599453,
        -0.6931471805599453,
        0.0,
        -0.3068528194400547,
    ),
    (
        "SoftLaplace",
        3,
        300,
        0.9,
        5.303803447519393,
        0.002432836785364913,
        2.310615390518415,
        -2.3026096849373463,
        0.0023835940389262842,
        1.3103075487429245,
    ),
]


def make(kind, low, high):
    def at(params):
        base = getattr(dist, kind)(params["loc"], params["scale"])
        if high is None:
            return dist.LeftTruncatedDistribution(base, low)
        if low is None:
            return dist.RightTruncatedDistribution(base, high)
        return dist.TwoSidedTruncatedDistribution(base, low, high)

    return at


@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}-{row[2]}")
def test_quantiles_and_densities(row, double):
    kind, low, high, u, x, by_loc, by_scale, log_p, score_of_loc, score_of_scale = row
    close = {"rel": 1e-6, "abs": 1e-7} if double else {"rel": 2e-3, "abs": 5e-3}
    with jax.enable_x64(double):
        at, params = make(kind, low, high), {"loc": 0.2, "scale": 1.0}
        made = route(at(params))
        value, path = jax.value_and_grad(lambda params: made.transform(at(params), u))(params)
        density, score = jax.value_and_grad(lambda params: entries(at(params), np.float64(x)))(params)
    assert value == pytest.approx(x, rel=1e-9 if double else 5e-6)
    assert (path["loc"], path["scale"]) == pytest.approx((by_loc, by_scale), **close)
    assert density == pytest.approx(log_p, **close)
    assert (score["loc"], score["scale"]) == pytest.approx((score_of_loc, score_of_scale), **close)


@pytest.mark.parametrize("estimator", [gr.Pathwise(), gr.ScoreFunction(gr.LeaveOneOut())], ids=str)
def test_the_mean_of_what_is_cut_off_far_out(estimator):
    """∂E x/∂loc is the variance of a normal that is cut 40 standard deviations out: 1/40² and less."""
    F = gr.expectation(
        lambda x, params: x, lambda params: dist.TruncatedNormal(params, 1.0, low=40.0), estimator, 4000
    )
    each = jax.jit(jax.vmap(lambda key: jax.grad(F)(0.0, key)))(jax.random.split(jax.random.key(0), 50))
    assert abs(np.mean(each) - 6.2267e-4) < 5.0 * np.std(each) / np.sqrt(50) + 1e-6


def test_outside_of_the_ends_there_is_no_density():
    both = make("Normal", -1.0, 2.0)({"loc": 0.0, "scale": 1.0})
    assert np.isneginf(entries(both, np.array([-1.1, 2.1]))).all()
    assert np.isfinite(entries(both, np.array([-1.0, 0.0, 2.0]))).all()


def test_second_derivatives():
    """Of E x in the location: the third central moment, over all draws of a quantile."""
    with jax.enable_x64(True):
        at = make("Normal", 3.0, None)
        u = (np.arange(20_000) + 0.5) / 20_000
        made = route(at({"loc": 0.0, "scale": 1.0}))

        def mean(loc):
            return made.transform(at({"loc": loc, "scale": 1.0}), u).mean()

        x = made.transform(at({"loc": 0.0, "scale": 1.0}), u)
        assert jax.jit(jax.grad(mean))(0.0) == pytest.approx(float(np.var(x)), rel=1e-3)
        third = float(np.mean((x - x.mean()) ** 3))
        assert jax.jit(jax.grad(jax.grad(mean)))(0.0) == pytest.approx(third, rel=1e-2)
