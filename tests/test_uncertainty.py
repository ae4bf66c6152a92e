"""Standard errors, intervals, sandwich, rates and verdicts, against closed forms and direct computation."""

from math import sqrt

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

import jensen
from jensen.em import Chart, Outcome, Problem, e_step
from jensen.em.cases import Rows
from jensen.em.curvature.information import observed_information
from jensen.em.uncertainty.sandwich import case_scores
from jensen.families import STRUCTURES, GaussianParams
from jensen.models import Dirichlet, Mixture, MixtureParams, MixturePrior, NormalInverseWishart
from samples import clusters, faithful
from toys import Linkage, PoissonMixture, Rates

EACH = pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
Z95 = 1.959963984540054


class Charted(PoissonMixture):
    """In plain NumPy, without any derivative: all comes from E-steps and differences of Q."""

    @property
    def chart(self):
        k = self.num_components
        return Chart({"weights": jensen.Simplex(k), "rates": jensen.Positive(k)}, Rates)


class ChartedLinkage(Linkage):
    chart = Chart(
        {"theta": jensen.Interval()}, lambda **values: float(values["theta"]), lambda p: {"theta": p}
    )


NOTICES = np.arange(10.0)
DAYS = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1.0])
# The maximum and its standard errors in 40 digits (of Hasselblad's data).
MAXIMUM = Rates(
    np.array([0.35988539698495, 1 - 0.35988539698495]), np.array([1.2560951012244, 2.6634043566325])
)
ERRORS = [0.19468429868778, 0.35002971139692, 0.2504782703087]
CELLS, ANIMALS = np.arange(4), np.array([125, 18, 20, 34.0])
THETA = (15 + sqrt(53809)) / 394


def maximum(model, data, start=None, weight=None):
    """The maximum itself: scoring steps until rounding."""
    params = start if start is not None else jensen.fit(model, data, weight=weight).params
    fit = jensen.fit(model, data, params, weight=weight, stop=jensen.em.Gain(1e-9))
    model = fit.model
    u = model.chart.to_vector(fit.params)
    for _ in range(3):
        here = model.chart.from_vector(u)
        state = Problem(model, data, weight).e_step(here)
        g = jensen.em.score(model, here, state.expected.stats)
        u = u + np.linalg.solve(observed_information(Problem(model, data, weight), here).matrix, g)
    return model, model.chart.from_vector(u)


def death_notices():
    return jensen.uncertainty(Charted(), MAXIMUM, NOTICES, DAYS)


def linkage():
    return jensen.uncertainty(ChartedLinkage(), THETA, CELLS, ANIMALS)


# ---- standard errors ---------------------------------------------------------------------------------------


def test_linkage():
    """Dempster, Laird and Rubin 1977: the exact standard error and EM's rate."""
    sure = linkage()
    assert sure.standard_errors["theta"] == pytest.approx(0.051467349200889, abs=1e-9)
    assert np.ndim(sure.standard_errors["theta"]) == 0
    assert sure.rates.slowest == pytest.approx(0.1327787337857, abs=1e-9)
    assert sure.verdict.converged
    assert sure.remaining < 1e-20


def test_death_notices_of_a_plain_class():
    sure = death_notices()
    found = [sure.standard_errors["weights"][0], *sure.standard_errors["rates"]]
    assert found == pytest.approx(ERRORS, abs=1e-7)
    assert sure.rates.values == pytest.approx([0.99566622317, 0.72041815469, 0], abs=1e-7)
    assert sure.covariance[0, 1] == pytest.approx(-sure.covariance[0, 0])  # the two weights add up to 1
    assert sure.correlation[0, 1] == pytest.approx(-1)
    assert sure.information.error < 1e-9


def test_a_fit_or_params_prepared_or_not():
    data = faithful()
    model = Mixture(2)
    fit = jensen.fit(model, data)
    one = jensen.uncertainty(model, fit, data)
    for other in (jensen.uncertainty(fit.model, fit, data), jensen.uncertainty(model, fit.params, data)):
        np.testing.assert_array_equal(one.covariance, other.covariance)


