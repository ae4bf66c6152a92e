"""`jensen.LogJoint`: everything that is derived from a log-joint, and how it is computed."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402 -- after the check that there is JAX

import jensen  # noqa: E402
import log_joints  # noqa: E402
from jensen import densities  # noqa: E402
from jensen.em import EM, Never, Problem  # noqa: E402
from jensen.testing import check_model  # noqa: E402


def gaussian_case(n=300, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2)) + np.repeat([[0.0, 0.0], [3.0, 1.0], [0.0, 4.0]], n // 3, axis=0)
    params = {
        "w": np.full(3, 1 / 3),
        "mu": np.array([[0.5, 0.0], [2.0, 1.0], [0.0, 3.0]]),
        "cov": np.stack([np.eye(2)] * 3),
    }
    return x, params


def log_prior(params):
    return jnp.log(params["w"]).sum() - params["rate"].sum()


CASES = {
    "linkage": lambda: (log_joints.linkage(), {"theta": np.array(0.4)}, log_joints.CELLS, None),
    "poisson": lambda: (
        log_joints.poisson(),
        log_joints.NOTICES_START,
        log_joints.NOTICES,
        log_joints.DAYS.astype(float),
    ),
    "poisson_closed": lambda: (
        log_joints.poisson_closed(),
        log_joints.NOTICES_START,
        log_joints.NOTICES,
        log_joints.DAYS.astype(float),
    ),
    "gaussians_closed": lambda: (
        log_joints.gaussians_closed(3, 2),
        gaussian_case()[1],
        gaussian_case()[0],
        None,
    ),
    "impossible": lambda: (
        truncated(),
        {"w": np.array([0.2, 0.3, 0.5])},
        np.array([0, 0, 1, 2, 1, 0, 2, 2, 1, 0]),
        None,
    ),
    "prior": lambda: (
        log_joints.poisson(log_prior=log_prior),
        log_joints.NOTICES_START,
        log_joints.NOTICES,
        log_joints.DAYS.astype(float),
    ),
}


def truncated():
    """z of 0, 1, 2; x is uniform on 0 … z, so that z < x is impossible."""

    def log_joint(params, z, x):
        return jnp.where(x <= z, jnp.log(params["w"][z]) - jnp.log(z + 1.0), -jnp.inf)

    return jensen.LogJoint(log_joint, jensen.Enumerated(3), {"w": jensen.Simplex(3)})


@pytest.mark.parametrize("name", ["poisson", "poisson_closed", "gaussians_closed", "impossible", "prior"])
def test_the_laws_hold(name):
    """All but linkage, where log 197! rounds to more than the laws grant a row of log-evidence −8."""
    model, params, data, weight = CASES[name]()
    chart = model.chart.to_vector, model.chart.from_vector
    table = check_model(model, params, data, weight=weight, chart=chart)
    outcomes = dict(zip(table["law"], table["outcome"], strict=True))
    for law in ("bound_is_tight", "gap_is_kl", "fused_agrees", "fisher_identity", "m_step_is_best"):
        assert outcomes[law] == "holds"


# ---- values against the sums written out ------------------------------------------------------------------


def by_hand(params):
    """log p(x, z) of the Poisson mixture in NumPy."""
    x, lgamma = log_joints.NOTICES[:, None], np.cumsum(np.log(np.maximum(log_joints.NOTICES, 1)))[:, None]
    return np.log(params["w"]) + x * np.log(params["rate"]) - params["rate"] - lgamma


def test_the_posterior_is_that_of_bayes():
    params, joint = log_joints.NOTICES_START, by_hand(log_joints.NOTICES_START)
    found = log_joints.poisson().posterior(params, log_joints.NOTICES)
    evidence = np.log(np.exp(joint).sum(axis=1))
    assert np.allclose(found.log_evidence, evidence, rtol=1e-14)
    assert np.allclose(found.responsibilities, np.exp(joint - evidence[:, None]), rtol=1e-13)
    assert isinstance(found.responsibilities, np.ndarray)
    assert found.responsibilities.dtype == found.log_evidence.dtype == np.float64


def test_statistics_under_any_q():
    model, data, weight = log_joints.poisson_closed(), log_joints.NOTICES, log_joints.DAYS.astype(float)
    rng = np.random.default_rng(0)
    exact = model.posterior(log_joints.NOTICES_START, data)
    q = replace(exact, responsibilities=rng.dirichlet([1, 1], size=len(data)))
    expected = model.expected(log_joints.NOTICES_START, data, q, weight)
    s = model.totals(expected.stats)
    wq = weight[:, None] * q.responsibilities
    assert np.allclose(s["count"], wq.sum(axis=0))
    assert np.allclose(s["total"], data @ wq)
    other = {"w": np.array([0.6, 0.4]), "rate": np.array([2.0, 0.5])}
    assert model.expected_log_joint(other, expected.stats) == pytest.approx(
        (wq * by_hand(other)).sum(), rel=1e-13
    )


def test_without_features_the_statistics_are_counts():
    model = log_joints.poisson()
    expected = model.e_step(log_joints.NOTICES_START, log_joints.NOTICES, log_joints.DAYS)
    q = model.posterior(log_joints.NOTICES_START, log_joints.NOTICES).responsibilities
    s = model.totals(expected.stats)
    assert list(s) == ["count"]
    assert np.allclose(s["count"], log_joints.DAYS @ q)


@pytest.mark.parametrize("name", CASES)
def test_derivatives_against_differences(name):
    model, params, data, weight = CASES[name]()
    u = model.chart.to_vector(params)

    def evidence(v):
        there = model.chart.from_vector(v)
        return model.e_step(there, data, weight).log_evidence + jensen.em.log_prior(model, there)

    def score(v):
        there = model.chart.from_vector(v)
        return model.score(there, model.e_step(there, data, weight).stats)

    from jensen.numerics.differences import gradient, jacobian

    size = max(1.0, abs(evidence(u)))
    assert np.allclose(score(u), gradient(evidence, u, 0.2), rtol=1e-9, atol=1e-9 * size)
    information = model.information(params, data, weight)
    assert np.allclose(information, -jacobian(score, u, 0.2), rtol=1e-8, atol=1e-9 * size)
    if getattr(model, "prior", None) is None:
        w = np.ones(len(data)) if weight is None else weight
        assert np.allclose(w @ model.scores(params, data), score(u), rtol=1e-10, atol=1e-10 * size)


def test_the_score_at_other_params_is_that_of_q():
    model, params, data, weight = CASES["gaussians_closed"]()
    stats = model.e_step(params, data, weight).stats
    other = model.m_step(stats, params)
    assert np.abs(model.score(params, stats)).max() > 1.0
    assert np.abs(model.score(other, stats)).max() < 1e-9  # the M-step is where Q is flat


def test_impossible_values_have_no_part_in_derivatives():
    """The derivative of √(a z − x) at z = 0 is NaN; it must not matter, since z = 0 is impossible."""

    def log_joint(params, z, x):
        gap = params["a"] * z - x
        return jnp.where(gap > 0, jnp.log(params["w"][z]) - jnp.sqrt(gap), -jnp.inf)

    model = jensen.LogJoint(
        log_joint, jensen.Enumerated(3), {"w": jensen.Simplex(3), "a": jensen.Interval(1.0, 2.0)}
    )
    params = {"w": np.array([0.2, 0.3, 0.5]), "a": np.array(1.4)}
    data = np.array([0.5, 0.2, 0.1])
    stats = model.e_step(params, data, None).stats
    score = model.score(params, stats)
    assert np.isfinite(score).all()
    assert np.isfinite(model.information(params, data, None)).all()
    assert np.allclose(model.scores(params, data).sum(axis=0), score)
    z = np.array([1, 2])
    gap = params["a"] * z[None] - data[:, None]
    joint = np.log(params["w"][z]) - np.sqrt(gap)
    q = np.exp(joint) / np.exp(joint).sum(axis=1, keepdims=True)
    by_a = (q * (-0.5 / np.sqrt(gap)) * z).sum() * (params["a"] - 1) * (2 - params["a"])
    assert score[2] == pytest.approx(by_a, rel=1e-12)


def test_a_hidden_variable_of_several_parts():
    """Two coins, each with its own bias, of which only the sum of heads is seen."""
    support = {"first": np.array([0, 0, 1, 1]), "second": np.array([0, 1, 0, 1])}

    def log_joint(params, z, x):
        heads = densities.bernoulli(z["first"], params["p"][0]) + densities.bernoulli(
            z["second"], params["p"][1]
        )
        return jnp.where(z["first"] + z["second"] == x, heads, -jnp.inf)

    model = jensen.LogJoint(log_joint, jensen.Enumerated(support), {"p": jensen.Interval(0, 1, 2)})
    params = {"p": np.array([0.3, 0.8])}
    evidence = np.exp(model.posterior(params, np.arange(3)).log_evidence)
    assert np.allclose(evidence, [0.7 * 0.2, 0.3 * 0.2 + 0.7 * 0.8, 0.3 * 0.8])
    assert evidence.sum() == pytest.approx(1.0)


def test_integers_where_jax_wants_real_numbers():
    """An integer z under xlogy, which JAX cannot differentiate beside."""
    from jax.scipy.special import xlogy

    def log_joint(params, z, x):
        ways = jax.scipy.special.gammaln(x + 1.0) - jax.scipy.special.gammaln(z + 1.0)
        return (
            ways
            - jax.scipy.special.gammaln(x - z + 1.0)
            + xlogy(z, params["p"])
            + xlogy(x - z, 1 - params["p"])
        )

    model = jensen.LogJoint(log_joint, jensen.Enumerated(3), {"p": jensen.Interval(0, 1)}).prepare(
        np.array([2, 2]), None
    )
    assert np.allclose(model.posterior({"p": 0.3}, np.array([2, 2])).responsibilities[0], [0.49, 0.42, 0.09])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_distributions_of_numpyro_can_be_used():
    dist = pytest.importorskip("numpyro.distributions")

    def log_joint(params, z, x):
        return jnp.log(params["w"][z]) + dist.Poisson(params["rate"][z]).log_prob(x)

    model = jensen.LogJoint(log_joint, jensen.Enumerated(2), log_joints.poisson().chart.spaces)
    data, weight = log_joints.NOTICES, log_joints.DAYS.astype(float)
    found, expected = (
        m.prepare(data, weight).e_step(log_joints.NOTICES_START, data, weight)
        for m in (model, log_joints.poisson())
    )
    assert found.log_evidence == pytest.approx(expected.log_evidence, rel=1e-14)
    assert np.allclose(found.stats.parts[0].score, expected.stats.parts[0].score, rtol=1e-11)


def test_densities_against_scipy():
    from scipy import stats

    cov = np.array([[2.0, 0.3], [0.3, 0.5]])
    with jax.enable_x64(True):
        pairs = [
            (densities.normal(0.3, 1.0, 2.0), stats.norm(1.0, 2.0).logpdf(0.3)),
            (
                densities.multivariate_normal(np.array([0.3, 1.0]), np.zeros(2), cov),
                stats.multivariate_normal(np.zeros(2), cov).logpdf([0.3, 1.0]),
            ),
            (densities.poisson(4, 2.5), stats.poisson(2.5).logpmf(4)),
            (densities.poisson(0, 0.0), 0.0),
            (densities.binomial(3, 7, 0.2), stats.binom(7, 0.2).logpmf(3)),
            (densities.binomial(0, 7, 0.0), 0.0),
            (densities.bernoulli(np.array([0, 1]), np.array([0.2, 0.7])), np.log([0.8, 0.7])),
            (densities.bernoulli(1, 1.0), 0.0),
            (densities.categorical(2, np.array([0.2, 0.3, 0.5])), np.log(0.5)),
            (densities.categorical(np.array([1, 0]), np.array([[0.2, 0.8], [0.6, 0.4]])), np.log([0.8, 0.6])),
        ]
        pairs = [(np.asarray(found), expected) for found, expected in pairs]
        slope = float(jax.grad(lambda p: densities.bernoulli(0, p))(0.0))
    for found, expected in pairs:
        assert np.allclose(found, expected, rtol=1e-14, atol=1e-15)
    assert slope == -1.0


def test_statistics_of_blocks_add():
    model, params, data, _ = CASES["gaussians_closed"]()
    whole = model.e_step(params, data, None)
    parts = model.e_step(params, data[:100], None) + model.e_step(params, data[100:], None)
    other = model.m_step(whole.stats, params)
    assert parts.log_evidence == pytest.approx(whole.log_evidence, rel=1e-14)
    for at in (params, other):
        assert model.expected_log_joint(at, parts.stats) == pytest.approx(
            model.expected_log_joint(at, whole.stats), rel=1e-13
        )
        assert np.allclose(model.score(at, parts.stats), model.score(at, whole.stats), atol=1e-9)
    assert np.allclose(model.m_step(parts.stats, params)["mu"], other["mu"], rtol=1e-12)


def test_tuples_and_frames_are_data():
    import pandas as pd
    import polars as pl

    x, params = gaussian_case(30)
    model = log_joints.gaussians_closed(3, 2)
    expected = model.posterior(params, x).log_evidence
    for frame in (pd.DataFrame(x), pl.DataFrame(x), x.tolist(), np.asfortranarray(x)):
        assert np.array_equal(model.posterior(params, frame).log_evidence, expected)
    single = model.posterior(params, x.astype(np.float32)).log_evidence
    assert np.allclose(
        single, model.posterior(params, x.astype(np.float32).astype(float)).log_evidence, rtol=1e-15
    )
    pair = log_joints.regressions()
    at = {"share": [0.7, 0.3], "beta": [[8, 0.0], [1, 0.6]], "sd": [2.0, 1.0]}
    found = pair.posterior(at, (log_joints.GNP, log_joints.CO2)).log_evidence
    assert np.array_equal(
        found, pair.posterior(at, (list(log_joints.GNP), list(log_joints.CO2))).log_evidence
    )


# ---- how it is computed -----------------------------------------------------------------------------------


def test_few_traces_for_any_number_of_rows():
    model, (_, params) = log_joints.gaussians_closed.__wrapped__(3, 2), gaussian_case()
    rng = np.random.default_rng(0)
    for n in (20_000, 20_001, 19_999, 18_500):
        model.e_step(params, rng.normal(size=(n, 2)), None)
    assert model.sums.passes.num_traces == 2  # blocks of 8192, and what is left in one of 4096
    for n in (1, 20, 32):
        model.e_step(params, rng.normal(size=(n, 2)), None)
    assert model.sums.passes.num_traces == 3


def test_a_fit_compiles_once():
    model = log_joints.poisson.__wrapped__()
    jensen.fit(model, log_joints.NOTICES, log_joints.NOTICES_START, weight=log_joints.DAYS)
    before = model.sums.passes.num_traces
    jensen.fit(model, log_joints.NOTICES, log_joints.NOTICES_START, weight=log_joints.DAYS)
    assert model.sums.passes.num_traces == before


@pytest.mark.parametrize("n", [1, 7, 8, 9, 100])
@pytest.mark.parametrize("block", [1, 8, 64])
def test_blocks_change_nothing(n, block):
    x, params = gaussian_case(99)
    x = np.concatenate([x, x])[:n]
    weight = np.arange(1.0, n + 1)
    whole = log_joints.gaussians_closed(3, 2).e_step(params, x, weight)
    found = log_joints.gaussians_closed(3, 2, block=block).e_step(params, x, weight)
    assert found.log_evidence == pytest.approx(whole.log_evidence, rel=1e-13)
    assert found.entropy == pytest.approx(whole.entropy, rel=1e-11)
    assert np.allclose(found.stats.features, whole.stats.features, rtol=1e-12)


def test_the_callers_configuration_stays_as_it_is():
    assert not jax.config.jax_enable_x64
    model = log_joints.poisson_closed()
    fit = jensen.fit(model, log_joints.NOTICES, log_joints.NOTICES_START, weight=log_joints.DAYS)
    assert not jax.config.jax_enable_x64
    assert jnp.ones(1).dtype == jnp.float32
    for value in fit.params.values():
        assert type(value) is np.ndarray
        assert value.dtype == np.float64
    with pytest.raises(ValueError, match="not positive"):
        model.posterior({"w": [0.5, 0.5], "rate": [-1.0, 1.0]}, log_joints.NOTICES)
    assert not jax.config.jax_enable_x64


def test_importing_jensen_does_not_import_jax():
    code = "import sys, jensen, jensen.models; jensen.Mixture; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_jax_one_line_says_what_to_install():
    code = (
        "import sys; sys.modules['jax'] = None\n"
        "import jensen\n"
        "for make in (lambda: jensen.LogJoint(None, None, {}), lambda: jensen.Enumerated(2)):\n"
        "    try: make()\n"
        "    except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "LogJoint needs JAX: pip install 'jensen[jax]'\n" * 2


def test_half_steps_only_where_they_are_cheap():
    x, params = gaussian_case()
    cheap = log_joints.gaussians_closed(3, 2).e_step(params, x, None).stats
    dear = log_joints.gaussians_closed(3, 2, half_steps=False).e_step(params, x, None).stats
    assert cheap.cheap
    assert not dear.cheap
    many = np.tile(x, (300, 1))
    assert not log_joints.gaussians_closed(3, 2).e_step(params, many, None).stats.cheap
    assert log_joints.gaussians_closed(3, 2, half_steps=True).e_step(params, many, None).stats.cheap
    assert not (cheap + dear).cheap


def test_a_model_can_be_pickled_and_goes_on():
    model = log_joints.poisson()
    model.e_step(log_joints.NOTICES_START, log_joints.NOTICES, None)
    again = pickle.loads(pickle.dumps(model))
    found = again.e_step(log_joints.NOTICES_START, log_joints.NOTICES, None)
    expected = model.e_step(log_joints.NOTICES_START, log_joints.NOTICES, None)
    assert found.log_evidence == expected.log_evidence


def test_starts_are_inside_reproducible_and_better_than_chance():
    model = log_joints.poisson()
    data, weight = log_joints.NOTICES, log_joints.DAYS
    starts = [model.start(data, weight, np.random.default_rng(seed)) for seed in range(20)]
    for seed, params in enumerate(starts):
        model.chart.check(params)
        again = model.start(data, weight, np.random.default_rng(seed))
        assert all(np.array_equal(params[name], again[name]) for name in params)
    rng = np.random.default_rng(0)
    chance = [model.e_step(model.chart.random(rng), data, weight).log_evidence for _ in range(20)]
    chosen = [model.e_step(params, data, weight).log_evidence for params in starts]
    assert np.median(chosen) > np.median(chance)


def test_a_start_of_the_users_own():
    def start(data, rng):
        return {"w": jnp.array([0.5, 0.5]), "rate": jnp.array([1.0, 1.0 + rng.random()])}

    model = log_joints.poisson(start=start)
    params = model.start(log_joints.NOTICES, None, np.random.default_rng(0))
    assert type(params["rate"]) is np.ndarray
    assert params["rate"].dtype == np.float64
    assert 1.0 < params["rate"][1] < 2.0


def test_canonical_sorts_the_interchangeable_values():
    model = log_joints.poisson()
    found = model.canonical({"w": np.array([0.1, 0.9]), "rate": np.array([3.0, 1.0])})
    assert found["rate"].tolist() == [1.0, 3.0]
    assert found["w"].tolist() == [0.9, 0.1]
    plain = log_joints.linkage()
    assert plain.canonical is None
    assert plain.relabel is None and plain.num_components is None


def test_a_prior_pulls_the_fit():
    """With a Gamma(a, b) prior of one rate, the maximum is (Σx + a − 1) / (n + b)."""
    model = jensen.LogJoint(
        lambda params, z, x: densities.poisson(x, params["rate"]),
        jensen.Enumerated(1),
        {"rate": jensen.Positive()},
        log_prior=lambda params: 4.0 * jnp.log(params["rate"]) - 2.0 * params["rate"],
    )
    data = np.array([3, 1, 4, 1, 5])
    for options in ({}, {"algorithm": EM()}):
        fit = jensen.fit(model, data, {"rate": 1.0}, **options)
        assert fit.params["rate"] == pytest.approx((data.sum() + 4) / (len(data) + 2), rel=1e-8)
    assert fit.objective == fit.log_evidence + fit.log_prior


def test_newton_reaches_the_m_step_from_far_and_in_any_units():
    """The numerical M-step is the closed form's, from a bad start and with data far from 0."""
    x, params = gaussian_case()
    for scale, shift in ((1.0, 0.0), (1e4, 1e6), (1e-5, 0.0)):
        moved = {
            "w": params["w"],
            "mu": params["mu"] * scale + shift,
            "cov": params["cov"] * scale**2,
        }
        data = x * scale + shift
        models = log_joints.gaussians(3, 2), log_joints.gaussians_closed(3, 2)
        problems = [Problem(model.prepare(data, None), data) for model in models]
        newton, closed = (p.m_step(p.e_step(moved)) for p in problems)
        assert np.allclose((newton["mu"] - shift) / scale, (closed["mu"] - shift) / scale, rtol=0, atol=1e-8)
        assert np.allclose(
            newton["cov"] / scale**2, closed["cov"] / scale**2, rtol=0, atol=1e-4 if shift else 1e-10
        )
        assert np.allclose(newton["w"], closed["w"], rtol=1e-10)


