"""Functions of the parameters, tests against 0, likelihood-ratio tests: against closed forms and draws."""

from functools import cache

import numpy as np
import pytest
from scipy import stats

import jensen
from jensen.em import EM
from jensen.families import GaussianParams
from jensen.models import Dirichlet, MixtureParams, MixturePrior
from jensen.spaces.links import Log
from samples import faithful

ONE = jensen.Mixture(1)
TIED = jensen.Mixture(2, jensen.Gaussian(jensen.Tied()))


@cache
def fitted(structure, k=1):
    return jensen.fit(jensen.Mixture(k, jensen.Gaussian(structure)), faithful())


# ---- the delta method --------------------------------------------------------------------------------------


def ratio(params):
    return params.components.means[0, 0] / params.components.means[0, 1]


def test_the_ratio_of_two_means():
    """Var(a/b) = (s_aa/b² − 2 a s_ab/b³ + a² s_bb/b⁴)/n."""
    x = faithful()
    a, b = x.mean(axis=0)
    s = np.cov(x.T, bias=True)
    expected = np.sqrt((s[0, 0] / b**2 - 2 * a * s[0, 1] / b**3 + a**2 * s[1, 1] / b**4) / len(x))
    found = jensen.fit(ONE, x).uncertainty().delta(ratio, level=0.9)
    assert found.names == ["ratio"] and found.value == pytest.approx(a / b)
    assert found.standard_errors == pytest.approx(expected, rel=1e-7)
    row = found.interval().rows()[0]
    reach = stats.norm.ppf(0.95) * expected
    assert (row["low"], row["high"]) == pytest.approx((a / b - reach, a / b + reach))
    assert row["z"] == pytest.approx(a / b / expected)
    row = found.interval(0.95, link=Log()).rows()[0]
    factor = np.exp(stats.norm.ppf(0.975) * expected * b / a)
    assert (row["low"], row["high"]) == pytest.approx((a / b / factor, a / b * factor))
    assert np.isnan(row["z"])  # a positive number is not 0


def test_log_odds_of_a_share():
    """1/√(n p (1 − p)) (Woolf 1955)."""
    x = (np.arange(50) < 14).astype(int)[:, None]
    sure = jensen.fit(jensen.Mixture(1, jensen.Categorical()), x).uncertainty()

    def log_odds(params):
        (table,) = params.components.values()
        return np.log(table[0, 1] / table[0, 0])

    p = 14 / 50
    assert sure.delta(log_odds).standard_errors == pytest.approx(1 / np.sqrt(50 * p * (1 - p)), rel=1e-7)


def test_outputs_have_a_covariance_and_names():
    fit = fitted(jensen.Tied(), 2)
    sure = fit.uncertainty()

    def pieces(params):
        return {"gap": np.diff(params.components.means, axis=0)[0], "share": params.weights[0]}

    found = sure.delta(pieces)
    assert found.names == ["gap[0]", "gap[1]", "share"]
    contrast = np.zeros((3, len(sure.names)))
    for j in range(2):
        contrast[j, sure.names.index(f"means[1,{j}]")] = 1
        contrast[j, sure.names.index(f"means[0,{j}]")] = -1
    contrast[2, 0] = 1
    assert found.covariance == pytest.approx(contrast @ sure.covariance @ contrast.T, rel=1e-6)
    robust = sure.sandwich()
    expected = contrast @ robust.covariance @ contrast.T
    assert robust.delta(pieces).covariance == pytest.approx(expected, rel=1e-6)


def test_against_the_parametric_bootstrap():
    fit, draws = fitted(jensen.Tied(), 2), 150
    rng = np.random.default_rng(4)

    def gap(params):
        return np.log(params.components.means[1, 0] / params.components.means[0, 0])

    refitted = []
    for _ in range(draws):
        rows, _ = fit.model.sample(fit.params, len(faithful()), rng)
        refitted.append(gap(jensen.fit(TIED, rows, fit.params).params))
    error = fit.uncertainty().delta(gap).standard_errors
    assert abs(np.std(refitted) / error - 1) < 4 / np.sqrt(2 * draws)