def natural_errors(model, params, data, unit):
    """Standard errors from the Hessian of the log-evidence in the free natural parameters, by differences of
    it in steps of ``unit``: no chart, no score.
    """
    k, d = params.components.means.shape
    shape = params.components.covariances.shape
    matrices = (
        len(shape) >= 2 and shape[-1] == shape[-2] == d and model.family.covariance.name in ("full", "tied")
    )
    rows, columns = np.tril_indices(d)

    def free(p):
        covariances = p.components.covariances
        spread = covariances[..., rows, columns] if matrices else covariances
        return np.concatenate([p.weights[:-1], p.components.means.ravel(), spread.ravel()])

    def params_of(v):
        weights = np.append(v[: k - 1], 1 - v[: k - 1].sum())
        means, spread = v[k - 1 : k - 1 + k * d].reshape(k, d), v[k - 1 + k * d :]
        covariances = spread.reshape(shape) if not matrices else np.zeros(shape)
        if matrices:
            covariances[..., rows, columns] = covariances[..., columns, rows] = spread.reshape(
                *shape[:-2], -1
            )
        return MixtureParams(weights, GaussianParams(means, covariances))

    def objective(v):
        there = params_of(v)
        return e_step(model, there, data).log_evidence + jensen.em.log_prior(model, there)

    v = free(params)
    p = len(v)
    hessian = np.zeros((p, p))
    signs = [(2, -1 / 12), (1, 2 / 3), (-1, -2 / 3), (-2, 1 / 12)]
    for i in range(p):
        for j in range(i + 1):
            total = 0.0
            for a, ca in signs:
                for b, cb in signs:
                    there = v.copy()
                    there[i] += a * unit[i]
                    there[j] += b * unit[j]
                    total += ca * cb * objective(there)
            hessian[i, j] = hessian[j, i] = total / unit[i] / unit[j]
    return np.sqrt(np.diag(np.linalg.inv(-hessian)))


@EACH
@pytest.mark.parametrize("with_prior", [False, True], ids=["", "prior"])
def test_gaussian_mixtures_against_the_hessian_of_the_evidence(structure, with_prior):
    data = faithful()
    prior = MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(data, 2)) if with_prior else None
    model, params = maximum(Mixture(2, jensen.Gaussian(structure), prior), data)
    errors = jensen.uncertainty(model, params, data).standard_errors
    spread = errors["covariances"]
    if structure.name in ("full", "tied"):
        spread = spread[..., [0, 1, 1], [0, 0, 1]]
    found = np.concatenate([errors["weights"][:1], errors["means"].ravel(), spread.ravel()])
    np.testing.assert_allclose(found, natural_errors(model, params, data, 0.05 * found), rtol=1e-5)


class WithoutScore(Mixture):
    """A Gaussian mixture whose score comes from differences of Q."""

    score = None
    scores = None


@pytest.mark.parametrize("kind", [Mixture, WithoutScore])
@pytest.mark.parametrize("factor", [1e-3, 1e3, 1e6])
def test_the_units_of_the_data_do_not_matter(kind, factor):
    model = kind(2, jensen.Gaussian(jensen.Diagonal()))
    _, params = maximum(Mixture(2, model.family), faithful())
    means, covariances = params.components
    scaled = params._replace(components=GaussianParams(factor * means, factor**2 * covariances))
    here = jensen.uncertainty(model, params, faithful())
    there = jensen.uncertainty(model, scaled, factor * faithful())
    for name, power in (("weights", 0), ("means", 1), ("covariances", 2)):
        expected = factor**power * here.standard_errors[name]
        np.testing.assert_allclose(there.standard_errors[name], expected, rtol=1e-7)
    assert there.verdict.converged


