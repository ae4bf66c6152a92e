"""The engine: the ledger, verdicts, stopping, acceleration, many starts, and what a `Fit` looks like."""

import signal
import time
from dataclasses import replace

import numpy as np
import pytest

import jensen
from jensen.em import EM, Gain, Never, Outcome, Problem, Seen, Squarem, Table, Verdict, aitken
from jensen.em.curvature.information import observed_information
from jensen.em.stopping import noise
from jensen.families import STRUCTURES, Full, Gaussian, GaussianParams, Spherical, Tied
from jensen.models import Mixture, MixtureParams
from samples import clusters, faithful, galaxies, iris, rows_as_means
from toys import Linkage, PoissonMixture, Rates

DAYS = np.arange(10.0)
NOTICES = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1.0])
BEGIN = Rates(np.array([0.3, 0.7]), np.array([1.0, 2.5]))


def mixture(structure=None, k=3):
    return Mixture(k, Gaussian(structure or Full()))


# ---- the ledger ----------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", [EM(), Squarem()], ids=lambda a: type(a).__name__)
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_every_row_is_jensens_identity(structure, weighted, algorithm):
    data = clusters()
    weight = np.random.default_rng(0).uniform(0.1, 2.0, len(data)) if weighted else None
    begin = rows_as_means(structure, data, 3, 1)
    options = {"weight": weight, "algorithm": algorithm, "max_steps": 40, "stop": Never()}
    fit = jensen.fit(mixture(structure), data, begin, **options)
    ledger, slack = fit.ledger, jensen.testing.rounding(fit.model, fit.params, data, weight)
    assert ledger.num_rows == fit.num_steps + 1 == 41
    assert (
        np.abs(ledger["log_evidence"] - ledger["expected_log_joint"] - ledger["entropy"]).max() < 10 * slack
    )
    assert np.array_equal(ledger["objective"], ledger["log_evidence"] + ledger["log_prior"])
    assert np.isnan(ledger["kl"][0])
    assert ledger["kl"][1:].min() > -slack
    assert np.diff(ledger["objective"]).min() > -slack
    assert ledger["num_e_steps"][-1] == fit.num_e_steps
    assert ledger["log_evidence"][-1] == fit.log_evidence
    assert ledger["entropy"][-1] == fit.entropy


def test_the_gap_of_a_half_step_is_what_the_e_step_gains():
    """KL(q_old ‖ posterior_new) computed from the responsibilities themselves."""
    data = clusters()
    model = mixture()
    old = rows_as_means(Full(), data, 3, 1)
    fit = jensen.fit(model, data, old, max_steps=1, stop=Never())
    r, s = (model.posterior(p, data).responsibilities for p in (old, fit.params))
    kl = np.sum(r * (np.log(r) - np.log(s)))
    assert fit.ledger["kl"][1] == pytest.approx(kl, rel=1e-9)
    assert jensen.kl_gap(model, fit.params, data, model.posterior(old, data)) == pytest.approx(kl, rel=1e-9)


# ---- verdicts ------------------------------------------------------------------------------------


class Wrong(Mixture):
    """An M-step that goes too far, then much too far."""

    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        leap = params.components.means + 30 * (best.components.means - params.components.means)
        return best._replace(components=best.components._replace(means=leap))


class Breaks(PoissonMixture):
    """Does something in its n-th E-step."""

    def __init__(self, at, what):
        super().__init__(2)
        object.__setattr__(self, "calls", 0)
        object.__setattr__(self, "at", at)
        object.__setattr__(self, "what", what)

    def e_step(self, params, data, weight):
        object.__setattr__(self, "calls", self.calls + 1)
        expected = self.expected(params, data, self.posterior(params, data), weight)
        return self.what(expected) if self.calls == self.at else expected


def interrupt(_):
    raise KeyboardInterrupt


def lose(expected):
    return replace(expected, log_evidence=float("nan"))


def test_a_step_limit_is_not_convergence():
    fit = jensen.fit(PoissonMixture(), DAYS, BEGIN, weight=NOTICES, max_steps=20)
    assert fit.verdict.outcome is Outcome.STEP_LIMIT
    assert not fit.verdict.converged and not fit.verdict.climbed and fit.verdict.proper
    assert fit.num_steps == 20
    assert "20 steps were not enough" in fit.verdict.message
    assert fit.verdict.advice == "raise max_steps"
    assert str(fit.verdict).startswith("step limit: 20 steps")