def test_what_has_no_standard_error_says_why():
    rng = np.random.default_rng(0)
    x = np.c_[np.r_[np.zeros(100, int), rng.poisson(4, 100)], np.r_[rng.poisson(8, 100), rng.poisson(1, 100)]]
    sure = jensen.fit(jensen.Mixture(2, jensen.Poisson()), x).uncertainty()
    found = sure.delta(lambda params: params.components.rates.ravel())
    assert found.notes == ["at its bound", "", "", ""]
    assert np.isnan(found.standard_errors).tolist() == [True, False, False, False]
    here = sure.params.components.rates[1, 1]
    kink = sure.delta(lambda params: abs(params.components.rates[1, 1] - here))
    assert kink.notes == ["not smooth here"] and np.isnan(kink.standard_errors)
    constant = sure.delta(lambda params: 3.0)
    assert constant.standard_errors == 0


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (
            lambda params: "text",
            TypeError,
            "must return a number, an array of numbers or a dict of these, not str",
        ),
        (lambda params: np.float32(1), TypeError, "single precision, too coarse for derivatives"),
        (lambda params: np.log(params.weights - 2), ValueError, "not finite at the estimate"),
        (lambda params: {}, TypeError, "must return a number"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_functions_that_will_not_do(function, error, message):
    sure = fitted(jensen.Full()).uncertainty()
    with pytest.raises(error, match=message):
        sure.delta(function)


def test_a_log_joint_is_differentiated_exactly():
    jnp = pytest.importorskip("jax.numpy")
    deaths, days = np.arange(10), np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1])

    def log_joint(params, z, x):
        return jnp.log(params["w"][z]) + jensen.densities.poisson(x, params["rate"][z])

    parameters = {"w": jensen.Simplex(2), "rate": jensen.Positive(2, names=("slow", "quick"))}
    model = jensen.LogJoint(log_joint, latent=jensen.Enumerated(2), parameters=parameters)
    start = {"w": [0.5, 0.5], "rate": [1.0, 3.0]}
    sure = jensen.fit(model, deaths, start, weight=days).uncertainty()
    assert sure.names == ["w[0]", "w[1]", "rate[slow]", "rate[quick]"]
    both = (lambda p, xp=xp: {"r": xp.log(p["rate"]), "w": p["w"][0]} for xp in (jnp, np))
    exact, numeric = (sure.delta(function) for function in both)
    assert exact.names == numeric.names == ["r[0]", "r[1]", "w"]
    assert exact.covariance == pytest.approx(numeric.covariance, rel=1e-8)
    rates = sure.covariance[2:, 2:] / np.outer(sure.estimate[2:], sure.estimate[2:])
    assert exact.covariance[:2, :2] == pytest.approx(rates, rel=1e-9)
    fixed = {"w": [0.4, 0.6]}
    held = jensen.fit(jensen.constrain(model, fixed=fixed), deaths, start | fixed, weight=days)
    exact, numeric = (held.uncertainty().delta(lambda p, xp=xp: xp.log(p["rate"])) for xp in (jnp, np))
    assert exact.covariance == pytest.approx(numeric.covariance, rel=1e-8)


# ---- against 0 ---------------------------------------------------------------------------------------------


def test_z_and_p_where_0_can_be():
    x = faithful() - faithful().mean(axis=0) + [0.1, 0.0]
    table = jensen.fit(ONE, x).uncertainty().table()
    rows = {row["name"]: row for row in table.rows()}
    z = 0.1 / (x[:, 0].std() / np.sqrt(len(x)))
    assert rows["means[0,0]"]["z"] == pytest.approx(z)
    assert rows["means[0,0]"]["p"] == pytest.approx(2 * stats.norm.sf(z))
    assert np.isnan(rows["weights[0]"]["z"]) and np.isnan(rows["covariances[0,0,0]"]["p"])
    r = np.corrcoef(x.T)[0, 1]  # of a covariance: var(s_ab) = (s_aa s_bb + s_ab²)/n
    assert rows["covariances[0,0,1]"]["z"] == pytest.approx(r * np.sqrt(len(x) / (1 + r**2)), rel=1e-6)