@pytest.mark.parametrize("with_scores", [True, False])
def test_a_weight_is_a_number_of_rows(with_scores):
    data = faithful()[:60]
    counts = np.random.default_rng(0).integers(0, 4, len(data))
    kind = Mixture if with_scores else WithoutScore
    model = kind(2, jensen.Gaussian(jensen.Tied()))
    _, params = maximum(Mixture(2, model.family), data, weight=counts.astype(float))
    one = jensen.uncertainty(model, params, data, counts.astype(float))
    two = jensen.uncertainty(model, params, np.repeat(data, counts, axis=0))
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-6)
    np.testing.assert_allclose(one.sandwich().covariance, two.sandwich().covariance, rtol=1e-6)


def test_one_step_of_newton_is_what_remains():
    """√(2 · remaining) is the distance to the maximum in standard errors."""
    moved = replace_rate(MAXIMUM, 0, 0.01 * ERRORS[1])
    sure = jensen.uncertainty(Charted(), moved, NOTICES, DAYS)
    top = e_step(Charted(), MAXIMUM, NOTICES, DAYS).log_evidence
    here = e_step(Charted(), moved, NOTICES, DAYS).log_evidence
    assert sure.remaining == pytest.approx(top - here, rel=2e-2)
    assert sure.verdict.converged


def replace_rate(params, which, by):
    rates = params.rates.copy()
    rates[which] += by
    return params._replace(rates=rates)


def test_the_data_of_the_fit_are_asked_for():
    fit = jensen.fit(Charted(), NOTICES, MAXIMUM, weight=DAYS)
    with pytest.raises(ValueError, match=r"the fit was of 1096 rows .* these are 10 with"):
        jensen.uncertainty(Charted(), fit, NOTICES)
    with pytest.raises(ValueError, match="give uncertainty the data and the weight of the fit"):
        jensen.uncertainty(Charted(), fit, NOTICES + 1, DAYS)
    with pytest.raises(ValueError, match="weight must not be negative"):
        jensen.uncertainty(Charted(), fit, NOTICES, -DAYS)
    outside = Rates(np.array([0.5, 0.6]), MAXIMUM.rates)
    with pytest.raises(ValueError, match=r"they add up to 1\.1, not 1"):
        jensen.uncertainty(Charted(), outside, NOTICES, DAYS)


# ---- intervals ---------------------------------------------------------------------------------------------


def test_wald_intervals():
    sure = linkage()
    row = sure.interval("theta", method=jensen.Wald(in_chart=False)).rows()[0]
    error = 0.051467349200889
    assert [row["low"], row["high"]] == pytest.approx([THETA - Z95 * error, THETA + Z95 * error], abs=1e-8)
    row = sure.interval("theta", level=0.9).rows()[0]
    logit, reach = np.log(THETA / (1 - THETA)), 1.6448536269514722 * error / (THETA * (1 - THETA))
    expected = [1 / (1 + np.exp(-(logit + s * reach))) for s in (-1, 1)]
    assert [row["low"], row["high"]] == pytest.approx(expected, abs=1e-8)


def test_wald_intervals_stay_within_the_bounds():
    table = death_notices().interval(level=0.9999)
    assert (table["low"] > 0).all()
    assert (table["high"][:2] < 1).all()
    plain = death_notices().interval("weights", 0.9999, jensen.Wald(in_chart=False))
    assert plain["low"].min() < 0


def test_the_profile_interval_of_one_parameter():
    """With one parameter the profile is the log-likelihood: its roots, from the closed form."""

    def drop(theta):
        a, b, c, d = ANIMALS
        value = [a * np.log(0.5 + t / 4) + (b + c) * np.log(1 - t) + d * np.log(t) for t in (THETA, theta)]
        return 2 * (value[0] - value[1]) - Z95**2

    row = linkage().interval(method=jensen.Profile()).rows()[0]
    assert row["low"] == pytest.approx(brentq(drop, 0.1, THETA), abs=1e-8)
    assert row["high"] == pytest.approx(brentq(drop, THETA, 0.99), abs=1e-8)


