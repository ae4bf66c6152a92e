"""Models that users would write, against numbers that others have published or computed to many digits."""

from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import minimize

import jensen
from jensen import testing
from jensen.em import EM, Outcome, Problem, StepNorm, em_map, log_evidence
from pages import ROOT, run_script
from toys import Linkage

# ---- death notices: Hasselblad (1969), Titterington, Smith and Makov (1985) --------------------------------

OWN = run_script(ROOT / "examples" / "own_model.py")[0]
PoissonParams, PoissonMixture = OWN["PoissonParams"], OWN["PoissonMixture"]
NOTICES = np.arange(10.0)
DAYS = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1.0])
SHARE, RATES = 0.35988539698495, [1.2560951012244, 2.6634043566325]  # from 40 digits
STARTS = [(0.5, 1.0, 3.0), (0.3, 1.0, 2.5), (0.9, 1.0, 6.0)]


class ByShare(PoissonMixture):
    """The same mixture in the three numbers that others count: one share and two rates."""

    @property
    def chart(self):
        def make(share, rates):
            return PoissonParams(np.array([share, 1.0 - share]), np.asarray(rates))

        def split(params):
            return {"share": params.weights[0], "rates": params.rates}

        return jensen.Chart({"share": jensen.Interval(), "rates": jensen.Positive(2)}, make, split)


def params_of(share, first, second):
    return PoissonParams(np.array([share, 1.0 - share]), np.array([first, second]))


def numbers(params):
    first, second = np.argsort(params.rates)
    return np.array([params.weights[first], params.rates[first], params.rates[second]])


@pytest.mark.parametrize("model", [PoissonMixture(2), ByShare(2)], ids=["simplex", "share"])
def test_death_notices_hold_every_law(model):
    table = testing.check_model(model, params_of(0.4, 1.0, 3.0), NOTICES, weight=DAYS)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"bound_is_tight", "gap_is_kl", "fisher_identity", "chart_inverts", "m_step_is_best"} <= held


def test_one_step_of_em_on_the_death_notices():
    start = params_of(0.3, 1.0, 2.5)
    assert -log_evidence(PoissonMixture(2), start, NOTICES, DAYS) == pytest.approx(1992.7232662566, abs=1e-9)
    after = em_map(PoissonMixture(2), start, NOTICES, DAYS)
    assert numbers(after) == pytest.approx([0.28569043836887, 1.0613898076625, 2.5951009012186], abs=1e-12)


@pytest.mark.parametrize(
    ("start", "evaluations"), list(zip(STARTS, [2643, 2586, 3084], strict=True)), ids=["half", "near", "far"]
)
def test_em_stops_where_r_stops(start, evaluations):
    """R's SQUAREM 2021.1, fpiter with tol = 1e-8: evaluations of the EM map."""
    fit = jensen.fit(ByShare(2), NOTICES, params_of(*start), weight=DAYS, algorithm=EM(), stop=StepNorm(1e-8))
    assert fit.num_steps == pytest.approx(evaluations, abs=5)
    assert fit.rate == pytest.approx(0.99566622317, abs=1e-5)


@pytest.mark.parametrize("model", [PoissonMixture(2), ByShare(2)], ids=["simplex", "share"])
@pytest.mark.parametrize("start", STARTS, ids=["half", "near", "far"])
def test_the_default_ends_at_the_maximum(start, model):
    fit = jensen.fit(model, NOTICES, params_of(*start), weight=DAYS)
    assert fit.verdict.converged
    assert numbers(fit.params) == pytest.approx([SHARE, *RATES], abs=1e-8)
    assert fit.log_evidence == pytest.approx(-1989.945859883, abs=1e-9)
    assert fit.num_e_steps <= 30
    assert np.diff(fit.ledger["objective"]).min() > -1e-9


