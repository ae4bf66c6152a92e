"""Fixing and tying: exactly as asked or refused, the maximum of what is left, and a model like any other."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm, poisson

import jensen
from jensen.em import EM, Outcome, Problem, QuasiNewton
from jensen.em.curvature.information import observed_information
from jensen.families import GaussianParams
from jensen.models import Dirichlet, MixtureParams, MixturePrior, NormalInverseWishart
from jensen.numerics.maximize import Memory, maximize
from jensen.testing import check_model
from toys import PoissonMixture, Rates

NAN = np.nan
FAITHFUL = jensen.load_dataset("faithful").values
IRIS = jensen.load_dataset("iris").values


class Counted(PoissonMixture):
    """The toy with a chart, and no score of its own."""

    @property
    def chart(self):
        k = self.num_components
        return jensen.Chart({"weights": jensen.Simplex(k), "rates": jensen.Positive(k)}, Rates)


class Scored(Counted):
    """And with the score, and the information where the data are complete enough not to matter."""

    def score(self, params, stats):
        count, total, _ = stats.values
        return np.concatenate([count[:-1] - count.sum() * params.weights[:-1], total - count * params.rates])


class Split:
    """The toy with a name for each rate; params are a dict."""

    def __init__(self, start=None):
        self.inner = PoissonMixture(2)
        self.chart = jensen.Chart(
            {
                "share": jensen.Interval(0, 1),
                "first": jensen.Positive(),
                "second": jensen.Positive(start=start),
            }
        )

    def _rates(self, params):
        share = float(params["share"])
        return Rates(np.array([share, 1 - share]), np.array([params["first"], params["second"]], float))

    def posterior(self, params, data):
        return self.inner.posterior(self._rates(params), data)

    def expected(self, params, data, posterior, weight):
        return self.inner.expected(self._rates(params), data, posterior, weight)

    def m_step(self, stats, params):
        weights, rates = self.inner.m_step(stats, None)
        return {"share": weights[0], "first": rates[0], "second": rates[1]}

    def expected_log_joint(self, params, stats):
        return self.inner.expected_log_joint(self._rates(params), stats)


def counts(n=200, seed=4):
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.choice([1.0, 5.0, 12.0], size=n, p=[0.3, 0.3, 0.4]))


def evidence(data, weights, rates):
    return float(np.log(poisson.pmf(data[:, None], rates) @ weights).sum())


def best_of(objective, *starts):
    """The maximum by someone else's optimizer."""
    with np.errstate(all="ignore"):  # far from the maximum, where line searches look too
        ends = [
            minimize(lambda v: -objective(v), start, method="BFGS", options={"gtol": 1e-8})
            for start in starts
        ]
    return min((end for end in ends if np.isfinite(end.fun)), key=lambda end: end.fun)


# ---- the maximum of what is left ---------------------------------------------------------------------------


def softmax(*v):
    raised = np.exp(np.array(v))
    return raised / raised.sum()


CASES = {
    "a weight": (
        {"fixed": {"weights": [0.3, NAN, NAN]}},
        lambda v: (np.append(0.3, 0.7 * softmax(v[0], 0.0)), np.exp(v[1:4])),
        4,
    ),
    "all weights": (
        {"fixed": {"weights": [0.3, 0.3, 0.4]}},
        lambda v: (np.array([0.3, 0.3, 0.4]), np.exp(v[:3])),
        3,
    ),
    "two weights equal": (
        {"tied": {"weights": [0, -1, 0]}},
        lambda v: ((lambda w: np.array([w[0] / 2, w[1], w[0] / 2]))(softmax(v[0], 0.0)), np.exp(v[1:4])),
        4,
    ),
    "a rate": (
        {"fixed": {"rates": [1.0, NAN, NAN]}},
        lambda v: (softmax(v[0], v[1], 0), np.exp([0, *v[2:4]])),
        4,
    ),
    "rates equal, a weight": (
        {"fixed": {"weights": [NAN, NAN, 0.5]}, "tied": {"rates": [2, 2, -1]}},
        lambda v: (np.append(0.5 * softmax(v[0], 0.0), 0.5), np.exp([v[1], v[1], v[2]])),
        2,
    ),
}


