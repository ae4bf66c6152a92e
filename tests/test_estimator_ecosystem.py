"""The estimator among others: pipelines, searches, copies, processes and data frames."""

import pickle

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

import jensen
from samples import faithful


def make(k=2, **arguments):
    return jensen.GaussianMixture(k, **{"random_state": 0, "n_init": 2, **arguments})


def test_a_pipeline_scales_and_clusters():
    x = faithful()
    pipeline = make_pipeline(StandardScaler(), make()).fit(x)
    assert_array_equal(pipeline.predict(x), make().fit(x).predict(x))
    jacobian = np.log(x.std(axis=0)).sum()
    assert pipeline.score(x) == pytest.approx(make().fit(x).score(x) + jacobian, abs=1e-5)


def test_a_search_compares_held_out_rows():
    x = faithful()
    search = GridSearchCV(make(), {"n_components": [1, 2], "covariance_type": ["full", "tied"]}, cv=3).fit(x)
    assert search.best_params_["n_components"] == 2
    scores = cross_val_score(make(2, covariance_type=search.best_params_["covariance_type"]), x, cv=3)
    assert search.best_score_ == pytest.approx(scores.mean(), rel=1e-12)


def test_a_search_with_two_processes():
    x = faithful()
    grid = {"n_components": [1, 2]}
    one = GridSearchCV(make(), grid, cv=3).fit(x).cv_results_["mean_test_score"]
    two = GridSearchCV(make(), grid, cv=3, n_jobs=2).fit(x).cv_results_["mean_test_score"]
    assert_allclose(one, two, rtol=1e-12)


def test_weights_are_routed():
    x = faithful()
    weight = np.random.default_rng(0).integers(0, 3, len(x)).astype(float)
    with sklearn.config_context(enable_metadata_routing=True):
        gm = make().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(scaler, gm).fit(x, sample_weight=weight)
    assert pipeline[-1].result_.weight == weight.sum()


def test_clone_keeps_arguments_and_no_fit():
    gm = make(means_init=[[2.0, 55.0], [4.3, 80.0]], tol=1e-5).fit(faithful())
    copy = clone(gm)
    assert repr(copy.get_params()) == repr(gm.get_params())
    assert not hasattr(copy, "means_")


@pytest.mark.parametrize("module", ["pickle", "cloudpickle", "joblib"])
def test_copies_are_the_same_fit(module, tmp_path):
    x = faithful()
    gm = make(init_params="random", means_init=[[2.0, 55.0], [4.3, 80.0]]).fit(x)
    if module == "joblib":
        joblib = pytest.importorskip("joblib")
        joblib.dump(gm, tmp_path / "gm.joblib")
        back = joblib.load(tmp_path / "gm.joblib")
    else:
        writer = pytest.importorskip(module)
        back = pickle.loads(writer.dumps(gm))
    assert_array_equal(back.predict_proba(x), gm.predict_proba(x))
    assert back.result_.verdict == gm.result_.verdict
    assert back.result_.starts.rows() == gm.result_.starts.rows()


def test_tags():
    tags = get_tags(make())
    assert tags.estimator_type == "density_estimator"
    assert not tags.input_tags.sparse
    assert not tags.input_tags.allow_nan


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_carry_the_names_of_columns(library):
    x, names = faithful(), ["eruptions", "waiting"]
    columns = {name: x[:, j] for j, name in enumerate(names)}
    module = pytest.importorskip(library)
    frame = module.table(columns) if library == "pyarrow" else module.DataFrame(columns)
    gm = make().fit(frame)
    assert list(gm.feature_names_in_) == names
    assert_array_equal(gm.predict(frame), make().fit(x).predict(x))


def test_nullable_and_integer_columns():
    pd = pytest.importorskip("pandas")
    x = (faithful() * [60.0, 1.0]).round()
    frame = pd.DataFrame(x, columns=["a", "b"]).astype({"a": "Int64", "b": "float64"})
    assert_array_equal(make().fit(frame).means_, make().fit(x).means_)


def test_a_lazy_frame():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(faithful(), schema=["a", "b"])
    gm = make().fit(frame.lazy())
    assert list(gm.feature_names_in_) == ["a", "b"]
    assert_array_equal(gm.predict(frame.lazy()), gm.predict(frame))
