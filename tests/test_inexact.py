"""Inexact E-steps: the gap is the KL, bounds do not fall, noise is neither an end nor an error."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pytest

import jensen
from jensen.em import EM, Expected, Gain, Hard, MonteCarlo, Never, Outcome, Problem, Truncated
from jensen.models import Dirichlet, MixturePrior
from toys import Counts, Linkage, PoissonMixture, Rates

CELLS = np.arange(4)
ANIMALS = np.array([125.0, 18.0, 20.0, 34.0])
DEATHS = np.arange(10)
DAYS = np.array([162.0, 267, 271, 185, 111, 61, 27, 8, 3, 1])
START = Rates(np.array([0.3, 0.7]), np.array([1.0, 2.5]))


def poisson(k=3):
    rng = np.random.default_rng(4)
    data = rng.poisson(rng.choice([1.0, 6.0, 15.0], size=150))
    return PoissonMixture(k), data, PoissonMixture(k).start(data, None, np.random.default_rng(2))


def faithful(structure=None, k=3, prior=None):
    data = jensen.load_dataset("faithful").values
    model = jensen.Mixture(k, jensen.Gaussian(structure or jensen.Full()), prior).prepare(data, None)
    return model, data, model.start(data, None, np.random.default_rng(0))


def log_joint(model, params, data):
    posterior = model.posterior(params, data)
    with np.errstate(divide="ignore"):
        return np.log(posterior.responsibilities) + posterior.log_evidence[:, None]


KINDS = [Hard(), Truncated(2), MonteCarlo(20, rng=3)]
PROBLEMS = {
    "poisson": poisson,
    "full": faithful,
    "tied": lambda: faithful(jensen.Tied()),
    "map": lambda: faithful(jensen.Diagonal(), prior=MixturePrior(Dirichlet(3.0))),
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())
@pytest.mark.parametrize("weighted", [False, True])
def test_the_ledger_adds_up_and_bounds_do_not_fall(kind, problem, weighted):
    model, data, params = problem()
    weight = np.random.default_rng(1).uniform(0.5, 2, len(data)) if weighted else None
    fit = jensen.fit(model, data, params, weight=weight, algorithm=EM(posterior=kind), max_steps=40)
    ledger = fit.ledger
    size = 1e-12 * abs(ledger["log_evidence"]).max()
    sums = ledger["expected_log_joint"] + ledger["entropy"] + ledger["gap"]
    np.testing.assert_allclose(ledger["log_evidence"], sums, rtol=0, atol=size)
    assert ledger["gap"].min() > -size
    np.testing.assert_allclose(fit.objective, ledger["objective"][-1], rtol=1e-14)
    if kind.is_sampled:
        climbed = ledger["log_evidence"] + ledger["log_prior"]
    else:
        climbed = ledger["expected_log_joint"] + ledger["entropy"] + ledger["log_prior"]
        assert np.diff(ledger["objective"]).min() > -size
    np.testing.assert_allclose(ledger["objective"], climbed, rtol=0, atol=size)


def test_hard_em_climbs_the_classification_likelihood_to_its_end():
    model, data, params = poisson()
    fit = jensen.fit(model, data, params, algorithm=EM(posterior=Hard()))
    assert fit.verdict.converged
    assert "a maximum of the bound" in fit.verdict.message
    joint = log_joint(model, fit.params, data)
    assert fit.objective == pytest.approx(joint.max(axis=1).sum(), rel=1e-13)
    labels = joint.argmax(axis=1)  # the end is a partition whose own estimates make it again
    np.testing.assert_allclose(fit.params.rates, [data[labels == j].mean() for j in range(3)], rtol=1e-13)
    np.testing.assert_allclose(fit.params.weights, np.bincount(labels) / len(data), rtol=1e-13)
    assert fit.ledger["objective"][-1] == fit.ledger["objective"][-2]
    assert fit.entropy == 0


def test_hard_em_of_equal_spheres_is_k_means():
    from sklearn.cluster import KMeans

    data = jensen.load_dataset("iris").values
    sphere = jensen.Mixture(3, jensen.Gaussian(jensen.Spherical()))
    model = jensen.constrain(sphere, {"weights": [1 / 3] * 3}, {"covariances": [0, 0, 0]})
    start = model.prepare(data, None).start(data, None, np.random.default_rng(1))
    fit = jensen.fit(model, data, start, algorithm=EM(posterior=Hard()))
    peer = KMeans(3, init=start.components.means, n_init=1, tol=0, max_iter=1000).fit(data)
    np.testing.assert_allclose(fit.params.components.means, peer.cluster_centers_, rtol=1e-10)
    variance = peer.inertia_ / data.size
    np.testing.assert_allclose(fit.params.components.covariances, variance, rtol=1e-8)


def test_equally_likely_values_are_decided_the_same_way():
    model, data, _ = poisson(2)
    same = Rates(np.array([0.5, 0.5]), np.array([5.0, 5.0]))
    q = Hard().posterior(model, same, data)
    assert (q.responsibilities[:, 0] == 1).all()
    assert (Truncated(1).posterior(model, same, data).responsibilities == q.responsibilities).all()


@pytest.mark.parametrize("num", [1, 2, 3])
def test_the_most_likely_values_leave_the_smallest_gap(num):
    model, data, params = faithful(k=4)
    exact = model.posterior(params, data).responsibilities
    state = Truncated(num).e_step(Problem(model, data), params, None)
    supports = [list(kept) for kept in combinations(range(4), num)]
    with np.errstate(divide="ignore"):
        each = np.array([-np.log(exact[:, kept].sum(axis=1)) for kept in supports])
    assert state.gap == pytest.approx(each.min(axis=0).sum(), rel=1e-9)
    q = Truncated(num).posterior(model, params, data).responsibilities
    assert ((q > 0).sum(axis=1) <= num).all()
    np.testing.assert_allclose(q.sum(axis=1), 1, rtol=1e-14)
    ratio = np.divide(q, exact, where=q > 0, out=np.zeros_like(q))
    np.testing.assert_allclose(ratio.max(axis=1), 1 / np.sort(exact)[:, -num:].sum(axis=1), rtol=1e-12)


@pytest.mark.parametrize("num", [3, 7])
def test_all_values_are_exact_em(num):
    model, data, params = poisson()
    exact, same = (
        jensen.fit(model, data, params, algorithm=EM(posterior=kind)) for kind in (None, Truncated(num))
    )
    np.testing.assert_array_equal(exact.ledger["log_evidence"], same.ledger["log_evidence"])
    assert same.gap == pytest.approx(0, abs=1e-9)
    assert same.verdict.message == exact.verdict.message


@pytest.mark.parametrize("kind", [Hard(), Truncated(2)])
def test_weights_count_rows(kind):
    model, data, params = poisson()
    times = np.random.default_rng(0).integers(0, 4, len(data))
    one = jensen.fit(model, data, params, weight=times.astype(float), algorithm=EM(posterior=kind))
    many = jensen.fit(model, np.repeat(data, times), params, algorithm=EM(posterior=kind))
    np.testing.assert_allclose(one.params.rates, many.params.rates, rtol=1e-10)
    assert one.objective == pytest.approx(many.objective, rel=1e-12)


# ---- Monte Carlo -------------------------------------------------------------------------------------------


def test_draws_are_of_the_posterior():
    model, draws = Linkage(), 50
    exact = model.e_step if hasattr(model, "e_step") else None
    assert exact is None
    p = model.posterior(0.5, CELLS).responsibilities[0, 1]
    states = [
        MonteCarlo(draws, rng=seed).e_step(Problem(model, CELLS, ANIMALS), 0.5, None) for seed in range(400)
    ]
    found = np.array([state.expected.stats.values[0, 1] for state in states]) / 125
    error = np.sqrt(p * (1 - p) / draws)
    assert abs(found.mean() - p) < 4 * error / 20
    assert abs(found.var() / error**2 - 1) < 4 * np.sqrt(2 / 399)


def test_monte_carlo_em_ends_at_the_maximum_and_says_how():
    fit = jensen.fit(Linkage(), CELLS, 0.1, weight=ANIMALS, algorithm=EM(posterior=MonteCarlo(rng=1)))
    assert fit.verdict.converged
    assert "sampled E-steps" in fit.verdict.message
    assert fit.params == pytest.approx(0.626821497870982, abs=0.02 * 0.0515)  # of a standard error
    assert fit.remaining < 1e-6
    assert fit.gap == 0
    assert np.isnan(fit.rate)


@pytest.mark.parametrize("seed", range(8))
def test_noise_is_not_an_end(seed):
    best = -1989.945859883
    kind = MonteCarlo(draws=10, rng=seed)
    fit = jensen.fit(PoissonMixture(), DEATHS, START, weight=DAYS, algorithm=EM(posterior=kind))
    assert fit.verdict.outcome is Outcome.CONVERGED
    # The evidence is so flat that exact EM, stopped as early, is some hundredths of a nat below the maximum.
    exact = jensen.fit(PoissonMixture(), DEATHS, START, weight=DAYS, algorithm=EM())
    assert best - fit.log_evidence < 1e-3 + 2 * (best - exact.log_evidence)


def test_a_fall_is_noise_and_no_error():
    kind = MonteCarlo(draws=2, most=2)
    fit = jensen.fit(
        Linkage(), CELLS, 0.62, weight=ANIMALS, algorithm=EM(posterior=kind), max_steps=60, stop=Never()
    )
    assert np.diff(fit.ledger["objective"]).min() < -1e-3
    assert fit.verdict.outcome is Outcome.STEP_LIMIT
    assert "2 draws" in fit.verdict.message
    fit = jensen.fit(Linkage(), CELLS, 0.62, weight=ANIMALS, algorithm=EM(posterior=kind), max_steps=300)
    assert fit.verdict.outcome is Outcome.STEP_LIMIT, "noise was taken for convergence"


def test_a_seed_decides():
    def run(rng):
        kind = MonteCarlo(draws=5, rng=rng)
        return jensen.fit(Linkage(), CELLS, 0.3, weight=ANIMALS, algorithm=EM(posterior=kind)).params

    assert run(0) == run(0) != run(1)
    assert run(np.random.default_rng(5)) == run(np.random.default_rng(5))


def test_single_precision_probabilities_can_be_drawn_from():
    model, data, params = faithful()
    rows = data.astype(np.float32)
    fit = jensen.fit(model, rows, params, algorithm=EM(posterior=MonteCarlo()), stop=Gain(1.0))
    assert fit.verdict.converged


# ---- starts, models of one's own ---------------------------------------------------------------------------


@pytest.mark.parametrize("restarts", [None, 4])
@pytest.mark.parametrize("kind", [Hard(), Truncated(2)])
def test_the_end_is_that_of_the_algorithm_asked_for(kind, restarts):
    model, data, _ = faithful(jensen.Tied())
    fit = jensen.fit(model, data, algorithm=EM(posterior=kind), restarts=restarts)
    state = kind.e_step(Problem(fit.model, data), fit.params, None)
    again = EM(posterior=kind).step(Problem(fit.model, data), state)
    assert fit.objective == pytest.approx(state.objective, rel=1e-13)
    assert again.objective - state.objective < 1e-4
    assert fit.gap > 0
    proper = fit.starts["outcome"] == "converged"
    assert fit.starts["objective"][proper].max() == pytest.approx(fit.objective, abs=1e-9)


@dataclass(frozen=True)
class Own:
    """A posterior without responsibilities."""

    inner: object

    @property
    def log_evidence(self):
        return self.inner.log_evidence

    def entropy(self):
        return self.inner.entropy()

    def _with(self, q):
        return Own(replace(self.inner, responsibilities=q))

    def hard(self):
        return self._with(np.eye(2)[self.inner.responsibilities.argmax(axis=1)])

    def truncated(self, num):
        return self if num > 1 else self.hard()

    def sampled(self, draws, rng):
        return self._with(rng.multinomial(draws, self.inner.responsibilities) / draws)


@dataclass(frozen=True)
class Bare:
    inner: object
    log_evidence: np.ndarray

    def entropy(self):
        return self.inner.entropy()


class Wrapped(PoissonMixture):
    kind = Own

    def posterior(self, params, data):
        exact = super().posterior(params, data)
        return Own(exact) if self.kind is Own else Bare(exact, exact.log_evidence)

    def expected(self, params, data, posterior, weight):
        return super().expected(params, data, posterior.inner, weight)


class WrappedBare(Wrapped):
    kind = Bare


@pytest.mark.parametrize("kind", [Hard(), Truncated(1), MonteCarlo(7, rng=2)])
def test_posteriors_of_ones_own(kind):
    _, data, _ = poisson()
    start = Rates(np.array([0.5, 0.5]), np.array([2.0, 9.0]))
    fits = [
        jensen.fit(model, data, start, algorithm=EM(posterior=kind), max_steps=5, stop=Never())
        for model in (PoissonMixture(), Wrapped())
    ]
    np.testing.assert_allclose(fits[0].params.rates, fits[1].params.rates, rtol=1e-13)


@pytest.mark.parametrize(
    ("kind", "hook"),
    [(Hard(), "hard()"), (Truncated(2), "truncated(num)"), (MonteCarlo(), "sampled(draws, rng)")],
)
def test_a_posterior_that_cannot_be_changed(kind, hook):
    with pytest.raises(TypeError, match=r"responsibilities .* or with the method " + hook[:7]):
        jensen.fit(WrappedBare(), DEATHS, START, weight=DAYS, algorithm=EM(posterior=kind))


class SampledEffects:
    """x_n ~ N(z_n, 1), z_n ~ N(μ, 1): z is continuous, and its posterior only drawn from."""

    def posterior(self, params, data):
        raise AssertionError("it can only be sampled")

    def sample_posterior(self, params, data, draws, rng):
        z = (data + params) / 2 + np.sqrt(0.5) * rng.standard_normal((draws, len(data)))
        return Drawn(z, -0.5 * np.log(4 * np.pi) - (data - params) ** 2 / 4)

    def expected(self, params, data, posterior, weight):
        w = np.ones(len(data)) if weight is None else weight
        z = posterior.draws.mean(axis=0)
        second = np.square(posterior.draws).mean(axis=0)
        error = np.square(data - posterior.draws).mean(axis=0)
        stats = Counts(np.array([w.sum(), w @ z, w @ second, w @ error]))
        return Expected(
            stats, float(w @ posterior.log_evidence), float(w @ posterior.entropy()), float(w.sum())
        )

    def m_step(self, stats, params):
        return float(stats.values[1] / stats.values[0])

    def expected_log_joint(self, params, stats):
        n, first, second, error = stats.values
        return float(-n * np.log(2 * np.pi) - 0.5 * (error + second - 2 * params * first + n * params**2))


@dataclass(frozen=True)
class Drawn:
    draws: np.ndarray
    log_evidence: np.ndarray

    def entropy(self):
        return np.full(len(self.log_evidence), 0.5 * np.log(np.pi * np.e))


def test_a_model_that_can_only_sample_its_posterior():
    data = np.random.default_rng(0).normal(3.0, np.sqrt(2), 200)
    kind = MonteCarlo(draws=5, rng=1)
    fit = jensen.fit(SampledEffects(), data, 0.0, algorithm=EM(posterior=kind), stop=Gain(1.0))
    assert fit.verdict.converged
    best = float((-0.5 * np.log(4 * np.pi) - (data - data.mean()) ** 2 / 4).sum())
    assert 0 <= best - fit.log_evidence < 0.01
    ledger = fit.ledger
    sums = ledger["expected_log_joint"] + ledger["entropy"] + ledger["gap"]
    np.testing.assert_allclose(ledger["log_evidence"], sums, rtol=1e-13)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Truncated(0), "num must be at least 1, not 0"),
        (lambda: MonteCarlo(0), "draws must be at least 1"),
        (lambda: MonteCarlo(growth=1.0), "the noise never vanishes"),
        (lambda: MonteCarlo(10, most=5), "most must be at least draws = 10"),
    ],
)
def test_bad_options(make, says):
    with pytest.raises(ValueError, match=says):
        make()