@pytest.mark.parametrize("toy", [Counted, Scored])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_fit_is_the_maximum_under_the_constraints(case, toy):
    asked, params_at, num_free = case
    data = counts()
    model = jensen.constrain(toy(3), **asked)
    fit = jensen.fit(model, data, restarts=6)
    assert fit.verdict.converged
    rng = np.random.default_rng(0)
    peer = best_of(lambda v: evidence(data, *params_at(v)), *rng.uniform(0, 2.6, (8, 4)))
    assert fit.log_evidence == pytest.approx(-peer.fun, abs=1e-7)
    assert fit.log_evidence == pytest.approx(evidence(data, *fit.params), rel=1e-12)
    if num_free > 2:  # with two rates equal, their weights are not told apart
        assert fit.num_free == num_free
    assert as_asked(fit.params._asdict(), asked)


def as_asked(values, asked):
    """Bit for bit."""
    for name, value in asked.get("fixed", {}).items():
        held = ~np.isnan(np.asarray(value, float))
        assert (np.asarray(values[name])[held] == np.asarray(value, float)[held]).all()
    for name, groups in asked.get("tied", {}).items():
        if isinstance(groups, str):
            assert np.array_equal(values[name], values[groups])
            continue
        for group in np.unique(groups):
            members = np.asarray(values[name])[np.asarray(groups) == group]
            assert group < 0 or (members == members[0]).all()
    return True


def gaussian(structure, k=2, prior=None):
    return jensen.Mixture(k, jensen.Gaussian(structure), prior)


def natural(fit):
    weights, (means, covariances) = fit.params
    return {"weights": weights, "means": means, "covariances": covariances}


GAUSSIANS = {
    "known means": (jensen.Full(), {"fixed": {"means": [[2.0, 54.0], [4.3, 80.0]]}}),
    "known columns": (jensen.Full(), {"fixed": {"means": [[2.0, NAN], [NAN, 80.0]]}}),
    "a known covariance": (
        jensen.Full(),
        {"fixed": {"covariances": [[[0.08, 0.4], [0.4, 30.0]], [[NAN, NAN], [NAN, NAN]]]}},
    ),
    "a column's means equal": (jensen.Tied(), {"tied": {"means": [[0, -1], [0, -1]]}}),
    "a column's variances equal": (jensen.Diagonal(), {"tied": {"covariances": [[0, 1], [0, 2]]}}),
    "all variances known": (jensen.Spherical(), {"fixed": {"covariances": 20.0}}),
}


def negative_evidence(data, model, chart):
    k = model.base.num_components

    def value(u):
        weights, (means, covariances) = chart.from_vector(u)
        full = model.base.family.covariance.full(covariances, *means.shape)
        logs = [np.log(weights[j]) + multivariate_normal(means[j], full[j]).logpdf(data) for j in range(k)]
        return -float(np.logaddexp.reduce(logs, axis=0).sum())

    return value


@pytest.mark.parametrize("case", GAUSSIANS.values(), ids=GAUSSIANS.keys())
def test_gaussian_mixtures(case):
    structure, asked = case
    fit = jensen.fit(jensen.constrain(gaussian(structure), **asked), FAITHFUL, restarts=3)
    assert fit.verdict.converged
    assert as_asked(natural(fit), asked)
    chart = fit.model.chart
    value, end = negative_evidence(FAITHFUL, fit.model, chart), chart.to_vector(fit.params)
    assert value(end) == pytest.approx(-fit.log_evidence, rel=1e-12)
    peer = minimize(value, end + 1e-2, method="BFGS", options={"gtol": 1e-6})
    assert -fit.log_evidence <= peer.fun + 1e-7
    assert peer.fun < value(end + 1e-2) - 1e-3  # so the peer could have found something better


def test_what_is_known_in_another_form():
    """Equal covariances are structures of their own: the numbers of mclust's EEE and EII."""
    full = jensen.constrain(gaussian(jensen.Full()), tied={"covariances": [0, 0]})
    assert jensen.fit(full, FAITHFUL).log_evidence == pytest.approx(-1140.18675944, abs=1e-7)
    sphere = jensen.constrain(gaussian(jensen.Spherical()), tied={"covariances": [5, 5]})
    assert jensen.fit(sphere, FAITHFUL).log_evidence == pytest.approx(-1709.68137295, abs=1e-7)
    assert jensen.fit(gaussian(jensen.EII()), FAITHFUL).log_evidence == pytest.approx(
        -1709.68137295, abs=1e-7
    )


