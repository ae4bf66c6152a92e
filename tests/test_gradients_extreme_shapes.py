"""Gamma-like families and counts at shapes from 0.001 to 10⁸, against values of 50 digits."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy import special, stats

from jensen import gradients as gr
from jensen.gradients.distributions.densities import entries
from jensen.gradients.distributions.implicit.gammas import path
from jensen.gradients.distributions.samplers import sample

# family, parameters, value; log p, and its derivative in each parameter
ROWS = [
    (
        "Gamma",
        {"concentration": 0.0010000000474974513, "rate": 2.0},
        7.888609052210118e-31,
        62.33891764400068,
        {"concentration": 931.9539535588486, "rate": 0.0005000000237487257},
    ),
    (
        "Gamma",
        {"concentration": 100000000.0, "rate": 2.0},
        50003968.0,
        -9.751094902962237,
        {"concentration": 7.936185116180177e-05, "rate": -3968.0},
    ),
    (
        "Gamma",
        {"concentration": 30.0, "rate": 2.0},
        16.0,
        -2.0575506054159938,
        {"concentration": 0.08129777011420167, "rate": -1.0},
    ),
    (
        "InverseGamma",
        {"concentration": 1000000.0, "rate": 2.0},
        1.9073486328125e-06,
        -1123.7881522748328,
        {"concentration": 0.04743355323471542, "rate": -24288.0},
    ),
    (
        "InverseGamma",
        {"concentration": 0.015625, "rate": 2.0},
        1.2379400392853803e27,
        -67.4972174220152,
        {"concentration": 2.861703903332724, "rate": 0.0078125},
    ),
    ("Chi2", {"df": 100000000.0}, 100016128.0, -11.12622481437067, {"df": 8.063849788951419e-05}),
    (
        "Beta",
        {"concentration1": 0.0010000000474974513, "concentration0": 0.0010000000474974513},
        8.077935669463161e-28,
        54.7199622316709,
        {"concentration1": 437.61837133641507, "concentration0": 500.00161758681014},
    ),
    (
        "Beta",
        {"concentration1": 1.0, "concentration0": 100000000.0},
        7.450580596923828e-09,
        17.675622688935007,
        {"concentration1": 0.282922538735375, "concentration0": 2.549419375320596e-09},
    ),
    (
        "Beta",
        {"concentration1": 100000000.0, "concentration0": 100000000.0},
        0.500030517578125,
        8.958593581546637,
        {"concentration1": 6.103579368064478e-05, "concentration0": -6.1034518970937675e-05},
    ),
    (
        "Beta",
        {"concentration1": 1.0, "concentration0": 30.0},
        0.0625,
        1.5295802686725914,
        {"concentration1": 1.22239840868061, "concentration0": -0.03120518780423784},
    ),
    (
        "StudentT",
        {"df": 0.0009765625, "loc": 0.25, "scale": 0.75},
        1.2676506002282294e30,
        -77.01136915338728,
        {"df": 950.7395191197594, "loc": 7.896312771987667e-31, "scale": 0.0013020833333333333},
    ),
    (
        "StudentT",
        {"df": 100000000.0, "loc": 0.25, "scale": 0.75},
        1.5,
        -2.0201453467405464,
        {"df": -2.901234239254699e-17, "loc": 2.2222221827160507, "scale": 2.370370304526751},
    ),
    (
        "Weibull",
        {"scale": 1.25, "concentration": 1000000.0},
        1.2500011920928955,
        11.950813244354006,
        {"scale": 1276181.336225109, "concentration": -5.213259788689781e-07},
    ),
    (
        "Kumaraswamy",
        {"concentration1": 0.0009765625, "concentration0": 0.125},
        0.9999998807907104,
        11.003711558378878,
        {"concentration1": 127.99999993294477, "concentration0": -14.873856898931756},
    ),
    ("Poisson", {"rate": 100000000.0}, 100016128, -11.429851546940784, {"rate": 0.00016128}),
    ("Poisson", {"rate": 0.0010000000474974513}, 2, -14.509657643576816, {"rate": 1998.999905005102}),
    (
        "BinomialProbs",
        {"total_count": 1000000, "probs": 0.25},
        250500,
        -7.656742228413213,
        {"probs": 2666.6666666666665},
    ),
    (
        "BinomialLogits",
        {"total_count": 1000000, "logits": -7.0},
        900,
        -4.387138457891312,
        {"logits": -11.051194400645358},
    ),
    (
        "BetaBinomial",
        {"concentration1": 100000000.0, "concentration0": 100000000.0, "total_count": 1000000},
        500622,
        -7.905958486133971,
        {"concentration1": 6.189048042850113e-06, "concentration0": -6.189061471626886e-06},
    ),
    (
        "BetaBinomial",
        {"concentration1": 0.0010000000474974513, "concentration0": 2.0, "total_count": 10},
        10,
        -11.607426996864898,
        {"concentration1": 1000.808062673308, "concentration0": -2.019319510858115},
    ),
    (
        "GammaPoisson",
        {"concentration": 10.0, "rate": 1.0},
        0,
        -6.931471805599453,
        {"concentration": -0.6931471805599453, "rate": 5.0},
    ),
    (
        "GammaPoisson",
        {"concentration": 10.0, "rate": 1000.0},
        0,
        -0.009995003330835332,
        {"concentration": -0.0009995003330835331, "rate": 9.99000999000999e-06},
    ),
    (
        "GammaPoisson",
        {"concentration": 100000000.0, "rate": 4.0},
        25003000,
        -9.691768588462434,
        {"concentration": 2.4000712100608613e-05, "rate": -600.0},
    ),
    (
        "NegativeBinomial2",
        {"mean": 1.0, "concentration": 1000000.0},
        2,
        -1.6931476805597787,
        {"mean": 0.999999000001, "concentration": 4.999996666669167e-13},
    ),
    (
        "NegativeBinomial2",
        {"mean": 100000000.0, "concentration": 0.009999999776482582},
        3,
        -5.919103129653486,
        {"mean": -9.999999475482588e-11, "concentration": 79.4617627006684},
    ),
    (
        "NegativeBinomialProbs",
        {"total_count": 1000000.0, "probs": 0.25},
        334000,
        -7.922061683599166,
        {"total_count": 0.0005000002290938499, "probs": 2666.6666666666665},
    ),
    (
        "NegativeBinomialLogits",
        {"total_count": 10000.0, "logits": 0.25},
        13000,
        -6.504024316688847,
        {"total_count": 0.006997964601629064, "logits": 69.94047962664361},
    ),
]
# shape, value; its derivative in the shape at a fixed value of the distribution function
PATHS = [
    (0.30000001192092896, 0.015625, 0.21079775269070464),
    (0.30000001192092896, 4.0, 4.424343733649866),
    (1.0, 0.5, 0.806979116825318),
    (30.0, 24.0, 0.8975389848843485),
    (1500.0, 1480.0, 0.9934138782770708),
    (100000.0, 100352.0, 1.0017596081577422),
    (1000000.0, 999936.0, 0.9999681659786613),
    (10000000.0, 10000000.0, 1.000000016666667),
    (100000000.0, 100000000.0, 1.0000000016666666),
    (100000000.0, 100007936.0, 1.0000396806171061),
]


@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
def test_densities_and_scores(double):
    close = {"rel": 1e-8, "abs": 1e-11} if double else {"rel": 3e-3, "abs": 1e-5}
    with jax.enable_x64(double):
        params = [{name: jnp.asarray(value) for name, value in row[1].items()} for row in ROWS]
        found = jax.device_get(jax.jit(lambda params: list(map(scored, ROWS, params)))(params))
    for (kind, at, x, log_p, scores), (density, slopes) in zip(ROWS, found, strict=True):
        assert float(density) == pytest.approx(log_p, **close), (kind, at, x)
        for name, score in scores.items():  # by the parameter, as only that matters
            slope = float(slopes[name]) * at[name]
            assert slope == pytest.approx(score * at[name], **close), (kind, at, x, name)


def scored(row, params):
    """log p of a row, and its derivatives."""
    kind, _, x, _, scores = row

    def density(moved):
        return entries(getattr(dist, kind)(**{**params, **moved}), jnp.asarray(x))

    return jax.value_and_grad(density)({name: params[name] for name in scores})


@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
def test_paths(double):
    with jax.enable_x64(double):
        shapes, values = (jnp.asarray([row[i] for row in PATHS], float) for i in (0, 1))
        found = jax.jit(path)(shapes, values)
    assert np.asarray(found) == pytest.approx([row[2] for row in PATHS], rel=1e-9 if double else 1e-5)


def counted(distribution, frozen, num=30_000):
    """How far mean, variance and shares of 20 ranges of draws are from what they should be, in σ."""
    with jax.enable_x64(False):
        drawn = np.asarray(jax.jit(lambda key: sample(distribution.expand((num,)), key))(jax.random.key(0)))
    x = drawn.astype(float)
    mean, variance, kurtosis = frozen.stats("mvk")
    ends = np.unique(frozen.ppf(np.linspace(0.0, 1.0, 21)[1:-1]))
    shares = frozen.cdf(ends)
    off = (np.mean(x <= ends[:, None], axis=1) - shares) / np.sqrt(shares * (1.0 - shares) / num)
    of_variance = (x.var() / variance - 1.0) / np.sqrt((kurtosis + 2.0) / num)
    return float((x.mean() - mean) / np.sqrt(variance / num)), float(of_variance), float(np.abs(off).max())


@pytest.mark.parametrize("rate", [10.0, 1e4, 1e8])
def test_poisson_draws(rate):
    assert np.abs(counted(dist.Poisson(rate), stats.poisson(rate))).max() < 4.5


def test_negative_binomial_draws():
    whole = stats.nbinom(1e8, 0.5)
    assert np.abs(counted(dist.NegativeBinomial2(1e8, 1e8), whole)).max() < 4.5


def test_jax_alone_draws_large_rates_wrongly():
    """Else our own draws are not needed any more."""
    x = np.asarray(jax.random.poisson(jax.random.key(0), 1e8, (100_000,)), float)
    if abs(x.var() / 1e8 - 1.0) < 0.02:
        pytest.skip("this JAX draws them rightly")
    assert abs(x.var() / 1e8 - 1.0) > 0.1


def test_counts_beyond_whole_numbers_are_refused():
    F = gr.expectation(lambda x, rate: 1.0 * x, dist.Poisson, gr.ScoreFunction(), 10)
    with jax.enable_x64(False), pytest.raises(ValueError, match=r"mean of Poisson is 1\.e\+10.*2147483647"):
        F(1e10, jax.random.key(0))
    with jax.enable_x64(True):
        assert F(1e10, jax.random.key(0)) == pytest.approx(1e10, rel=1e-4)


LOST = {
    "gamma": (lambda a: dist.Gamma(a, 1e-3), 1e-3),
    "inverse gamma": (lambda a: dist.InverseGamma(a, 30.0), 1e-3),
    "beta": (lambda a: dist.Beta(0.5, a), 1e-3),
    "Weibull": (lambda a: dist.Weibull(1.3, a), 1e-3),
    "Kumaraswamy": (lambda a: dist.Kumaraswamy(a, 0.01), 1e-3),
    "Kumaraswamy near 1": (lambda a: dist.Kumaraswamy(1.3, a), 1e-3),
    "t": (lambda a: dist.StudentT(a, 0.3, 0.8), 1e-3),
    "Pareto": (lambda a: dist.Pareto(1.3, a), 1e-3),
}


@pytest.mark.parametrize("name", LOST)
def test_scores_count_draws_that_are_no_numbers_any_more(name):
    """Of E[1] the derivative is 0; in units of the parameter."""
    make, shape = LOST[name]
    with jax.enable_x64(False):
        F = gr.expectation(lambda x, a: jnp.exp(0.0 * jnp.isfinite(x)), make, gr.ScoreFunction(), 100)
        keys = jax.random.split(jax.random.key(1), 500)
        each = shape * np.asarray(jax.jit(jax.vmap(jax.grad(F), (None, 0)))(shape, keys))
    assert np.abs(each.mean()) < 4.5 * each.std() / np.sqrt(len(each))


def test_what_f_does_to_a_draw_that_underflowed_is_seen():
    F = gr.expectation(lambda x, a: jnp.log(x), lambda a: dist.Gamma(a, 1.0), gr.Pathwise(), 100)
    value, slope = jax.value_and_grad(F)(1e-3, jax.random.key(0))
    assert np.isneginf(value)
    assert not np.isfinite(slope)


LARGE = [
    ("gamma", lambda a: dist.Gamma(a, 3.0), 1.0 / 3.0),
    ("chi2", dist.Chi2, 1.0),
    ("inverse gamma", lambda a: dist.InverseGamma(a, 1e8), -1e8 / (1e8 - 1.0) ** 2),
    ("beta", lambda a: dist.Beta(a, 2.0 * 1e8), 2e8 / 3e8**2),
]


def test_a_beta_draw_moves_where_it_rounds_to_one():
    with jax.enable_x64(False):
        F = gr.expectation(lambda x, b: x, lambda b: dist.Beta(1e8, b), gr.Pathwise(), 10_000)
        slope = jax.jit(jax.grad(F))(1.0, jax.random.key(0))  # inside of jit nothing is refused
        assert float(slope) == pytest.approx(-1e-8, rel=0.05)


@pytest.mark.parametrize("shapes", [(1e8, 1.0), (1e7, 0.5)])
def test_of_draws_that_round_to_one_nothing_is_told(shapes):
    def f(x, params):
        return jnp.log(x)

    F = gr.expectation(f, lambda params: dist.Beta(*params), gr.ScoreFunction())
    with jax.enable_x64(False), pytest.raises(ValueError, match="round to 1 in this precision"):
        F(shapes, jax.random.key(0))
    with jax.enable_x64(True):
        assert F(shapes, jax.random.key(0)) < 0.0


@pytest.mark.parametrize("estimator", [gr.Pathwise(), gr.ScoreFunction(gr.LeaveOneOut())], ids=str)
@pytest.mark.parametrize("row", LARGE, ids=lambda row: row[0])
def test_the_mean_at_a_shape_of_a_hundred_million_in_single_precision(row, estimator):
    _, make, truth = row
    with jax.enable_x64(False):
        F = gr.expectation(lambda x, a: x, make, estimator, 1000)
        each = jax.jit(jax.vmap(jax.grad(F), (None, 0)))(1e8, jax.random.split(jax.random.key(0), 100))
        each = np.asarray(each, float)
    assert abs(each.mean() - truth) < 4.5 * each.std() / 10.0 + 1e-6 * abs(truth)


@pytest.mark.parametrize("shape", [1.0, 2.0, 30.0])
def test_second_derivatives_at_equal_shapes(shape):
    """Those of log B, by the trigamma function."""
    with jax.enable_x64(True):
        found = jax.hessian(lambda shapes: entries(dist.Beta(shapes[0], shapes[1]), 0.3))(jnp.full(2, shape))
        one, both = special.polygamma(1, shape), special.polygamma(1, 2.0 * shape)
    np.testing.assert_allclose(found, [[both - one, both], [both, both - one]], rtol=1e-9)


@pytest.mark.parametrize("make", [dist.Weibull, dist.Kumaraswamy])
def test_noise_is_never_zero(make, monkeypatch):
    monkeypatch.setattr(jax.random, "exponential", lambda key, shape=(), dtype=float: jnp.zeros(shape, dtype))
    slope = jax.grad(lambda c: sample(make(1.5, c), jax.random.key(0)))(1.6)
    assert np.isfinite(slope)


@pytest.mark.parametrize("rate", [0.0, 1e-3, 0.7, 9.99, 10.0, 42.0])
def test_small_counts(rate):
    x = np.asarray(sample(dist.Poisson(jnp.full(100_000, rate)), jax.random.key(1)))
    most = int(stats.poisson.ppf(1.0 - 1e-3, rate)) + 1
    expected = stats.poisson.pmf(np.arange(most), rate) * len(x)
    seen = np.bincount(x, minlength=most)[:most]
    assert (np.abs(seen - expected) <= 4.5 * np.sqrt(expected) + 5.0).all()
