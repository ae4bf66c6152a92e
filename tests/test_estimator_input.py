"""Bad input: every message says what is wrong, where, and what to do."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import jensen
from jensen.basics.errors import DataTypeError
from samples import faithful

pd = pytest.importorskip("pandas")


def make(k=2, **arguments):
    return jensen.GaussianMixture(k, random_state=0, n_init=2, **arguments)


def frame():
    return pd.DataFrame(faithful(), columns=["eruptions", "waiting"])


def spoiled(row, column, value):
    x = faithful().copy()
    x[row, column] = value
    return x


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (spoiled(7, 1, np.nan), r"row 7 .*column 'x2'"),
        (spoiled(7, 1, np.inf), r"1 infinite.*row 7 .*column 'x2'"),
        (spoiled(3, 0, 1e300), r"beyond .*row 3 .*column 'x1'.*units"),
        (spoiled(3, 0, 1e30).astype(np.float32), r"beyond .*float32.*row 3 .*column 'x1'"),
        (np.ones((30, 2)), "constant"),
        (np.ones((1, 2)), "n_samples = 1 .*at least 2"),
        (np.ones((0, 2)), r"0 sample\(s\)"),
        (np.ones((5, 0)), r"0 feature\(s\)"),
        (np.ones(5), "Reshape your data"),
        (np.ones((5, 2, 2)), "3 dimensions"),
        (np.array([["a", "b"], ["c", "d"]], dtype=object), r"row 0 .*text 'a'"),
        ([[1.0, 2.0], [3.0]], "row 1 .*1 values where row 0 has 2"),
        (faithful().astype(complex), "Complex data not supported"),
    ],
)
def test_rows(x, message):
    with pytest.raises(ValueError, match=message):
        make().fit(x)


def test_a_frame_names_its_column():
    bad = frame()
    bad.loc[11, "waiting"] = None
    with pytest.raises(ValueError, match=r"1 NaN or missing.*row 11 .*column 'waiting'"):
        make().fit(bad)
    with pytest.raises(ValueError, match=r"column 'name'.*text"):
        make().fit(frame().assign(name="geyser"))


def test_more_components_than_rows():
    with pytest.raises(ValueError, match=r"n_samples = 3 .*n_components = 4.*fewer components"):
        make(4).fit(faithful()[:3])
    with pytest.raises(ValueError, match="n_samples = 1 "):
        make(1).fit(faithful()[:3], sample_weight=[0, 1, 0])


def test_sparse_rows():
    from scipy import sparse

    for container in (sparse.csr_array, sparse.dok_matrix):
        with pytest.raises(DataTypeError, match=r"X is sparse.*X\.toarray"):
            make().fit(container(np.eye(4)))


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.full(272, np.nan), "finite"),
        (np.full(272, np.inf), "finite"),
        (np.where(np.arange(272) == 5, -1.0, 1.0), r"not be negative; row 5 .*-1"),
        (np.zeros(272), "zero for every row"),
        (np.ones(271), r"272 rows.*\(271,\)"),
        (np.ones((272, 2)), r"\(272, 2\)"),
        (["a"] * 272, "numbers"),
    ],
)
def test_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        make().fit(faithful(), sample_weight=weight)
    with pytest.raises(ValueError, match=message):
        make().fit(faithful()).score(faithful(), sample_weight=weight)


def test_other_columns_at_predict():
    gm = make().fit(frame())
    with pytest.raises(ValueError, match="3 features, but GaussianMixture is expecting 2"):
        make().fit(faithful()).predict(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"(?s)unseen at fit time.*pause.*missing.*waiting"):
        gm.predict(frame().rename(columns={"waiting": "pause"}))
    with pytest.raises(ValueError, match="same order"):
        gm.predict(frame()[["waiting", "eruptions"]])
    with pytest.raises(ValueError, match=r"row 2 .*'waiting'"):
        gm.predict(frame().assign(waiting=[1.0, 2.0, np.nan] + [3.0] * 269))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_components": 0}, "n_components"),
        ({"n_components": 2.5}, "n_components"),
        ({"covariance_type": "round"}, "covariance_type"),
        ({"tol": -1.0}, "tol"),
        ({"reg_covar": -1.0}, "reg_covar"),
        ({"max_iter": -1}, "max_iter"),
        ({"n_init": 0}, "n_init"),
        ({"n_init": "many"}, "n_init"),
        ({"init_params": "guess"}, "init_params"),
        ({"random_state": "seed"}, "random_state"),
        ({"verbose_interval": 0}, "verbose_interval"),
        ({"prior": "flat"}, "prior"),
        ({"weights_init": [0.5, 0.6]}, r"weights_init .*add up to 1, not 1\.1"),
        ({"weights_init": [1.5, -0.5]}, "weights_init must be non-negative"),
        ({"weights_init": [1.0]}, r"weights_init must have shape \(2,\), not \(1,\)"),
        ({"means_init": [[1.0, 2.0]]}, r"means_init must have shape \(2, 2\), not \(1, 2\)"),
        ({"means_init": [[1.0, 2.0], [np.nan, 1.0]]}, "means_init must be finite"),
        ({"means_init": [[1.0, "a"], [2.0, 1.0]]}, "means_init must be an array of numbers"),
        ({"precisions_init": np.eye(2)}, r"precisions_init must have shape \(2, 2, 2\)"),
        ({"precisions_init": np.array([[[1.0, 0.5], [0.0, 1.0]]] * 2)}, "precisions_init must be symmetric"),
        ({"precisions_init": np.array([-np.eye(2)] * 2)}, "precisions_init must be positive definite"),
        (
            {"precisions_init": [1.0, -1.0], "covariance_type": "spherical"},
            "precisions_init must be positive",
        ),
    ],
)
def test_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        jensen.GaussianMixture(**{"n_components": 2, **arguments}).fit(faithful())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # tested to be there, below
@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize(
    "x",
    [
        np.repeat([[0.0, 0.0], [1.0, 2.0]], 10, axis=0),
        np.column_stack([faithful()[:, 0], faithful()[:, 0]]),
        np.random.default_rng(0).normal(size=(6, 12)),
        faithful() * 1e-9,
        faithful() + 1e8,
    ],
    ids=["two distinct rows", "a duplicated column", "more columns than rows", "small", "far"],
)
def test_hard_data_give_a_finite_fit_that_says_so(x, covariance_type):
    gm = jensen.GaussianMixture(3, covariance_type=covariance_type, random_state=0).fit(x)
    assert np.isfinite(gm.lower_bounds_).all()
    assert np.isfinite(gm.predict_proba(x)).all()
    assert np.isfinite(gm.precisions_cholesky_).all()
    assert gm.converged_ == gm.result_.verdict.converged


@pytest.mark.parametrize(
    "x",
    [
        np.repeat([[0.0, 0.0], [1.0, 2.0]], 10, axis=0),
        np.column_stack([faithful()[:, 0], faithful()[:, 0]]),
        np.random.default_rng(0).normal(size=(6, 12)),
    ],
    ids=["two distinct rows", "a duplicated column", "more columns than rows"],
)
def test_improper_fits_warn(x):
    with pytest.warns(ConvergenceWarning, match="not a proper maximum"):
        gm = jensen.GaussianMixture(3, random_state=0).fit(x)
    assert not gm.converged_