def test_p_is_never_zero_in_print():
    text = str(fitted(jensen.Full()).uncertainty())
    assert "<1e-16" in text and "nan" not in text


# ---- likelihood ratios -------------------------------------------------------------------------------------


def test_independence_of_two_columns():
    """−n log(1 − r²)."""
    found = jensen.likelihood_ratio(fitted(jensen.Diagonal()), fitted(jensen.Full()))
    r = np.corrcoef(faithful().T)[0, 1]
    statistic = -len(faithful()) * np.log(1 - r**2)
    assert found.statistic == pytest.approx(statistic, rel=1e-9)
    assert (found.df, found.caution) == (1, "")
    assert found.p == pytest.approx(stats.chi2.sf(statistic, 1), rel=1e-6)
    assert "χ² = 453.8 on 1 degree of freedom, p < 1e-16" in found.words


def test_equal_variances():
    """n (d log mean s − Σ log s_j)."""
    found = jensen.likelihood_ratio(fitted(jensen.Spherical()), fitted(jensen.Diagonal()))
    s = faithful().var(axis=0)
    expected = len(faithful()) * (2 * np.log(s.mean()) - np.log(s).sum())
    assert found.statistic == pytest.approx(expected, rel=1e-9)
    assert found.df == 1


def test_structures_of_a_mixture_by_their_degrees():
    found = jensen.likelihood_ratio(fitted(jensen.Tied(), 2), fitted(jensen.Full(), 2))
    assert found.df == 3 and not found.caution
    assert found.p == pytest.approx(stats.chi2.sf(found.statistic, 3))


def test_the_size_of_the_test():
    """p is uniform under the smaller model: Kolmogorov's distance over 120 draws, at the level 1 in 1000."""
    rng, model = np.random.default_rng(1), jensen.Mixture(2, jensen.Poisson())
    half = jensen.constrain(model, fixed={"weights": [0.5, 0.5]})
    start = jensen.fit(half, np.r_[rng.poisson(2, 500), rng.poisson(9, 500)]).params
    ps = []
    for _ in range(120):
        x = np.where(rng.random(300) < 0.5, rng.poisson(2, 300), rng.poisson(9, 300))
        ps.append(jensen.likelihood_ratio(jensen.fit(half, x, start), jensen.fit(model, x, start)).p)
    assert stats.kstest(ps, "uniform").pvalue > 1e-3
    assert 0.2 < np.mean(ps) < 0.8


def test_what_is_refused():
    data = faithful()
    small, large = fitted(jensen.Tied(), 2), fitted(jensen.Full(), 2)
    test = jensen.likelihood_ratio
    with pytest.raises(ValueError, match="has 8 free parameters, the smaller 11"):
        test(large, small)
    with pytest.raises(ValueError, match=r"number of components differs.*BIC"):
        test(fitted(jensen.Full()), large)
    with pytest.raises(ValueError, match="not of the same data"):
        test(jensen.fit(TIED, data[:200]), large)
    with pytest.raises(ValueError, match="not of the same data"):
        test(jensen.fit(TIED, data[::-1] * 1.01), large)
    with pytest.raises(ValueError, match="larger fit is not at a maximum: step limit"):
        test(small, jensen.fit(jensen.Mixture(2), data, max_steps=1, algorithm=EM(), restarts=1))
    prior = jensen.fit(jensen.Mixture(2, prior=MixturePrior(Dirichlet(2.0))), data)
    with pytest.raises(ValueError, match="larger fit has a prior"):
        test(small, prior)
    diagonal = fitted(jensen.Diagonal(), 2)
    assert diagonal.num_free > small.num_free
    with pytest.raises(ValueError, match=r"whether a .* contains a .* cannot be told"):
        test(small, diagonal)


