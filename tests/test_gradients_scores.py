"""Scores: every one that the table allows is right, ties included, and every one that it refuses is wrong."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
import pytest

import gradient_cases as cases
from gradient_estimates import FAMILIES, LIMIT, estimates, gradients, off_by, summary
from jensen import gradients as gr

SCORE = gr.ScoreFunction()
MOVING = [(name, of) for name, case in FAMILIES.items() for of in case.moving]


@pytest.fixture(autouse=True)
def _in_double_precision():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize(
    "name", [name for name, case in FAMILIES.items() if set(case.params) - set(case.moving)]
)
def test_a_score_is_unbiased_and_has_mean_zero(name):
    case = FAMILIES[name]
    names = [of for of in case.params if of not in case.moving]
    of_f, of_one = gradients(case, SCORE, names, [case.f, _one])
    off = off_by(summary(of_f), case.truth())
    zero = off_by(summary(of_one), dict.fromkeys(names, 0.0))
    assert max(map(abs, [*off.values(), *zero.values()])) < LIMIT, (off, zero)


def _one(x):
    return 1.0 + 0.0 * jnp.sum(jnp.isfinite(x))


@pytest.mark.parametrize(("name", "of"), MOVING)
def test_a_score_that_moves_the_support_raises_and_would_be_wrong(name, of):
    case = FAMILIES[name]
    with pytest.raises(gr.InvalidGradientError, match="moves the support"):
        estimates(case, SCORE, [of])
    off = off_by(estimates(case, SCORE, [of], unguarded=True), case.truth())
    assert abs(off[of]) > LIMIT


@pytest.mark.parametrize("case", ["gamma", "beta", "dirichlet", "inverse gamma"])
def test_the_score_of_small_shapes_counts_what_underflows(case):
    make = {
        "gamma": lambda t: dist.Gamma(t["a"], 1.0),
        "beta": lambda t: dist.Beta(t["a"], 0.01),
        "dirichlet": lambda t: dist.Dirichlet(t["a"] * jnp.array([1.0, 1.0, 2.0])),
        "inverse gamma": lambda t: dist.InverseGamma(t["a"], 1.0),
    }[case]
    small = cases.Case(make, {"a": 0.01}, _one, lambda t: 1.0)
    off = off_by(estimates(small, SCORE, ["a"]), {"a": 0.0})
    assert abs(off["a"]) < LIMIT


def test_numpyro_alone_is_wrong_at_a_tie():
    """Else our own densities are not needed."""
    slope = jax.grad(lambda logit: dist.BernoulliLogits(logit).log_prob(1))(0.0)
    assert slope != pytest.approx(0.5)


def test_a_sum_over_a_binomial_is_right_at_a_tie():
    case = FAMILIES["BinomialTied"]
    F = gr.expectation(lambda x, _: case.f(x), case.make, gr.Exact())
    assert jax.grad(F)(dict(case.params), jax.random.key(0))["logits"] == pytest.approx(
        case.truth()["logits"], abs=1e-9
    )