@pytest.mark.parametrize("model", [PoissonMixture(2), ByShare(2)], ids=["simplex", "share"])
def test_standard_errors_of_the_death_notices(model):
    """From the exact observed information, in 40 digits."""
    fit = jensen.fit(model, NOTICES, params_of(0.5, 1.0, 3.0), weight=DAYS)
    sure = jensen.uncertainty(model, model.canonical(fit.params), NOTICES, DAYS)
    share = np.ravel(next(iter(sure.standard_errors.values())))[0]
    found = [share, *sure.standard_errors["rates"]]
    assert found == pytest.approx([0.19468429868778, 0.35002971139692, 0.2504782703087], abs=1e-7)
    assert sure.verdict.converged
    assert sure.rates.values.max() == pytest.approx(0.99566622317, abs=1e-6)


def test_random_starts_of_the_death_notices_agree():
    fit = jensen.fit(PoissonMixture(2), NOTICES, weight=DAYS, restarts=20, rng=1)
    assert fit.verdict.converged
    assert fit.starts["objective"][0] == pytest.approx(-1989.945859883, abs=1e-6)
    assert fit.starts["times_found"][0] >= 10
    again = jensen.fit(PoissonMixture(2), NOTICES, weight=DAYS, restarts=20, rng=1)
    assert (again.starts["objective"] == fit.starts["objective"]).all()


# ---- genetic linkage with derivatives of its own -----------------------------------------------------------

ANIMALS = np.array([125, 18, 20, 34.0])


def number(theta):
    return float(theta)


class ExactLinkage(Linkage):
    """Every hook that a chart allows, by hand. u = logit θ."""

    pack = unpack = None
    chart = jensen.Chart({"theta": jensen.Interval()}, number, lambda t: {"theta": t})

    def slopes(self, theta):
        """The first two derivatives of the log-probabilities of the four cells, in θ."""
        first = np.array([1 / (2 + theta), -1 / (1 - theta), -1 / (1 - theta), 1 / theta])
        return first, -(first**2)

    def score(self, params, stats):
        s = stats.values
        slope = (s[0, 1] + s[3, 1]) / params - (s[1, 0] + s[2, 0]) / (1 - params)
        return np.array([slope * params * (1 - params)])

    def scores(self, params, data):
        return (self.slopes(params)[0] * params * (1 - params))[data][:, None]

    def information(self, params, data, weight):
        first, second = (part[data] @ weight for part in self.slopes(params))
        step = params * (1 - params)
        return -np.array([[second * step**2 + first * step * (1 - 2 * params)]])


def test_linkage_with_its_own_derivatives_holds_every_law():
    table = testing.check_model(ExactLinkage(), 0.3, np.arange(4), weight=ANIMALS)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"chart_inverts", "score_is_slope", "scores_add", "information_is_curvature"} <= held


def test_standard_error_of_linkage():
    fit = jensen.fit(ExactLinkage(), np.arange(4), 0.5, weight=ANIMALS)
    sure = jensen.uncertainty(ExactLinkage(), fit, np.arange(4), ANIMALS)
    assert sure.standard_errors["theta"] == pytest.approx(0.051467349200889, abs=1e-9)


def test_linkage_ends_at_the_root_of_its_quadratic():
    fit = jensen.fit(ExactLinkage(), np.arange(4), 0.5, weight=ANIMALS)
    assert fit.params == pytest.approx((15 + np.sqrt(53809)) / 394, abs=1e-10)
    path = [0.5]
    for _ in range(8):
        path.append(em_map(ExactLinkage(), path[-1], np.arange(4), ANIMALS))
    published = [0.608247422680, 0.624321050369, 0.626488879080, 0.626777322347]
    published += [0.626815632110, 0.626820719019, 0.626821394456, 0.626821484140]
    assert path[1:] == pytest.approx(published, abs=1e-9)


class OtherWay(jensen.Chart):
    def from_vector(self, u, xp=np):
        return super().from_vector(-u, xp)


class ChartOtherWay(ExactLinkage):
    chart = OtherWay({"theta": jensen.Interval()}, number, lambda t: {"theta": t})


class NaturalScore(ExactLinkage):
    """The derivative in θ and not in the chart."""

    def score(self, params, stats):
        return super().score(params, stats) / (params * (1 - params))


class WeightedScores(ExactLinkage):
    def scores(self, params, data):
        return super().scores(params, data) * ANIMALS[data][:, None]


