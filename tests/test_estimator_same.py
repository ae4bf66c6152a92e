"""`jensen.GaussianMixture` beside scikit-learn's: with the same parameters, the same of everything."""

import io
import pickle
import warnings
from contextlib import redirect_stdout
from copy import deepcopy
from functools import cache

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.mixture
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import jensen
from samples import clusters, faithful

TYPES = ("full", "tied", "diag", "spherical")
ATTRIBUTES = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")
Theirs = sklearn.mixture.GaussianMixture


@cache
def theirs(covariance_type, dtype):
    """Rows of three clusters and scikit-learn's fit of them."""
    x = clusters(d=3).astype(dtype)
    return x, Theirs(3, covariance_type=covariance_type, random_state=0).fit(x)


def fitted(covariance_type, dtype=np.float64):
    """The same, to be changed at will, and ours with the same parameters."""
    x, them = deepcopy(theirs(covariance_type, dtype))
    return x, them, jensen.GaussianMixture.from_sklearn(them)


# ---- the same parameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("method", ["score_samples", "predict_proba", "predict", "score", "aic", "bic"])
def test_the_same_of_the_same_parameters(covariance_type, method):
    x, them, us = fitted(covariance_type)
    new = np.concatenate([x[::3] + 0.1, x.mean(axis=0) + 3.0 * np.eye(3)])
    for rows in (x, new):
        assert_allclose(getattr(us, method)(rows), getattr(them, method)(rows), rtol=1e-10, atol=1e-10)


@pytest.mark.filterwarnings("ignore:covariance is not symmetric")  # of their own draws from rounded matrices
@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("new", [np.float32, np.float64])
def test_types_and_shapes_are_theirs(covariance_type, dtype, new):
    x, them, us = fitted(covariance_type, dtype)
    ours = jensen.GaussianMixture(3, covariance_type=covariance_type, random_state=0, n_init=2).fit(x)
    for gm in (us, ours):
        for name in ATTRIBUTES:
            a, b = getattr(gm, name), getattr(them, name)
            assert (a.dtype, a.shape) == (b.dtype, b.shape), name
        for method in ("score_samples", "predict_proba", "predict"):
            a, b = getattr(gm, method)(x.astype(new)), getattr(them, method)(x.astype(new))
            assert (a.dtype, a.shape) == (b.dtype, b.shape), method
        for method in ("score", "aic", "bic"):
            assert isinstance(getattr(gm, method)(x), float)
        for a, b in zip(gm.sample(7), them.sample(7), strict=True):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
    for name in ("converged_", "n_iter_", "lower_bounds_", "n_features_in_"):
        assert type(getattr(ours, name)) is type(getattr(them, name)), name
    assert hasattr(ours, "set_output") == hasattr(them, "set_output")
    assert not hasattr(ours, "feature_names_in_")


@pytest.mark.parametrize("covariance_type", TYPES)
def test_single_precision_loses_nothing_that_is_known(covariance_type):
    """Attributes are rounded; what is computed is of the parameters that were found."""
    x = (clusters(d=2) + 1e3).astype(np.float32)
    gm = jensen.GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(x)
    assert gm.score(x) == pytest.approx(gm.lower_bound_, abs=1e-5)
    exact = gm.result_.params
    assert_array_equal(gm.means_, exact.components.means.astype(np.float32))
    model, wide = gm.result_.model, x.astype(np.float64)
    assert_allclose(gm.predict_proba(wide), model.posterior(exact, wide).responsibilities, atol=1e-12)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_a_nearly_singular_covariance_in_single_precision(covariance_type):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 1)) * [1.0, 1.0] + rng.normal(size=(300, 2)) * 1e-2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        gm = jensen.GaussianMixture(1, covariance_type=covariance_type).fit(x.astype(np.float32))
    assert np.isfinite(gm.score_samples(x)).all() and np.isfinite(gm.precisions_cholesky_).all()
    assert gm.score(x) == pytest.approx(gm.lower_bound_, abs=1e-2)


