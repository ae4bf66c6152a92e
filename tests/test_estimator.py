"""`jensen.GaussianMixture`: what its arguments, attributes and methods mean."""

import doctest
import importlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import jensen
from jensen.em import EM, Outcome
from jensen.families import STRUCTURES
from jensen.models import Dirichlet, Mixture, MixturePrior, NormalInverseWishart
from samples import clusters, faithful

SHAPES = {"full": (3, 2, 2), "tied": (2, 2), "diag": (3, 2), "eei": (2,), "spherical": (3,), "eii": ()}
KINDS = ("kmeans", "k-means++", "random", "random_from_data")
TWO = {"weights_init": [0.4, 0.6], "means_init": [[2.0, 55.0], [4.3, 80.0]]}


def make(k=3, **arguments):
    return jensen.GaussianMixture(k, **{"random_state": 0, **arguments})


# ---- attributes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("covariance_type", STRUCTURES)
def test_attributes(covariance_type, dtype):
    gm = make(covariance_type=covariance_type, n_init=2).fit(clusters(d=2).astype(dtype))
    assert gm.weights_.shape == (3,)
    assert gm.means_.shape == (3, 2)
    for name in ("covariances_", "precisions_", "precisions_cholesky_"):
        assert getattr(gm, name).shape == SHAPES[covariance_type], name
        assert getattr(gm, name).dtype == dtype
    assert len(gm.lower_bounds_) == gm.n_iter_ > 0
    assert gm.n_features_in_ == 2
    assert isinstance(gm.converged_, bool)


def test_result_is_of_the_same_parameters():
    x = faithful()
    gm = make(2).fit(x)
    assert_array_equal(gm.result_.params.components.means, gm.means_)
    assert type(gm.result_.model) is Mixture
    assert gm.result_.log_evidence == pytest.approx(gm.score(x) * len(x), rel=1e-12)
    assert gm.result_.bic == pytest.approx(gm.bic(x), rel=1e-12)
    assert gm.result_.aic == pytest.approx(gm.aic(x), rel=1e-12)
    assert gm.result_.icl == pytest.approx(gm.icl(x), rel=1e-12)


def test_icl_adds_the_entropy_of_the_labels():
    x = faithful()
    gm = make(2).fit(x)
    r = gm.predict_proba(x)
    assert gm.icl(x) - gm.bic(x) == pytest.approx(-2 * np.sum(r * np.log(np.maximum(r, 1e-300))), rel=1e-9)


def test_components_come_in_one_order():
    x = clusters(d=2)
    for seed in range(3):
        gm = make(random_state=seed, n_init=4).fit(x)
        assert (np.diff(gm.means_[:, 0]) > 0).all()
        assert_array_equal(gm.result_.params.weights, gm.weights_)


def test_given_means_keep_their_order():
    gm = make(2, means_init=[[4.3, 80.0], [2.0, 55.0]]).fit(faithful())
    assert gm.means_[0, 0] > gm.means_[1, 0]


# ---- starts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_of_starts_is_that_many(kind):
    gm = make(2, init_params=kind, n_init=3).fit(faithful())
    starts = gm.result_.starts
    assert starts.num_rows == 3
    assert set(starts["kind"]) == {kind}
    assert gm.score(faithful()) * 272 == pytest.approx(-1130.264, abs=2e-3)


def test_the_search_is_the_default_and_another_kind_is_heard():
    assert set(make(2).fit(faithful()).result_.starts["kind"]) != {"kmeans"}
    starts = make(2, init_params="random").fit(faithful()).result_.starts
    assert (starts.num_rows, set(starts["kind"])) == (10, {"random"})


def test_kinds_of_start_differ():
    """A string that were mapped to the wrong start, or to none, would go unnoticed in the final fit."""
    x = clusters(d=2)
    begun = [make(init_params=kind, n_init=1, max_iter=0).fit(x).means_ for kind in KINDS]
    for i, means in enumerate(begun):
        assert not any(np.allclose(means, other) for other in begun[:i])


def test_random_responsibilities_start_at_the_centre_and_random_rows_at_rows():
    x = clusters(d=2)
    centred = make(init_params="random", n_init=1, max_iter=0).fit(x).means_
    assert np.abs(centred - x.mean(axis=0)).max() < 0.5 * x.std(axis=0).min()
    rows = make(init_params="random_from_data", n_init=1, max_iter=0).fit(x).means_
    assert all((np.abs(x - row).max(axis=1) < 1e-12).any() for row in rows)