class ForgetsTheSecondTerm(ExactLinkage):
    """The information in θ, moved to the chart as if the score were zero: right at a maximum only."""

    def information(self, params, data, weight):
        return -np.array([[self.slopes(params)[1][data] @ weight * (params * (1 - params)) ** 2]])


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (ChartOtherWay, "chart_inverts"),
        (NaturalScore, "score_is_slope"),
        (WeightedScores, "scores_add"),
        (ForgetsTheSecondTerm, "information_is_curvature"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_wrong_hook_is_found(kind, law):
    with pytest.raises(testing.LawError, match=law) as raised:
        getattr(testing, law)(kind(), 0.3, np.arange(4), weight=ANIMALS)
    assert "usually means" in str(raised.value)


# ---- factor analysis ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def factor_analysis():
    return run_script(ROOT / "examples" / "factor_analysis.py")[0]


def test_rows_with_a_correlation_matrix(factor_analysis):
    tests, weight = factor_analysis["tests"], factor_analysis["weight"]
    moments = (weight[:, None] * tests).T @ tests / weight.sum()
    assert moments == pytest.approx(factor_analysis["correlation_matrix"](factor_analysis["CORRELATIONS"]))
    assert moments[8, 7] == pytest.approx(0.672)
    assert weight.sum() == pytest.approx(145)


def test_more_rows_with_the_same_moments_are_the_same_fit(factor_analysis):
    """The 145 children themselves, for all that the evidence sees."""
    names = factor_analysis
    drawn = np.random.default_rng(0).standard_normal((145, 9))
    white = np.linalg.qr(drawn)[0] * np.sqrt(145)
    rows = white @ np.linalg.cholesky(names["correlation_matrix"](names["CORRELATIONS"])).T
    fit = jensen.fit(names["em"], rows, names["start"])
    assert -fit.log_evidence - names["constant"] == pytest.approx(327.6906285, abs=1e-6)


def test_conditional_steps_gain_more_than_em_steps(factor_analysis):
    names = factor_analysis
    away = names["FactorParams"](0.8 * names["start"].loadings, np.full(9, 0.5))
    gains = []
    for model in (names["em"], names["ecme"]):
        problem = Problem(model, names["tests"], names["weight"])
        state = EM().init(problem, away)
        gains.append(EM().step(problem, state).objective - state.objective)
    assert gains[1] > gains[0] > 0


def test_loadings_that_can_be_rotated_have_no_standard_errors(factor_analysis):
    """The first two factors can be rotated into each other; the others and the uniquenesses cannot."""
    sure, pattern = factor_analysis["sure"], factor_analysis["pattern"]
    known = np.isfinite(sure.standard_errors["loadings"])
    assert (known == (np.nonzero(pattern)[1] >= 2)).all()
    assert np.isfinite(sure.standard_errors["uniquenesses"]).all()
    assert not sure.verdict.converged


def test_one_factor_without_a_pattern_is_found_again(factor_analysis):
    """Spearman's case, where the loadings are known up to their common sign."""
    loadings, n = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), 20_000
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((n, 1)) * loadings + np.sqrt(1 - loadings**2) * rng.standard_normal((n, 5))
    model = factor_analysis["FactorAnalysis"](np.ones((5, 1), dtype=bool))
    fit = jensen.fit(model, rows, restarts=3)
    assert np.abs(fit.params.loadings[:, 0]) == pytest.approx(loadings, abs=0.03)
    assert fit.verdict.converged


# ---- censored regression -----------------------------------------------------------------------------------


def test_standard_errors_of_censored_regression():
    """survreg of R's survival prints 16.0795, 0.2186, 0.0583, and 0.3103 for log(scale)."""
    names = run_script(ROOT / "examples" / "censored_regression.py")[0]
    errors = names["sure"].standard_errors
    assert errors["coefficients"] == pytest.approx([16.0795, 0.2186, 0.0583], abs=5e-5)
    assert errors["scale"] / names["fit"].params.scale == pytest.approx(0.3103, abs=5e-5)