def test_no_steps_at_all():
    fit = jensen.fit(PoissonMixture(), DAYS, BEGIN, weight=NOTICES, max_steps=0)
    assert fit.verdict.outcome is Outcome.STEP_LIMIT
    assert fit.params is BEGIN
    assert fit.num_e_steps == 1
    assert np.isnan(fit.remaining)


def test_a_fall_is_a_verdict_and_the_state_before_it_is_returned():
    data = clusters()
    fit = jensen.fit(Wrong(3), data, rows_as_means(Full(), data, 3, 1))
    assert fit.verdict.outcome is Outcome.FELL
    assert "lowered the objective by" in fit.verdict.message
    assert "m_step lowers Q" in fit.verdict.message
    assert "check_model" in fit.verdict.advice
    assert not fit.verdict.proper and not fit.verdict.converged
    assert np.diff(fit.ledger["objective"]).min(initial=0.0) >= 0


def test_a_non_finite_objective_is_a_verdict():
    fit = jensen.fit(Breaks(5, lose), DAYS, BEGIN, weight=NOTICES, algorithm=EM())
    assert fit.verdict.outcome is Outcome.FAILED
    assert "non-finite" in fit.verdict.message
    assert fit.num_steps == 3  # of the fifth E-step nothing is kept
    assert np.isfinite(fit.log_evidence)
    at_once = jensen.fit(Breaks(1, lose), DAYS, BEGIN, weight=NOTICES)
    assert at_once.verdict.outcome is Outcome.FAILED
    assert "at the start" in at_once.verdict.message


@pytest.mark.parametrize("algorithm", [EM(), Squarem()], ids=lambda a: type(a).__name__)
def test_an_interrupt_returns_the_best_so_far(algorithm):
    fit = jensen.fit(Breaks(6, interrupt), DAYS, BEGIN, weight=NOTICES, algorithm=algorithm)
    assert fit.verdict.outcome is Outcome.INTERRUPTED
    assert "best so far" in fit.verdict.message
    assert not fit.verdict.converged
    assert fit.log_evidence == fit.ledger["log_evidence"].max()
    assert fit.num_steps == (4 if isinstance(algorithm, EM) else 2)


def test_an_interrupt_among_many_starts():
    """The first start has ended, the second is under way, the third never begins."""
    one = jensen.fit(Breaks(10**9, interrupt), DAYS, weight=NOTICES, restarts=1, rng=3)
    later = int(one.starts["num_e_steps"][0]) + 5
    fit = jensen.fit(Breaks(later, interrupt), DAYS, weight=NOTICES, restarts=3, rng=3)
    assert fit.verdict.outcome is Outcome.INTERRUPTED
    assert fit.starts.num_rows == 2
    assert fit.log_evidence == fit.starts["objective"].max()


def test_an_interrupt_before_there_is_anything_is_an_interrupt():
    with pytest.raises(KeyboardInterrupt):
        jensen.fit(Breaks(1, interrupt), DAYS, BEGIN, weight=NOTICES)


class InterruptedLate(Mixture):
    """Ctrl-C after the search, in the passes that finish its best end."""

    def diagnose(self, params, data, weight):
        if not DIAGNOSED:
            DIAGNOSED.append(True)
            raise KeyboardInterrupt
        return super().diagnose(params, data, weight)


DIAGNOSED = []


def test_an_interrupt_after_the_search_keeps_what_it_found():
    DIAGNOSED.clear()
    fit = jensen.fit(InterruptedLate(2), faithful())
    assert DIAGNOSED
    assert fit.verdict.outcome is Outcome.INTERRUPTED
    assert fit.log_evidence == pytest.approx(-1130.26396, abs=1e-3)


class Says(PoissonMixture):
    """A model that says of every end what it is told to."""

    said = Verdict(Outcome.NOT_IDENTIFIED, "flat")

    def diagnose(self, params, data, weight):
        return self.said


def test_any_outcome_may_be_a_diagnosis():
    fit = jensen.fit(Says(), DAYS, weight=NOTICES, restarts=2, rng=0)
    assert fit.verdict.outcome is Outcome.NOT_IDENTIFIED


