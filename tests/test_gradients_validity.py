"""The table of valid derivatives: what it says, and what follows where a derivative is taken."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpyro.distributions as dist
import pytest
from numpyro.distributions import constraints, transforms

from jensen import gradients as gr
from jensen.gradients.distributions.validity import path_guarded, path_refusal, score_guarded, score_refusal
from jensen.gradients.distributions.validity.table import TABLE

KEY = jax.random.key(0)


def test_it_is_asked_with_a_class_a_function_or_a_distribution():
    assert gr.validity(dist.Normal, "loc").path.status == "valid"
    assert list(gr.validity(dist.Bernoulli)) == ["probs", "logits"]
    assert list(gr.validity(dist.TruncatedNormal)) == ["loc", "scale", "low", "high"]
    assert gr.validity(dist.Gamma(2.0, 1.0), "concentration").path.order == 1
    assert gr.validity(dist.Gamma(2.0, 1.0), "concentration").score.order == float("inf")
    assert gr.validity(dist.Cauchy, "scale").path.status == "warned"
    assert gr.validity(dist.Cauchy, "scale").score.status == "valid"
    assert gr.validity(dist.Poisson, "rate").path.status == "refused"


def test_the_table_prints():
    assert str(gr.validity(dist.Exponential)) == "rate  path   valid\nrate  score  valid"
    assert "valid to order 1" in str(gr.validity(dist.Chi2))


def test_what_cannot_be_asked_is_named():
    with pytest.raises(ValueError, match="no parameter 'sclae'; it has loc, scale"):
        gr.validity(dist.Normal, "sclae")
    with pytest.raises(ValueError, match="Independent depends on its parts"):
        gr.validity(dist.Independent)
    with pytest.raises(ValueError, match="LKJ is not in the table"):
        gr.validity(dist.LKJ)
    with pytest.raises(ValueError, match="is not in the table: its path is refused"):
        gr.validity(dist.LKJCholesky(3, 1.0))


def test_every_verdict_against_something_says_why():
    for row in TABLE.values():
        for both in row.values():
            for verdict in (both.path, both.score):
                assert (verdict.status == "valid") == (verdict.why == "")


def test_wrappers_have_the_parameters_of_what_they_wrap():
    wrapped = dist.Uniform(0.0, jnp.ones(3)).to_event(1)
    assert dict(gr.validity(wrapped)) == dict(gr.validity(dist.Uniform))
    assert dict(gr.validity(dist.Uniform(0.0, 1.0).expand([4]))) == dict(gr.validity(dist.Uniform))
    masked = dist.Normal(0.0, jnp.ones(2)).mask(jnp.array([True, False]))
    assert gr.validity(masked, "loc").path.status == "valid"
    assert "masked" in score_refusal(masked)


def _moved(distribution, *steps):
    return [
        name
        for name, both in gr.validity(dist.TransformedDistribution(distribution, list(steps))).items()
        if both.score.status == "refused"
    ]


def test_ends_of_supports_are_pushed_through_transforms():
    affine, unit, positive = transforms.AffineTransform, constraints.unit_interval, constraints.positive
    assert _moved(dist.Normal(0.0, 1.0), affine(0.5, 2.0)) == []
    assert _moved(dist.Gamma(2.0, 1.0), affine(0.5, 2.0, domain=positive)) == ["transforms.0.loc"]
    assert _moved(dist.Beta(2.0, 1.0), affine(0.5, 2.0, domain=unit)) == [
        "transforms.0.loc",
        "transforms.0.scale",
    ]
    assert _moved(dist.Normal(0.0, 1.0), transforms.ExpTransform(), affine(0.5, 2.0)) == ["transforms.1.loc"]
    sigmoid = transforms.SigmoidTransform()
    assert _moved(dist.Normal(0.0, 1.0), sigmoid, affine(0.0, 2.0)) == [
        "transforms.1.loc",
        "transforms.1.scale",
    ]
    assert _moved(
        dist.Gamma(2.0, 1.0), affine(0.0, 2.0, domain=positive), affine(0.0, 3.0, domain=positive)
    ) == [
        "transforms.0.loc",
        "transforms.1.loc",
    ]
    assert _moved(dist.Gamma(2.0, 1.0), transforms.PowerTransform(2.0)) == []
    assert _moved(dist.Uniform(0.0, 1.0), transforms.ExpTransform()) == ["low", "high"]


def test_transforms_that_are_not_one_to_one_are_not_in_the_table():
    absolute = dist.TransformedDistribution(dist.Normal(0.0, 1.0), transforms.AbsTransform())
    assert "not in the table" in path_refusal(absolute)


def _moving_affine(t):
    step = transforms.AffineTransform(t, 2.0, domain=constraints.unit_interval)
    return dist.TransformedDistribution(dist.Beta(2.0, 3.0), [step])


WRONG_SCORES = {
    "uniform": lambda t: dist.Uniform(t, 5.0),
    "expanded": lambda t: dist.Uniform(t, 5.0).expand([2]).to_event(1),
    "pareto": lambda t: dist.Pareto(t, 3.0),
    "truncated": lambda t: dist.TruncatedNormal(0.0, 1.0, low=t),
    "affine": _moving_affine,
    "not in the table": lambda t: dist.RightTruncatedGamma(dist.Gamma(2.0, 1.0), high=t),
    "delta": dist.Delta,
}
WRAPPINGS = {
    "eager": lambda F: F,
    "jit": jax.jit,
    "scan": lambda F: lambda t, key: jax.lax.scan(lambda c, _: (c, F(t, key)), 0.0, None, length=2)[1][0],
    "cond": lambda F: lambda t, key: jax.lax.cond(t > 0, lambda: F(t, key), lambda: 0.0 * t),
    "checkpoint": jax.checkpoint,
}


@pytest.mark.parametrize("name", WRONG_SCORES)
def test_a_score_that_is_not_valid_raises_when_it_is_taken(name):
    F = gr.expectation(lambda x, t: jnp.sum(x), WRONG_SCORES[name], gr.ScoreFunction(), gr.Independent(4))
    assert jnp.isfinite(F(0.7, KEY))
    with pytest.raises(gr.InvalidGradientError, match="support"):
        jax.grad(F)(0.7, KEY)


@pytest.mark.parametrize("wrap", WRAPPINGS)
def test_it_raises_inside_of_everything(wrap):
    F = gr.expectation(lambda x, t: x, WRONG_SCORES["uniform"], gr.ScoreFunction(), gr.Independent(4))
    run = WRAPPINGS[wrap](F)
    with pytest.raises(gr.InvalidGradientError, match="low of Uniform has no score"):
        jax.grad(run)(0.7, KEY)


def test_what_is_held_fixed_is_not_refused():
    F = gr.expectation(
        lambda x, t: t * x, lambda t: dist.Uniform(0.0, 1.0), gr.ScoreFunction(), gr.Independent(4)
    )
    assert jnp.isfinite(jax.grad(F)(0.7, KEY))


def test_a_warning_is_given_for_the_parameter_that_it_is_about_only():
    fixed = gr.expectation(
        lambda x, t: jnp.sin(x), lambda t: dist.Cauchy(t, 1.0), gr.Pathwise(), gr.Independent(4)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jax.grad(fixed)(0.7, KEY)
    moved = gr.expectation(
        lambda x, t: jnp.sin(x), lambda t: dist.Cauchy(0.0, t), gr.Pathwise(), gr.Independent(4)
    )
    with pytest.warns(gr.GradientWarning, match="scale of Cauchy: the variance is infinite"):
        jax.jit(jax.grad(moved))(0.7, KEY)


@pytest.mark.parametrize(
    ("distribution", "why"),
    [
        (dist.Poisson(1.0), "is discrete"),
        (dist.Categorical(jnp.ones(3) / 3), "is discrete"),
        (dist.ImproperUniform(constraints.real, (), ()), "no density to draw from"),
        (dist.LKJCholesky(3, 1.0), "not in the table"),
    ],
)
def test_outright_refusals_of_paths(distribution, why):
    assert why in path_refusal(distribution)


def test_a_subclass_is_another_distribution():
    class Shifted(dist.Normal):
        def sample(self, key, sample_shape=()):
            return 1.0 + jnp.round(super().sample(key, sample_shape))

    assert "Shifted is not in the table" in path_refusal(Shifted(0.0, 1.0))
    F = gr.expectation(
        lambda x, t: x, lambda t: Shifted(t, 1.0), gr.Pathwise(), gr.Independent(4), vouch=("x",)
    )
    assert F(0.0, KEY) == jnp.round(F(0.0, KEY) * 4) / 4


SAME = [
    dist.Uniform(jnp.array([0.0, 1.0]), 3.0),
    dist.Pareto(0.5, jnp.array([2.0, 3.0])),
    dist.TruncatedNormal(0.1, 1.2, low=jnp.array([-1.0, -2.0]), high=jnp.array([1.0, 2.0])),
    dist.Cauchy(0.1, jnp.array([2.0])),
    dist.VonMises(0.1, 2.0).expand([3]).to_event(1),
    dist.Delta(jnp.ones(3), event_dim=1),
    _moving_affine(0.3),
]


@pytest.mark.parametrize("distribution", SAME, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("guarded", [path_guarded, score_guarded])
def test_a_guarded_distribution_is_the_same_distribution(distribution, guarded):
    other = guarded(distribution)
    assert other.batch_shape == distribution.batch_shape
    assert other.event_shape == distribution.event_shape
    x = distribution.sample(KEY)
    assert jnp.array_equal(other.sample(KEY), x)
    assert jnp.array_equal(other.log_prob(x), distribution.log_prob(x))