def test_what_is_at_its_bound_stays_known_under_constraints():
    """One variance ends at its bound; the standard errors of the rest are those of the whole model."""
    rng = np.random.default_rng(0)
    data = np.vstack([rng.normal(size=(200, 2)), np.full((60, 2), 5.0)])
    whole = jensen.fit(gaussian(jensen.Spherical()), data)
    model = jensen.constrain(gaussian(jensen.Spherical()), fixed={"weights": whole.params.weights})
    fit = jensen.fit(model, data)
    expected = jensen.uncertainty(gaussian(jensen.Spherical()), whole, data).standard_errors
    found = jensen.uncertainty(model, fit, data).standard_errors
    assert np.isnan(found["covariances"]).sum() == 1
    np.testing.assert_allclose(found["means"], expected["means"], rtol=1e-6)
    np.testing.assert_allclose(found["covariances"], expected["covariances"], rtol=1e-6)


def test_a_closed_form_is_kept():
    model = jensen.constrain(gaussian(jensen.Full()), {"weights": [0.4, 0.6]}).prepare(FAITHFUL, None)
    params = model.start(FAITHFUL, None, np.random.default_rng(0))
    stats = model.e_step(params, FAITHFUL, None).stats
    own = model.base.m_step(stats, params)
    found = model.m_step(stats, params)
    assert found.weights.tolist() == [0.4, 0.6]
    assert np.array_equal(found.components.means, own.components.means)
    assert np.array_equal(found.components.covariances, own.components.covariances)


def test_the_search_of_the_whole_model_finds_where_to_start():
    """From random rows most climbs end nine nats lower."""
    whole = gaussian(jensen.Full(), 3)
    fit = jensen.fit(jensen.constrain(whole, {"weights": [1 / 3] * 3}), IRIS)
    assert fit.verdict.converged
    assert -180.66 < fit.log_evidence < jensen.fit(whole, IRIS).log_evidence
    assert fit.starts.num_rows > 5
    means = np.array([IRIS[50 * i : 50 * i + 50].mean(axis=0) for i in (2, 0, 1)])
    fit = jensen.fit(jensen.constrain(whole, {"means": means}), IRIS)
    assert fit.log_evidence == pytest.approx(-182.0667079, abs=1e-6)
    assert np.array_equal(
        fit.params.components.means, means
    )  # in the order asked for, not that of the search


def test_a_prior_is_kept():
    prior = MixturePrior(Dirichlet(3.0), NormalInverseWishart.from_data(FAITHFUL, 2))
    model = jensen.constrain(gaussian(jensen.Full(), prior=prior), {"means": [[2.0, NAN], [NAN, 80.0]]})
    fit = jensen.fit(model, FAITHFUL, restarts=3)
    assert fit.verdict.converged
    assert fit.log_prior == pytest.approx(prior.log_density(fit.model.base, fit.params), rel=1e-14)
    chart = fit.model.chart
    evidence_of = negative_evidence(FAITHFUL, fit.model, chart)

    def value(u):
        return evidence_of(u) - prior.log_density(fit.model.base, chart.from_vector(u))

    peer = minimize(value, chart.to_vector(fit.params) + 1e-2, method="BFGS", options={"gtol": 1e-6})
    assert -fit.objective <= peer.fun + 1e-7


# ---- a model like any other --------------------------------------------------------------------------------


LAWS = {
    "full": (gaussian(jensen.Full()), FAITHFUL, {"fixed": {"means": [[2.0, NAN], [NAN, 80.0]]}}),
    "tied": (gaussian(jensen.Tied(), 3), FAITHFUL, {"fixed": {"weights": [0.5, NAN, NAN]}}),
    "diagonal": (
        gaussian(jensen.Diagonal()),
        FAITHFUL,
        {"fixed": {"weights": 0.5}, "tied": {"covariances": [[0, 1], [0, 2]]}},
    ),
    "spherical": (
        gaussian(jensen.Spherical(), 3),
        IRIS,
        {"tied": {"weights": [0, 0, 1], "covariances": [1, 2, 2]}},
    ),
    "prior": (
        gaussian(
            jensen.Full(), prior=MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(FAITHFUL, 2))
        ),
        FAITHFUL,
        {"fixed": {"weights": [0.35, 0.65]}},
    ),
    "differences": (
        Counted(3),
        counts(),
        {"fixed": {"weights": [0.3, NAN, NAN]}, "tied": {"rates": [0, 1, 1]}},
    ),
    "score": (Scored(3), counts(), {"fixed": {"rates": [1.0, NAN, NAN]}, "tied": {"weights": [0, 0, 1]}}),
}


@pytest.mark.parametrize("case", LAWS.values(), ids=LAWS.keys())
def test_laws(case):
    base, data, asked = case
    model = jensen.constrain(base, **asked).prepare(data, None)
    params = model.start(data, None, np.random.default_rng(3))
    table = check_model(model, params, data)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"bound_is_tight", "gap_is_kl", "fisher_identity", "m_step_is_best", "never_falls"} <= held


