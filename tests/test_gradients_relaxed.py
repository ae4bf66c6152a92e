"""REBAR, RELAX and Concrete for labels; those for bits are among the estimators."""

import itertools

import numpy as np
import pytest

jax = pytest.importorskip("jax")
dist = pytest.importorskip("numpyro.distributions")

import jax.numpy as jnp  # noqa: E402

from expectations import assert_mean, replicates  # noqa: E402
from jensen import gradients as gr  # noqa: E402

VALUES = np.array([1.0, -2.0, 0.5, 3.0])
LOGITS = np.array([0.1, -0.5, 0.7, -6.0])


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def _f(x, params):
    picked = x @ VALUES
    return jnp.sum(picked**2 + jnp.sin(3.0 * picked) * params[0])


def _one(params):
    return dist.Categorical(logits=params)


def _two(params):
    return dist.Categorical(probs=jax.nn.softmax(params)).expand([2]).to_event(1)


def _summed(num):
    """E[f] over some labels, by enumeration."""

    def value(params):
        p, each = jax.nn.softmax(params), jnp.eye(4)
        total = 0.0
        for labels in itertools.product(range(4), repeat=num):
            x = each[jnp.array(labels)] if num > 1 else each[labels[0]]
            total = total + jnp.prod(p[jnp.array(labels)]) * _f(x, params)
        return total

    return value


def _surrogate(z):
    return jnp.sum(jnp.tanh(z) @ VALUES)


UNBIASED = {"REBAR": gr.REBAR(), "scaled": gr.REBAR(0.3, 0.7), "RELAX": gr.RELAX(_surrogate)}


@pytest.mark.parametrize(
    ("name", "make", "num"),
    [("REBAR", _one, 1), ("RELAX", _one, 1), ("scaled", _two, 2)],
    ids=["REBAR", "RELAX", "REBAR of two"],
)
def test_relaxed_labels_do_not_bias_to_the_second_derivative(name, make, num):
    F = gr.expectation(_f, make, UNBIASED[name], gr.Antithetic(16))
    params = jnp.asarray(LOGITS)
    keys = jax.random.split(jax.random.key(1), 3000)
    run = jax.jit(jax.vmap(lambda key: (jax.grad(F)(params, key), jax.hessian(F)(params, key))))
    first, second = run(keys)
    assert_mean(first, jax.grad(_summed(num))(params))
    assert_mean(second, jax.hessian(_summed(num))(params))


def test_z_given_the_label_has_the_value_of_z_and_moves_with_the_probabilities():
    """Against the derivative of the quantiles of what is left of an exponential number."""
    from jensen.gradients.estimators.latent import latent
    from jensen.gradients.site import Layout, Randomness, Site

    noise = jax.random.gumbel(jax.random.key(3), (4,))

    def at(params, what):
        site = Site("x", _one(params), Randomness(jax.random.key(0), noise), Layout(1, 1))
        return getattr(latent(site), what)

    params = jnp.asarray(LOGITS)
    z, given, label = (at(params, what) for what in ("free", "given", "value"))
    np.testing.assert_allclose(given, z, rtol=1e-12)
    p = np.exp(LOGITS) / np.exp(LOGITS).sum()
    rest = np.exp(-z) - np.exp(-z[label])  # exponential with rates p, of which it is a fixed quantile
    slope_of_log_p = np.eye(4) - p
    truth = (rest / np.exp(-z))[:, None] * slope_of_log_p
    found = jax.jacobian(lambda params: at(params, "given"))(params)
    np.testing.assert_allclose(found, truth, atol=1e-12)


def test_a_surrogate_can_be_trained_on_the_square_of_the_gradient():
    params, keys = jnp.asarray(LOGITS), jax.random.split(jax.random.key(2), 400)

    def square(weights, keys):
        F = gr.expectation(_f, _one, gr.RELAX(lambda z: jax.nn.softmax(z) @ weights), gr.Independent(4))
        return jnp.mean(jax.vmap(lambda key: jnp.sum(jax.grad(F)(params, key) ** 2))(keys))

    step = jax.jit(jax.value_and_grad(square))
    weights = jnp.zeros(4)
    first, _ = step(weights, keys)
    for _ in range(40):
        weights = weights - 1.0 * step(weights, keys)[1]
    fresh = jax.random.split(jax.random.key(5), 400)
    mean = jnp.sum(jax.grad(_summed(1))(params) ** 2)
    assert step(weights, fresh)[0] - mean < 0.5 * (first - mean)
    F = gr.expectation(_f, _one, gr.RELAX(lambda z: jax.nn.softmax(z) @ weights), gr.Independent(4))
    assert_mean(replicates(F, params, 20_000), jax.grad(_summed(1))(params))


def test_noise_of_relaxed_labels_is_coupled():
    F = {
        draws: gr.expectation(lambda x, t: x @ VALUES, _one, gr.Concrete(2.0), draws)
        for draws in (gr.Independent(2), gr.Antithetic(2))
    }
    apart, mirrored = (replicates(each, jnp.asarray(LOGITS), 4000).var(axis=0).sum() for each in F.values())
    assert mirrored < 0.7 * apart


def test_what_is_neither_bits_nor_labels_is_refused():
    for estimator in (gr.REBAR(), gr.Concrete(), gr.RELAX(_surrogate)):
        with pytest.raises(ValueError, match="Poisson is neither a Bernoulli nor a categorical distribution"):
            gr.expectation(lambda x, t: x, dist.Poisson, estimator)(1.0, jax.random.key(0))