def test_a_note_does_not_hide_that_the_objective_fell():
    class Falls(Says):
        said = Verdict(Outcome.CONVERGED, "all is well")

        def m_step(self, stats, params):
            found = super().m_step(stats, params)
            return Rates(found.weights, found.rates * (3.0 if next(steps) > 3 else 1.0))

    steps = iter(range(10_000))
    fit = jensen.fit(Falls(), DAYS, BEGIN, weight=NOTICES, algorithm=EM())
    assert fit.verdict.outcome is Outcome.FELL


@pytest.mark.parametrize("max_steps", range(1, 7))
def test_who_climbs_on_from_a_saddle_has_not_converged(max_steps):
    """At a limit of steps that falls right after Newton's step has left the saddle."""

    class Curved(Mixture):
        def information(self, params, data, weight):
            plain = Mixture(self.num_components, self.family)
            return observed_information(Problem(plain, data, weight), params).matrix

    data = faithful()
    mean, spread = data.mean(axis=0), np.cov(data.T, bias=True)
    same = GaussianParams(np.tile(mean, (2, 1)), np.tile(spread, (2, 1, 1)))
    saddle = MixtureParams(np.array([0.5, 0.5]), same)
    short = jensen.fit(Curved(2), data, saddle, max_steps=max_steps)
    assert short.num_steps <= max_steps
    if short.verdict.converged:
        whole = jensen.fit(Curved(2), data, saddle)
        assert short.log_evidence == pytest.approx(whole.log_evidence, abs=1e-3)


# ---- many starts ---------------------------------------------------------------------------------


class SomeFail(PoissonMixture):
    """Every other start raises, or has no likelihood."""

    def __init__(self, kinds):
        super().__init__(2)
        object.__setattr__(self, "kinds", list(kinds))

    def start(self, data, weight, rng):
        kind = self.kinds.pop(0)
        if kind == "raise":
            raise np.linalg.LinAlgError("this start is singular")
        if kind == "nan":
            return Rates(np.array([0.5, 0.5]), np.array([np.nan, 1.0]))
        return super().start(data, weight, rng)


@pytest.mark.parametrize(
    "kinds", [("nan", "", "raise", ""), ("raise", "", "", "nan"), ("", "nan", "", "nan")]
)
def test_a_failed_start_is_a_row_and_the_others_go_on(kinds):
    fit = jensen.fit(SomeFail(kinds), DAYS, weight=NOTICES, restarts=4)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(-1989.94586, abs=1e-3)
    starts = fit.starts
    assert starts.num_rows == 4
    assert list(starts["outcome"]) == ["converged", "converged", "failed", "failed"]
    assert list(starts["maximum"]) == [0, 0, -1, -1]
    assert list(starts["times_found"]) == [2, 2, 0, 0]
    assert all(starts["note"][2:])


def test_every_start_fails():
    with pytest.raises(ValueError, match="every start failed: this start is singular"):
        jensen.fit(SomeFail(["raise"] * 3), DAYS, weight=NOTICES, restarts=3)


def test_the_number_of_starts_is_checked():
    with pytest.raises(ValueError, match="restarts must be at least 1"):
        jensen.fit(PoissonMixture(), DAYS, weight=NOTICES, restarts=0)
    with pytest.raises(ValueError, match="either params"):
        jensen.fit(PoissonMixture(), DAYS, BEGIN, weight=NOTICES, restarts=2)
    with pytest.raises(ValueError, match=r"Linkage has no start\(data, weight, rng\): give fit its params"):
        jensen.fit(Linkage(), np.arange(4))


def test_starts_are_sorted_and_maxima_counted():
    fit = jensen.fit(mixture(Tied()), faithful(), restarts=12, rng=4)
    starts = fit.starts
    assert starts.num_rows == 12
    assert (np.diff(starts["objective"]) <= 0).all()
    assert starts["maximum"][0] == 0
    for maximum in np.unique(starts["maximum"]):
        of = starts["maximum"] == maximum
        assert (starts["times_found"][of] == of.sum()).all()
        assert np.ptp(starts["objective"][of]) <= 0.02
    assert fit.num_e_steps == starts["num_e_steps"].sum()


