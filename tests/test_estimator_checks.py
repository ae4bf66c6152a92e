"""scikit-learn's own checks of an estimator. The one that is excused for some has its reason here."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import jensen

RANDOM_STARTS = (
    "15 rows of 30 columns have many maxima for two components, and starts that draw rows draw others from "
    "repeated rows; test_estimator.py tests from the same start that integer weights are repeated rows"
)
ESTIMATORS = [
    jensen.GaussianMixture(),
    jensen.GaussianMixture(2, n_init=2, covariance_type="tied"),
    jensen.GaussianMixture(2, n_init=2, covariance_type="diag", init_params="random"),
    jensen.GaussianMixture(2, n_init=2, covariance_type="spherical", init_params="k-means++"),
    jensen.GaussianMixture(2, n_init=1, init_params="random_from_data", reg_covar=1e-2),
    jensen.GaussianMixture(2),
]


def excused(estimator):
    if estimator.n_components == 1:
        return {}
    return {"check_sample_weight_equivalence_on_dense_data": RANDOM_STARTS}


# Some checks fit 15 rows of 30 columns: the end is a boundary, and the warning that says so is right.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=excused)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