def profile(held, at):
    """max log p with one of (weight, rate, rate) held, by a simplex search over the other two."""
    index = np.arange(3) != held

    def loss(v):
        full = np.zeros(3)
        full[held], full[index] = at, v
        if not (0 < full[0] < 1 and (full[1:] > 0).all()):
            return np.inf
        params = Rates(np.array([full[0], 1 - full[0]]), full[1:])
        return -e_step(Charted(), params, NOTICES, DAYS).log_evidence

    start = np.array([MAXIMUM.weights[0], *MAXIMUM.rates])[index]
    found = minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-11, "maxiter": 2000}
    )
    return -found.fun


def test_profile_intervals_against_direct_maximization():
    """At the ends of each interval the maximum over the rest is 1.92 below the top."""
    top = e_step(Charted(), MAXIMUM, NOTICES, DAYS).log_evidence
    table = death_notices().interval(["weights[0]", "rates"], method=jensen.Profile())
    for held, row in enumerate(table.rows()):
        for end in ("low", "high"):
            assert 2 * (top - profile(held, row[end])) == pytest.approx(Z95**2, abs=1e-6)
        assert row["low"] < row["estimate"] < row["high"]
        assert row["note"] == ""


def test_profile_intervals_of_a_gaussian_are_those_of_the_t_statistic():
    """k = 1, d = 1: 2 (ℓ̂ − ℓ(μ)) = n log(1 + (x̄ − μ)²/s²), in closed form."""
    x = clusters(60, 1)
    model, params = maximum(Mixture(1), x)
    n, s = len(x), x.std()
    reach = s * sqrt(np.exp(Z95**2 / n) - 1)
    row = jensen.uncertainty(model, params, x).interval("means", method=jensen.Profile()).rows()[0]
    assert [row["low"], row["high"]] == pytest.approx([x.mean() - reach, x.mean() + reach], rel=1e-7)


@EACH
def test_profile_intervals_of_mixtures(structure):
    data = faithful()
    model, params = maximum(Mixture(2, jensen.Gaussian(structure)), data)
    sure = jensen.uncertainty(model, params, data)
    table, wald = sure.interval(method=jensen.Profile()), sure.interval()
    assert set(table["note"]) == {""}
    width, expected = table["high"] - table["low"], wald["high"] - wald["low"]
    assert np.all(np.abs(width / expected - 1) < 0.25)  # 272 rows: not far from a parabola
    assert np.all((table["low"] < table["estimate"]) & (table["estimate"] < table["high"]))


def test_profile_of_an_end_that_is_not_a_maximum_says_so():
    low = Rates(np.array([0.02, 0.98]), np.array([0.3, 2.3]))
    start = jensen.fit(Charted(), NOTICES, low, weight=DAYS, max_steps=1, algorithm=jensen.em.EM())
    sure = jensen.uncertainty(Charted(), start, NOTICES, DAYS)
    assert sure.verdict.outcome is Outcome.STEP_LIMIT
    assert "not at a maximum" in sure.verdict.message
    assert sure.remaining > 0.01


def test_the_coverage_of_both_intervals():
    """400 samples from θ = 0.3: the interval covers it in 95 % of them, within 3 standard errors."""
    rng, covered = np.random.default_rng(0), np.zeros(2)
    cells = np.array([0.5 + 0.3 / 4, 0.7 / 4, 0.7 / 4, 0.3 / 4])
    times = 400
    for _ in range(times):
        animals = rng.multinomial(197, cells).astype(float)
        a, b, d = animals[0], animals[1] + animals[2], animals[3]
        # The maximum: the root of a quadratic.
        n = a + b + d
        p = a - 2 * b - d
        theta = (p + sqrt(p * p + 8 * n * d)) / (2 * n)
        sure = jensen.uncertainty(ChartedLinkage(), theta, CELLS, animals)
        for i, method in enumerate((jensen.Wald(), jensen.Profile())):
            row = sure.interval(method=method).rows()[0]
            covered[i] += row["low"] < 0.3 < row["high"]
    assert np.all(np.abs(covered / times - 0.95) < 3 * sqrt(0.95 * 0.05 / times))