# ---- parameters set by hand --------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_set_by_hand_as_their_users_do(covariance_type, dtype):
    x, them, _ = fitted(covariance_type)
    bare = [
        cls(3, covariance_type=covariance_type, random_state=0) for cls in (Theirs, jensen.GaussianMixture)
    ]
    for gm in bare:
        for name in ("weights_", "means_", "precisions_cholesky_"):
            setattr(gm, name, getattr(them, name).astype(dtype))
    them, ours = bare
    close = 1e-10 if dtype == np.float64 else 1e-4
    for method in ("score_samples", "predict_proba", "predict", "score", "aic", "bic"):
        a, b = getattr(ours, method)(x), getattr(them, method)(x)
        assert_allclose(a, b, rtol=close, atol=close, err_msg=method)
    rows, labels = ours.sample(50)
    assert rows.shape == (50, 3) and set(labels) <= {0, 1, 2}


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("name", ["weights_", "means_", "precisions_cholesky_"])
def test_one_attribute_changed_after_a_fit(covariance_type, name):
    x, them, us = fitted(covariance_type)
    change = {
        "weights_": lambda a: a[::-1].copy(),
        "means_": lambda a: a + 0.5,
        "precisions_cholesky_": lambda a: 0.5 * a,
    }
    for gm in (them, us):
        setattr(gm, name, change[name](getattr(gm, name)))
    assert_allclose(us.score_samples(x), them.score_samples(x), rtol=1e-10)
    in_place = jensen.GaussianMixture.from_sklearn(them)
    in_place.means_[0] += 1.0
    them.means_[0] += 1.0
    assert_allclose(in_place.score_samples(x), them.score_samples(x), rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("means_", np.zeros(3), r"means_ must have shape \(k, n_features\), not \(3,\)"),
        ("weights_", np.ones(2) / 2, r"weights_ must have shape \(3,\), not \(2,\)"),
        ("means_", np.full((3, 3), np.nan), "means_ must be finite"),
        ("precisions_cholesky_", np.ones(3), r"precisions_cholesky_ must have shape \(3, 3, 3\), not \(3,\)"),
    ],
)
def test_attributes_that_do_not_fit_together(name, value, words):
    x, _, us = fitted("full")
    setattr(us, name, value)
    with pytest.raises(ValueError, match=words):
        us.score(x)


# ---- known parameters --------------------------------------------------------------------------------------

SHAPES = {"full": (2, 3, 3), "tied": (3, 3), "diag": (2, 3), "spherical": (2,), "eei": (3,), "eii": ()}


def covariances(shape):
    return np.tile(np.eye(3), (*shape[:-2], 1, 1)) if shape[-2:] == (3, 3) else np.ones(shape)


@pytest.mark.parametrize("covariance_type", SHAPES)
def test_known_parameters_of_every_shape(covariance_type):
    known = [0.25, 0.75], [[0.0, 0, 0], [4, 0, 0]], covariances(SHAPES[covariance_type])
    gm = jensen.GaussianMixture.from_parameters(*known, covariance_type=covariance_type)
    assert gm.covariances_.shape == gm.precisions_cholesky_.shape == SHAPES[covariance_type]
    assert gm.score_samples([[0.0, 0, 0]])[0] == pytest.approx(
        np.log(0.25 + 0.75 * np.exp(-8.0)) - 1.5 * np.log(2 * np.pi)
    )
    for shape in SHAPES.values():
        if shape != SHAPES[covariance_type]:
            with pytest.raises(ValueError, match=r"covariances must have shape .*, not"):
                jensen.GaussianMixture.from_parameters(
                    *known[:2], covariances(shape), covariance_type=covariance_type
                )