@pytest.mark.parametrize("algorithm", [EM(), QuasiNewton(), jensen.em.Squarem()])
def test_every_algorithm_keeps_what_is_asked(algorithm):
    asked = {"fixed": {"weights": [0.3, NAN, NAN]}, "tied": {"rates": [0, 1, 1]}}
    model = jensen.constrain(Scored(3), **asked)
    params = model.start(counts(), None, np.random.default_rng(0))
    fit = jensen.fit(model, counts(), params, algorithm=algorithm)
    assert fit.verdict.converged
    assert as_asked(fit.params._asdict(), asked)


def test_one_parameter_equal_to_another():
    data = counts(80)
    start = {"share": 0.5, "first": 2.0, "second": 2.0}
    fit = jensen.fit(jensen.constrain(Split(), tied={"second": "first"}), data, start)
    assert float(fit.params["first"]) == float(fit.params["second"]) == pytest.approx(data.mean(), rel=1e-9)
    assert list(fit.params) == ["share", "first", "second"]
    model = jensen.constrain(Split(), {"first": 1.0, "share": 0.4})
    fit = jensen.fit(model, data, {"share": 0.4, "first": 1.0, "second": 8.0})
    assert (float(fit.params["first"]), float(fit.params["share"]), fit.num_free) == (1.0, 0.4, 1)
    peer = best_of(lambda v: evidence(data, np.array([0.4, 0.6]), np.array([1.0, np.exp(v[0])])), [2.0])
    assert float(fit.params["second"]) == pytest.approx(np.exp(peer.x[0]), rel=1e-6)


def test_a_start_that_is_not_as_asked():
    model = jensen.constrain(Scored(2), {"weights": [0.3, 0.7]})
    bad = Rates(np.array([0.5, 0.5]), np.array([1.0, 8.0]))
    with pytest.raises(ValueError, match=r"weights \[0\] is 0.5, and what is fixed or tied makes it 0.3"):
        jensen.fit(model, counts(), bad)
    assert jensen.fit(model, counts(), model.impose(bad)).verdict.converged


def test_imposing_twice_changes_nothing():
    rng = np.random.default_rng(0)
    model = jensen.constrain(
        gaussian(jensen.Full(), 3), {"weights": [0.2, NAN, NAN]}, {"means": [[0, 1], [0, 2], [3, 1]]}
    ).prepare(FAITHFUL, None)
    once = model.impose(model.base.start(FAITHFUL, None, rng))
    np.testing.assert_allclose(
        model.chart.natural_vector(model.impose(once)), model.chart.natural_vector(once), rtol=1e-15
    )
    u = model.chart.to_vector(once)
    np.testing.assert_allclose(
        model.chart.natural_vector(model.chart.from_vector(u)), model.chart.natural_vector(once), rtol=1e-12
    )
    assert model.chart.size == len(u) == model.num_free(once) == 1 + 4 + 9


def test_standard_errors_under_constraints():
    """Of known weights, against the Hessian of the independent log-likelihood."""
    data, weights = counts(), np.array([0.3, 0.3, 0.4])
    model = jensen.constrain(Scored(3), {"weights": weights})
    fit = jensen.fit(model, data, restarts=5)
    found = jensen.uncertainty(fit.model, fit, data)
    h, rates = 1e-3, fit.params.rates
    hessian = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            steps = [(a, b) for a in (1, -1) for b in (1, -1)]
            each = [
                a * b * evidence(data, weights, rates + h * (a * np.eye(3)[i] + b * np.eye(3)[j]))
                for a, b in steps
            ]
            hessian[i, j] = -sum(each) / (4 * h**2)
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))
    np.testing.assert_allclose(found.standard_errors["rates"], errors, rtol=1e-4)
    np.testing.assert_array_equal(found.standard_errors["weights"], 0)