# ---- sandwich ----------------------------------------------------------------------------------------------


def test_the_sandwich_of_one_gaussian_in_closed_form():
    """k = 1, d = 1: var(x̄) = s²/n and var(s²) = (m₄ − s⁴)/n, whatever the distribution."""
    x = np.random.default_rng(0).standard_exponential((300, 1))
    model, params = maximum(Mixture(1), x)
    robust = jensen.uncertainty(model, params, x).sandwich()
    s2, m4, m3 = x.var(), ((x - x.mean()) ** 4).mean(), ((x - x.mean()) ** 3).mean()
    assert robust.standard_errors["means"][0, 0] == pytest.approx(sqrt(s2 / 300), rel=1e-9)
    assert robust.standard_errors["covariances"][0, 0, 0] == pytest.approx(sqrt((m4 - s2**2) / 300), rel=1e-9)
    assert robust.covariance[1, 2] == pytest.approx(m3 / 300, rel=1e-9)
    plain = jensen.uncertainty(model, params, x)
    assert plain.standard_errors["covariances"][0, 0, 0] == pytest.approx(sqrt(2 * s2**2 / 300), rel=1e-9)


@EACH
def test_the_scores_of_the_rows_are_those_of_one_row_after_the_other(structure):
    data = clusters(40, 3)
    model = Mixture(2, jensen.Gaussian(structure), MixturePrior(Dirichlet(2.0))).prepare(data, None)
    params = model.start(data, None, np.random.default_rng(0))
    expected = case_scores(Problem(model, data), params, np.ones(model.chart.size))
    np.testing.assert_allclose(model.scores(params, data), expected, rtol=1e-10, atol=1e-10)


def test_the_sandwich_agrees_where_the_model_is_right():
    rng = np.random.default_rng(1)
    truth = Rates(np.array([0.4, 0.6]), np.array([1.0, 6.0]))
    counts = np.bincount(Charted().sample(truth, 50_000, rng))
    values, weight = np.arange(len(counts), dtype=float), counts.astype(float)
    model, params = maximum(Charted(), values, truth, weight)
    sure = jensen.uncertainty(model, params, values, weight)
    ratio = np.sqrt(np.diag(sure.sandwich().covariance) / np.diag(sure.covariance))
    assert np.abs(ratio - 1).max() < 0.03
    assert "sandwich" in repr(sure.sandwich())


def test_rows_of_all_kinds_of_data():
    rows = np.array([2, 0])
    data = {"a": np.arange(3), "b": (np.arange(3), np.eye(3))}
    found = Rows().take(data, rows)
    assert found["a"].tolist() == [2, 0]
    assert found["b"][1].tolist() == np.eye(3)[rows].tolist()
    assert Rows().take(Rates(np.arange(3), np.arange(3)), rows).rates.tolist() == [2, 0]


# ---- saddles, bounds, what is not identified ---------------------------------------------------------------


def test_from_a_saddle_the_fit_goes_on():
    mean = (NOTICES @ DAYS) / DAYS.sum()
    saddle = Rates(np.array([0.3, 0.7]), np.array([mean, mean]))
    stuck = jensen.fit(Charted(), NOTICES, saddle, weight=DAYS, algorithm=jensen.em.EM())
    assert stuck.params.rates == pytest.approx([mean, mean])  # EM stands still
    sure = jensen.uncertainty(Charted(), stuck, NOTICES, DAYS)
    assert sure.verdict.outcome is Outcome.SADDLE
    assert "rates[0], rates[1]" in sure.verdict.message
    assert "uphill" in sure.verdict.advice
    assert np.isnan(sure.standard_errors["rates"]).all()
    fit = jensen.fit(Charted(), NOTICES, sure.uphill, weight=DAYS)
    assert fit.log_evidence == pytest.approx(-1989.945859883, abs=1e-6)
    assert death_notices().uphill is None