def test_all_three_given_is_one_start():
    gm = make(2, n_init=5, precisions_init=np.eye(2), covariance_type="tied", **TWO).fit(faithful())
    assert list(gm.result_.starts["kind"]) == ["given"]


def test_a_part_given_replaces_that_part_of_each_start():
    x = faithful()
    gm = make(2, max_iter=0, n_init=3, **TWO).fit(x)
    assert gm.result_.starts.num_rows == 3
    assert_allclose(gm.weights_, TWO["weights_init"])
    assert_allclose(gm.means_, TWO["means_init"])
    assert (np.linalg.eigvalsh(gm.covariances_) > 0).all()
    assert make(2, max_iter=0, **TWO).fit(x).result_.starts.num_rows == 1


def test_the_rest_of_a_start_is_matched_to_the_means_given():
    """The wide cluster keeps its wide covariance when the means are given in the other order."""
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0, 0.1, (80, 2)), rng.normal(10, 2.0, (80, 2))])
    for order in ([0, 1], [1, 0]):
        means = np.array([[0.0, 0.0], [10.0, 10.0]])[order]
        gm = make(2, means_init=means, max_iter=0, init_params="kmeans").fit(x)
        wide = int(np.argmax(means[:, 0]))
        assert gm.covariances_[wide, 0, 0] > 10 * gm.covariances_[1 - wide, 0, 0]


def test_random_state_decides():
    x = clusters(d=2)

    def means(state):
        return make(random_state=state, init_params="random_from_data", n_init=1, max_iter=0).fit(x).means_

    assert_array_equal(means(7), means(7))
    assert not np.allclose(means(7), means(8))
    assert_array_equal(means(np.random.RandomState(7)), means(np.random.RandomState(7)))
    state = np.random.RandomState(7)
    assert not np.allclose(means(state), means(state))
    before = np.random.get_state()  # noqa: NPY002 - the global state is what None means in scikit-learn
    first = means(None)
    np.random.set_state(before)  # noqa: NPY002
    assert_array_equal(first, means(None))


def test_warm_start_goes_on():
    x = clusters(d=2)
    arguments = {"tol": 0.0, "n_init": 1, "init_params": "random_from_data"}
    six = make(max_iter=6, **arguments).fit(x)
    three = make(max_iter=3, warm_start=True, **arguments).fit(x).fit(x)
    order = np.argsort(three.means_[:, 0])
    assert_allclose(three.means_[order], six.means_[np.argsort(six.means_[:, 0])], rtol=1e-9)
    assert list(three.result_.starts["kind"]) == ["given"]


def test_warm_start_refuses_other_shapes():
    gm = make(2, warm_start=True).fit(faithful())
    with pytest.raises(ValueError, match="warm_start cannot go on"):
        gm.set_params(n_components=3).fit(faithful())


# ---- the end of a climb ------------------------------------------------------------------------------------


def test_tol_zero_is_exactly_that_many_plain_steps_without_a_warning():
    gm = make(2, tol=0, max_iter=37).fit(faithful())
    assert gm.n_iter_ == 37
    assert set(gm.result_.ledger["algorithm"][1:]) == {"EM"}
    assert not gm.converged_


def test_a_step_limit_warns_with_what_is_left_and_what_to_do():
    with pytest.warns(ConvergenceWarning, match=r"step limit.*raise max_iter \(now 4\)") as caught:
        gm = make(3, covariance_type="tied", n_init=1, max_iter=4).fit(faithful())
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert not gm.converged_
    assert gm.n_iter_ == 4


def test_a_looser_tolerance_stops_earlier_within_it():
    x = faithful()
    arguments = {"covariance_type": "full", "n_init": 1, "init_params": "kmeans"}
    tight, loose = make(2, tol=1e-8, **arguments).fit(x), make(2, tol=0.1, **arguments).fit(x)
    assert loose.n_iter_ < tight.n_iter_
    assert 0 <= (tight.lower_bound_ - loose.lower_bound_) * len(x) < 0.1


