"""Probabilities of 0 and 1, labels that are left out, triangles, half precision: right, or told."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

from jensen import gradients as gr

KEY = jax.random.key(0)
SCORE = gr.ScoreFunction(gr.LeaveOneOut())


@pytest.fixture(autouse=True)
def _in_double_precision():
    with jax.enable_x64(True):
        yield


def cost(x, params):
    return (x - 0.4) ** 2.0


# ---- sums --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("jit", [False, True])
def test_a_binomial_is_summed_with_its_derivatives_at_the_edges(p, jit):
    """E (x − c)² = n p (1 − p) + (n p − c)²: n (1 − 2p) + 2 n (n p − c), and −2 n + 2 n²."""
    n, c = 7, 0.4
    F = gr.expectation(cost, lambda params: dist.Binomial(n, probs=params), gr.Exact())
    slope, bend = jax.grad(F), jax.grad(jax.grad(F))
    if jit:
        slope, bend = jax.jit(slope), jax.jit(bend)
    assert slope(p) == pytest.approx(n * (1 - 2 * p) + 2 * n * (n * p - c))
    assert bend(p) == pytest.approx(2.0 * n**2 - 2.0 * n)


@pytest.mark.parametrize("estimator", [gr.Exact(), gr.MeasureValued()], ids=str)
@pytest.mark.parametrize("p", [0.0, 1.0])
def test_a_bit_that_is_sure(p, estimator):
    F = gr.expectation(cost, lambda params: dist.Bernoulli(probs=params), estimator, 10)
    for slope in (jax.grad(F), jax.jit(jax.grad(F))):
        assert slope(p, KEY) == pytest.approx(0.6**2 - 0.4**2)


def entropy(distribution):
    return gr.bound(lambda params, z: 0.0, distribution, gr.Exact())


@pytest.mark.parametrize("jit", [False, True])
def test_a_label_that_is_left_out(jit):
    """Of softmax(a, 0, −∞) the entropy has the slope −a σ(a) σ(−a)."""
    F = entropy(lambda params: dist.Categorical(logits=jnp.stack([params, 0.0, -jnp.inf])))
    slope = (jax.jit if jit else lambda f: f)(jax.grad(F))(0.3)
    assert slope == pytest.approx(-0.3 * jax.nn.sigmoid(0.3) * jax.nn.sigmoid(-0.3))


def test_a_label_that_is_left_out_is_never_tried():
    F = gr.expectation(
        lambda k, params: params * jnp.log(2.0 - k),  # −∞ for the label 2
        lambda params: dist.Categorical(logits=jnp.stack([params, 0.0, -jnp.inf])),
        gr.Exact(),
    )
    value, slope = jax.value_and_grad(F)(0.3)
    assert value == pytest.approx(0.3 * jax.nn.sigmoid(0.3) * np.log(2.0))
    assert np.isfinite(slope)


def test_zero_times_the_logarithm_of_zero():
    F = entropy(lambda params: dist.Categorical(probs=jnp.stack([params, 1.0 - params, 0.0])))
    assert F(0.3) == pytest.approx(-0.3 * np.log(0.3) - 0.7 * np.log(0.7))
    assert jax.grad(F)(0.3) == pytest.approx(np.log(0.7 / 0.3))


def test_the_slope_of_an_entropy_in_a_probability_of_zero_is_not_finite():
    F = entropy(lambda params: dist.Bernoulli(probs=params))
    assert F(0.0) == 0.0
    assert not np.isfinite(jax.grad(F)(0.0))


# ---- scores ------------------------------------------------------------------------------------------------

UNSEEN = {
    "bit": (lambda params: dist.Bernoulli(probs=params), 0.0),
    "sure bit": (lambda params: dist.Bernoulli(probs=params).expand([2]).to_event(1), 1.0),
    "label": (lambda params: dist.Categorical(probs=params), np.array([0.0, 0.4, 0.6])),
    "count": (lambda params: dist.Poisson(2.0 * params), 0.0),
    "binomial": (lambda params: dist.Binomial(3, probs=params), 1.0),
    "geometric": (lambda params: dist.Geometric(probs=params), 1.0),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_a_score_does_not_see_what_is_never_drawn(name):
    distribution, at = UNSEEN[name]
    F = gr.expectation(lambda x, params: jnp.sum(cost(x, params)), distribution, SCORE, 100)
    with pytest.warns(gr.GradientWarning, match="a score does not see values of probability 0"):
        found = jax.grad(F)(jnp.asarray(at), KEY)
    assert np.isnan(found).any()
    assert np.isnan(jax.jit(jax.grad(F))(jnp.asarray(at), KEY)).any()


@pytest.mark.parametrize(
    "probability",
    [
        jax.nn.sigmoid,
        lambda logit: jnp.stack([0.0 * logit, jax.nn.softmax(jnp.stack([logit, 0.0]))[0]]),
    ],
    ids=["sigmoid", "softmax"],
)
def test_what_is_sure_by_rounding_is_no_edge(probability):
    F = gr.expectation(
        lambda x, params: jnp.sum(cost(x, params)),
        lambda params: dist.Bernoulli(probs=probability(params)),
        SCORE,
        100,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", gr.GradientWarning)
        assert np.isfinite(jax.jit(jax.grad(F))(800.0, KEY))


def test_the_weight_of_a_component_may_be_zero():
    """E x² = Σ w (1 + μ²) / Σ w: the slope in the first weight is 1 − E x²."""
    F = gr.expectation(
        lambda x, params: x**2,
        lambda params: dist.MixtureSameFamily(
            dist.Categorical(probs=params), dist.Normal(jnp.array([0.0, 1.0, 2.0]), 1.0)
        ),
        SCORE,
        20_000,
    )
    each = jax.vmap(lambda key: jax.grad(F)(jnp.array([0.0, 0.5, 0.5]), key))(jax.random.split(KEY, 10))
    assert np.mean(each, axis=0) == pytest.approx([-2.5, -1.5, 1.5], abs=0.08)


@pytest.mark.parametrize("gate", [0.0, 0.3])
def test_no_more_zeros_than_there_are(gate):
    F = gr.expectation(cost, lambda params: dist.ZeroInflatedPoisson(params, 2.0), SCORE, 20_000)
    each = jax.vmap(lambda key: jax.grad(F)(gate, key))(jax.random.split(KEY, 10))
    want = 0.4**2 - (2.0 + 1.6**2)
    assert abs(np.mean(each) - want) < 5.0 * np.std(each) / np.sqrt(10) + 0.02


# ---- probabilities that do not add up to 1 -----------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator", [gr.Exact(), SCORE, gr.MeasureValued(), gr.MeasureValued(coupled=False), gr.REBAR()], ids=str
)
def test_probabilities_are_normalized_in_jit(estimator):
    """Outside of it they are refused."""
    F = gr.expectation(
        lambda x, params: jnp.sum(x) ** 2 + 1.0 if jnp.ndim(x) == 0 else x[1] + 1.0,
        lambda params: dist.Categorical(probs=params),
        estimator,
        4000,
    )
    each = jax.jit(jax.vmap(lambda key: jax.grad(F)(jnp.array([0.2, 0.6]), key)))(jax.random.split(KEY, 10))
    assert np.mean(each, axis=0) == pytest.approx([-0.9375, 0.3125], abs=0.05)
    if estimator is SCORE:
        with pytest.raises(ValueError, match="probs of CategoricalProbs must be in the simplex"):
            F(jnp.array([0.2, 0.6]), KEY)


# ---- triangles ---------------------------------------------------------------------------------------------

TRIANGLES = {
    "normal": lambda L: dist.MultivariateNormal(jnp.zeros(2), scale_tril=L),
    "student": lambda L: dist.MultivariateStudentT(5.0, jnp.zeros(2), L),
    "affine": lambda L: dist.TransformedDistribution(
        dist.Normal(jnp.zeros(2), 1.0).to_event(1), dist.transforms.LowerCholeskyAffine(jnp.zeros(2), L)
    ),
    "matrix": lambda L: dist.MatrixNormal(jnp.zeros((2, 2)), L, jnp.eye(2)),
}


@pytest.mark.parametrize(
    ("name", "estimator"),
    [
        *((name, estimator) for name in TRIANGLES for estimator in (gr.Pathwise(), SCORE)),
        ("normal", gr.Exact(9)),
    ],
)
def test_nothing_above_the_triangle_belongs_to_a_factor(name, estimator):
    F = gr.expectation(
        lambda x, params: jnp.sum(x[..., 0] * x[..., 1] + x[..., 0] ** 2),
        TRIANGLES[name],
        estimator,
        100,
    )
    above, whole = jnp.array([[1.0, 3.0], [0.5, 1.0]]), jnp.array([[1.0, 0.0], [0.5, 1.0]])
    slope = jax.jit(jax.grad(F))
    assert slope(above, KEY)[0, 1] == 0.0
    assert slope(above, KEY) == pytest.approx(np.asarray(slope(whole, KEY)))


# ---- precision ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_precision_is_named(kind):
    F = gr.expectation(cost, lambda params: dist.Normal(params["loc"], 1.0), gr.Pathwise(), 10)
    with pytest.raises(ValueError, match=rf"params\['loc'\] is {kind}.*give float32"):
        F({"loc": jnp.asarray(0.5, kind)}, KEY)
    with pytest.raises(ValueError, match=kind):
        jax.jit(jax.grad(F))({"loc": jnp.asarray(0.5, kind)}, KEY)