@EACH
def test_identical_gaussians(structure):
    """To second order, or for `Tied` only to the fourth."""
    data = faithful()
    one = jensen.fit(Mixture(1, jensen.Gaussian(structure)), data).params.components
    shared = structure.is_shared
    covariances = one.covariances if shared else np.repeat(one.covariances, 2, axis=0)
    same = MixtureParams(np.array([0.4, 0.6]), GaussianParams(np.repeat(one.means, 2, axis=0), covariances))
    model = Mixture(2, jensen.Gaussian(structure))
    sure = jensen.uncertainty(model, same, data)
    assert sure.verdict.outcome is Outcome.SADDLE
    assert "uphill" in sure.verdict.advice
    here = e_step(sure.model, same, data).log_evidence
    assert e_step(sure.model, sure.uphill, data).log_evidence > here + 0.01
    assert jensen.fit(model, data, sure.uphill).log_evidence > here + 1


def test_a_parameter_at_its_bound():
    """Few animals of the last cells: θ̂ = 0, no standard error, and a one-sided interval from the profile."""
    animals = np.array([10, 18, 20, 0.0])
    fit = jensen.fit(ChartedLinkage(), CELLS, 0.5, weight=animals)
    sure = jensen.uncertainty(ChartedLinkage(), fit, CELLS, animals)
    assert sure.verdict.outcome is Outcome.BOUNDARY
    assert "theta is at the bound" in sure.verdict.message
    assert np.isnan(sure.standard_errors["theta"])
    assert "at its bound" in repr(sure)
    assert sure.interval().rows()[0]["note"] == "at its bound"

    def drop(theta):
        value = [10 * np.log(0.5 + t / 4) + 38 * np.log(1 - t) for t in (0.0, theta)]
        return 2 * (value[0] - value[1]) - Z95**2

    row = sure.interval(method=jensen.Profile()).rows()[0]
    assert row["low"] == 0
    assert row["high"] == pytest.approx(brentq(drop, 1e-9, 0.9), abs=1e-7)
    assert row["note"] == "at its bound"


@pytest.mark.parametrize("theta", [1e-4, 1e-6, 1e-9, 1e-13])
def test_a_bound_is_seen_on_the_way_to_it(theta):
    sure = jensen.uncertainty(ChartedLinkage(), theta, CELLS, np.array([10, 18, 20, 0.0]))
    assert sure.verdict.outcome is Outcome.BOUNDARY


def test_the_largest_weight_need_not_be_the_last():
    """The chart's log-ratios to a weight of nothing are all huge; they are taken to the largest one."""
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        weights = np.array([1e-13, 0.35988539698495, 0])
        weights[2] = 1 - weights.sum()
        params = Rates(weights[order], np.array([9.0, *MAXIMUM.rates])[order])
        sure = jensen.uncertainty(Charted(3), params, NOTICES, DAYS)
        dead = order.index(0)
        errors = np.delete(sure.standard_errors["rates"], dead)
        assert np.sort(errors) == pytest.approx(np.sort(ERRORS[1:]), abs=1e-6)
        assert np.isnan(sure.standard_errors["rates"][dead])
        assert np.isnan(sure.standard_errors["weights"][dead])
        assert sure.verdict.outcome in (Outcome.NOT_IDENTIFIED, Outcome.BOUNDARY)