def test_collapse_is_a_warning_not_an_error():
    """Five equal rows far from the others: scikit-learn without its ridge raises here."""
    x = np.concatenate([np.random.default_rng(0).normal(size=(30, 2)), np.full((5, 2), 50.0)])
    with pytest.warns(ConvergenceWarning, match="What to do"):
        gm = make(2).fit(x)
    assert gm.result_.verdict.outcome in (Outcome.COLLAPSED, Outcome.BOUNDARY)
    assert np.isfinite(gm.score_samples(x)).all()


def test_an_interrupted_fit_is_kept_and_marked(monkeypatch):
    plain, steps = EM.step, []

    def step(self, problem, state):
        steps.append(state)
        if len(steps) == 4:
            raise KeyboardInterrupt
        return plain(self, problem, state)

    monkeypatch.setattr(EM, "step", step)
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        gm = make(2, n_init=3, init_params="random").fit(faithful())
    assert gm.n_iter_ == 3
    assert gm.result_.verdict.outcome is Outcome.INTERRUPTED
    assert np.isfinite(gm.score(faithful()))


def test_verbose_prints_steps_gains_and_the_starts(capsys):
    make(2, n_init=2, verbose=2, verbose_interval=3, init_params="random").fit(faithful())
    out = capsys.readouterr().out
    assert "step 3: objective -" in out
    assert "step 4" not in out
    assert "gained" in out
    assert "times_found" in out
    assert "converged" in out
    make(2, n_init=2, verbose=1, init_params="random").fit(faithful())
    assert "gained" not in capsys.readouterr().out
    make(2).fit(faithful())
    assert not capsys.readouterr().out


# ---- weights and priors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", STRUCTURES)
def test_integer_weights_are_repeated_rows(covariance_type):
    x = clusters(d=2)
    weight = np.random.default_rng(0).integers(0, 4, size=len(x))
    arguments = {
        "covariance_type": covariance_type,
        "means_init": x[[0, 5, 9]],
        "weights_init": np.full(3, 1 / 3),
    }
    identity = np.eye(2) if covariance_type == "tied" else np.ones(SHAPES[covariance_type])
    arguments["precisions_init"] = np.tile(np.eye(2), (3, 1, 1)) if covariance_type == "full" else identity
    repeated = x.repeat(weight, axis=0)
    a = make(tol=0, max_iter=20, **arguments).fit(x, sample_weight=weight)
    b = make(tol=0, max_iter=20, **arguments).fit(repeated)
    assert_allclose(a.means_, b.means_, rtol=1e-9)
    assert_allclose(a.covariances_, b.covariances_, rtol=1e-9)
    assert a.lower_bound_ == pytest.approx(b.lower_bound_, rel=1e-11)
    for criterion in ("score", "aic", "bic", "icl"):
        weighted = getattr(a, criterion)(x, sample_weight=weight)
        assert weighted == pytest.approx(getattr(a, criterion)(repeated), rel=1e-11)
    assert a.result_.bic == pytest.approx(a.bic(x, sample_weight=weight), rel=1e-11)


def test_the_search_hears_weights():
    x = faithful()
    values, counts = np.unique(x, axis=0, return_counts=True)
    counted = make(2).fit(values, sample_weight=counts)
    every = make(2).fit(x)
    assert_allclose(counted.means_, every.means_, rtol=1e-4)
    assert counted.lower_bound_ == pytest.approx(every.lower_bound_, abs=1e-5)


def test_rows_without_weight_have_no_say():
    x = faithful()
    stray = np.concatenate([x, [[1e6, -1e6]]])
    weight = np.append(np.ones(len(x)), 0.0)
    a, b = make(2).fit(stray, sample_weight=weight), make(2).fit(x)
    assert_allclose(a.means_, b.means_, rtol=1e-9)
    assert_array_equal(make(2).fit(x, sample_weight=3.0).predict(x), b.predict(x))


def test_weights_that_are_shares_are_noticed():
    x = faithful()
    with pytest.warns(
        ConvergenceWarning, match="weights of 272 rows add up to 1 .*scale them to add up to 272"
    ):
        make(2).fit(x, sample_weight=np.full(len(x), 1 / len(x)))


def test_a_prior_makes_it_maximum_a_posteriori():
    x = faithful()
    prior = MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(x, 2, mean_count=5.0))
    gm = make(2, prior=prior, **TWO).fit(x)
    assert gm.converged_
    assert gm.result_.log_prior != 0
    assert gm.lower_bound_ * len(x) == pytest.approx(gm.result_.log_evidence)
    assert gm.lower_bound_ < make(2, **TWO).fit(x).lower_bound_
    with pytest.raises(ValueError, match="reg_covar or prior, not both"):
        make(2, prior=prior, reg_covar=1e-3).fit(x)


