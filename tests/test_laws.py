"""The laws over a table of models, structures, precisions, weights and priors. A new model is a new row."""

import numpy as np
import pytest

import jensen
from jensen.em import EM, Never, Squarem, em_map
from jensen.families import STRUCTURES
from jensen.models import Dirichlet, Mixture, MixturePrior, NormalInverseWishart
from jensen.testing import check_family, check_model, fisher_identity, never_falls, refit_recovers
from samples import clusters
from toys import Linkage, PoissonMixture, Rates

OF_THE_CHART = {"chart_inverts", "score_is_slope", "scores_add", "information_is_curvature"}
REFIT = ("refit_recovers",)  # its data are its own: once a structure is enough


def prior_of(data, k):
    return MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(data, k))


def start_of(model, data, weight=None, seed=1):
    """A random start, one step on: away from any maximum, and no symmetric point either."""
    model = model.prepare(data, weight)
    params = model.start(data, weight, np.random.default_rng(seed))
    return em_map(model, params, data, weight)


@pytest.mark.parametrize("with_prior", [False, True], ids=["", "prior"])
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_gaussian_mixture(structure, dtype, weighted, with_prior):
    data = clusters().astype(dtype)
    weight = np.random.default_rng(2).uniform(0.2, 3.0, len(data)) if weighted else None
    model = Mixture(3, jensen.Gaussian(structure), prior_of(data, 3) if with_prior else None)
    table = check_model(model, start_of(model, data), data, weight=weight, skip=REFIT)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"chart_inverts", "score_is_slope"} <= held
    assert len(held - OF_THE_CHART) == 14
    assert ("prior_is_data" in held) is with_prior
    assert ("moves_with_data" in held) is not with_prior


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("d", [1, 2, 7])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_sizes(structure, k, d):
    data = clusters(400, d)
    model = Mixture(k, jensen.Gaussian(structure))
    skip = (*REFIT, "relabelling") if k == 1 else REFIT
    check_model(model, start_of(model, data), data, skip=skip)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_zero_weights_are_no_rows(structure):
    data = clusters()
    weight = np.random.default_rng(0).integers(0, 3, len(data)).astype(float)
    model = Mixture(3, jensen.Gaussian(structure))
    check_model(model, start_of(model, data), data, weight=weight, skip=REFIT)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_far_from_the_origin(structure):
    """A mean of 10⁴ beside a spread of 1: what raw second moments cannot do."""
    data = clusters() + 1e4
    model = Mixture(3, jensen.Gaussian(structure))
    params = start_of(model, data)
    check_model(model, params, data, skip=REFIT)
    single = data.astype(np.float32)
    never_falls(model, params, single)
    never_falls(model, params, single, algorithm=Squarem())


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_on_the_bound_of_the_covariances(structure):
    """A bound so high that it is active everywhere: clipping is still the exact M-step, and nothing falls."""
    data = clusters()
    model = Mixture(3, jensen.Gaussian(structure, floor=0.9))
    params = start_of(model, data)
    clipped = em_map(model.prepare(data, None), params, data).components.covariances
    assert model.prepare(data, None).family.metric.smallest(clipped).min() == pytest.approx(0.9)
    check_model(model, params, data, skip=(*REFIT, "fisher_identity"))


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_a_sample_leads_back(structure):
    data = clusters()
    model = Mixture(3, jensen.Gaussian(structure))
    params = jensen.fit(model, data, start_of(model, data)).params
    refit_recovers(model, params, num_rows=1500)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_gaussian_family(structure):
    data = clusters()
    params = start_of(Mixture(3, jensen.Gaussian(structure)), data).components
    memberships = np.random.default_rng(0).dirichlet(np.ones(3), size=len(data))
    table = check_family(jensen.Gaussian(structure), params, data, memberships)
    held = set(table["law"][table["outcome"] == "holds"])
    assert {"bound_is_tight", "blocks_add", "statistics_scale", "statistics_move", "m_step_is_best"} <= held


def test_linkage():
    counts = np.array([125, 18, 20, 34.0])
    check_model(Linkage(), 0.3, np.arange(4), weight=counts)


def test_poisson_mixture():
    rng = np.random.default_rng(0)
    params = Rates(np.array([0.4, 0.6]), np.array([1.0, 5.0]))
    model = PoissonMixture()
    check_model(model, params, model.sample(params, 300, rng))


def test_a_chart_can_stand_in_for_pack_and_unpack():
    def from_vector(v):
        return float(1 / (1 + np.exp(-v[0])))

    chart = (lambda theta: np.log([theta / (1 - theta)])), from_vector
    fisher_identity(Linkage(), 0.3, np.arange(4), weight=np.array([125, 18, 20, 34.0]), chart=chart)


def test_algorithms_never_fall_and_report_what_they_return():
    data = clusters()
    model = Mixture(3, jensen.Gaussian())
    for algorithm in (EM(), Squarem()):
        jensen.testing.reported_is_returned(model, start_of(model, data), data, algorithm=algorithm)
        fit = jensen.fit(model, data, start_of(model, data), algorithm=algorithm, max_steps=30, stop=Never())
        slack = jensen.testing.rounding(fit.model, fit.params, data)
        assert np.diff(fit.ledger["objective"]).min() > -slack


def test_check_model_says_what_did_not_apply():
    table = check_model(
        Linkage(), 0.3, np.arange(4), weight=np.array([125, 18, 20, 34.0]), skip=("blocks_add",)
    )
    outcome = dict(zip(table["law"].tolist(), table["outcome"].tolist(), strict=True))
    assert outcome["relabelling"] == "does not apply"
    assert outcome["blocks_add"] == "left out"
    assert outcome["gap_is_kl"] == "holds"
