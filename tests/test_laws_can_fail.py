"""Every law can fail: a model with one thing wrong, and the law that must say so."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

import jensen
from jensen import testing
from jensen.em import EM, Expected, State, em_map
from jensen.families import Gaussian, GaussianParams, GaussianStats
from jensen.models import Dirichlet, Mixture, MixtureParams, MixturePrior, NormalInverseWishart
from samples import clusters
from test_laws import start_of
from toys import Linkage

COUNTS = np.array([125, 18, 20, 34.0])


class Plain(Mixture):
    """Without a fused pass, so that one override is enough to break it."""

    def e_step(self, params, data, weight):
        return self.expected(params, data, self.posterior(params, data), weight)


class WrongEntropy(Plain):
    def expected(self, params, data, posterior, weight):
        return replace(super().expected(params, data, posterior, weight), entropy=0.0)


class MissingConstant(Plain):
    """Without −½ d log 2π."""

    def expected_log_joint(self, params, stats):
        d = params.components.means.shape[1]
        return super().expected_log_joint(params, stats) + 0.5 * d * np.log(2 * np.pi) * stats.count.sum()


class StatisticsOfTheExactPosterior(Plain):
    """Tight at the exact posterior, and deaf to any other q."""

    def expected(self, params, data, posterior, weight):
        found = super().expected(params, data, self.posterior(params, data), weight)
        return replace(found, entropy=float(posterior.entropy().sum()))


class DriftingKernel(Mixture):
    """A fused pass that rounds its responsibilities to single precision."""

    def e_step(self, params, data, weight):
        posterior = self.posterior(params, data)
        rounded = posterior.responsibilities.astype(np.float32).astype(float)
        return self.expected(params, data, replace(posterior, responsibilities=rounded), weight)


class TemperedPosterior(Plain):
    def posterior(self, params, data):
        exact = super().posterior(params, data)
        odds = exact.responsibilities**0.9
        return replace(exact, responsibilities=odds / odds.sum(axis=1, keepdims=True))


class ReweightedDensity(Plain):
    """Ends at log p(x | θ) of other weights: tight nowhere near where the gradient says."""

    def posterior(self, params, data):
        exact = super().posterior(params, data)
        flat = super().posterior(
            params._replace(weights=np.full(self.num_components, 1 / self.num_components)), data
        )
        return replace(exact, responsibilities=flat.responsibilities)


class AveragedStatistics(Plain):
    def expected(self, params, data, posterior, weight):
        found = super().expected(params, data, posterior, weight)
        return replace(found, stats=found.stats.scale(1 / found.weight))


class SquaredWeights(Plain):
    def expected(self, params, data, posterior, weight):
        found = super().expected(params, data, posterior, weight)
        if weight is None:
            return found
        return replace(found, stats=super().expected(params, data, posterior, weight**2).stats)


class DroppedWeights(Plain):
    """In the statistics only: the log-evidence is right."""

    def expected(self, params, data, posterior, weight):
        found = super().expected(params, data, posterior, weight)
        return replace(found, stats=super().expected(params, data, posterior, None).stats)


class UnbiasedCovariances(Plain):
    """Divides by N_k − 1."""

    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        n = stats.count
        means, covariances = best.components
        return best._replace(components=GaussianParams(means, covariances * (n / (n - 1))[:, None, None]))


class Overshooting(Plain):
    """Means that go ten times as far as they should."""

    m_step_kind = "generalized"

    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        leap = 10 * best.components.means - 9 * params.components.means
        return best._replace(components=best.components._replace(means=leap))


class ConditionalThatFalls(Overshooting):
    m_step_kind = "conditional"


class ShrinkingLastComponent(Plain):
    """An order bug: the last component is treated apart."""

    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        covariances = best.components.covariances.copy()
        covariances[-1] *= 0.9
        return best._replace(components=best.components._replace(covariances=covariances))


class UnorderedCanonical(Plain):
    def canonical(self, params):
        return params


class Ridge(Plain):
    """Adds 10⁻³ to the variances, whatever their units."""

    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        covariances = best.components.covariances + 1e-3 * np.eye(best.components.means.shape[1])
        return best._replace(components=best.components._replace(covariances=covariances))


class StartInTheWrongMetric(Plain):
    """The row nearest to the origin is a mean."""

    def start(self, data, weight, rng):
        begun = super().start(data, weight, rng)
        means = begun.components.means.copy()
        means[0] = data[np.argmin(np.square(data).sum(axis=1))]
        return begun._replace(components=begun.components._replace(means=means))


class VarianceAsDeviation(Plain):
    """Samples with the variance where the standard deviation should be."""

    def sample(self, params, num_rows, rng):
        means, covariances = params.components
        squared = params._replace(components=GaussianParams(means, covariances @ covariances))
        return super().sample(squared, num_rows, rng)


class RawMoments(Gaussian):
    """Second moments about zero, in single precision."""

    def statistics(self, params, data, weight):
        centre = np.zeros_like(params.means)
        w, x = weight.astype(np.float32), data.astype(np.float32)
        second = np.einsum("nk,nd,ne->kde", w, x, x).astype(float)
        count = weight.sum(axis=0)
        return GaussianStats(self.covariance.moments, centre, count, (w.T @ x).astype(float), second, count)


class LopsidedStats(GaussianStats):
    """Drops a cross term when it moves."""

    def about(self, centre):
        moved = super().about(centre)
        shift = self.centre - centre
        return replace(moved, second=moved.second - self.moments.outer(shift, self.first))


class LopsidedFamily(Gaussian):
    def statistics(self, params, data, weight):
        s = super().statistics(params, data, weight)
        return LopsidedStats(s.moments, s.centre, s.count, s.first, s.second, s.dof)


@dataclass(frozen=True)
class WrongJacobian(MixturePrior):
    """The inverse-Wishart density of another number of degrees of freedom."""

    def log_density(self, model, params):
        d = params.components.means.shape[1]
        log_det = model.family.covariance.log_det(params.components.covariances, model.num_components, d)
        return super().log_density(model, params) - 0.5 * float(log_det.sum())


class Lagging(EM):
    """Returns new parameters with the statistics of those before."""

    def step(self, problem, state):
        params = problem.m_step(state)
        return State(params, state.expected, state.log_prior)


class Backwards(EM):
    """Steps away from where the M-step points, and does not look."""

    def step(self, problem, state):
        chart = problem.model.chart
        here, there = (chart.natural_vector(params) for params in (state.params, problem.m_step(state)))
        return problem.e_step(chart.from_natural_vector(here - 0.1 * (there - here)) or state.params)


class ForgetsAnimals(Linkage):
    """The model from the contract alone, with the last cell left out of the M-step."""

    def m_step(self, stats, params):
        s = stats.values
        return float(s[0, 1] / (s[0, 1] + s[1, 0] + s[2, 0]))


def broken(kind, law, **options):
    """Run a law on a broken mixture of three Gaussians."""
    data = clusters()
    model = kind(3, jensen.Gaussian())
    getattr(testing, law)(model, start_of(Mixture(3), data), data, **options)


WEIGHT = np.random.default_rng(0).uniform(0.5, 2.0, len(clusters()))
TRANSFORM = testing.structure_transform(jensen.Full(), clusters())


@pytest.mark.parametrize(
    ("kind", "law", "options"),
    [
        (WrongEntropy, "bound_is_tight", {}),
        (MissingConstant, "bound_is_tight", {}),
        (MissingConstant, "gap_is_kl", {}),
        (StatisticsOfTheExactPosterior, "gap_is_kl", {}),
        (DriftingKernel, "fused_agrees", {}),
        (TemperedPosterior, "fisher_identity", {}),
        (ReweightedDensity, "fisher_identity", {}),
        (AveragedStatistics, "blocks_add", {}),
        (SquaredWeights, "statistics_scale", {"weight": WEIGHT}),
        (DroppedWeights, "weights_repeat", {}),
        (SquaredWeights, "weights_repeat", {}),
        (UnbiasedCovariances, "m_step_is_best", {}),
        (Overshooting, "m_step_is_best", {}),
        (ConditionalThatFalls, "m_step_is_best", {}),
        (Overshooting, "never_falls", {}),
        (TemperedPosterior, "never_falls", {}),
        (Ridge, "never_falls", {}),
        (ShrinkingLastComponent, "relabelling", {}),
        (UnorderedCanonical, "relabelling", {}),
        (Ridge, "moves_with_data", {"transform": TRANSFORM, "starts": False}),
        (StartInTheWrongMetric, "moves_with_data", {"transform": TRANSFORM, "steps": 0}),
        (Mixture, "never_falls", {"algorithm": Backwards(), "steps": 200}),
        (Mixture, "reported_is_returned", {"algorithm": Lagging()}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_law_fails(kind, law, options):
    with pytest.raises(testing.LawError, match=law) as raised:
        broken(kind, law, **options)
    assert raised.value.law == law
    assert "usually means" in str(raised.value)


def test_raw_second_moments_lose_the_variance():
    data = (clusters() + 1e4).astype(np.float32)
    params = start_of(Mixture(3), data)
    with pytest.raises(testing.LawError, match="bound_is_tight"):
        testing.bound_is_tight(Plain(3, RawMoments()), params, data)
    testing.bound_is_tight(Plain(3), params, data)


def test_statistics_that_drop_a_cross_term():
    data = clusters()
    with pytest.raises(testing.LawError, match="statistics_move"):
        testing.statistics_move(Plain(3, LopsidedFamily()), start_of(Mixture(3), data), data)
    memberships = np.random.default_rng(0).dirichlet(np.ones(3), size=len(data))
    with pytest.raises(testing.LawError):
        testing.check_family(LopsidedFamily(), start_of(Mixture(3), data).components, data, memberships)


def test_a_prior_that_is_not_its_pseudo_data():
    data = clusters()
    prior = WrongJacobian(Dirichlet(2.0), NormalInverseWishart.from_data(data, 3))
    with pytest.raises(testing.LawError, match="prior_is_data"):
        testing.prior_is_data(Mixture(3, prior=prior), start_of(Mixture(3), data), data)


def test_a_sample_from_something_else():
    apart = GaussianParams(np.array([[0.0, 0.0], [6.0, 0.0]]), 0.5 * np.stack([np.eye(2)] * 2))
    params = MixtureParams(np.array([0.4, 0.6]), apart)
    testing.refit_recovers(Plain(2), params, num_rows=500)
    with pytest.raises(testing.LawError, match="sample"):
        testing.refit_recovers(VarianceAsDeviation(2), params, num_rows=500)
    with pytest.raises(testing.LawError, match="cannot fail"):
        testing.refit_recovers(Plain(2), params, num_rows=500, start=params)


def test_a_model_of_ones_own():
    testing.m_step_is_best(Linkage(), 0.3, np.arange(4), weight=COUNTS)
    with pytest.raises(testing.LawError, match="m_step_is_best"):
        testing.check_model(ForgetsAnimals(), 0.3, np.arange(4), weight=COUNTS, skip=("weights_repeat",))


def test_the_broken_models_are_broken_in_one_place():
    """The mutations are judged on a mixture that holds every law, at the same start."""
    data = clusters()
    params = start_of(Mixture(3), data)
    testing.check_model(Plain(3), params, data, weight=WEIGHT, skip=("refit_recovers",))
    assert isinstance(em_map(Plain(3), params, data), MixtureParams)
    assert isinstance(Plain(3).e_step(params, data, None), Expected)