def test_the_information_off_the_whole_maximum():
    """The chart of a partly fixed simplex is bent, which counts where the whole score is not 0."""

    class Informed(Scored):
        def information(self, params, data, weight):
            bare = Scored(self.num_components)
            u = bare.chart.to_vector(params)

            def value(v):
                return -evidence(data, *bare.chart.from_vector(v))

            h, p = 1e-3, len(u)
            pairs = [(a, b) for a in (1, -1) for b in (1, -1)]
            e = h * np.eye(p)
            return np.array(
                [
                    [
                        sum(a * b * value(u + a * e[i] + b * e[j]) for a, b in pairs) / (4 * h**2)
                        for j in range(p)
                    ]
                    for i in range(p)
                ]
            )

    data, asked = counts(), {"weights": [0.6, NAN, NAN]}
    model, plain = (jensen.constrain(toy(3), asked) for toy in (Informed, Scored))
    fit = jensen.fit(plain, data, restarts=5)
    exact = model.information(fit.params, data, None)
    found = observed_information(Problem(plain, data), fit.params).matrix
    np.testing.assert_allclose(exact, found, rtol=1e-4, atol=1e-3)
    j = model.chart.pullback(model.chart.to_vector(fit.params))
    flat = j.T @ model.base.information(fit.params, data, None) @ j
    assert np.abs(flat - found).max() > 1  # so leaving the bend out would have shown


def test_a_log_joint():
    jax = pytest.importorskip("jax")

    def log_joint(params, z, x):
        rate = params["rates"][z]
        logs = x * jax.numpy.log(rate) - rate - jax.scipy.special.gammaln(x + 1.0)
        return jax.numpy.log(params["weights"][z]) + logs

    model = jensen.LogJoint(
        log_joint,
        latent=jensen.Enumerated(2),
        parameters={"weights": jensen.Simplex(2), "rates": jensen.Positive(2, start=(1, 12))},
    )
    data = counts().astype(float)
    for asked in ({"fixed": {"weights": [0.3, 0.7]}}, {"fixed": {"rates": [1.0, NAN]}}):
        start = {"weights": np.array([0.3, 0.7]), "rates": np.array([1.0, 9.0])}
        fit = jensen.fit(jensen.constrain(model, **asked), data, start)
        peer = jensen.fit(jensen.constrain(Scored(2), **asked), counts(), Rates(**start))
        assert fit.verdict.converged
        assert as_asked(fit.params, asked)
        np.testing.assert_allclose(fit.params["rates"], peer.params.rates, rtol=1e-7)
        np.testing.assert_allclose(fit.params["weights"], peer.params.weights, rtol=1e-7)


@pytest.mark.parametrize("closed", [True, False])
def test_a_log_joint_with_a_prior_and_another_with_a_closed_form(closed):
    jax = pytest.importorskip("jax")
    jnp = jax.numpy

    def log_joint(params, z, x):
        rate = params["rates"][z]
        logs = x * jnp.log(rate) - rate - jax.scipy.special.gammaln(x + 1.0)
        return jnp.log(params["weights"][z]) + logs

    def features(x):
        return {"count": jnp.ones(()), "sum": x}

    def m_step(sums):
        return {"weights": sums["count"] / sums["count"].sum(), "rates": sums["sum"] / sums["count"]}

    options = (
        {"features": features, "m_step": m_step}
        if closed
        else {"log_prior": lambda params: -jnp.square(params["rates"] - 3.0).sum()}
    )
    model = jensen.LogJoint(
        log_joint,
        latent=jensen.Enumerated(3),
        parameters={"weights": jensen.Simplex(3), "rates": jensen.Positive(3, start=(1, 12))},
        **options,
    )
    asked = {"fixed": {"weights": [0.3, NAN, NAN]}, "tied": {"rates": [0, 1, 1]}}
    data = counts().astype(float)
    fit = jensen.fit(jensen.constrain(model, **asked), data, restarts=10)
    assert as_asked(fit.params, asked)

    def objective(v):
        weights, rates = np.append(0.3, 0.7 * softmax(0.0, 0.0)), np.exp([v[0], v[1], v[1]])
        return evidence(data, weights, rates) - (0 if closed else np.square(rates - 3.0).sum())

    peer = best_of(objective, [0.0, 2.0], [2.0, 0.0], [1.0, 1.5])
    assert fit.objective == pytest.approx(-peer.fun, abs=1e-7)


def test_a_likelihood_ratio_test_keeps_its_size():
    """Twice the difference of nested fits is χ² with the difference of their free parameters."""
    rng = np.random.default_rng(0)
    base = gaussian(jensen.Spherical())
    known = jensen.constrain(base, {"weights": [0.5, 0.5]})
    ratios = []
    for _ in range(60):
        x = rng.normal(size=(150, 1)) + 5.0 * (rng.random((150, 1)) < 0.5)
        free = jensen.fit(base, x, restarts=2)
        held = jensen.fit(known, x, known.prepare(x, None).impose(free.params))
        ratios.append(2 * (free.log_evidence - held.log_evidence))
        assert free.num_free - held.num_free == 1
    assert min(ratios) > -1e-6
    assert abs(np.mean(ratios) - 1) < 4 * np.sqrt(2 / 60)
    assert norm.cdf(abs(np.mean(np.array(ratios) > 3.841459) - 0.05) / np.sqrt(0.05 * 0.95 / 60)) < norm.cdf(
        4
    )


