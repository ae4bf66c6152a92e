"""Exact numbers of other programs and papers. mclust: VVV Full, EEE Tied, VVI Diagonal, VII Spherical; EEI
and EII by their own names."""

import numpy as np
import pytest

import jensen
from jensen.em import EM, DiscretePosterior, Gain, Never, em_map, log_evidence
from jensen.families import EEI, EII, Diagonal, Full, Gaussian, GaussianParams, Spherical, Tied
from jensen.models import Mixture, MixtureParams
from samples import faithful, galaxies, iris
from test_laws import start_of
from toys import Linkage, PoissonMixture, Rates

TIGHT = Gain(1e-9)
THEIRS = [Full(), Tied(), Diagonal(), Spherical()]


def from_labels(model, data, labels):
    """One M-step from a partition of the rows."""
    k, d = model.num_components, data.shape[1]
    anywhere = GaussianParams(
        np.tile(data.mean(axis=0), (k, 1)), np.ones(model.family.covariance.shape(k, d))
    )
    guess = MixtureParams(np.full(k, 1 / k), anywhere)
    posterior = DiscretePosterior(np.eye(k)[labels], np.zeros(len(data)))
    return model.m_step(model.expected(guess, data, posterior, None).stats, guess)


# Log-likelihood after one M-step from a partition and at convergence; mclust 6.0.0 (me, tol = 1e-13). The
# partitions: the species of iris, eruptions shorter than 3 minutes in faithful.
IRIS = [
    (Full(), -182.92084861, -180.18547713),
    (Tied(), -256.64618425, -256.35404313),
    (Diagonal(), -309.36275789, -306.86046051),
    (Spherical(), -392.49841450, -384.31409506),
    (EEI(), -364.51736434, -361.42552204),
    (EII(), -414.69795127, -401.80217579),
]
FAITHFUL = [
    (Full(), -1130.28318279, -1130.26396018),
    (Tied(), -1140.23414230, -1140.18675944),
    (Diagonal(), -1147.80676197, -1147.80635254),
    (Spherical(), -1710.76219841, -1709.52928218),
    (EEI(), -1157.72714192, -1157.68001234),
    (EII(), -1710.58465959, -1709.68137295),
]


@pytest.mark.parametrize(("structure", "one_step", "converged"), IRIS, ids=str)
def test_iris_from_its_species(structure, one_step, converged):
    _start_controlled(Mixture(3, Gaussian(structure)), iris(), np.repeat([0, 1, 2], 50), one_step, converged)


@pytest.mark.parametrize(("structure", "one_step", "converged"), FAITHFUL, ids=str)
def test_faithful_from_short_and_long(structure, one_step, converged):
    labels = (faithful()[:, 0] >= 3).astype(int)
    _start_controlled(Mixture(2, Gaussian(structure)), faithful(), labels, one_step, converged)


def _start_controlled(model, data, labels, one_step, converged):
    params = from_labels(model, data, labels)
    assert log_evidence(model, params, data) == pytest.approx(one_step, abs=1e-6)
    fit = jensen.fit(model, data, params, stop=TIGHT)
    assert fit.verdict.converged
    assert fit.log_evidence == pytest.approx(converged, abs=1e-6)


def test_parameters_of_faithful():
    """mclust 6.0.0, VVV, G = 2, from eruptions < 3.

    Its tol of 1e-13 on the log-likelihood of 1130 leaves about √(1e-10) standard errors in the parameters.
    """
    params = from_labels(Mixture(2), faithful(), (faithful()[:, 0] >= 3).astype(int))
    fit = jensen.fit(Mixture(2), faithful(), params, stop=Never(), max_steps=300)
    weights, (means, covariances) = fit.params
    assert weights == pytest.approx([0.355872864713, 1 - 0.355872864713], abs=1e-6)
    assert means[0] == pytest.approx([2.03638847313, 54.47851656319], rel=1e-6)
    assert means[1] == pytest.approx([4.28966198948, 79.96811537201], rel=1e-6)
    assert covariances[0] == pytest.approx(
        np.array([[0.0691676873, 0.4351677778], [0.4351677778, 33.6972831]]), rel=1e-6
    )
    assert covariances[1] == pytest.approx(
        np.array([[0.1699684150, 0.9406090547], [0.9406090547, 36.0462083]]), rel=1e-6
    )


def test_waiting_with_one_variance():
    """mixtools 2.0.0, normalmixEM(waiting, arbvar = FALSE), run to convergence."""
    waiting = faithful()[:, 1:]
    model = Mixture(2, Gaussian(Tied()))
    fit = jensen.fit(model, waiting, from_labels(model, waiting, _long()), stop=TIGHT)
    params = fit.model.canonical(fit.params)
    assert fit.log_evidence == pytest.approx(-1034.0017604, abs=1e-7)
    assert params.weights[0] == pytest.approx(0.36084944545, abs=1e-6)
    assert params.components.means[:, 0] == pytest.approx([54.613626424, 80.090303685], rel=1e-6)
    assert np.sqrt(params.components.covariances[0, 0]) == pytest.approx(5.8690913808, rel=1e-6)


def test_waiting_with_two_variances():
    """mixtools 2.0.0, normalmixEM(waiting), run to convergence."""
    waiting = faithful()[:, 1:]
    fit = jensen.fit(Mixture(2), waiting, from_labels(Mixture(2), waiting, _long()), stop=TIGHT)
    params = fit.model.canonical(fit.params)
    assert fit.log_evidence == pytest.approx(-1034.0017498, abs=1e-7)
    assert params.weights[0] == pytest.approx(0.36088608583, abs=1e-6)
    assert params.components.means[:, 0] == pytest.approx([54.614856633, 80.091069715], rel=1e-6)
    assert np.sqrt(params.components.covariances.ravel()) == pytest.approx(
        [5.8712197556, 5.8677341705], rel=1e-6
    )
    by_default = jensen.fit(Mixture(2), waiting)
    assert by_default.log_evidence >= -1034.00175 - 1e-3