@pytest.mark.parametrize(
    ("weights", "means", "covariances", "words"),
    [
        ([1.0], [0.0, 1.0], [np.eye(2)], r"means must have shape \(k, n_features\), not \(2,\)"),
        ([0.5, 0.5], [[0.0], [1.0]], [[[1.0]]], r"covariances must have shape \(2, 1, 1\), not \(1, 1, 1\)"),
        ([1.0], [[0.0], [1.0]], [[[1.0]]] * 2, r"weights must have shape \(2,\), not \(1,\)"),
        ([0.5, 0.6], [[0.0], [1.0]], [[[1.0]]] * 2, "weights must be non-negative and add up to 1"),
        ([0.5, 0.5], [[0.0], [np.nan]], [[[1.0]]] * 2, "means must be finite"),
        ([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[-1.0]]], "covariances must be positive definite"),
        ([1.0], [["a"]], [[[1.0]]], "means must be an array of numbers"),
        ([1.0], "ab", [[[1.0]]], r"means must have shape \(k, n_features\)"),
    ],
)
def test_parameters_of_wrong_shapes(weights, means, covariances, words):
    with pytest.raises(ValueError, match=words):
        jensen.GaussianMixture.from_parameters(weights, means, covariances)


# ---- the climb ---------------------------------------------------------------------------------------------

START = {"weights_init": [0.4, 0.3, 0.3], "means_init": [[2.0, 55.0], [3.0, 60.0], [4.3, 80.0]]}
UNITS = {
    "full": np.tile(np.eye(2), (3, 1, 1)),
    "tied": np.eye(2),
    "diag": np.ones((3, 2)),
    "spherical": np.ones(3),
}


@pytest.mark.parametrize("covariance_type", TYPES)
@pytest.mark.parametrize("steps", [1, 2, 7, 25])
def test_so_many_steps_are_theirs(covariance_type, steps):
    """Their bound of a step is that before its M-step: ours is one step ahead."""
    x = faithful()
    given = {**START, "precisions_init": 0.1 * UNITS[covariance_type], "covariance_type": covariance_type}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        them = Theirs(3, tol=0.0, reg_covar=0.0, max_iter=steps, **given).fit(x)
    us = jensen.GaussianMixture(3, tol=0.0, max_iter=steps, **given).fit(x)
    assert us.n_iter_ == them.n_iter_ == steps == len(us.lower_bounds_) == len(them.lower_bounds_)
    assert_allclose(us.lower_bounds_[:-1], them.lower_bounds_[1:], rtol=1e-9)
    assert us.lower_bounds_[-1] == us.lower_bound_
    assert us.lower_bound_ == pytest.approx(us.score(x), rel=1e-12)
    for name in ("weights_", "means_", "covariances_"):
        assert_allclose(getattr(us, name), getattr(them, name), rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    "arguments", [{}, {"init_params": "random", "n_init": 1}, {"covariance_type": "tied"}]
)
def test_one_step_at_a_time(arguments):
    """A loop of fits never falls, and ends as theirs does."""
    x = faithful()
    gm = jensen.GaussianMixture(2, max_iter=1, warm_start=True, random_state=0, **arguments)
    scores, told = [], []
    for _ in range(400):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gm.fit(x)
        scores.append(gm.score(x))
        told.append([w for w in caught if issubclass(w.category, ConvergenceWarning)])
        assert gm.n_iter_ == len(gm.lower_bounds_) == 1
        assert bool(told[-1]) != gm.converged_
        if gm.converged_:
            break
    assert gm.converged_ and np.diff(scores).min() > -1e-12
    assert "1 step was not enough" in str(told[0][0].message) and "max_iter" in str(told[0][0].message)
    assert "nan" not in str(told[0][0].message)
    long = jensen.GaussianMixture(2, random_state=0, **arguments).fit(x)
    assert gm.score(x) == pytest.approx(long.score(x), abs=1e-3 / len(x))


def test_a_warm_start_on_other_rows_forgets_the_steps_before():
    """Of more rows the objective is lower: it would be taken for a climb that has come to its end."""
    x = faithful()
    gm = jensen.GaussianMixture(
        2, warm_start=True, random_state=0, n_init=1, init_params="random", max_iter=5
    )
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        gm.fit(x[::2])
    gm.set_params(max_iter=100).fit(x)
    assert gm.converged_
    best = jensen.GaussianMixture(2, random_state=0).fit(x)
    assert gm.score(x) == pytest.approx(best.score(x), abs=1e-5)


