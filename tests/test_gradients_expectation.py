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


def _sum(x, params):
    return jnp.sum(x)


# --- evaluations


def _normal(params):
    return dist.Normal(params["mu"] * jnp.ones(3), params["sigma"])


def _known_scale(params):
    return dist.Normal(params["mu"] * jnp.ones(3), 1.0)


def _bits(params):
    return dist.Bernoulli(params["mu"] * jnp.ones(3))


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
    params = {"mu": 0.5, "sigma": 1.0}
    F = gr.expectation(_sum, distribution, estimator, FIVE)
    assert F.evaluations(params) == number


def test_evaluations_of_several_variables_multiply_and_integers_are_no_parameters():
    def distribution(params):
        return {"z": dist.Bernoulli(params["p"]), "x": lambda z: dist.Normal(params["n"] * 1.0, 1.0 + z)}

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
    def distribution(params):
        return {"rate": dist.Gamma(params, 1.0), "x": lambda rate: dist.Normal(rate, 1.0)}

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


@pytest.mark.parametrize(("distribution", "params", "words"), OUTSIDE, ids=[words for *_, words in OUTSIDE])
def test_a_parameter_outside_its_domain_is_named_where_its_value_is_known(distribution, params, words):
    F = gr.expectation(lambda x, t: sum(jax.tree.leaves(x)).sum(), distribution, gr.ScoreFunction())
    for run in (F, jax.grad(F), jax.value_and_grad(F)):
        with pytest.raises(ValueError, match=words):
            run(params, KEY)


def test_within_jit_there_is_no_value_to_look_at():
    F = gr.expectation(_sum, lambda t: dist.Normal(0.0, t), gr.ScoreFunction())
    assert np.isfinite(jax.jit(F)(-1.0, KEY))


# --- what is wrapped is treated as what it wraps

COEFFICIENTS = np.arange(1.0, 4.0)


def _square(x, params):
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

    def make(params):
        return dist.MultivariateNormal(jnp.zeros(2), scale_tril=params * root).expand([2]).to_event(1)

    def f(x, params):
        return jnp.sum(x[:, 0] * x[:, 1]) + jnp.sum(x) ** 2

    covariance = root @ root.T
    truth = 2 * 0.4 * 2 * (covariance[0, 1] + covariance.sum())
    for estimator in (gr.ScoreFunction(), gr.Pathwise()):
        F = gr.expectation(f, make, gr.Controlled(estimator, gr.Taylor()), gr.Independent(2))
        assert jax.jit(jax.grad(F))(0.4, KEY) == pytest.approx(truth)  # nothing is left of a quadratic


def test_the_label_of_a_mixture_with_expanded_components():
    def make(params):
        components = dist.Normal(jnp.array([[0.0], [1.0]]), 1.0).expand([2, 3]).to_event(1)
        return dist.MixtureSameFamily(dist.Categorical(jnp.array([params, 1.0 - params])), components)

    F = gr.expectation(lambda x, t: jnp.sum(x**2), make, gr.ExactLabel(), gr.Independent(4))
    assert_mean(replicates(F, 0.4, 2000), -3.0)


# --- shapes of what is drawn


def test_angles_with_one_concentration_are_drawn_one_by_one():
    """E cos(x₁ − x₂) = A(κ)², with A the mean length."""
    from scipy.special import ive

    def ratio(k):
        return ive(1, k) / ive(0, k)

    truth = _slope(lambda k: ratio(k) ** 2, 2.0)
    F = gr.expectation(
        lambda x, k: jnp.cos(x[0] - x[1]),
        lambda k: dist.VonMises(jnp.array([0.3, 0.3]), k),
        gr.Pathwise(),
        gr.Independent(4),
        vouch="x",  # f has the period
    )
    assert_mean(replicates(F, 2.0, 4000), truth)