# ---- data --------------------------------------------------------------------------------------------------


def test_float32_far_from_the_origin():
    x = np.random.default_rng(0).normal(size=(400, 2)) + 1e4
    for covariance_type in STRUCTURES:
        gm = make(1, covariance_type=covariance_type).fit(x.astype(np.float32))
        full = gm.result_.model.family.covariance.full(gm.covariances_, 1, 2)[0]
        assert_allclose(np.diag(full), x.var(axis=0), rtol=0.1)
        assert gm.predict_proba(x.astype(np.float32)).shape == (400, 1)


def test_one_column_and_as_many_components_as_rows():
    x = np.array([[0.0], [0.1], [5.0], [5.2], [9.0], [9.3]])
    gm = make(1).fit(x)
    assert gm.covariances_.shape == (1, 1, 1)
    assert gm.covariances_[0, 0, 0] == pytest.approx(x.var())
    with pytest.warns(ConvergenceWarning):
        assert np.isfinite(make(6).fit(x).means_).all()


# ---- methods -----------------------------------------------------------------------------------------------


def test_sample_has_the_moments_of_the_mixture():
    gm = jensen.GaussianMixture.from_parameters(
        [0.3, 0.7],
        [[0.0, 0.0], [10.0, 0.0]],
        [[1.0, 4.0], [1.0, 1.0]],
        covariance_type="diag",
        random_state=0,
    )
    n = 20_000
    x, y = gm.sample(n)
    assert x.shape == (n, 2)
    share = (y == 1).mean()
    assert abs(share - 0.7) < 4 * np.sqrt(0.21 / n)
    assert abs(x[y == 0, 1].var() / 4 - 1) < 4 * np.sqrt(2 / (y == 0).sum())
    assert_array_equal(gm.predict(x), y)
    assert_array_equal(gm.sample(3)[0], gm.sample(3)[0])
    with pytest.raises(ValueError, match="n_samples must be at least 1"):
        gm.sample(0)


def test_examples_in_the_docstrings():
    results = doctest.testmod(importlib.import_module("jensen.sklearn.gaussian_mixture"))
    assert results.attempted >= 8
    assert results.failed == 0


def test_fit_predict_is_fit_then_predict():
    x = clusters(d=2)
    labels = make().fit_predict(x)
    assert_array_equal(labels, make().fit(x).predict(x))


def test_known_parameters():
    gm = jensen.GaussianMixture.from_parameters([1.0], [[1.0, 2.0]], [[[2.0, 0.3], [0.3, 1.0]]])
    from scipy.stats import multivariate_normal

    x = np.array([[0.0, 0.0], [5.0, -3.0]])
    expected = multivariate_normal([1.0, 2.0], [[2.0, 0.3], [0.3, 1.0]]).logpdf(x)
    assert_allclose(gm.score_samples(x), expected)
    assert_allclose(gm.precisions_cholesky_ @ gm.precisions_cholesky_.transpose(0, 2, 1), gm.precisions_)
    assert_array_equal(gm.precisions_cholesky_, np.triu(gm.precisions_cholesky_))
    with pytest.raises(ValueError, match="one of full, tied, diag, eei, spherical, eii"):
        jensen.GaussianMixture.from_parameters([1.0], [[1.0]], [1.0], covariance_type="round")
    with pytest.raises(ValueError, match="covariances must be symmetric"):
        jensen.GaussianMixture.from_parameters([1.0], [[1.0, 2.0]], [[[2.0, 0.3], [0.1, 1.0]]])


def test_summary_names_the_columns():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(faithful(), columns=["eruptions", "waiting"])
    text = str(make(2).fit(frame).summary())
    assert "eruptions" in text
    assert "converged" in text
    with pytest.raises(NotFittedError, match="summary"):
        jensen.GaussianMixture.from_parameters([1.0], [[1.0]], [[[1.0]]]).summary()


@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "score_samples", "score", "aic", "bic", "icl"]
)
def test_unfitted(method):
    with pytest.raises(NotFittedError):
        getattr(make(), method)(faithful())
    with pytest.raises(NotFittedError):
        make().sample()
    with pytest.raises(NotFittedError):
        make().to_sklearn()