def test_gradient_em_never_lowers_the_objective():
    """From starts at equal shares, at the edge of the chart and in the middle."""
    patterns, counts = log_joints.CARCINOMA
    model = log_joints.classes(3, 7)
    rng = np.random.default_rng(0)
    for spread in (1e-9, 0.3, 0.5):
        yes = np.abs(rng.integers(0, 2, (3, 7)) - spread)
        start = {"share": np.array([1e-6, 0.5 - 1e-6, 0.5]), "yes": yes}
        fit = jensen.fit(model, patterns, start, weight=counts, max_steps=60, stop=Never())
        assert "GradientEM" in fit.ledger["algorithm"]
        assert np.diff(fit.ledger["objective"]).min() > -1e-11
        assert fit.log_evidence > -318


def test_many_starts():
    """No exception, no NaN, nothing falls; the same again with the seed."""
    model = log_joints.poisson_closed()
    options = {"weight": log_joints.DAYS, "restarts": 100, "rng": 3, "max_steps": 20, "stop": Never()}
    fit = jensen.fit(model, log_joints.NOTICES, **options)
    assert fit.starts.num_rows >= 100
    assert np.isfinite(fit.starts["objective"]).all()
    again = jensen.fit(model, log_joints.NOTICES, **options)
    assert np.array_equal(fit.starts["objective"], again.starts["objective"])
    assert np.array_equal(fit.params["rate"], again.params["rate"])
