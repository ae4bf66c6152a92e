"""What is refused is wrong: taken all the same, it differs from the truth; or there is nothing to compute."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from numpyro.distributions import constraints
from scipy import stats

from gradient_cases import Case, over_density, wave
from gradient_estimates import LIMIT, estimates, off_by
from jensen import gradients as gr
from jensen.gradients.distributions.densities import entries
from jensen.gradients.distributions.validity import path_refusal, score_guarded, score_refusal

PATH, SCORE = gr.Pathwise(), gr.ScoreFunction()


@pytest.fixture(autouse=True)
def _in_double_precision():
    with jax.enable_x64(True):
        yield


HALF = np.array([0.5, 0.2, 0.3])
COUNTS = np.arange(4.0)
TRIPLES = np.array([x for x in itertools.product(range(4), repeat=3) if sum(x) == 3], float)

# By class and parameter: how it is made of the parameter, its value, and all values of a draw.
COUNTED = {
    "BinomialProbs total_count": (lambda n: dist.BinomialProbs(0.3, n), 3.0, COUNTS),
    "BinomialLogits total_count": (lambda n: dist.BinomialLogits(0.4, n), 3.0, COUNTS),
    "BetaBinomial total_count": (lambda n: dist.BetaBinomial(1.3, 2.0, n), 3.0, COUNTS),
    "MultinomialProbs total_count": (lambda n: _counting(dist.MultinomialProbs(HALF, 3), n), 3.0, TRIPLES),
    "MultinomialLogits total_count": (lambda n: _counting(dist.MultinomialLogits(HALF, 3), n), 3.0, TRIPLES),
    "DirichletMultinomial total_count": (
        lambda n: _counting(dist.DirichletMultinomial(HALF, 3), n),
        3.0,
        TRIPLES,
    ),
    "DiscreteUniform low": (lambda low: dist.DiscreteUniform(low, 3.0), 0.0, COUNTS),
    "DiscreteUniform high": (lambda high: dist.DiscreteUniform(0.0, high), 3.0, COUNTS),
}
SCORES = [*COUNTED, "Delta v", "Delta log_density"]
PATHS = ["Delta v"]


def _counting(distribution, n):
    distribution.total_count = n
    return distribution


@pytest.mark.parametrize("name", COUNTED)
def test_the_score_of_a_count_or_an_end_misses_the_slope_of_the_mean(name):
    make, value, values = COUNTED[name]
    values = jnp.asarray(values)
    log_p, slopes = jax.jvp(lambda n: entries(make(n), values), (value,), (1.0,))
    p, first = jnp.exp(log_p), values[..., 0] if values.ndim > 1 else values
    mean = float(jnp.sum(p * first))
    slope = 0.5 if "Uniform" in name else mean / value
    assert float(jnp.sum(p)) == pytest.approx(1.0)
    assert abs(float(jnp.sum(p * slopes * first)) - slope) > 0.01
    with pytest.raises(gr.InvalidGradientError, match=r"is a count|moves the support"):
        jax.grad(lambda n: jnp.sum(score_guarded(make(n)).log_prob(values)))(value)
    assert "is discrete" in path_refusal(make(value))


def test_a_delta_has_a_path_and_no_score():
    made = Case(lambda t: dist.Delta(t["v"]), {"v": 0.7}, wave, lambda t: float(wave(np.array(t["v"]))))
    assert off_by(estimates(made, PATH, ["v"], replicates=2), made.truth())["v"] == pytest.approx(0.0, abs=1)
    with pytest.raises(gr.InvalidGradientError, match="moves the support"):
        estimates(made, SCORE, ["v"], replicates=2)
    wrong = estimates(made, SCORE, ["v"], unguarded=True, replicates=2)["v"][0]
    assert wrong == 0.0 != pytest.approx(made.truth()["v"])


def test_a_delta_is_drawn_whatever_its_density():
    made = Case(lambda t: dist.Delta(0.7, **t), {"log_density": 0.2}, wave, lambda t: 0.9)
    for estimator in (PATH, SCORE):
        with pytest.raises(gr.InvalidGradientError, match="no density to draw from"):
            estimates(made, estimator, ["log_density"], replicates=2)
    wrong = estimates(made, SCORE, ["log_density"], unguarded=True, replicates=2)["log_density"][0]
    assert wrong == pytest.approx(float(wave(np.array(0.7))))  # where E[f] does not depend on it


def _masked(t):
    return dist.Normal(t["loc"], jnp.ones(2)).mask(jnp.array([True, False])).to_event(1)


def _masked_mean(t):
    return 2 * over_density(stats.norm(t["loc"], 1.0))


WRONG = {
    "masked": Case(_masked, {"loc": 0.4}, lambda x: jnp.sum(wave(x)), _masked_mean),
    "masked out": Case(
        lambda t: dist.Normal(t["loc"], 1.0).mask(False),
        {"loc": 0.4},
        wave,
        lambda t: over_density(stats.norm(t["loc"], 1.0)),
    ),
    "folded beyond an end": Case(
        lambda t: dist.FoldedDistribution(dist.Exponential(t["rate"])),
        {"rate": 1.3},
        wave,
        lambda t: over_density(stats.expon(scale=1 / t["rate"])),
    ),
    "left censored": Case(
        lambda t: dist.LeftCensoredDistribution(dist.Normal(t["loc"], 1.0), jnp.array(1)),
        {"loc": 0.4},
        wave,
        lambda t: over_density(stats.norm(t["loc"], 1.0)),
    ),
    "right censored": Case(
        lambda t: dist.RightCensoredDistribution(dist.Normal(t["loc"], 1.0), jnp.array(1)),
        {"loc": 0.4},
        wave,
        lambda t: over_density(stats.norm(t["loc"], 1.0)),
    ),
}
WRAPPED = [dist.MaskedDistribution]
"""Wrappers whose laws are here."""


@pytest.mark.parametrize("name", WRONG)
def test_a_density_of_other_values_than_those_drawn_has_no_score(name):
    case = WRONG[name]
    assert score_refusal(case.make(case.params)) is not None
    with pytest.raises(ValueError, match="ScoreFunction for 'x'"):
        estimates(case, SCORE, case.params)
    off = off_by(estimates(case, SCORE, case.params, unguarded=True), case.truth())
    assert min(map(abs, off.values())) > LIMIT, off


@pytest.mark.parametrize("name", ["masked", "masked out", "folded beyond an end"])
def test_their_paths_are_right(name):
    case = WRONG[name]
    off = off_by(estimates(case, PATH, case.params), case.truth())
    assert max(map(abs, off.values())) < LIMIT, off


@pytest.mark.parametrize(
    "distribution", [dist.ImproperUniform(constraints.real, (), ()), dist.Unit(jnp.zeros(()))]
)
def test_what_cannot_be_drawn_has_nothing_to_compute(distribution):
    for refusal in (path_refusal, score_refusal):
        assert "no density to draw from" in refusal(distribution)
    assert isinstance(distribution, dist.Unit) or "sample" not in vars(type(distribution))


def test_numpyro_does_not_draw_a_truncated_student():
    """Without TensorFlow Probability: it has no row."""
    truncated = dist.LeftTruncatedDistribution(dist.StudentT(4.0), 0.0)
    assert "not in the table" in path_refusal(truncated)


def _hidden_end(t):
    within = dist.RightTruncatedGamma(dist.Gamma(2.0, 1.0), high=t)
    return dist.TransformedDistribution(within, dist.transforms.AffineTransform(0.0, 2.0))


def test_an_end_inside_what_is_not_in_the_table_is_found():
    F = gr.expectation(lambda x, _: x, _hidden_end, SCORE, gr.Independent(4))
    with pytest.raises(gr.InvalidGradientError, match="moves the support"):
        jax.grad(F)(0.7, jax.random.key(0))