def test_a_larger_fit_that_is_below_is_not_settled():
    """A local maximum: three groups, of which one component has one and the other two."""
    rng = np.random.default_rng(0)
    x = np.vstack([rng.normal(c, 0.5, (n, 1)) for c, n in ((0, 100), (4, 30), (20, 100))])
    best = jensen.fit(jensen.Mixture(2, jensen.Gaussian(jensen.EII())), x)
    rich = jensen.Mixture(2, jensen.Gaussian(jensen.Spherical()))
    start = GaussianParams(np.array([[0.0], [14.0]]), np.array([0.3, 50.0]))
    stuck = jensen.fit(rich, x, MixtureParams(np.array([0.4, 0.6]), start))
    assert stuck.verdict.converged and stuck.log_evidence < best.log_evidence
    with pytest.raises(ValueError, match=r"nats below the smaller one's.*not settled"):
        jensen.likelihood_ratio(best, stuck)


def test_where_the_chi_square_does_not_hold():
    fit = fitted(jensen.Tied(), 2)
    same = jensen.fit(jensen.constrain(TIED, tied={"means": [0, 0]}), faithful(), restarts=2)
    assert "not identified on the smaller one" in jensen.likelihood_ratio(same, fit).caution
    x = (np.arange(60) % 3 == 0).astype(int)[:, None] * 1
    pair = np.hstack([x, 1 - x])
    model = jensen.Mixture(1, jensen.Categorical(num_codes=3))
    edge = jensen.constrain(model, fixed={"probabilities0": [[np.nan, np.nan, 0.0]]})
    found = jensen.likelihood_ratio(jensen.fit(edge, pair, restarts=1), jensen.fit(model, pair))
    assert "the smaller fit and the larger fit are at a bound" in found.caution
    assert found.caution in found.words
    counts, model = stats.poisson.rvs(3, size=(80, 1), random_state=0), jensen.Mixture(2, jensen.Poisson())
    one = jensen.constrain(model, fixed={"weights": [1.0, 0.0], "rates": [[np.nan], [9.0]]})
    found = jensen.likelihood_ratio(jensen.fit(one, counts, restarts=1), jensen.fit(model, counts))
    assert "the smaller model is at a bound of the larger one" in found.caution


def test_log_joints_with_parameters_of_their_own():
    pytest.importorskip("jax")
    x = np.random.default_rng(3).poisson(3, 80) + np.arange(80) // 40
    data = {"x": x, "late": np.arange(80) // 40}

    def two(params, z, row):
        return jensen.densities.poisson(row["x"], params["rate"][row["late"]])

    def one(params, z, row):
        return jensen.densities.poisson(row["x"], params["r"])

    single = jensen.Enumerated(1)
    rich = jensen.LogJoint(two, latent=single, parameters={"rate": jensen.Positive(2)})
    poor = jensen.LogJoint(one, latent=single, parameters={"r": jensen.Positive()})
    large, small = jensen.fit(rich, data, {"rate": [3.0, 4.0]}), jensen.fit(poor, data, {"r": 3.0})
    with pytest.raises(ValueError, match="cannot be told"):
        jensen.likelihood_ratio(small, large)
    r = float(small.params["r"])
    found = jensen.likelihood_ratio(small, large, within={"rate": [r, r]})
    a, b = x[:40].sum(), x[40:].sum()  # 2 Σ observed log(observed/expected)
    statistic = 2 * (a * np.log(2 * a / (a + b)) + b * np.log(2 * b / (a + b)))
    assert found.statistic == pytest.approx(statistic, rel=1e-7) and found.df == 1
    with pytest.raises(ValueError, match="does not contain it"):
        jensen.likelihood_ratio(small, large, within={"rate": [1.0, 2.0]})