def test_censored_regression_recovers_what_it_was_drawn_from():
    names = run_script(ROOT / "examples" / "censored_regression.py")[0]
    rng, n = np.random.default_rng(0), 5000
    design = np.column_stack([np.ones(n), rng.standard_normal(n), rng.uniform(-1, 1, n)])
    latent = design @ [0.3, 1.0, -2.0] + 1.5 * rng.standard_normal(n)
    data = np.column_stack([np.maximum(latent, 0.0), design])
    fit = jensen.fit(names["CensoredRegression"](3), data, restarts=2)
    assert fit.params.coefficients == pytest.approx([0.3, 1.0, -2.0], abs=0.15)
    assert float(fit.params.scale) == pytest.approx(1.5, abs=0.1)
    least_squares = np.linalg.lstsq(design, data[:, 0], rcond=None)[0]
    assert abs(least_squares[2] + 2.0) > 0.5  # what forgetting the censoring would have said


def test_an_entropy_that_is_not_that_of_the_cut_normal_is_found():
    names = run_script(ROOT / "examples" / "censored_regression.py")[0]

    class Uncut(names["CensoredRegression"]):
        """The entropy of the normal before it is cut off."""

        def expected(self, params, data, posterior, weight):
            found = super().expected(params, data, posterior, weight)
            whole = 0.5 * (1 + np.log(2 * np.pi)) + np.log(float(params.scale))
            return replace(found, entropy=float(whole * posterior.hidden.sum()))

    with pytest.raises(testing.LawError, match="bound_is_tight"):
        testing.check_model(Uncut(3), names["fit"].params, names["data"])


# ---- what `fit` refuses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(3), r"each of the 10 rows; its shape is \(3,\)"),
        (-DAYS, r"row 0 \(counted from 0\) has -162\.0, and 9 more"),
        (np.where(NOTICES == 4, np.nan, DAYS), r"row 4 \(counted from 0\) has nan"),
        (np.where(NOTICES == 4, np.inf, DAYS), r"row 4 \(counted from 0\) has inf"),
        (np.zeros(10), "zero for every row"),
        (np.column_stack([DAYS, DAYS]), r"shape is \(10, 2\)"),
        (["many"] * 10, "must be numbers"),
    ],
    ids=["length", "negative", "nan", "inf", "zero", "column", "text"],
)
def test_weights_that_are_none(weight, message):
    with pytest.raises(ValueError, match=message):
        jensen.fit(PoissonMixture(2), NOTICES, weight=weight)


def test_whole_numbers_are_weights():
    counted = jensen.fit(
        PoissonMixture(2), NOTICES, params_of(0.5, 1.0, 3.0), weight=DAYS.astype(int).tolist()
    )
    assert numbers(counted.params) == pytest.approx([SHARE, *RATES], abs=1e-8)


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"heads": np.array([0.6, 1.5])}, r"params\['heads'\] is outside .* 1.5 is not between 0 and 1"),
        ({"heads": np.array([0.6])}, r"params\['heads'\] has shape \(1,\)"),
        ({"head": np.array([0.6, 0.5])}, "params lack heads"),
        ({"heads": np.array([0.6, np.nan])}, "not finite"),
    ],
    ids=["outside", "shape", "missing", "nan"],
)
def test_a_start_that_is_none(start, message):
    names = run_script(ROOT / "examples" / "skeleton.py")[0]
    with pytest.raises(ValueError, match=message):
        jensen.fit(names["model"], names["data"], start)


def test_free_parameters_are_those_of_the_chart():
    names = run_script(ROOT / "examples" / "skeleton.py")[0]
    assert names["fit"].num_free == 2
    assert names["fit"].bic == pytest.approx(-2 * names["fit"].log_evidence + 2 * np.log(5))


# ---- the ready-made parts ----------------------------------------------------------------------------------


def test_totals_add_and_scale_by_name():
    one, other = jensen.em.Totals(count=np.ones(2), base=1.0), jensen.em.Totals(count=np.ones(2), base=3.0)
    both = (one + other).scale(0.5)
    assert both.count.tolist() == [1.0, 1.0]
    assert both.base == 2.0
    assert "base=2.0" in repr(both)
    with pytest.raises(AttributeError, match="no total 'counts'; there are count, base"):
        _ = both.counts
    with pytest.raises(ValueError, match="do not add"):
        _ = one + jensen.em.Totals(count=np.ones(2))


