"""Conjugate priors: their densities, their pseudo-data, and maximum a posteriori."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import jensen
from jensen.em import Never, Outcome
from jensen.families import (
    STRUCTURES,
    Diagonal,
    Full,
    Gaussian,
    GaussianParams,
    GaussianStats,
    Spherical,
    Tied,
)
from jensen.models import Dirichlet, Mixture, MixtureParams, MixturePrior, NormalInverseWishart
from jensen.models.mixture.chart import MixtureChart
from jensen.spaces import Real
from samples import clusters, faithful
from test_laws import start_of

RNG = np.random.default_rng(0)
D, K = 3, 2
MEANS = RNG.normal(size=(K, D))
SPREADS = stats.wishart(D + 2, np.eye(D)).rvs(K, random_state=1)
PRIOR = NormalInverseWishart(np.array([0.3, -1.0, 2.0]), 0.7, np.diag([1.0, 2.0, 0.5]) + 0.2, 6.5)


def normals(covariances):
    """Σ_k log N(μ_k | m, Σ_k / κ)."""
    pairs = zip(MEANS, covariances, strict=True)
    return sum(stats.multivariate_normal(PRIOR.mean, c / PRIOR.mean_count).logpdf(m) for m, c in pairs)


@pytest.mark.parametrize("concentration", [1.0, 1.5, 4.0])
def test_dirichlet_density(concentration):
    weights = np.array([0.2, 0.5, 0.3])
    expected = stats.dirichlet(np.full(3, concentration)).logpdf(weights)
    assert Dirichlet(concentration).log_density(weights) == pytest.approx(expected, rel=1e-13)


def test_full_density():
    found = PRIOR.log_density(Gaussian(Full()), GaussianParams(MEANS, SPREADS))
    wishart = stats.invwishart(PRIOR.dof, PRIOR.scale)
    assert found == pytest.approx(normals(SPREADS) + sum(wishart.logpdf(s) for s in SPREADS), rel=1e-12)


def test_tied_density():
    found = PRIOR.log_density(Gaussian(Tied()), GaussianParams(MEANS, SPREADS[0]))
    wishart = stats.invwishart(PRIOR.dof, PRIOR.scale).logpdf(SPREADS[0])
    assert found == pytest.approx(normals([SPREADS[0]] * K) + wishart, rel=1e-12)


def test_diagonal_density():
    """Each variance: inverse-Wishart of size 1 = inverse gamma with shape ν/2 and scale Ψ_jj / 2."""
    variances = RNG.uniform(0.5, 2.0, (K, D))
    found = PRIOR.log_density(Gaussian(Diagonal()), GaussianParams(MEANS, variances))
    gamma = stats.invgamma(PRIOR.dof / 2, scale=np.diag(PRIOR.scale) / 2)
    expected = normals([np.diag(v) for v in variances]) + gamma.logpdf(variances).sum()
    assert found == pytest.approx(expected, rel=1e-12)


def test_spherical_density():
    """The common variance: inverse gamma with shape ν/2 and scale mean(diag Ψ) / 2."""
    variances = np.array([0.6, 1.7])
    found = PRIOR.log_density(Gaussian(Spherical()), GaussianParams(MEANS, variances))
    gamma = stats.invgamma(PRIOR.dof / 2, scale=np.diag(PRIOR.scale).mean() / 2)
    expected = normals([v * np.eye(D) for v in variances]) + gamma.logpdf(variances).sum()
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_the_mode_is_the_m_step_of_the_pseudo_data(structure):
    """No data at all: EM's answer is the prior's own mode, and nothing nearby has a higher density."""
    prior = MixturePrior(Dirichlet(3.0), PRIOR)
    model = Mixture(K, Gaussian(structure), prior)
    anywhere = MixtureParams(
        np.array([0.3, 0.7]), GaussianParams(MEANS, structure.reduce(SPREADS, np.ones(K)))
    )
    mode = model.m_step(prior.pseudo_stats(model, anywhere), anywhere)
    assert mode.weights == pytest.approx(np.full(K, 1 / K))
    assert mode.components.means == pytest.approx(np.tile(PRIOR.mean, (K, 1)))
    chart = MixtureChart(model.family, K, {"means": Real((K, D)), "covariances": structure.space(K, D)})
    top, origin = prior.log_density(model, mode), chart.natural_vector(mode)
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(20):
            noise = RNG.normal(size=(K, D, D))
            shape = structure.reduce(noise + np.swapaxes(noise, 1, 2), np.ones(K)).ravel()
            step = np.concatenate([(w := RNG.normal(size=K)) - w.mean(), RNG.normal(size=K * D), shape])
            near = chart.from_natural_vector(origin + size * step)
            assert near is None or prior.log_density(model, near) < top


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_a_prior_holds_a_component_that_would_collapse(structure):
    data = np.vstack([clusters(60), np.tile([[30.0, 30.0, 30.0]], (3, 1))])
    prior = MixturePrior(components=NormalInverseWishart.from_data(data, 3))
    fit = jensen.fit(Mixture(3, Gaussian(structure), prior), data)
    assert fit.verdict.converged
    assert np.isfinite(fit.log_evidence)
    assert np.diff(fit.ledger["objective"]).min() > -1e-9
    assert fit.objective == pytest.approx(fit.log_evidence + fit.log_prior)


def test_a_dirichlet_prior_keeps_weights_off_zero():
    flat = jensen.fit(Mixture(4, prior=MixturePrior(Dirichlet(1.0))), faithful(), restarts=3)
    plain = jensen.fit(Mixture(4), faithful(), restarts=3)
    assert flat.log_evidence == pytest.approx(plain.log_evidence, abs=1e-6)
    strong = jensen.fit(Mixture(4, prior=MixturePrior(Dirichlet(1000.0))), faithful(), restarts=3)
    assert strong.params.weights == pytest.approx(np.full(4, 0.25), abs=0.02)


def test_a_strong_prior_wins_and_a_weak_one_does_not():
    data = faithful()
    mean, scale = np.array([100.0, 100.0]), np.eye(2)
    strong = MixturePrior(components=NormalInverseWishart(mean, 1e12, 1e12 * scale, 1e12))
    fit = jensen.fit(Mixture(1, prior=strong), data)
    assert fit.params.components.means[0] == pytest.approx(mean, rel=1e-4)
    assert fit.params.components.covariances[0] == pytest.approx(scale, abs=1e-3)
    weak = MixturePrior(components=NormalInverseWishart.from_data(data, 1, mean_count=1e-9, dof=1.0 + 1e-9))
    fit = jensen.fit(Mixture(1, prior=weak), data)
    assert fit.params.components.means[0] == pytest.approx(data.mean(axis=0))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES)
def test_map_never_falls_and_its_ledger_adds_up(structure, weighted):
    data = clusters()
    weight = RNG.uniform(0.1, 2.0, len(data)) if weighted else None
    prior = MixturePrior(Dirichlet(2.0), NormalInverseWishart.from_data(data, 3))
    model = Mixture(3, Gaussian(structure), prior)
    fit = jensen.fit(model, data, start_of(model, data), weight=weight, max_steps=60, stop=Never())
    ledger = fit.ledger
    assert fit.verdict.outcome is Outcome.STEP_LIMIT
    assert np.diff(ledger["objective"]).min() > -jensen.testing.rounding(model, fit.params, data, weight)
    assert ledger["objective"] == pytest.approx(ledger["log_evidence"] + ledger["log_prior"], rel=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dirichlet(0.5), "at least 1"),
        (lambda: Dirichlet(float("nan")), "at least 1"),
        (lambda: NormalInverseWishart(np.zeros(2), 1.0, np.eye(3), 5.0), r"scale must be \(2, 2\)"),
        (lambda: NormalInverseWishart(np.zeros(2), 0.0, np.eye(2), 5.0), "mean_count > 0"),
        (lambda: NormalInverseWishart(np.zeros(2), 1.0, np.eye(2), 1.0), "dof > 1"),
        (lambda: NormalInverseWishart(np.zeros(2), 1.0, -np.eye(2), 5.0), "positive definite"),
        (lambda: NormalInverseWishart(np.zeros(2), 1.0, np.ones((2, 2)) - 2, 5.0), "positive definite"),
        (lambda: NormalInverseWishart(np.zeros(2), 1.0, np.array([[1, 0.5], [0, 1]]), 5.0), "symmetric"),
    ],
)
def test_bad_priors_say_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- statistics are a commutative monoid -------------------------------------------------------------------


@st.composite
def blocks(draw, count=3):
    """Statistics of one structure, each about a centre of its own, and parameters to see them through."""
    structure = draw(st.sampled_from(list(STRUCTURES.values())))
    k, d = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    family = Gaussian(structure)
    covariances = structure.reduce(np.tile(np.eye(d), (k, 1, 1)) * rng.uniform(0.5, 2.0), np.ones(k))
    scales = [10.0 ** draw(st.integers(-1, 2)) for _ in range(count)]
    params = [GaussianParams(scale * rng.normal(size=(k, d)), covariances) for scale in scales]
    rows = [rng.normal(size=(draw(st.integers(0, 8)), d)) for _ in range(count)]
    made = [
        family.statistics(p, x, rng.uniform(0, 2, (len(x), k))) for p, x in zip(params, rows, strict=True)
    ]
    return family, params, made


def same(family, params, a, b):
    """Q of the two agrees at all the parameters, to the rounding of the largest number on the way."""
    size = max(np.square(p.means).max() for p in params) + 1.0
    count = float(a.count.sum()) + 1.0
    slack = 2e-13 * size * count * params[0].means.size
    for p in params:
        q_a, q_b = (family.expected_log_density(p, stats) for stats in (a, b))
        assert q_a == pytest.approx(q_b, abs=slack)


@given(blocks())
def test_addition_is_associative_and_commutative(case):
    family, params, (a, b, c) = case
    same(family, params, a + b, b + a)
    same(family, params, (a + b) + c, a + (b + c))


@given(blocks(), st.floats(0.0, 10.0))
def test_scaling_distributes(case, factor):
    family, params, (a, b, _) = case
    same(family, params, (a + b).scale(factor), a.scale(factor) + b.scale(factor))
    same(family, params, a.scale(2.0), a + a)


@given(blocks())
def test_no_rows_are_neutral(case):
    family, params, (a, b, _) = case
    same(family, params, a + b.scale(0.0), a)


@given(blocks())
def test_moving_the_centre_changes_nothing(case):
    family, params, (a, b, _) = case
    same(family, params, a.about(b.centre), a)
    same(family, params, a.about(b.centre).about(a.centre), a)


def test_moving_the_centre_is_exact_in_whole_numbers():
    """Small integers have no rounding: the moved statistics are those computed there, bit for bit."""
    rng = np.random.default_rng(0)
    x, w = rng.integers(-9, 9, (20, 2)).astype(float), rng.integers(0, 4, (20, 3)).astype(float)
    here, there = (rng.integers(-50, 50, (3, 2)).astype(float) for _ in range(2))
    for structure in STRUCTURES.values():
        family = Gaussian(structure)
        ones = np.ones(structure.shape(3, 2))
        moved = family.statistics(GaussianParams(here, ones), x, w).about(there)
        direct = family.statistics(GaussianParams(there, ones), x, w)
        for name in GaussianStats.__slots__[1:]:
            assert np.array_equal(getattr(moved, name), getattr(direct, name))