@pytest.mark.parametrize(
    ("make", "truth"),
    [
        (
            lambda t: dist.TransformedDistribution(
                dist.Gamma(jnp.array([t]), 1.0), dist.transforms.AffineTransform(0.0, 2.0)
            ).expand((3,)),
            6.0,
        ),
        (
            lambda t: dist.MixtureSameFamily(
                dist.Categorical(jnp.array([[0.3, 0.7]])), dist.Normal(jnp.array([[0.0, 1.0]]) + t, 1.0)
            ).expand((3,)),
            3.0,
        ),
        (lambda t: dist.Gamma(t * jnp.ones((2, 1)), 1.0).expand((4, 2, 3)), 24.0),
    ],
    ids=["transformed", "mixture", "gamma"],
)
def test_axes_of_length_one_that_are_expanded_hold_different_draws(make, truth):
    def f(x, t):
        assert x.shape == make(2.0).shape()
        return jnp.sum(x) + 0.0 * jnp.sum(jnp.diff(x, axis=-1))

    F = gr.expectation(f, make, gr.Pathwise(), gr.Independent(4))
    assert_mean(replicates(F, 2.0, 2000), truth)
    apart = gr.expectation(lambda x, t: jnp.var(x), make, gr.Pathwise(), gr.Independent(1))
    assert float(apart(2.0, KEY)) > 0.0


# --- probabilities that need not add up to 1


@pytest.mark.parametrize(
    "estimator",
    [
        gr.ScoreFunction(),
        gr.ScoreFunction(gr.LeaveOneOut()),
        gr.ScoreFunction(gr.OptimalCoefficient()),
        gr.MeasureValued(),
        gr.Exact(),
    ],
    ids=str,
)
def test_probabilities_are_normalized_by_every_estimator(estimator):
    values, p = jnp.array([1.0, 4.0, 9.0]), jnp.array([0.2, 0.3, 0.5])
    F = gr.expectation(lambda x, t: values[x], dist.Categorical, estimator, gr.Independent(16))
    assert_mean(replicates(F, p, 4000), np.asarray(values - values @ p), str(estimator))


def test_the_optimal_coefficient_of_counts_and_of_ordered_values():
    optimal = gr.ScoreFunction(gr.OptimalCoefficient())
    values, cuts = jnp.array([1.0, 4.0, 9.0]), jnp.array([-1.0, 0.5])
    ordered = gr.expectation(
        lambda x, t: values[x], lambda t: dist.OrderedLogistic(t, cuts), optimal, gr.Independent(16)
    )
    truth = jax.grad(lambda t: dist.OrderedLogistic(t, cuts).probs @ values)(0.5)
    assert_mean(replicates(ordered, 0.5, 4000), truth)
    weights, logits = jnp.array([1.0, 4.0, 2.0]), jnp.array([0.1, 0.2, -0.3])
    counts = gr.expectation(
        lambda x, t: x @ weights,
        lambda t: dist.Multinomial(3, jax.nn.softmax(t)),
        optimal,
        gr.Independent(16),
    )
    truth = jax.grad(lambda t: 3 * jax.nn.softmax(t) @ weights)(logits)
    assert_mean(replicates(counts, logits, 4000), truth)


def test_relaxed_bits_of_a_guide_have_a_smooth_density():
    F = gr.bound(
        lambda params, z: 0.8 * z, lambda t: dist.Bernoulli(logits=t), gr.REBAR(0.05), gr.Independent(16)
    )
    exact = gr.bound(lambda params, z: 0.8 * z, lambda t: dist.Bernoulli(logits=t), gr.Exact())
    assert_mean(replicates(F, 0.7, 10_000), jax.grad(exact)(0.7))


# --- a support that depends on a parent


def test_auto_takes_the_score_where_a_support_depends_on_a_parent():
    def distribution(params):
        return {"n": dist.Poisson(3.0), "x": lambda n: dist.Binomial(n, params)}

    F = gr.expectation(lambda v, t: v["x"] * 1.0, distribution, draws=gr.Independent(64))
    assert F.chosen(0.3)["x"] == gr.ScoreFunction(gr.LeaveOneOut())
    assert_mean(replicates(F, 0.3, 500), 3.0)


# --- small things that are typed


