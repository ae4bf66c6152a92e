"""Changing the import is enough: the same numbers as scikit-learn's class from the same start."""

import inspect
import warnings

import numpy as np
import pytest
import sklearn.mixture
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

import jensen
from samples import clusters, faithful

STRUCTURES = ("full", "tied", "diag", "spherical")
PARAMETERS = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_")


def begin(x, covariance_type):
    """All three ``*_init`` from a rough partition, with a correlation where the structure has one."""
    d = x.shape[1]
    precision = np.linalg.inv(np.cov(x.T).reshape(d, d))
    precisions = {
        "full": np.stack([2 * precision, precision, 3 * precision]),
        "tied": precision,
        "diag": np.outer([1.0, 2.0, 3.0], np.diag(precision)),
        "spherical": np.array([1.0, 2.0, 3.0]) * np.trace(precision) / d,
    }[covariance_type]
    means = np.quantile(x, [0.2, 0.5, 0.8], axis=0)
    return {"weights_init": [0.2, 0.3, 0.5], "means_init": means, "precisions_init": precisions}


def theirs(x, **arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return sklearn.mixture.GaussianMixture(3, **arguments).fit(x)


def both(x, covariance_type, steps, reg_covar=0.0):
    arguments = {
        "covariance_type": covariance_type,
        "tol": 0.0,
        "max_iter": steps,
        "reg_covar": reg_covar,
        **begin(x, covariance_type),
    }
    return theirs(x, **arguments), jensen.GaussianMixture(3, **arguments).fit(x)


@pytest.mark.parametrize("d", [1, 3])
@pytest.mark.parametrize("steps", [1, 12])
@pytest.mark.parametrize("covariance_type", STRUCTURES)
def test_plain_steps_from_the_same_start(covariance_type, steps, d):
    x = clusters(d=d)
    them, us = both(x, covariance_type, steps)
    for name in PARAMETERS:
        assert_allclose(getattr(us, name), getattr(them, name), rtol=1e-8, atol=1e-10, err_msg=name)
    assert_allclose(us.score_samples(x), them.score_samples(x), rtol=1e-9)
    assert_allclose(us.predict_proba(x), them.predict_proba(x), rtol=1e-6, atol=1e-12)
    assert_array_equal(us.predict(x), them.predict(x))
    assert_allclose(
        [us.score(x), us.aic(x), us.bic(x)], [them.score(x), them.aic(x), them.bic(x)], rtol=1e-10
    )
    assert us.n_iter_ == them.n_iter_ == steps
    # Their bounds belong to the parameters before each step, ours to those after it.
    assert_allclose(us.lower_bounds_[:-1], them.lower_bounds_[1:], rtol=1e-10)
    assert us.lower_bound_ == us.lower_bounds_[-1]
    assert_allclose(us.lower_bound_, us.score(x), rtol=1e-12)


@pytest.mark.parametrize("covariance_type", STRUCTURES)
def test_no_step_returns_what_was_given(covariance_type):
    x = clusters()
    given = begin(x, covariance_type)
    gm = jensen.GaussianMixture(3, covariance_type=covariance_type, max_iter=0, **given).fit(x)
    assert_allclose(gm.means_, given["means_init"])
    assert_allclose(gm.precisions_, given["precisions_init"], rtol=1e-9)
    assert (gm.n_iter_, len(gm.lower_bounds_)) == (0, 0)


@pytest.mark.parametrize("reg_covar", [1e-6, 0.3])
def test_reg_covar_of_a_tied_covariance_is_theirs(reg_covar):
    x = clusters()
    them, us = both(x, "tied", 10, reg_covar)
    assert_allclose(us.covariances_, them.covariances_, rtol=1e-8)
    assert_allclose(us.means_, them.means_, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("covariance_type", STRUCTURES)
def test_reg_covar_is_a_penalty_that_is_climbed(covariance_type):
    x = clusters()
    arguments = {"covariance_type": covariance_type, **begin(x, covariance_type)}
    free = jensen.GaussianMixture(3, **arguments).fit(x)
    ridged = jensen.GaussianMixture(3, reg_covar=0.5, **arguments).fit(x)
    assert ridged.converged_
    objective = ridged.result_.ledger["objective"]
    assert (np.diff(objective) > -1e-9).all()
    assert np.linalg.det(ridged.result_.model.family.covariance.full(ridged.covariances_, 3, 3)).prod() > (
        np.linalg.det(free.result_.model.family.covariance.full(free.covariances_, 3, 3)).prod()
    )


def test_the_search_hears_reg_covar():
    x = faithful()
    free, ridged = (jensen.GaussianMixture(2, reg_covar=r, random_state=0).fit(x) for r in (0.0, 0.5))
    assert ridged.converged_
    assert ridged.covariances_[:, 0, 0].min() > 0.4
    assert ridged.lower_bound_ < free.lower_bound_


@pytest.mark.parametrize("covariance_type", STRUCTURES)
def test_there_and_back(covariance_type):
    x = clusters()
    them = theirs(x, covariance_type=covariance_type, random_state=0)
    us = jensen.GaussianMixture.from_sklearn(them)
    assert_allclose(us.score_samples(x), them.score_samples(x), rtol=1e-9)
    assert us.bic(x) == pytest.approx(them.bic(x), rel=1e-12)
    back = us.to_sklearn()
    assert isinstance(back, sklearn.mixture.GaussianMixture)
    for name in PARAMETERS:
        assert_allclose(getattr(back, name), getattr(them, name), rtol=1e-9, atol=1e-12, err_msg=name)
    assert_allclose(back.score_samples(x), them.score_samples(x), rtol=1e-9)
    assert (back.n_iter_, back.converged_, back.lower_bound_) == (
        them.n_iter_,
        them.converged_,
        them.lower_bound_,
    )
    assert back.sample(5)[0].shape == (5, 3)


def test_a_scikit_learn_mixture_that_was_set_up_by_hand():
    them = sklearn.mixture.GaussianMixture(2, covariance_type="full")
    them.weights_, them.means_ = np.array([0.4, 0.6]), np.array([[0.0, 0.0], [3.0, 1.0]])
    covariances = np.array([[[2.0, 0.5], [0.5, 1.0]], np.eye(2)])
    them.precisions_cholesky_ = np.linalg.inv(np.linalg.cholesky(covariances)).transpose(0, 2, 1)
    us = jensen.GaussianMixture.from_sklearn(them)
    assert_allclose(us.covariances_, covariances)
    with pytest.raises(TypeError, match=r"sklearn\.mixture\.GaussianMixture"):
        jensen.GaussianMixture.from_sklearn(object())


def test_same_line_two_libraries():
    """scikit-learn's default stops 14 nats short and says that it converged."""
    x = faithful()
    n = len(x)
    them = sklearn.mixture.GaussianMixture(n_components=3, covariance_type="tied", random_state=0).fit(x)
    us = jensen.GaussianMixture(n_components=3, covariance_type="tied", random_state=0).fit(x)
    assert them.converged_
    assert them.score(x) * n == pytest.approx(-1140.547, abs=1e-2)
    assert us.converged_
    assert us.score(x) * n == pytest.approx(-1126.3159, abs=1e-3)
    assert us.lower_bound_ * n == pytest.approx(us.score(x) * n, rel=1e-12)
    went_on = jensen.GaussianMixture.from_sklearn(them).set_params(warm_start=True).fit(x)
    assert went_on.converged_
    assert went_on.score(x) * n == pytest.approx(-1126.3159, abs=2e-3)


def test_the_signature_is_theirs():
    own = {"prior"}
    us = inspect.signature(jensen.GaussianMixture).parameters
    them = inspect.signature(sklearn.mixture.GaussianMixture).parameters
    assert list(us)[: len(them)] == list(them)
    assert set(us) - set(them) == own
    assert {name: p.kind for name, p in us.items() if name in them} == {
        name: p.kind for name, p in them.items()
    }
    methods = {name for name in dir(sklearn.mixture.GaussianMixture) if not name.startswith("_")}
    assert methods <= set(dir(jensen.GaussianMixture))