def _long():
    return (faithful()[:, 0] >= 3).astype(int)


# The best proper maxima known: scikit-learn from k-means, or mclust, run to convergence.
BY_DEFAULT = [
    (Tied(), 3, -1126.3159),
    (Full(), 2, -1130.2640),
    (Full(), 3, -1119.2140),
]


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize(("structure", "k", "known"), BY_DEFAULT, ids=str)
def test_faithful_by_default(structure, k, known, seed):
    fit = jensen.fit(Mixture(k, Gaussian(structure)), faithful(), rng=seed)
    assert fit.log_evidence >= known - 1e-3
    assert fit.verdict.converged


@pytest.mark.parametrize("seed", [None, 1, 2])
def test_galaxies_by_default(seed):
    """mclust 6.1.3's vignette, velocities / 1000, V, 3, from random starts: log-likelihood −203.1792."""
    fit = jensen.fit(Mixture(3), galaxies(), rng=seed)
    assert fit.log_evidence >= -203.1792 - 1e-3
    assert fit.verdict.converged


def test_information_criteria_have_mclusts_values():
    """faithful, EEE, 3 (mclust 6.1.3's vignette, which stops 0.0103 short): df 11, minus our BIC."""
    fit = jensen.fit(Mixture(3, Gaussian(Tied())), faithful())
    assert fit.num_free == 11
    assert fit.bic == pytest.approx(2314.316 - 2 * 0.0103, abs=2e-3)
    assert fit.aic == pytest.approx(-2 * fit.log_evidence + 22)
    assert fit.icl == pytest.approx(fit.bic + 2 * fit.entropy)


@pytest.mark.parametrize("data", [iris, faithful], ids=lambda f: f.__name__)
@pytest.mark.parametrize("structure", THEIRS, ids=lambda structure: structure.name)
def test_densities_are_scikit_learns(structure, data):
    from sklearn.mixture import GaussianMixture
    from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

    data = data()
    model = Mixture(3, Gaussian(structure))
    params = start_of(model, data)
    theirs = GaussianMixture(3, covariance_type=structure.name)
    theirs.weights_, (theirs.means_, theirs.covariances_) = params
    theirs.precisions_cholesky_ = _compute_precision_cholesky(theirs.covariances_, structure.name)
    posterior = model.posterior(params, data)
    assert posterior.log_evidence == pytest.approx(theirs.score_samples(data), rel=1e-11, abs=1e-11)
    assert posterior.responsibilities == pytest.approx(theirs.predict_proba(data), abs=1e-11)


# ---- models with published iterates ------------------------------------------------------------------------


def test_iterates_of_the_linkage_example():
    """Dempster, Laird and Rubin (1977), the table of section 1, from θ = 0.5; θ̂ = (15 + √53809) / 394."""
    counts = np.array([125, 18, 20, 34.0])
    table = [0.608247422680, 0.624321050369, 0.626488879080, 0.626777322347, 0.626815632110]
    table += [0.626820719019, 0.626821394456, 0.626821484140]
    theta, found = 0.5, []
    for _ in table:
        theta = em_map(Linkage(), theta, np.arange(4), counts)
        found.append(theta)
    assert found == pytest.approx(table, abs=1e-12)
    fit = jensen.fit(Linkage(), np.arange(4), 0.5, weight=counts, stop=Gain(1e-10))
    assert fit.params == pytest.approx((15 + np.sqrt(53809)) / 394, abs=1e-7)


def test_the_rate_of_the_linkage_example():
    """The rate of EM there is 0.1327787337857: the share of the information that is missing."""
    fit = jensen.fit(
        Linkage(),
        np.arange(4),
        0.5,
        weight=np.array([125, 18, 20, 34.0]),
        max_steps=5,
        stop=Never(),
        algorithm=EM(),
    )
    assert fit.rate == pytest.approx(0.1327787337857, rel=1e-2)


# Deaths of women over 80 in The Times (Hasselblad 1969): how many days had 0, 1, … 9 notices.
NOTICES = np.array([162, 267, 271, 185, 111, 61, 27, 8, 3, 1.0])
DAYS = np.arange(10.0)


def test_death_notices():
    """MLE p = 0.35988539698495, μ = (1.2560951012244, 2.6634043566325), −log-likelihood 1989.945859883."""
    begun = Rates(np.array([0.3, 0.7]), np.array([1.0, 2.5]))
    assert log_evidence(PoissonMixture(), begun, DAYS, NOTICES) == pytest.approx(-1992.7232662566, abs=1e-9)
    step = em_map(PoissonMixture(), begun, DAYS, NOTICES)
    assert step.weights[0] == pytest.approx(0.28569043836887, abs=1e-13)
    assert step.rates == pytest.approx([1.0613898076625, 2.5951009012186], abs=1e-12)
    fit = jensen.fit(PoissonMixture(), DAYS, begun, weight=NOTICES, stop=Gain(1e-12))
    assert fit.log_evidence == pytest.approx(-1989.945859883, abs=1e-8)
    assert fit.params.weights[0] == pytest.approx(0.35988539698495, abs=1e-4)
    assert fit.params.rates == pytest.approx([1.2560951012244, 2.6634043566325], abs=1e-4)
    # the largest eigenvalue of EM's Jacobian
    slow = jensen.fit(PoissonMixture(), DAYS, begun, weight=NOTICES, algorithm=EM())
    assert slow.rate == pytest.approx(0.99566622317, abs=1e-4)