def test_what_no_data_tell_is_named():
    """The rate of a component without rows."""
    weights = np.array([*MAXIMUM.weights, 0.0])
    weights[1] -= 1e-13
    weights[2] = 1e-13
    params = Rates(weights, np.array([*MAXIMUM.rates, 2.0]))
    sure = jensen.uncertainty(Charted(3), params, NOTICES, DAYS)
    assert sure.verdict.outcome is Outcome.NOT_IDENTIFIED
    assert "rates[2]" in sure.verdict.message
    assert "rates[0]" not in sure.verdict.message
    assert sure.standard_errors["rates"][:2] == pytest.approx(ERRORS[1:], abs=1e-6)
    assert sure.interval("rates[2]").rows()[0]["note"] == "not identified"
    row = sure.interval("rates[2]", method=jensen.Profile()).rows()[0]
    assert row["note"] == "open below and above"
    assert (row["low"], row["high"]) == (0.0, np.inf)


@pytest.mark.parametrize("floor", [1e-7, 1e-10])
def test_a_covariance_at_its_bound(floor):
    """Twelve rows on a line: their covariance is held up, and has no standard error; the rest has. At the
    default bound the curvature about their mean is lost in rounding: no number then, rather than a wrong one.
    """
    line = 9 + np.random.default_rng(0).normal(size=(12, 1)) * [[1.0, 1.0]]
    data = np.concatenate([clusters(100, 2), line])
    model = Mixture(2, jensen.Gaussian(floor=floor)).prepare(data, None)
    start = model.start(data, None, np.random.default_rng(0))
    means = np.array([data[:100].mean(axis=0), [9.0, 9.0]])
    start = start._replace(components=start.components._replace(means=means))
    sure = jensen.uncertainty(model, jensen.fit(model, data, start), data)
    assert sure.verdict.outcome is Outcome.BOUNDARY
    assert np.isnan(sure.standard_errors["covariances"][1]).all()
    assert np.isfinite(sure.standard_errors["covariances"][0]).all()
    errors, alone = sure.standard_errors["means"], line.std(axis=0) / np.sqrt(12)
    assert np.isfinite(errors[0]).all()
    known = np.isfinite(errors[1])
    assert known.all() or floor == 1e-10
    np.testing.assert_allclose(errors[1][known], alone[known], rtol=1e-3)


# ---- the report --------------------------------------------------------------------------------------------


def test_what_is_asked_for_wrongly():
    sure = linkage()
    with pytest.raises(ValueError, match="no parameter 'tau'; there are theta"):
        sure.interval("tau")
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        sure.interval(level=95)
    with pytest.raises(ValueError, match="PoissonMixture has no chart"):
        jensen.uncertainty(PoissonMixture(), MAXIMUM, NOTICES, DAYS)


def test_one_name_one_entry_or_several():
    sure = death_notices()
    assert sure.interval("rates")["name"].tolist() == ["rates[0]", "rates[1]"]
    assert sure.interval("rates[1]")["name"].tolist() == ["rates[1]"]
    assert sure.interval(["rates[1]", "weights"])["name"].tolist() == ["rates[1]", "weights[0]", "weights[1]"]
    assert sure.table()["name"].tolist() == sure.names


def test_a_covariance_is_listed_once():
    model, params = maximum(Mixture(1), faithful())
    table = jensen.uncertainty(model, params, faithful()).table()
    assert [name for name in table["name"] if "covariances" in name] == [
        "covariances[0,0,0]",
        "covariances[0,0,1]",
        "covariances[0,1,1]",
    ]


def test_the_report_reads_well():
    text = repr(death_notices())
    assert "rates[1]    2.6634        0.250478" in text
    assert "observed information" in text
    assert "<table>" in death_notices()._repr_html_()
    assert repr(death_notices().rates).startswith("0.995666  along")


def test_columns_of_another_name_are_refused():
    frame = jensen.load_dataset("faithful").to_pandas()
    fit = jensen.fit(jensen.Mixture(2), frame)
    with pytest.raises(jensen.DataError, match="the data have wait where the fit was of waiting"):
        jensen.uncertainty(fit.model, fit, frame.rename(columns={"waiting": "wait"}))
    same = jensen.uncertainty(fit.model, fit, frame.to_numpy())
    assert same.names == jensen.uncertainty(fit.model, fit, frame).names