def test_a_warm_start_goes_on_from_what_was_set_by_hand():
    x = faithful()
    gm = jensen.GaussianMixture(2, warm_start=True, max_iter=0)
    gm.weights_, gm.means_ = np.array([0.5, 0.5]), np.array([[2.0, 50.0], [4.0, 80.0]])
    gm.precisions_cholesky_ = np.tile(np.eye(2), (2, 1, 1))
    gm.fit(x)
    assert_allclose(gm.means_, [[2.0, 50.0], [4.0, 80.0]])


@pytest.mark.parametrize("verbose", [1, 2])
def test_what_is_printed(verbose):
    def said(**arguments):
        out = io.StringIO()
        with redirect_stdout(out):
            jensen.GaussianMixture(2, verbose=verbose, verbose_interval=5, random_state=0, **arguments).fit(
                faithful()
            )
        return out.getvalue()

    several = said(n_init=2, init_params="random")
    assert several.startswith("2 starts: random\nstart 1\n  step 5: objective -")
    assert several.count("start 2\n") == 1 and "start 3" not in several
    assert "converged" in several and ("gained" in several) == (verbose == 2)
    assert said().startswith("search among starts of several kinds\nconverged; the best of")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_seed_gives_the_same_bits(dtype):
    x = clusters(d=3).astype(dtype)
    for arguments in ({}, {"n_init": 3, "init_params": "random"}, {"n_init": 1, "init_params": "k-means++"}):
        one, two = (jensen.GaussianMixture(3, random_state=7, **arguments).fit(x) for _ in range(2))
        for name in ATTRIBUTES:
            assert_array_equal(getattr(one, name), getattr(two, name))
        assert_array_equal(one.sample(5)[0], two.sample(5)[0])
    drawn = [
        jensen.GaussianMixture(3, n_init=1, init_params="random", max_iter=0).fit(x).means_ for _ in range(2)
    ]
    assert not np.array_equal(*drawn)


# ---- columns -----------------------------------------------------------------------------------------------


def wide(x):
    return np.column_stack([x[:, 0], np.full(len(x), 7.0), x[:, 1]])


@pytest.mark.filterwarnings("ignore:constant columns:UserWarning")
@pytest.mark.parametrize("covariance_type", SHAPES)
def test_a_constant_column_and_what_is_said_of_it(covariance_type):
    x = faithful()
    gm = jensen.GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(wide(x))
    assert gm.lower_bound_ == pytest.approx(gm.score(wide(x)), rel=1e-12)
    assert gm.lower_bounds_[-1] == gm.lower_bound_
    other = wide(x)
    other[:, 1] = 7.5  # another constant in new rows is as far from every component
    if covariance_type not in ("spherical", "eii"):  # of which all columns together have one variance
        assert_allclose(gm.predict_proba(other), gm.predict_proba(wide(x)), atol=1e-6)
    them = Theirs(2, covariance_type=covariance_type, random_state=0) if covariance_type in TYPES else None
    if them is not None:
        assert_array_equal(gm.means_[:, 1], [7.0, 7.0])
        assert them.fit(wide(x)).covariances_.shape == gm.covariances_.shape
    score = gm.score(wide(x))
    gm.set_params(warm_start=True).fit(wide(x))
    assert gm.score(wide(x)) == pytest.approx(score, abs=1e-6)


def test_all_columns_constant():
    with pytest.raises(ValueError, match=r"no variance to estimate: column 0 .* and column 1 .* are"):
        jensen.GaussianMixture(1).fit(np.ones((30, 2)))


def test_the_same_column_twice():
    x = faithful()
    with pytest.warns(ConvergenceWarning, match="not a proper maximum"):
        gm = jensen.GaussianMixture(2, random_state=0).fit(np.column_stack([x, x[:, 0]]))
    assert np.isfinite(gm.score_samples(np.column_stack([x, x[:, 0]]))).all()