def test_the_same_seed_gives_the_same_fit():
    for restarts in (None, 4):
        a, b = (jensen.fit(mixture(), faithful(), restarts=restarts, rng=7) for _ in range(2))
        assert a.log_evidence == b.log_evidence
        assert np.array_equal(a.model.chart.natural_vector(a.params), b.model.chart.natural_vector(b.params))
        assert a.starts.keys() == b.starts.keys()
        assert all(np.array_equal(a.starts[name], b.starts[name]) for name in a.starts)
    c = jensen.fit(mixture(), faithful(), restarts=4, rng=np.random.default_rng(7))
    assert c.log_evidence == a.log_evidence


# ---- when to stop --------------------------------------------------------------------------------


def test_aitken_of_a_geometric_sequence():
    """ℓ_t = −1 − 0.9^t: from t = 10 on, 0.9^10 is left."""
    objectives = [-1 - 0.9**t for t in range(11)]
    found = aitken(objectives, 0.0)
    assert found.ratio == pytest.approx(0.9)
    assert found.remaining == pytest.approx(0.9**10)
    assert aitken(objectives, 0.0, min_ratio=0.99).remaining == pytest.approx(0.1 * 0.9**9 * 99)


def test_aitken_where_it_cannot_tell():
    assert np.isnan(aitken([-2.0, -1.0], 0.0).remaining)
    speeding_up = aitken([-4.0, -3.5, -2.0], 0.0)
    assert speeding_up.remaining == np.inf
    assert speeding_up.ratio == pytest.approx(3.0)
    assert aitken([-1.0, -1.0, -0.5], 0.0).remaining == np.inf
    at_rest = aitken([-1.0, -1.0, -1.0], 1e-9)
    assert np.isnan(at_rest.ratio)
    assert at_rest.remaining <= 1e-9


def test_gain_waits_for_its_hits_and_zero_never_stops():
    steady = [-(0.5**t) for t in range(60)]
    stops = [t for t in range(1, 60) if Gain(1e-3).done(Seen(steady[: t + 1], 0.0, True))]
    assert steady[stops[0]] > -1e-3
    assert steady[stops[0] - 1] - steady[stops[0] - 2] < 1e-3 / 99
    assert not any(Gain(0.0).done(Seen(steady[: t + 1], 1e-3, True)) for t in range(60))
    assert not any(Never().done(Seen(steady[: t + 1], 1e-3, True)) for t in range(60))
    assert not Gain(1e-3).done(Seen([-5.0, -1.0, -1.0], 1e-9, True))  # one hit, not two


# Real data, starts from random rows, that take plain EM more than 300 steps.
SLOW = [("faithful", "full", 3, 0), ("faithful", "full", 3, 1), ("faithful", "full", 4, 2)]
SLOW += [("faithful", "tied", 4, 1), ("faithful", "diag", 4, 2), ("acidity", "diag", 4, 3)]


@pytest.mark.parametrize(("name", "structure", "k", "seed"), SLOW)
def test_what_is_left_on_slow_climbs(name, structure, k, seed):
    """Plain EM leaves less than 1e-3 and says how much within a half; the default needs less work."""
    data = jensen.load_dataset(name).values.astype(float)
    model = Mixture(k, Gaussian(STRUCTURES[structure]))
    begin = rows_as_means(STRUCTURES[structure], data, k, seed)
    fit = jensen.fit(model, data, begin, algorithm=EM())
    assert fit.num_steps > 300
    end = jensen.fit(model, data, fit.params, stop=Gain(1e-9), max_steps=100_000)
    left = end.log_evidence - fit.log_evidence
    assert 0 < left < 1e-3
    assert fit.remaining == pytest.approx(left, rel=0.5)
    assert 0.5 < fit.rate < 1
    fast = jensen.fit(model, data, begin)
    # Where plain EM runs into a collapse the accelerated climb may end at a proper maximum below it.
    proper = fast.verdict.converged and not end.verdict.converged
    assert proper or end.log_evidence - fast.log_evidence < 1e-3
    assert fast.num_e_steps < fit.num_e_steps


def test_the_default_needs_half_the_work_on_slow_climbs():
    """The median over the slow cases of E-steps of the default against those of plain EM, both to 1e-6."""
    ratios = []
    for name, structure, k, seed in SLOW:
        data = jensen.load_dataset(name).values.astype(float)
        begin = rows_as_means(STRUCTURES[structure], data, k, seed)
        model = Mixture(k, Gaussian(STRUCTURES[structure]))
        plain, fast = (
            jensen.fit(model, data, begin, algorithm=algorithm, stop=Gain(1e-6)) for algorithm in (EM(), None)
        )
        ratios.append(fast.num_e_steps / plain.num_e_steps)
    assert np.median(ratios) < 0.5, ratios


