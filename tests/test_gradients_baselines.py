"""Baselines and control variates: nothing is biased, and the variance is the one that theory gives."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")
dist = pytest.importorskip("numpyro.distributions")

import jax.numpy as jnp  # noqa: E402

from expectations import assert_mean, assert_variance, normal_moments, replicates  # noqa: E402
from jensen import gradients as gr  # noqa: E402

ONE = gr.Independent(1)


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def _square(x, params):
    return x**2


def _normal(params):
    return dist.Normal(params["mu"], params["sigma"])


def _expectation(estimator, draws=ONE, f=_square):
    return gr.expectation(f, _normal, estimator, draws)


THETA = {"mu": 0.5, "sigma": 1.0}


@pytest.mark.parametrize("num", [2, 4, 8])
def test_leave_one_out_has_the_variance_of_a_sample_covariance(num):
    """(1/(n−1)) Σ (fᵢ − f̄) sᵢ is the sample covariance of the cost and the score."""

    def covariance(slope):
        def moment(function):
            return normal_moments(lambda e: function((0.5 + e) ** 2, slope(e)))[0]

        mean = moment(lambda f, s: f)
        exact = moment(lambda f, s: f * s)
        joint = moment(lambda f, s: ((f - mean) * s) ** 2)
        product = moment(lambda f, s: (f - mean) ** 2) * moment(lambda f, s: s**2)
        return exact, (joint - exact**2) / num + (product + exact**2) / (num * (num - 1))

    found = replicates(_expectation(gr.ScoreFunction(gr.LeaveOneOut()), gr.Independent(num)), THETA, 60_000)
    for name, slope in (("mu", lambda e: e), ("sigma", lambda e: e**2 - 1.0)):
        mean, variance = covariance(slope)
        assert_mean(found[name], mean, name)
        assert_variance(found[name], variance, what=name)


def test_leave_one_out_leaves_out_what_a_draw_is_coupled_with():
    """Within a pair it would give twice the truth."""
    for draws in (gr.Antithetic(4), gr.Sobol(4, num_batches=2)):
        for baseline in (gr.LeaveOneOut(), gr.OptimalCoefficient()):
            found = replicates(_expectation(gr.ScoreFunction(baseline), draws), THETA, 20_000)
            assert_mean(found["mu"], 1.0, f"{draws} {baseline}")
            assert_mean(found["sigma"], 2.0, f"{draws} {baseline}")


@pytest.mark.parametrize("draws", [ONE, gr.Antithetic(2), gr.Sobol(8), gr.Stratified(8)], ids=str)
@pytest.mark.parametrize("baseline", [gr.LeaveOneOut(), gr.OptimalCoefficient()], ids=str)
def test_baselines_that_look_at_other_draws_need_some_that_are_independent(draws, baseline):
    with pytest.raises(ValueError, match="for 'x' needs at least two draws or batches"):
        _expectation(gr.ScoreFunction(baseline), draws)(THETA, jax.random.key(0))


def test_leave_one_out_keeps_its_digits_in_single_precision():
    def far(x, params):
        return x**2 + 1e8

    key = jax.random.key(3)
    with jax.enable_x64(False):
        F = _expectation(gr.ScoreFunction(gr.LeaveOneOut()), gr.Independent(1000), far)
        single = jax.grad(F)({"mu": jnp.float32(0.5), "sigma": jnp.float32(1.0)}, key)
    # costs are known to ±4 of 1e8, each, and the products with the score average out
    assert abs(float(single["mu"]) - 1.0) < 1.0


def test_optimal_coefficient_is_unbiased_with_few_draws():
    for num in (2, 8):
        F = _expectation(gr.ScoreFunction(gr.OptimalCoefficient()), gr.Independent(num))
        found = replicates(F, THETA, 60_000)
        assert_mean(found["mu"], 1.0, str(num))
        assert_mean(found["sigma"], 2.0, str(num))


def test_optimal_coefficient_comes_near_the_best_constant_of_each_parameter():
    """Variances of one draw: 8 and 34 with the constants known; 12 and 56 or so with the mean."""
    F = _expectation(gr.ScoreFunction(gr.OptimalCoefficient()), gr.Independent(256))
    found = replicates(F, THETA, 4_000)
    for name, slope, cost in (("mu", lambda e: e, 3.25), ("sigma", lambda e: e**2 - 1.0, 5.25)):
        best = normal_moments(lambda e, slope=slope, cost=cost: ((0.5 + e) ** 2 - cost) * slope(e))[1]
        mean = normal_moments(lambda e, slope=slope: ((0.5 + e) ** 2 - 1.25) * slope(e))[1]
        variance = 256 * found[name].var()
        assert 0.9 * best < variance < 0.5 * (best + mean)


def test_a_moving_average_of_past_values_does_not_bias():
    F = _expectation(gr.ScoreFunction(gr.MovingAverage(0.5)))

    @jax.jit
    @jax.vmap
    def gradients(key):
        """The third step, right; and with an average that knows the present value."""
        state, keys = F.init(), jax.random.split(key, 3)
        for each in keys[:2]:
            state = F.update(state, F(THETA, each, state))
        right = jax.grad(F)(THETA, keys[2], state)
        late = F.update(state, F(THETA, keys[2], state))
        return right["mu"], jax.grad(F)(THETA, keys[2], late)["mu"]

    right, wrong = gradients(jax.random.split(jax.random.key(5), 100_000))
    assert_mean(right, 1.0)
    with pytest.raises(AssertionError):
        assert_mean(wrong, 1.0)


def test_a_moving_average_is_that_of_earlier_values_from_the_first():
    average = gr.MovingAverage(0.9)
    F = _expectation(gr.ScoreFunction(average))
    state = F.init()
    for value in (3.0, 5.0):
        state = F.update(state, value)
    total, weight = state
    assert float(total / weight) == pytest.approx((0.9 * 3.0 + 5.0) / 1.9)
    with pytest.raises(ValueError, match=r"moving average of 'x' has a memory: .*F\.init\(\)"):
        F(THETA, jax.random.key(0))
    with pytest.raises(ValueError, match="decay"):
        gr.MovingAverage(1.0)


def test_memories_of_several_variables():
    def two(params):
        return {"a": dist.Normal(params, 1.0), "b": dist.Normal(params, 1.0), "c": dist.Normal(params, 1.0)}

    estimators = {
        "a": gr.ScoreFunction(gr.MovingAverage(0.5)),
        "b": gr.Controlled(gr.ScoreFunction(gr.MovingAverage(0.9)), gr.Taylor()),
        "c": gr.Pathwise(),
    }
    F = gr.expectation(lambda v, t: v["a"] * v["b"] + v["c"], two, estimators)
    state = F.init()
    assert set(state) == {"a", "b"}
    value = F(1.0, jax.random.key(0), state)
    state = F.update(state, value)
    assert float(state["a"][0]) == pytest.approx(0.5 * float(value))
    assert float(state["b"][0]) == pytest.approx(0.1 * float(value))
    assert _expectation(gr.Pathwise()).init() is None


@pytest.mark.parametrize("estimator", [gr.ScoreFunction(), gr.Pathwise(), gr.MeasureValued()], ids=str)
def test_a_taylor_expansion_leaves_nothing_of_a_quadratic(estimator):
    F = _expectation(gr.Controlled(estimator, gr.Taylor()), gr.Independent(4))
    value, gradient = jax.jit(jax.value_and_grad(F))(THETA, jax.random.key(1))
    assert float(value) == pytest.approx(1.25)
    assert float(gradient["mu"]) == pytest.approx(1.0)
    assert float(gradient["sigma"]) == pytest.approx(2.0)


def test_a_taylor_expansion_takes_variance_and_leaves_the_mean():
    def f(x, params):
        return jnp.exp(-0.1 * x**2) * params["sigma"]

    def value(params):
        spread = 1.0 + 0.2 * params["sigma"] ** 2
        return params["sigma"] * jnp.exp(-0.1 * params["mu"] ** 2 / spread) / jnp.sqrt(spread)

    truth = jax.grad(value)(THETA)
    for estimator in (gr.ScoreFunction(), gr.Pathwise()):
        plain = replicates(_expectation(estimator, ONE, f), THETA, 40_000)
        for degree in (1, 2) if estimator == gr.ScoreFunction() else (2,):
            F = _expectation(gr.Controlled(estimator, gr.Taylor(degree)), ONE, f)
            found = replicates(F, THETA, 40_000)
            for name in THETA:
                assert_mean(found[name], truth[name], f"{estimator} {degree} {name}")
        assert found["mu"].var() < 0.3 * plain["mu"].var()


def test_a_taylor_expansion_of_other_families_and_of_vectors():
    vectors = {
        "correlated": (
            lambda t: dist.MultivariateNormal(
                t * jnp.ones(2), scale_tril=jnp.array([[1.0, 0.0], [0.5, 1.0]])
            ),
            lambda t: 2.0 * t,
        ),
        "gamma": (lambda t: dist.Gamma(2.0, t * jnp.ones(2)).to_event(1), lambda t: -8.0 / t**3),
    }
    for name, (make, truth) in vectors.items():
        F = gr.expectation(
            lambda x, t: x[0] * x[1], make, gr.Controlled(gr.ScoreFunction(), gr.Taylor()), gr.Independent(4)
        )
        assert float(jax.jit(jax.grad(F))(0.7, jax.random.key(0))) == pytest.approx(truth(0.7)), name
    poisson = gr.expectation(
        lambda x, t: jnp.exp(-0.1 * x), dist.Poisson, gr.Controlled(gr.ScoreFunction(), gr.Taylor()), ONE
    )
    truth = (np.exp(-0.1) - 1.0) * np.exp(2.0 * (np.exp(-0.1) - 1.0))
    assert_mean(replicates(poisson, 2.0, 40_000), truth)
    with pytest.raises(ValueError, match="mean and variance of Cauchy are not known"):
        cauchy = gr.Controlled(gr.ScoreFunction(), gr.Taylor())
        gr.expectation(lambda x, t: jnp.sin(x), dist.Cauchy, cauchy)(1.0, jax.random.key(0))


def test_a_control_variate_with_a_known_mean():
    control = gr.KnownMean(lambda x: x**2, lambda d: d.mean**2 + d.variance, coefficient=0.9)
    for estimator in (gr.ScoreFunction(), gr.Pathwise()):
        plain = replicates(_expectation(estimator), THETA, 30_000)
        found = replicates(_expectation(gr.Controlled(estimator, control)), THETA, 30_000)
        for name, truth in (("mu", 1.0), ("sigma", 2.0)):
            assert_mean(found[name], truth, f"{estimator} {name}")
            assert found[name].var() == pytest.approx(0.01 * plain[name].var(), rel=0.05)


def test_own_baselines_inherit():
    class Half(gr.Baseline):
        def surrogate(self, site, scored):
            return scored.cost * scored.weight + 0.5 * (1.0 - scored.weight)

    key = jax.random.key(0)
    own = jax.grad(_expectation(gr.ScoreFunction(Half())))(THETA, key)
    given = jax.grad(_expectation(gr.ScoreFunction(gr.Constant(0.5))))(THETA, key)
    assert float(own["mu"]) == pytest.approx(float(given["mu"]))


def test_an_own_baseline_is_one_method_and_may_look_at_the_others():
    class Others(gr.Baseline):
        def value(self, site, scored):
            return site.mean_of_others(scored.cost)

    key = jax.random.key(0)
    for draws in (gr.Independent(8), gr.Antithetic(8)):
        own = jax.grad(_expectation(gr.ScoreFunction(Others()), draws))(THETA, key)
        given = jax.grad(_expectation(gr.ScoreFunction(gr.LeaveOneOut()), draws))(THETA, key)
        assert float(own["mu"]) == pytest.approx(float(given["mu"]))
    with pytest.raises(NotImplementedError, match="must have a method value"):
        jax.grad(_expectation(gr.ScoreFunction(gr.Baseline())))(THETA, key)
