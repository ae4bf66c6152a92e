"""What an expectation says of itself, parameters outside their domain, and distributions in wrappers."""

import itertools

import numpy as np
import pytest

jax = pytest.importorskip("jax")
dist = pytest.importorskip("numpyro.distributions")

import jax.numpy as jnp  # noqa: E402

from expectations import assert_mean, replicates  # noqa: E402
from jensen import gradients as gr  # noqa: E402

KEY = jax.random.key(0)
FIVE = gr.Independent(5)


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def _sum(x, theta):
    return jnp.sum(x)


# --- evaluations


def _normal(theta):
    return dist.Normal(theta["mu"] * jnp.ones(3), theta["sigma"])


def _known_scale(theta):
    return dist.Normal(theta["mu"] * jnp.ones(3), 1.0)


def _bits(theta):
    return dist.Bernoulli(theta["mu"] * jnp.ones(3))


@pytest.mark.parametrize(
    ("distribution", "estimator", "number"),
    [
        (_normal, gr.Pathwise(), 5),
        (_normal, gr.MeasureValued(), 5 * (1 + 3 * 4)),
        (_known_scale, gr.MeasureValued(), 5 * (1 + 3 * 2)),
        (_normal, gr.Exact(4), 4**3),
        (_bits, gr.DisARM(), 5 * 2),
        (_bits, gr.MeasureValued(), 5 * (1 + 3 * 2)),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_evaluations_are_those_of_the_value_and_the_gradient(distribution, estimator, number):
    theta = {"mu": 0.5, "sigma": 1.0}
    F = gr.expectation(_sum, distribution, estimator, FIVE)
    assert F.evaluations(theta) == number


def test_evaluations_of_several_variables_multiply_and_integers_are_no_parameters():
    def distribution(theta):
        return {"z": dist.Bernoulli(theta["p"]), "x": lambda z: dist.Normal(theta["n"] * 1.0, 1.0 + z)}

    estimator = {"z": gr.Exact(), "x": gr.MeasureValued()}
    F = gr.expectation(lambda v, t: v["x"] * v["z"], distribution, estimator, FIVE)
    assert F.evaluations({"p": 0.3, "n": 2}) == 5 * 2  # nothing that x depends on moves
    assert F.evaluations({"p": 0.3, "n": 2.0}) == 5 * 2 * 3


# --- order


@pytest.mark.parametrize(
    ("distribution", "estimator", "order"),
    [
        (lambda t: dist.Gamma(t, 1.0), gr.Pathwise(), 1),
        (lambda t: dist.Gamma(t, 1.0), gr.ScoreFunction(), np.inf),
        (lambda t: dist.Normal(t, 1.0), None, np.inf),
        (lambda t: dist.Normal(t, 1.0), gr.Controlled(gr.MeasureValued(), gr.Taylor()), 1),
        (lambda t: dist.Gamma(t, 1.0), gr.Controlled(gr.Pathwise(), gr.Taylor()), 1),
        (lambda t: dist.VonMises(0.0, t), gr.Pathwise(), np.inf),
    ],
)
def test_the_order_is_that_of_the_estimator_for_the_distribution(distribution, estimator, order):
    F = gr.expectation(lambda x, t: jnp.sin(x), distribution, estimator)
    assert F.order(0.7) == order


def test_the_order_of_several_variables_is_the_least():
    def distribution(theta):
        return {"rate": dist.Gamma(theta, 1.0), "x": lambda rate: dist.Normal(rate, 1.0)}

    both = {"rate": gr.Pathwise(), "x": gr.ScoreFunction()}
    assert gr.expectation(lambda v, t: v["x"], distribution, both).order(2.0) == 1


# --- θ outside its domain, in eager use

OUTSIDE = [
    (lambda t: dist.Normal(0.0, t), -1.0, "'x': scale of Normal must be positive, and is -1"),
    (
        dist.Bernoulli,
        1.5,
        "'x': probs of BernoulliProbs must be in the unit interval, and is 1.5",
    ),
    (lambda t: dist.Gamma(t, 1.0).expand([3]), 0.0, "'x': concentration of Gamma must be positive"),
    (lambda t: dist.Uniform(t, 1.0), 2.0, "'x': the support of Uniform is empty, from 2. to 1."),
    (
        lambda t: {"z": dist.Bernoulli(0.5), "y": lambda z: dist.Normal(z, t)},
        -2.0,
        "'y': scale of Normal must be positive, and is -2",
    ),
]


@pytest.mark.parametrize(("distribution", "theta", "words"), OUTSIDE, ids=[words for *_, words in OUTSIDE])
def test_a_parameter_outside_its_domain_is_named_where_its_value_is_known(distribution, theta, words):
    F = gr.expectation(lambda x, t: sum(jax.tree.leaves(x)).sum(), distribution, gr.ScoreFunction())
    for run in (F, jax.grad(F), jax.value_and_grad(F)):
        with pytest.raises(ValueError, match=words):
            run(theta, KEY)


def test_within_jit_there_is_no_value_to_look_at():
    F = gr.expectation(_sum, lambda t: dist.Normal(0.0, t), gr.ScoreFunction())
    assert np.isfinite(jax.jit(F)(-1.0, KEY))


# --- what is wrapped is treated as what it wraps

COEFFICIENTS = np.arange(1.0, 4.0)


def _square(x, theta):
    return (COEFFICIENTS @ x) ** 2


def _bits_summed(probability):
    """E of the square of Σ cᵢ xᵢ over three equal bits."""
    total = 0.0
    for bits in itertools.product((0, 1), repeat=3):
        chance = np.prod([probability if bit else 1.0 - probability for bit in bits])
        total += chance * (COEFFICIENTS @ bits) ** 2
    return total


def _slope(function, at, step=1e-4):
    return (function(at + step) - function(at - step)) / (2 * step)


@pytest.mark.parametrize(
    "estimator",
    [gr.Exact(), gr.MeasureValued(), gr.ARM(), gr.DisARM(), gr.REBAR()],
    ids=lambda estimator: type(estimator).__name__,
)
def test_bits_that_are_expanded(estimator):
    for make in (
        lambda t: dist.Bernoulli(t).expand([3]),
        lambda t: dist.Bernoulli(t * jnp.ones(1)).expand([3]).to_event(1),
    ):
        F = gr.expectation(_square, make, estimator, gr.Independent(4))
        assert_mean(replicates(F, 0.4, 2000), _slope(_bits_summed, 0.4), str(estimator))


@pytest.mark.parametrize(
    "estimator",
    [gr.Exact(4), gr.MeasureValued(), gr.Controlled(gr.Pathwise(), gr.Taylor())],
    ids=lambda estimator: type(estimator).__name__,
)
def test_normals_that_are_expanded(estimator):
    truth = 2 * 0.4 * COEFFICIENTS.sum() ** 2
    for make in (
        lambda t: dist.Normal(t, 1.0).expand([3]).to_event(1),
        lambda t: dist.Normal(t * jnp.ones((1,)), 1.0).to_event(1).expand([3]).to_event(1),
    ):
        F = gr.expectation(lambda x, t: _square(x.reshape(-1), t), make, estimator, gr.Independent(4))
        assert_mean(replicates(F, 0.4, 2000), truth, str(estimator))


def test_the_delta_method_for_several_correlated_normals():
    root = np.array([[1.0, 0.0], [0.8, 0.5]])

    def make(theta):
        return dist.MultivariateNormal(jnp.zeros(2), scale_tril=theta * root).expand([2]).to_event(1)

    def f(x, theta):
        return jnp.sum(x[:, 0] * x[:, 1]) + jnp.sum(x) ** 2

    covariance = root @ root.T
    truth = 2 * 0.4 * 2 * (covariance[0, 1] + covariance.sum())
    for estimator in (gr.ScoreFunction(), gr.Pathwise()):
        F = gr.expectation(f, make, gr.Controlled(estimator, gr.Taylor()), gr.Independent(2))
        assert jax.jit(jax.grad(F))(0.4, KEY) == pytest.approx(truth)  # nothing is left of a quadratic


def test_the_label_of_a_mixture_with_expanded_components():
    def make(theta):
        components = dist.Normal(jnp.array([[0.0], [1.0]]), 1.0).expand([2, 3]).to_event(1)
        return dist.MixtureSameFamily(dist.Categorical(jnp.array([theta, 1.0 - theta])), components)

    F = gr.expectation(lambda x, t: jnp.sum(x**2), make, gr.ExactLabel(), gr.Independent(4))
    assert_mean(replicates(F, 0.4, 2000), -3.0)