@pytest.mark.parametrize("name", ["faithful", "iris", "galaxies", "acidity", "geyser"])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_the_default_fit_is_at_a_maximum(structure, name):
    data = jensen.load_dataset(name).values.astype(float)
    for k in (2, 3, 4):
        fit = jensen.fit(mixture(structure, k), data)
        end = jensen.fit(mixture(structure, k), data, fit.params, stop=Gain(1e-9), max_steps=100_000)
        assert end.log_evidence - fit.log_evidence < 1e-3


def test_squarem_on_a_model_of_ones_own():
    """The death notices: plain EM needs thousands of steps (Varadhan and Roland 2008 report 2909 and 72)."""
    plain = jensen.fit(PoissonMixture(), DAYS, BEGIN, weight=NOTICES, stop=Gain(1e-7), algorithm=EM())
    fast = jensen.fit(PoissonMixture(), DAYS, BEGIN, weight=NOTICES, stop=Gain(1e-7), algorithm=Squarem())
    assert plain.verdict.converged and fast.verdict.converged
    assert fast.log_evidence >= plain.log_evidence - 1e-7
    assert fast.num_e_steps < plain.num_e_steps / 10
    assert np.diff(fast.ledger["objective"]).min() > -1e-9
    assert set(fast.ledger["algorithm"]) == {"start", "Squarem", "EM"}


def test_squarem_falls_back_where_its_proposal_is_worse():
    """From many starts every single step is at least as good as the first of its two EM steps."""
    data = faithful()
    for structure in STRUCTURES.values():
        model = mixture(structure).prepare(data, None)
        for seed in range(5):
            problem = Problem(model, data)
            state = Squarem().init(problem, rows_as_means(structure, data, 3, seed))
            for _ in range(30):
                first = EM().step(Problem(model, data), state)
                state = Squarem().step(problem, state)
                assert state.objective >= first.objective - problem.tolerated_fall(state)


# ---- what a fit looks like -----------------------------------------------------------------------


def test_tables_go_into_data_frames():
    import pandas
    import polars

    fit = jensen.fit(mixture(), faithful(), restarts=3)
    for table in (fit.ledger, fit.starts):
        assert list(pandas.DataFrame(table).columns) == list(table)
        assert pandas.DataFrame(table).shape == polars.DataFrame(table).shape == (table.num_rows, len(table))
    assert polars.DataFrame(fit.ledger)["objective"][-1] == fit.objective


def test_a_column_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(KeyError, match=r"no column 'objectiv' \(did you mean 'objective'\?\); there are"):
        Table({"kind": np.array(["rows"]), "objective": np.ones(1)})["objectiv"]


def test_tables_print():
    table = Table.from_rows([{"a": i, "b": f"<{i}>"} for i in range(20)])
    assert table.num_rows == 20
    assert "… 8 more …" in repr(table)
    assert len(repr(table).splitlines()) == 14
    assert "&lt;3&gt;" in table._repr_html_()
    assert table.rows()[3] == {"a": 3, "b": "<3>"}
    assert Table().num_rows == 0 and repr(Table()) == ""
    assert len({len(line) for line in repr(Table.from_rows([{"x": 1.0}, {"x": -22.5}])).splitlines()}) == 1


def test_repr_of_a_fit():
    fit = jensen.fit(mixture(k=2), faithful())
    assert repr(fit).startswith("Fit(log_evidence=-1130.263960, verdict='converged', num_steps=")
    assert f"num_steps={fit.num_steps}" in repr(fit)


def test_criteria_need_the_number_of_parameters():
    class Uncounted(PoissonMixture):
        num_free = None

    fit = jensen.fit(Uncounted(), DAYS, BEGIN, weight=NOTICES)
    assert fit.num_free is None
    for name in ("aic", "bic", "icl"):
        with pytest.raises(ValueError, match="num_free"):
            getattr(fit, name)


def test_the_weight_of_a_fit_is_its_n():
    fit = jensen.fit(PoissonMixture(), DAYS, BEGIN, weight=NOTICES)
    assert fit.weight == NOTICES.sum()
    assert fit.bic == pytest.approx(-2 * fit.log_evidence + 3 * np.log(1096))


# ---- the data's units, origin and precision ------------------------------------------------------