def test_totals_survive_a_copy():
    import copy
    import pickle

    one = jensen.em.Totals(count=np.ones(2))
    for again in (copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again.count.tolist() == [1.0, 1.0]


def test_a_posterior_from_a_log_joint_with_impossible_values():
    q = jensen.em.DiscretePosterior.from_log_joint([[0.0, -np.inf], [-1e4, -1e4], [-np.inf, -np.inf]])
    assert q.responsibilities[0].tolist() == [1.0, 0.0]
    assert q.responsibilities[1].tolist() == [0.5, 0.5]
    assert q.log_evidence[1] == pytest.approx(-1e4 + np.log(2))
    assert q.log_evidence[2] == -np.inf
    assert q.entropy()[:2] == pytest.approx([0.0, np.log(2)])


# ---- what a first draft gets wrong -------------------------------------------------------------------------

COINS = run_script(ROOT / "examples" / "skeleton.py")[0]
CoinsOf = COINS["TwoCoins"]


class NoMStep(CoinsOf):
    m_step = None


class ColumnOfEvidence(CoinsOf):
    def posterior(self, params, data):
        exact = super().posterior(params, data)
        return replace(exact, log_evidence=exact.log_evidence[:, None])


class TotalEntropy(CoinsOf):
    def posterior(self, params, data):
        exact = super().posterior(params, data)
        total = exact.entropy().sum()
        return SimpleNamespace(log_evidence=exact.log_evidence, entropy=lambda: total)


class TupleOfStats(CoinsOf):
    def expected(self, params, data, posterior, weight):
        found = super().expected(params, data, posterior, weight)
        return replace(found, stats=(found.stats.count, found.stats.heads))


class BareStats(CoinsOf):
    def expected(self, params, data, posterior, weight):
        return super().expected(params, data, posterior, weight).stats


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (NoMStep, r"NoMStep has no m_step\(stats, params\)"),
        (ColumnOfEvidence, r"log_evidence has shape \(5, 1\)"),
        (TotalEntropy, r"entropy\(\) has shape \(\)"),
        (TupleOfStats, r"a tuple, have no \+"),
        (BareStats, "expected.* returned a Totals"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_contract_that_is_not_kept(kind, message):
    with pytest.raises(testing.LawError, match=message) as raised:
        testing.check_model(kind(), COINS["start"], COINS["data"])
    assert raised.value.law == "keeps_contract"


def test_a_start_is_no_maximum():
    """Far away the curvature of five rows tells nothing; that is not the same as data that tell nothing."""
    verdict = jensen.uncertainty(CoinsOf(), COINS["start"], COINS["data"]).verdict
    assert verdict.outcome is jensen.em.Outcome.STEP_LIMIT
    assert "not at a maximum" in verdict.message


def test_averaged_statistics_are_named():
    class Averages(CoinsOf):
        def expected(self, params, data, posterior, weight):
            found = super().expected(params, data, posterior, weight)
            return replace(found, stats=found.stats.scale(1 / found.weight))

    with pytest.raises(testing.LawError, match="averages in place of sums"):
        testing.check_model(Averages(), COINS["start"], COINS["data"])


# ---- data of other forms -----------------------------------------------------------------------------------


class Lifetimes(NamedTuple):
    time: np.ndarray  # (n,)
    event: np.ndarray  # (n,): 0 where only this much is known, that it lasted longer


class CensoredExponentials:
    """A mixture of two exponential distributions, right-censored; data are a dict or a named tuple."""

    chart = jensen.Chart({"weights": jensen.Simplex(2), "rates": jensen.Positive(2)})

    def columns(self, data):
        return (data["time"], data["event"]) if isinstance(data, dict) else data

    def posterior(self, params, data):
        time, event = (column[:, None] for column in self.columns(data))
        rates = params["rates"]
        log_joint = np.log(params["weights"]) + event * np.log(rates) - rates * time
        return jensen.em.DiscretePosterior.from_log_joint(log_joint)

    def expected(self, params, data, posterior, weight):
        time, event = self.columns(data)
        w = np.ones(len(time)) if weight is None else weight
        wr = w[:, None] * posterior.responsibilities
        stats = jensen.em.Totals(count=wr.sum(axis=0), events=event @ wr, time=time @ wr)
        return jensen.em.Expected.of(stats, posterior, weight)

    def m_step(self, stats, params):
        return {"weights": stats.count / stats.count.sum(), "rates": stats.events / stats.time}

    def expected_log_joint(self, params, stats):
        rates = params["rates"]
        logs = stats.count @ np.log(params["weights"]) + stats.events @ np.log(rates)
        return float(logs - rates @ stats.time)

    def start(self, data, weight, rng):
        return self.chart.random(rng)

    def canonical(self, params):
        return {name: value[np.argsort(params["rates"])] for name, value in params.items()}

    def sample(self, params, num_rows, rng):
        rates = params["rates"][rng.choice(2, size=num_rows, p=params["weights"])]
        time, limit = rng.exponential(1 / rates), rng.exponential(3.0, num_rows)
        return Lifetimes(np.minimum(time, limit), (time <= limit).astype(float))


@pytest.mark.parametrize(
    "form", [Lifetimes._asdict, tuple, lambda data: data], ids=["dict", "tuple", "named"]
)
def test_data_of_other_forms(form):
    model, truth = CensoredExponentials(), {"weights": np.array([0.6, 0.4]), "rates": np.array([0.4, 3.0])}
    data = form(model.sample(truth, 800, np.random.default_rng(0)))
    away = {"weights": np.array([0.5, 0.5]), "rates": np.array([0.5, 2.0])}
    table = testing.check_model(model, away, data)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"blocks_add", "weights_repeat", "refit_recovers", "chart_inverts"} <= held
    fit = jensen.fit(model, data)
    sure = jensen.uncertainty(model, model.canonical(fit.params), data)
    assert fit.verdict.converged
    for name, errors in sure.standard_errors.items():
        assert (np.abs(model.canonical(fit.params)[name] - truth[name]) < 4 * errors).all()
    assert sure.sandwich().standard_errors["rates"] == pytest.approx(sure.standard_errors["rates"], rel=0.3)
    with pytest.raises(ValueError, match="each of the 800 rows"):
        jensen.fit(model, data, weight=np.ones(3))


@pytest.mark.parametrize("kind", ["FactorAnalysis", "ConditionalFactorAnalysis"])
def test_a_test_that_is_a_factor_ends_at_the_bound_and_says_so(factor_analysis, kind):
    """Heywood's case: of one factor λ₁² would be 0.8 · 0.8 / 0.5, more than the first test varies."""
    correlations, n, least = np.array([[1, 0.8, 0.8], [0.8, 1, 0.5], [0.8, 0.5, 1]]), 150, 0.005
    rows, weight = factor_analysis["rows_with"](correlations), np.full(3, n / 3)

    def loss(theta):
        covariance = np.outer(theta[:3], theta[:3]) + np.diag(theta[3:])
        trace = np.trace(np.linalg.solve(covariance, correlations))
        return 0.5 * n * (np.linalg.slogdet(covariance)[1] + trace)

    bounds = [(None, None)] * 3 + [(least, None)] * 3
    peer = minimize(loss, [0.7] * 3 + [0.5] * 3, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-15})
    model = factor_analysis[kind](np.ones((3, 1), dtype=bool))
    fit = jensen.fit(model, rows, weight=weight, restarts=3)
    assert fit.verdict.outcome is Outcome.BOUNDARY and "test 0 is at its bound" in fit.verdict.message
    assert fit.params.uniquenesses == pytest.approx(peer.x[3:], abs=1e-4)
    assert fit.params.uniquenesses[0] == pytest.approx(least, abs=1e-9)
    assert fit.log_evidence == pytest.approx(-peer.fun - 1.5 * n * np.log(2 * np.pi), abs=1e-5)
    testing.never_falls(model, fit.params, rows, weight=weight)