# ---- among others ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["pickle", "joblib"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_copies_predict_the_same_bits(how, dtype, tmp_path):
    x = clusters(d=3).astype(dtype)
    gm = jensen.GaussianMixture(3, random_state=0).fit(x)
    if how == "joblib":
        joblib.dump(gm, tmp_path / "gm")
        back = joblib.load(tmp_path / "gm")
    else:
        back = pickle.loads(pickle.dumps(gm))
    assert_array_equal(back.predict_proba(x), gm.predict_proba(x))
    back.means_ = back.means_ + 1
    assert not np.array_equal(back.score_samples(x), gm.score_samples(x))


@pytest.mark.parametrize("covariance_type", SHAPES)
def test_a_model_file_and_back(covariance_type, tmp_path):
    frame = pd.DataFrame(faithful(), columns=["eruptions", "waiting"])
    gm = jensen.GaussianMixture(2, covariance_type=covariance_type, random_state=0).fit(frame)
    jensen.save(gm, tmp_path / "gm.json")
    saved = jensen.load(tmp_path / "gm.json")
    assert saved.columns == ("eruptions", "waiting")
    back = jensen.GaussianMixture.from_parameters(
        saved.params.weights, *saved.params.components, covariance_type=covariance_type
    )
    assert_array_equal(back.score_samples(faithful()), gm.score_samples(frame))
    with pytest.warns(UserWarning, match="constant columns"):
        some = jensen.GaussianMixture(2, random_state=0).fit(frame.assign(zero=0.0))
    jensen.save(some, tmp_path / "some.json")
    assert len(jensen.load(tmp_path / "some.json").columns) == 2


def test_a_grid_by_the_criterion_finds_what_a_sweep_finds():
    x = faithful()
    grid = {"n_components": [1, 2, 3], "covariance_type": list(TYPES)}
    found = GridSearchCV(
        jensen.GaussianMixture(random_state=0),
        grid,
        scoring=lambda gm, X, y=None: -gm.bic(X),
        cv=[(np.arange(272), np.arange(272))],
    ).fit(x)
    swept = jensen.select(x, [1, 2, 3])
    assert found.best_params_ == {"n_components": swept.chosen.k, "covariance_type": swept.chosen.name}
    assert -found.best_score_ == pytest.approx(swept.best.bic, abs=1e-2)


def test_a_pipeline_of_frames_keeps_names():
    frame = pd.DataFrame(faithful(), columns=["eruptions", "waiting"])
    pipeline = make_pipeline(StandardScaler(), jensen.GaussianMixture(2, random_state=0)).set_output(
        transform="pandas"
    )
    pipeline.fit(frame)
    assert list(pipeline[-1].feature_names_in_) == ["eruptions", "waiting"]
    assert pipeline.predict(frame).shape == (272,)


def test_a_clone_has_the_arguments_alone():
    gm = jensen.GaussianMixture(3, covariance_type="tied", random_state=1, warm_start=True).fit(clusters(d=2))
    copy = clone(gm)
    assert copy.get_params() == gm.get_params()
    assert not [name for name in vars(copy) if name.endswith("_") or name.startswith("_")]


@pytest.mark.parametrize("number", [0, -1, 2.5, "3", None])
def test_numbers_of_rows_that_cannot_be_drawn(number):
    _, _, us = fitted("full")
    with pytest.raises(ValueError, match="n_samples must be at least 1, not"):
        us.sample(number)


@pytest.mark.parametrize("covariance_type", TYPES)
def test_components_are_in_one_order_at_the_face_and_in_fit(covariance_type):
    x = clusters(d=3)
    structure = {
        "full": jensen.Full,
        "tied": jensen.Tied,
        "diag": jensen.Diagonal,
        "spherical": jensen.Spherical,
    }
    fit = jensen.fit(jensen.Mixture(3, jensen.Gaussian(structure[covariance_type]())), x)
    swept = jensen.select(x, [3], structure[covariance_type]()).best
    faces = [
        jensen.GaussianMixture(3, covariance_type=covariance_type, random_state=s).fit(x) for s in range(3)
    ]
    for means in (fit.params.components.means, swept.params.components.means, *(gm.means_ for gm in faces)):
        assert_array_equal(np.lexsort(means.T[::-1]), np.arange(3))
        assert_allclose(means, fit.params.components.means, atol=1e-2)