def test_it_compiles_whatever_it_is_made_of():
    def distribution(params):
        return {"x": dist.Normal(params, 1.0)}

    F = gr.expectation(
        lambda v, t: v["x"], distribution, {"x": gr.ScoreFunction(gr.Constant(jnp.array(3.0)))}
    )
    assert np.isfinite(jax.jit(F)(0.5, KEY))


def test_it_says_what_it_is():
    def cost(x, params):
        return x

    def normal(params):
        return dist.Normal(params, 1.0)

    def joint(params, z):
        return z

    F = gr.expectation(cost, normal, gr.ScoreFunction(gr.LeaveOneOut()), 100)
    assert repr(F) == "E[cost(x, params)] over normal: ScoreFunction(LeaveOneOut()), Independent(100)"
    assert (
        repr(gr.bound(joint, normal, {"x": gr.Exact()}))
        == "bound of joint over normal: {x: Exact()}, Independent(64)"
    )


def test_a_key_may_be_a_number():
    F = gr.expectation(_sum, lambda t: dist.Normal(t, 1.0))
    assert F(0.5, 3) == F(0.5, jax.random.key(3))


def test_a_default_argument_is_no_parent():
    def distribution(params):
        return {"z": dist.Normal(params, 1.0), "x": lambda z, s=2.0: dist.Normal(z, s)}

    assert jax.grad(gr.expectation(lambda v, t: v["x"], distribution))(0.5, KEY) == 1.0


def test_names_with_the_same_random_numbers_are_refused():
    names = ("plumless", "buckeroo")
    F = gr.expectation(
        lambda v, t: v[names[0]] * v[names[1]], lambda t: {name: dist.Normal(t, 1.0) for name in names}
    )
    with pytest.raises(ValueError, match="same random numbers"):
        F(0.5, KEY)


NAMED = [
    (lambda: gr.expectation(_sum, dist.Normal(0.0, 1.0)), "must be a function of params"),
    (lambda: gr.expectation(3.0, lambda t: dist.Normal(t, 1.0)), "f must be a function"),
    (lambda: gr.expectation(_sum, lambda t: None)(0.5, KEY), "the distribution of 'x' is None"),
    (lambda: gr.expectation(_sum, lambda t: {"x": dist.Poisson})(0.5, KEY), "is the class Poisson"),
    (lambda: gr.expectation(_sum, lambda t: {1: dist.Normal(t, 1.0)})(0.5, KEY), "must have names"),
    (lambda: gr.expectation(lambda x, t: None, lambda t: dist.Normal(t, 1.0))(0.5, KEY), "something else"),
    (lambda: gr.expectation(_sum, lambda t: dist.Normal(t, 1.0), draws=2.5), "draws must be a number"),
    (lambda: gr.Independent(2.5), "must be an integer"),
    (lambda: gr.ScoreFunction(0.4), "a baseline is an object"),
    (lambda: gr.Constant("a"), "a constant baseline is one number"),
]


@pytest.mark.parametrize(("make", "words"), NAMED, ids=[words for _, words in NAMED])
def test_what_is_of_the_wrong_kind_is_named(make, words):
    with pytest.raises(TypeError, match=words):
        make()


VALUES = [
    (lambda: gr.Concrete(-1.0), "temperature of a relaxation must be positive"),
    (lambda: gr.Exact(0), "num_points must be at least 1"),
    (lambda: gr.expectation(_sum, lambda t: dist.Normal(t, 1.0), gr.Exact(400))(0.5), "fewer num_points"),
    (
        lambda: gr.expectation(_sum, lambda t: dist.LeftTruncatedDistribution(dist.StudentT(3.0, t), 0.0))(
            0.5, KEY
        ),
        "'x' cannot be drawn",
    ),
    (
        lambda: gr.bound(lambda params, z: jnp.sum(z), lambda t: dist.Bernoulli(logits=t), gr.Concrete())(
            0.5, KEY
        ),
        "has no density under the guide",
    ),
]


@pytest.mark.parametrize(("make", "words"), VALUES, ids=[words for _, words in VALUES])
def test_what_has_a_wrong_value_is_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()
