"""Paths and scores of families made of others: wrapped, folded, truncated, transformed, mixed."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
import pytest
from numpyro.distributions.distribution import validation_enabled

import gradient_parts as parts
from gradient_estimates import LIMIT, MADE_OF_OTHERS, estimates, gradients, off_by, summary
from jensen import gradients as gr
from jensen.gradients.distributions.densities import entries

PATH, SCORE = gr.Pathwise(), gr.ScoreFunction()
MOVING = [(name, of) for name, case in parts.PARTS.items() for of in case.moving]


@pytest.fixture(autouse=True)
def _in_double_precision():
    with jax.enable_x64(True):
        yield


def _one(x):
    return 1.0 + 0.0 * jnp.sum(jnp.isfinite(x))


@pytest.mark.parametrize("name", parts.PARTS)
def test_a_path_is_unbiased(name):
    case = parts.PARTS[name]
    off = off_by(estimates(case, PATH, case.params), case.truth())
    assert max(map(abs, off.values())) < LIMIT, off


@pytest.mark.parametrize("name", MADE_OF_OTHERS)
def test_a_score_is_unbiased_and_has_mean_zero(name):
    case = MADE_OF_OTHERS[name]
    names = [of for of in case.params if of not in case.moving]
    of_f, of_one = gradients(case, SCORE, names, [case.f, _one])
    off = off_by(summary(of_f), case.truth())
    zero = off_by(summary(of_one), dict.fromkeys(names, 0.0))
    assert max(map(abs, [*off.values(), *zero.values()])) < LIMIT, (off, zero)


@pytest.mark.parametrize(("name", "of"), MOVING)
def test_a_score_that_moves_the_support_raises_and_would_be_wrong(name, of):
    case = parts.PARTS[name]
    with pytest.raises(gr.InvalidGradientError, match="moves the support"):
        estimates(case, SCORE, [of], replicates=2)
    off = off_by(estimates(case, SCORE, [of], unguarded=True), case.truth())
    assert abs(off[of]) > LIMIT


@pytest.mark.parametrize("name", parts.OVERLAPPING)
def test_numpyro_counts_components_beyond_their_support(name):
    """Else our own density of mixtures is not needed; and there is no path."""
    case = parts.OVERLAPPING[name]
    with validation_enabled(False):  # else it warns, and counts them all the same
        d = case.make(case.params)
        assert not jnp.allclose(d.log_prob(0.2), entries(d, 0.2))
    with pytest.raises(ValueError, match="is a path through mixtures"):
        estimates(case, PATH, case.params)


MIXTURES = {
    "vectors": lambda ones: dist.MixtureSameFamily(
        dist.Categorical(ones[:2] / 2), dist.Normal(jnp.ones((2, 3)), ones[:2, None]).to_event(1)
    ),
    "expanded": lambda ones: dist.MixtureSameFamily(
        dist.Categorical(ones[:2] / 2), dist.Normal(0.0, 1.0).expand([2, 3]).to_event(1)
    ),
    "simplices": lambda ones: dist.MixtureSameFamily(
        dist.Categorical(jnp.ones((4, 2)) / 2), dist.Dirichlet(jnp.ones((4, 2, 3)))
    ),
    "batched counts": lambda ones: dist.MixtureSameFamily(
        dist.Categorical(ones[:2] / 2), dist.Poisson(jnp.ones((4, 2)))
    ),
    "families": lambda ones: dist.MixtureGeneral(
        dist.Categorical(jnp.ones((4, 2)) / 2), [dist.Normal(0.0, ones), dist.Laplace(0.0, 1.0)]
    ),
    "families of vectors": lambda ones: dist.MixtureGeneral(
        dist.Categorical(ones[:2] / 2),
        [dist.Gamma(ones[:3], 1.0).to_event(1), dist.HalfNormal(ones[:3]).to_event(1)],
    ),
    "inflated": lambda ones: dist.ZeroInflatedPoisson(0.2 * ones, 2.0),
}


@pytest.mark.parametrize("name", MIXTURES)
def test_our_densities_are_those_of_numpyro_where_these_are_right(name):
    d = MIXTURES[name](jnp.ones(4))
    x = d.sample(jax.random.key(0), (5,))
    assert entries(d, x).shape == d.log_prob(x).shape
    assert jnp.allclose(entries(d, x), d.log_prob(x), rtol=1e-9)