def moves(structure):
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))
    yield "× 1e-4", lambda x: x * 1e-4, 4 * np.log(1e-4)
    yield "+ 1e6", lambda x: x + 1e6, 0.0
    if structure.name in ("diag", "eei"):
        yield "each column", lambda x: x * [1e3, 1e-3, 10.0, 1.0], np.log(10.0)
    else:
        yield "turned", lambda x: x @ turn.T, 0.0


@pytest.mark.parametrize("given", [True, False], ids=["one start", "by default"])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_a_fit_moves_with_its_data(structure, given):
    data = iris()
    model = mixture(structure)

    def fitted(x):
        labels = np.repeat([0, 1, 2], 50)
        means = np.stack([x[labels == j].mean(axis=0) for j in range(3)])
        begin = rows_as_means(structure, x, 3, 0)
        begin = begin._replace(components=begin.components._replace(means=means))
        return jensen.fit(model, x, begin if given else None)

    here = fitted(data)
    labels = here.model.posterior(here.params, data).responsibilities
    for name, move, log_scale in moves(structure):
        moved = move(data)
        there = fitted(moved)
        assert there.log_evidence + len(data) * log_scale == pytest.approx(here.log_evidence, rel=1e-6), name
        assert str(there.verdict.outcome) == str(here.verdict.outcome)
        found = there.model.posterior(there.params, moved).responsibilities
        order = [int(np.argmax(column @ found)) for column in labels.T]
        assert sorted(order) == [0, 1, 2]
        assert found[:, order] == pytest.approx(labels, abs=1e-2)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_single_precision_far_from_the_origin(structure):
    """Mean 10⁴, spread 1, float32: the covariance is right to 1e-2 of the variance."""
    rng = np.random.default_rng(0)
    rows = np.vstack([rng.normal(size=(2000, 2)), rng.normal(size=(2000, 2)) + 8.0]) + 1e4
    single = rows.astype(np.float32)
    fit = jensen.fit(mixture(structure, 2), single)
    exact = jensen.fit(mixture(structure, 2), single.astype(float))
    assert fit.verdict.converged
    a, b = (f.model.canonical(f.params) for f in (fit, exact))
    assert a.components.covariances == pytest.approx(b.components.covariances, abs=1e-2)
    assert structure.full(a.components.covariances, 2, 2) == pytest.approx(np.stack([np.eye(2)] * 2), abs=0.1)
    assert a.components.means == pytest.approx(b.components.means, abs=1e-2)
    assert fit.log_evidence == pytest.approx(exact.log_evidence, rel=1e-5)


def test_a_cycle_of_rounding_is_an_end():
    """Single precision can end in a cycle wider than its resolution; EM never falls, so it is rounding."""
    cycle = [-5.0, -2.0, -1.0] + [-0.5, -0.5003] * 4
    assert Gain().done(Seen(cycle, 1e-4, True))
    assert not Gain().done(Seen([-5.0, -2.0, -1.0, -0.5, -0.3, -0.2], 1e-4, True))
    assert noise(cycle, 1e-4) == pytest.approx(3e-4)
    assert noise([-5.0, -1.0], 1e-4) == noise([-5.0], 1e-4) == 1e-4


def test_single_precision_says_what_it_can_resolve():
    single = clusters(2000).astype(np.float32)
    problem = Problem(mixture(), single)
    state = problem.e_step(rows_as_means(Full(), clusters(2000), 3, 0))
    double = Problem(mixture(), clusters(2000))
    assert problem.resolution(state) > 1e3 * double.resolution(state)


# ---- data that no one fits on purpose ------------------------------------------------------------


def ugly():
    rng = np.random.default_rng(0)
    yield "duplicates", np.repeat(rng.normal(size=(6, 2)), 5, axis=0)
    yield "three distinct rows", rng.normal(size=(3, 2))[rng.integers(0, 3, 20)]
    yield "more columns than rows", rng.normal(size=(5, 8))
    yield "outliers", np.vstack([rng.normal(size=(25, 2)), [[1e6, 1e6], [-1e8, 1e3]]])
    yield "discrete", rng.integers(0, 3, size=(30, 2)).astype(float)
    yield "two rows", np.array([[0.0, 1.0], [1.0, 3.0]])
    yield "collinear", np.outer(rng.normal(size=20), [1.0, 2.0]) + 1.0
    yield "heavy tails", rng.standard_cauchy(size=(30, 1))
    yield "one apart", np.vstack([np.zeros((10, 2)), [[1.0, 1.0]]])
    yield "tiny and huge columns", rng.normal(size=(20, 2)) * [1e-60, 1e60]