# ---- what is refused ---------------------------------------------------------------------------------------

REFUSED = {
    "an unknown name": ({"fixed": {"sigma": 1.0}}, "fixed names 'sigma'; the parameters are weights, rates"),
    "an unknown name tied": ({"tied": {"sigma": [0, 0]}}, "tied names 'sigma'"),
    "a shape": ({"fixed": {"rates": [1.0, 2.0]}}, r"fixed\['rates'\] has shape \(2,\), rates has \(3,\)"),
    "no numbers": ({"fixed": {"rates": "one"}}, r"fixed\['rates'\] must be numbers"),
    "infinity": ({"fixed": {"rates": [1.0, np.inf, NAN]}}, r"fixed\['rates'\] is infinite"),
    "only NaN": ({"fixed": {"rates": [NAN] * 3}}, "fixes nothing"),
    "outside": (
        {"fixed": {"rates": [-1.0, NAN, NAN]}},
        "rates: a fixed value is outside .* -1 is not positive",
    ),
    "weights above 1": (
        {"fixed": {"weights": [0.7, 0.6, NAN]}},
        "weights: .* add up to 1.3, which leaves nothing",
    ),
    "weights that are all": (
        {"fixed": {"weights": [0.7, 0.3, NAN]}},
        "weights: .* leaves nothing for the others",
    ),
    "weights below 1": ({"fixed": {"weights": [0.2, 0.2, 0.2]}}, "weights: all are fixed and add up to 0.6"),
    "a negative weight": ({"fixed": {"weights": [-0.2, NAN, NAN]}}, "weights: a fixed value is outside"),
    "no whole numbers": ({"tied": {"rates": [0.0, 0.0, 1.0]}}, r"tied\['rates'\] must be whole numbers"),
    "a group below -1": ({"tied": {"rates": [0, 0, -2]}}, r"tied\['rates'\] has -2"),
    "nothing tied": ({"tied": {"rates": [0, 1, -1]}}, "no number twice, which ties nothing"),
    "groups of a wrong shape": ({"tied": {"rates": [0, 0]}}, r"tied\['rates'\] has shape \(2,\)"),
    "half fixed": (
        {"fixed": {"rates": [1.0, NAN, NAN]}, "tied": {"rates": [0, 0, -1]}},
        r"rates: the entries \[\[0\], \[1\]\] are tied, and only some of them are fixed",
    ),
    "fixed apart": (
        {"fixed": {"rates": [1.0, 2.0, NAN]}, "tied": {"rates": [0, 0, -1]}},
        "tied, and fixed at different values",
    ),
    "spaces that differ": ({"tied": {"rates": "weights"}}, "they cannot be equal"),
    "a name that is not there": ({"tied": {"rates": "sigma"}}, r"tied\['rates'\] names 'sigma'"),
    "itself": ({"tied": {"rates": "rates"}}, "tied in a circle|tied to itself"),
    "everything": ({"fixed": {"rates": 1.0, "weights": [0.2, 0.3, 0.5]}}, "nothing to fit"),
    "nothing": ({}, "nothing is fixed or tied"),
    "no dict": ({"fixed": [1.0]}, "fixed must be a dict"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_refused(case):
    asked, says = case
    with pytest.raises(ValueError, match=says):
        jensen.constrain(Counted(3), **asked)


REFUSED_BY_DATA = {
    "an entry of a covariance": (
        {"fixed": {"covariances": [[[1.0, NAN], [NAN, NAN]], [[NAN, NAN], [NAN, NAN]]]}},
        "covariances: only a whole matrix can be fixed or tied, and matrix 0 is so in part",
    ),
    "entries of a covariance tied": (
        {"tied": {"covariances": [[[0, -1], [-1, 0]], [[1, -1], [-1, 1]]]}},
        "covariances: only a whole matrix",
    ),
    "no covariance": (
        {"fixed": {"covariances": [[[1.0, 2.0], [2.0, 1.0]], [[NAN, NAN], [NAN, NAN]]]}},
        "covariances: .* smallest eigenvalue is -1",
    ),
    "a number for matrices": ({"fixed": {"covariances": 1.0}}, "covariances: .* smallest eigenvalue is 0"),
    "a name": (
        {"fixed": {"mean": 1.0}},
        "fixed names 'mean'; the parameters are weights, means, covariances",
    ),
    "columns": ({"fixed": {"means": [[1.0], [2.0]]}}, r"has shape \(2, 1\), means has \(2, 2\)"),
    "means to covariances": ({"tied": {"covariances": "means"}}, "they cannot be equal"),
}


@pytest.mark.parametrize("case", REFUSED_BY_DATA.values(), ids=REFUSED_BY_DATA.keys())
def test_refused_once_the_data_are_there(case):
    asked, says = case
    with pytest.raises(ValueError, match=says):
        jensen.fit(jensen.constrain(gaussian(jensen.Full()), **asked), FAITHFUL)


def test_refused_copies():
    with pytest.raises(ValueError, match="first and second are tied in a circle"):
        jensen.constrain(Split(), tied={"first": "second", "second": "first"})
    with pytest.raises(ValueError, match="second is fixed and tied to first: fix first alone"):
        jensen.constrain(Split(), {"second": 1.0}, {"second": "first"})
    assert jensen.constrain(Split(start=(1, 2)), tied={"second": "first"}).chart.size == 2


def test_a_model_without_a_chart():
    with pytest.raises(
        ValueError, match="PoissonMixture has no chart, so nothing of it can be fixed or tied"
    ):
        jensen.fit(jensen.constrain(PoissonMixture(2), {"weights": 0.5}), counts())


def test_many_simplices():
    """Rows of a simplex: entries within a row, or whole rows along the first axis."""
    from jensen.em.constraints.requests import read

    space = jensen.Simplex((3, 4))
    u = np.random.default_rng(0).normal(size=20)
    rows = read({"a": space}, {}, {"a": [0, -1, 0]}).spaces["a"]
    value = rows.from_chart(u[: rows.size])
    assert rows.size == 6
    assert np.array_equal(value[0], value[2])
    np.testing.assert_allclose(rows.to_chart(value), u[:6], rtol=1e-12)
    fixed = np.full((3, 4), NAN)
    fixed[0, 1], fixed[2] = 0.25, [0.1, 0.2, 0.3, 0.4]
    some = read({"a": space}, {"a": fixed}, {"a": [[-1] * 4, [0, 0, 1, 1], [-1] * 4]}).spaces["a"]
    value = some.from_chart(u[: some.size])
    assert some.size == 2 + 1 + 0
    assert value[0, 1] == 0.25
    assert value[1, 0] == value[1, 1]
    assert value[2].tolist() == [0.1, 0.2, 0.3, 0.4]
    np.testing.assert_allclose(value.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(some.to_chart(value), u[:3], rtol=1e-12)
    h = 1e-5
    slopes = [
        (space.to_chart(some.from_chart(u[:3] + h * e)) - space.to_chart(some.from_chart(u[:3] - h * e)))
        / (2 * h)
        for e in np.eye(3)
    ]
    np.testing.assert_allclose(some.pullback(u[:3]), np.transpose(slopes), atol=1e-8)
    with pytest.raises(ValueError, match="a: entries of different rows are tied: tie whole rows"):
        read({"a": space}, {}, {"a": [[0, -1, -1, -1], [0, -1, -1, -1], [-1] * 4]})


def test_blocks_of_matrices():
    from jensen.em.constraints.requests import read

    for space in (jensen.Covariance((3, 2)), jensen.Correlation((3, 2))):
        value = space.random(np.random.default_rng(0))
        fixed = np.full(value.shape, NAN)
        fixed[1] = value[1]
        some = read({"a": space}, {"a": fixed}, {"a": [4, -1, 4]}).spaces["a"]
        assert some.size == space.size // 3
        found = some.impose(value)
        assert np.array_equal(found[1], value[1])
        assert np.array_equal(found[0], found[2])
        again = some.from_chart(some.to_chart(found))
        assert np.array_equal(again[1], value[1])
        assert np.array_equal(again[0], again[2])
        np.testing.assert_allclose(again, found, rtol=1e-12)


def test_a_constrained_model_can_be_copied():
    import copy
    import pickle

    model = jensen.constrain(gaussian(jensen.Full()), {"weights": [0.5, 0.5]})
    assert pickle.loads(pickle.dumps(model)).fixed == model.fixed
    assert copy.copy(model) == model
    assert replace(model, base=gaussian(jensen.Tied())).base.family.covariance.name == "tied"
    assert model.relabel is None  # components that are held are not interchangeable


# ---- components that are tied in part ----------------------------------------------------------------------


def two_widths(seed, d):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(size=(200, d)), 4 * rng.normal(size=(200, d))])


def best_of_one_mean(x):
    """The largest log-likelihood of two normal distributions with one mean, by SciPy from ten starts."""

    def negative(u):
        w = 1 / (1 + np.exp(-u[0]))
        logs = [norm.logpdf(x, u[1], np.exp(s)) for s in u[2:]]
        return -np.logaddexp(np.log(w) + logs[0], np.log1p(-w) + logs[1]).sum()

    rng = np.random.default_rng(0)
    return max(-minimize(negative, rng.normal(size=4), method="L-BFGS-B").fun for _ in range(10))


@pytest.mark.parametrize("seed", range(3))
def test_components_that_share_their_mean_only(seed):
    x = two_widths(seed, 1)
    model = jensen.constrain(jensen.Mixture(2, jensen.Gaussian()), tied={"means": [0, 0]})
    fit = jensen.fit(model, x, rng=seed)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(best_of_one_mean(x[:, 0]), abs=1e-4)
    assert fit.params.components.means[0] == fit.params.components.means[1]


@pytest.mark.parametrize("structure", [jensen.Full(), jensen.Diagonal(), jensen.Spherical()], ids=str)
@pytest.mark.parametrize(("k", "means"), [(2, [0, 0]), (3, [0, 0, -1]), (4, [0, 0, 1, 1])])
def test_no_start_of_components_tied_in_part_stays_where_they_are_alike(structure, k, means):
    rng = np.random.default_rng(4)
    x = np.concatenate([two_widths(1, 2), 0.5 * rng.normal(size=(100, 2)) + 6])
    model = jensen.constrain(jensen.Mixture(k, jensen.Gaussian(structure)), tied={"means": means})
    fit = jensen.fit(model, x)
    assert fit.verdict.converged
    moved = jensen.constrain(fit.model.base, tied={"means": means})
    u = fit.model.chart.to_vector(fit.params)
    near = [u + 0.05 * np.random.default_rng(seed).normal(size=len(u)) for seed in range(3)]
    ends = [jensen.fit(moved, x, fit.model.chart.from_vector(v)) for v in near]  # from beside, to the same
    proper = [end.log_evidence for end in ends if end.verdict.outcome is not Outcome.COLLAPSED]
    assert proper
    assert max(proper) < fit.log_evidence + 1e-4


def test_iris_with_two_means_in_one():
    # By conditional maximization by hand and by SciPy's L-BFGS; where both components are alike: -386.185347.
    model = jensen.constrain(
        jensen.Mixture(3, jensen.Gaussian(jensen.Diagonal())), tied={"means": [0, 0, -1]}
    )
    assert jensen.fit(model, IRIS).log_evidence == pytest.approx(-374.468345, abs=1e-4)


@pytest.mark.parametrize("whole", [False, True])
def test_alike_is_a_saddle_unless_everything_is_tied(whole):
    x = two_widths(0, 2)
    tied = {"means": [0, 0], "covariances": [0, 0]} if whole else {"means": [0, 0]}
    model = jensen.constrain(jensen.Mixture(2, jensen.Gaussian()), tied=tied)
    one = jensen.fit(jensen.Mixture(1, jensen.Gaussian()), x).params.components
    alike = MixtureParams(np.array([0.3, 0.7]), GaussianParams(*(np.repeat(part, 2, 0) for part in one)))
    outcome = jensen.fit(model, x, alike).verdict.outcome
    assert (outcome is Outcome.SADDLE) is not whole


@pytest.mark.parametrize("what", ["fixed", "tied"])
def test_none_asks_for_nothing_and_is_refused(what):
    with pytest.raises(ValueError, match=rf"{what}\['weights'\] is None"):
        jensen.constrain(jensen.Mixture(2, jensen.Gaussian()), **{what: {"weights": None}})


def test_lists_of_different_lengths_tie_nothing():
    model = jensen.constrain(jensen.Mixture(2, jensen.Gaussian()), tied={"means": [[0], [0, 0]]})
    with pytest.raises(ValueError, match=r"tied\['means'\] must be whole numbers"):
        jensen.fit(model, FAITHFUL)


def test_a_maximum_that_only_rounding_could_raise_ends():
    slopes, rng = [], np.random.default_rng(0)

    def value(u):
        return np.round(-np.square(u).sum() / 2, 3)  # what is left to gain cannot be seen

    def slope(u):
        slopes.append(u)
        return -u + 1e-3 * rng.normal(size=2)  # and the gradient promises it again and again

    unit = np.ones(2)
    maximize(value, slope, np.zeros(2), Memory(unit), lambda u: unit)
    assert len(slopes) < 20
