"""A path through an f that jumps is looked for, and warned of."""

import warnings

import jax
import jax.numpy as jnp
import pytest
from numpyro.distributions import Bernoulli, Normal

from jensen import gradients as gr


def normal(theta):
    return Normal(theta["mu"], 1.0)


def gradient(f, **options):
    F = gr.expectation(f, normal, options.pop("estimator", gr.Pathwise()), gr.Independent(8), **options)
    return jax.grad(F)({"mu": 0.5}, jax.random.key(0))


JUMPING = {
    "compares": lambda x, theta: jnp.where(x > 0, 1.0, 0.0),
    "compares, in jit": jax.jit(lambda x, theta: (x > theta["mu"]).astype(float)),
    "rounds": lambda x, theta: jnp.floor(x) ** 2,
    "takes the sign": lambda x, theta: jnp.sign(x) * x,
    "compares, in a loop": lambda x, theta: jax.lax.scan(lambda c, _: (c + (c > x), None), 0.0, None, 3)[0],
}
SMOOTH = [
    lambda x, theta: x**2,
    lambda x, theta: jax.nn.softplus(x) + jax.nn.logsumexp(jnp.stack([x, 1.0])),
    lambda x, theta: jnp.maximum(x, 0.0) + jnp.abs(x) + jnp.clip(x, -1.0, 1.0),
    lambda x, theta: Normal(theta["mu"], 2.0).log_prob(x),
    lambda x, theta: x * (jax.lax.stop_gradient(x) > 0),
    lambda x, theta: jnp.where(theta["mu"] > 0, x, -x),
]


@pytest.mark.parametrize("f", JUMPING.values(), ids=JUMPING)
def test_a_jump_is_seen(f):
    with pytest.warns(gr.GradientWarning, match="'x'.*ScoreFunction"):
        gradient(f)


@pytest.mark.parametrize("f", SMOOTH, ids=range(len(SMOOTH)))
def test_what_does_not_jump_is_left_in_peace(f):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradient(f)


def test_no_word_where_nothing_is_differentiated_through_or_the_user_vouches():
    jumping = JUMPING["compares"]
    gradient(jumping, estimator=gr.ScoreFunction())
    gradient(jumping, vouch=("x",))


def test_the_variable_is_named():
    def distribution(theta):
        return {"z": Bernoulli(theta["p"]), "x": lambda z: Normal(theta["mu"] + z, 1.0)}

    F = gr.expectation(
        lambda v, theta: jnp.where(v["z"] > 0, v["x"], 0.0) + jnp.round(v["x"]),
        distribution,
        {"z": gr.Exact(), "x": gr.Pathwise()},
    )
    with pytest.warns(gr.GradientWarning, match="f rounds 'x'"):
        F({"p": 0.3, "mu": 0.5}, jax.random.key(0))


def test_why_it_matters():
    """d/dμ P(x > 0) is the density at 0; the path says 0 without a word of its own."""
    theta, key = {"mu": 0.5}, jax.random.key(1)
    truth = jnp.exp(-0.125) / jnp.sqrt(2 * jnp.pi)
    many = gr.Independent(100_000)
    with pytest.warns(gr.GradientWarning):
        path = jax.grad(gr.expectation(JUMPING["compares"], normal, gr.Pathwise(), many))(theta, key)
    score = jax.grad(gr.expectation(JUMPING["compares"], normal, gr.ScoreFunction(), many))(theta, key)
    assert path["mu"] == 0.0
    assert float(score["mu"]) == pytest.approx(float(truth), abs=0.01)