UGLY = dict(ugly())
NUM_STARTS = 5  # × 10 data sets × 4 structures × float64: 200 starts


@pytest.mark.parametrize("name", UGLY)
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_ugly_data(structure, name):
    """No exception, no NaN, no fall; and k may be more than the distinct rows, or the rows."""
    data = UGLY[name]
    rng = np.random.default_rng(1)
    for seed in range(NUM_STARTS):
        k = int(rng.integers(1, 8))
        fit = jensen.fit(mixture(structure, k), data, restarts=1, rng=seed, max_steps=300)
        _sound(fit, k)


@pytest.mark.parametrize("name", UGLY)
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_ugly_data_by_default(structure, name):
    for k in (1, 2, 5):
        _sound(jensen.fit(mixture(structure, k), UGLY[name]), k)


@pytest.mark.parametrize("name", [name for name in UGLY if "huge" not in name])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_ugly_data_in_single_precision(structure, name):
    for k in (2, 5):
        _sound(jensen.fit(mixture(structure, k), UGLY[name].astype(np.float32)), k, 1e-4)


def _sound(fit, k, rounding=1e-9):
    weights, (means, covariances) = fit.params
    for part in (weights, means, covariances, fit.log_evidence, fit.entropy):
        assert np.isfinite(part).all()
    assert weights.shape == (k,)
    assert weights.sum() == pytest.approx(1.0)
    assert fit.verdict.outcome not in (Outcome.FELL, Outcome.FAILED)
    assert fit.model.family.metric.smallest(covariances).min() > 0
    size = 1.0 + np.abs(fit.ledger["objective"])
    assert (np.diff(fit.ledger["objective"]) >= -rounding * size[1:]).all()


def test_constant_data_say_so():
    with pytest.raises(ValueError, match=r"column 0 .* and column 1 .* are constant"):
        jensen.fit(mixture(), np.ones((10, 2)))
    with pytest.raises(ValueError, match="there is one row"):
        jensen.fit(mixture(Spherical(), 1), np.array([[2.0, 3.0]]))
    half = np.column_stack([faithful()[:, 0], np.full(len(faithful()), 1e9)])
    with pytest.raises(ValueError, match=r"column 1 .* constant"):
        jensen.fit(mixture(), half)
    assert jensen.fit(mixture(Spherical(), 2), half).verdict.converged  # one variance in all: it is not zero


def test_weights_that_add_up_to_nothing():
    with pytest.raises(ValueError, match="weight is zero for every row"):
        jensen.fit(mixture(), clusters(), weight=np.zeros(len(clusters())))


def test_galaxies_in_two_units():
    """km/s and 1000 km/s are the same data."""
    small = jensen.fit(mixture(), galaxies())
    large = jensen.fit(mixture(), galaxies() * 1000)
    n = len(galaxies())
    assert large.log_evidence + n * np.log(1000) == pytest.approx(small.log_evidence, rel=1e-9)


def interrupted_fit(model, data, after):
    """A fit that gets what Ctrl-C does after so many seconds of the processor: of a busy machine, too."""
    usual = signal.signal(signal.SIGPROF, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_PROF, after)
    try:
        return jensen.fit(model, data)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, usual)


def test_ctrl_c_in_the_native_search_keeps_the_best_so_far():
    """The climbs in C++ ask for signals; without that this fit takes several seconds."""
    data = np.random.default_rng(0).normal(size=(2000, 40))
    began = time.process_time()
    jensen.fit(mixture(Full(), 12), data)
    whole = time.process_time() - began
    fit = None
    for share in (0.5, 0.6, 0.7, 0.8, 0.9, 0.4, 0.95):
        try:
            fit = interrupted_fit(mixture(Full(), 12), data, share * whole)
        except KeyboardInterrupt:  # there was nothing to keep yet
            continue
        if fit.verdict.outcome is Outcome.INTERRUPTED:
            break
    assert fit is not None and fit.verdict.outcome is Outcome.INTERRUPTED
    assert np.isfinite(fit.log_evidence)
    assert fit.starts.num_rows >= 1
