"""Every estimator against exact gradients, variances and Hessians."""

import itertools

import numpy as np
import pytest

jax = pytest.importorskip("jax")
dist = pytest.importorskip("numpyro.distributions")

import jax.numpy as jnp  # noqa: E402

from expectations import (  # noqa: E402
    NORMAL_W,
    NORMAL_X,
    assert_mean,
    assert_variance,
    moments,
    normal_moments,
    replicates,
)
from jensen import gradients as gr  # noqa: E402

ONE = gr.Independent(1)


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


# --- a normal variable and three costs: quadratic, exponential, cosine

ROWS = [
    ("square", 0.0, 0.5),
    ("square", 0.0, 0.0),
    ("square", 0.0, 1.0),
    ("square", 1.0, 1.0),
    ("square", 3.0, 1.0),
    ("exp", 0.1, 1.0),
    ("exp", 1.0, 1.0),
    ("exp", 10.0, 1.0),
    ("cos", 1.0, 1.0),
    ("cos", 2.0, 1.0),
    ("cos", 5.0, 1.0),
]
VALUE = {
    "square": lambda x, k: (x - k) ** 2,
    "exp": lambda x, k: np.exp(-k * x**2),
    "cos": lambda x, k: np.cos(k * x),
}
SLOPE = {
    "square": lambda x, k: 2.0 * (x - k),
    "exp": lambda x, k: -2.0 * k * x * np.exp(-k * x**2),
    "cos": lambda x, k: -k * np.sin(k * x),
}


def _cost(x, params):
    costs = jnp.stack([(x - params["k"]) ** 2, jnp.exp(-params["k"] * x**2), jnp.cos(params["k"] * x)])
    return params["kind"] @ costs


def _normal(params):
    return dist.Normal(params["mu"], params["sigma"])


def _samples(estimator, draws, num=100_000):
    """A function of (kind, k, mu, baseline) that compiles once: gradients in mu and sigma."""
    keys = jax.random.split(jax.random.key(1), num)

    @jax.jit
    def gradients(kind, k, mu, baseline):
        F = gr.expectation(_cost, _normal, estimator(baseline), draws)

        def value(parameters, key):
            return F({**parameters, "kind": kind, "k": k}, key)

        return jax.vmap(lambda key: jax.grad(value)({"mu": mu, "sigma": 1.0}, key))(keys)

    def of(row, baseline=0.0):
        kind, k, mu = row
        one_hot = jnp.array([float(kind == other) for other in VALUE])
        found = gradients(one_hot, k, mu, baseline)
        return {name: np.asarray(values) for name, values in found.items()}

    return of


def _score(row, parameter, baseline=0.0):
    """The gradient of one draw as a function of the noise."""
    kind, k, mu = row

    def of(e):
        slope = e if parameter == "mu" else e**2 - 1.0
        return (VALUE[kind](mu + e, k) - baseline) * slope

    return of


def _path(row, parameter):
    kind, k, mu = row
    return lambda e: SLOPE[kind](mu + e, k) * (1.0 if parameter == "mu" else e)


def _mean(row):
    kind, k, mu = row
    return np.sum(NORMAL_W * VALUE[kind](mu + NORMAL_X, k))


def _best(row, parameter):
    slope = NORMAL_X if parameter == "mu" else NORMAL_X**2 - 1.0
    kind, k, mu = row
    weights = NORMAL_W * slope**2
    return np.sum(weights * VALUE[kind](mu + NORMAL_X, k)) / np.sum(weights)


def _assert(samples, function, what):
    mean, variance, fourth = normal_moments(function)
    assert_mean(samples, mean, what)
    assert_variance(samples, variance, fourth, what)


PARAMETERS = ("mu", "sigma")


def test_score_and_its_baselines_on_every_row():
    samples = _samples(lambda b: gr.ScoreFunction(gr.Constant(b)), ONE)
    for row, parameter in itertools.product(ROWS, PARAMETERS):
        for baseline in (0.0, _mean(row), _best(row, parameter)):
            found = samples(row, baseline)[parameter]
            _assert(found, _score(row, parameter, baseline), f"{row} {parameter} {baseline}")


def test_plain_score_is_the_score_with_a_baseline_of_zero():
    plain = _samples(lambda b: gr.ScoreFunction(), ONE, 100)
    zero = _samples(lambda b: gr.ScoreFunction(gr.Constant(0.0)), ONE, 100)
    for row in ROWS:
        for parameter in PARAMETERS:
            np.testing.assert_allclose(plain(row)[parameter], zero(row)[parameter], rtol=1e-12, atol=1e-14)


def test_path_on_every_row():
    samples = _samples(lambda b: gr.Pathwise(), ONE)
    for row, parameter in itertools.product(ROWS, PARAMETERS):
        _assert(samples(row)[parameter], _path(row, parameter), f"{row} {parameter}")


@pytest.mark.parametrize(("estimator", "single"), [(gr.Pathwise(), _path), (gr.ScoreFunction(), _score)])
def test_antithetic_pairs_on_every_row(estimator, single):
    samples = _samples(lambda b: estimator, gr.Antithetic(2))
    for row, parameter in itertools.product(ROWS, PARAMETERS):
        one = single(row, parameter)
        _assert(samples(row)[parameter], lambda e, one=one: 0.5 * (one(e) + one(-e)), f"{row} {parameter}")


def _halves(row):
    """The coupled difference for the mean: Rayleigh noise."""
    kind, k, mu = row
    nodes, weights = np.polynomial.legendre.leggauss(400)
    w, weights = 6.0 * (nodes + 1.0), 6.0 * weights
    density = w * np.exp(-(w**2) / 2.0)
    difference = VALUE[kind](mu + w, k) - VALUE[kind](mu - w, k)
    return moments(difference / np.sqrt(2.0 * np.pi), weights * density)


def _stretched(row):
    """The coupled difference for the scale: a double-sided Maxwell, and a uniform part of it."""
    kind, k, mu = row
    u, u_weights = np.polynomial.legendre.leggauss(120)
    u, u_weights = (u + 1.0) / 2.0, u_weights / 2.0
    m = NORMAL_X[::4, None]
    density = 4.0 * NORMAL_W[::4, None] * m**2
    difference = VALUE[kind](mu + m, k) - VALUE[kind](mu + m * u, k)
    return moments(difference, density * u_weights)


def test_coupled_measure_valued_derivative_on_every_row():
    samples = _samples(lambda b: gr.MeasureValued(), ONE)
    for row in ROWS:
        found = samples(row)
        for parameter, exact in (("mu", _halves(row)), ("sigma", _stretched(row))):
            mean, variance, fourth = exact
            assert_mean(found[parameter], mean, f"{row} {parameter}")
            assert_mean(found[parameter], normal_moments(_score(row, parameter))[0], f"{row} {parameter}")
            assert_variance(found[parameter], variance, fourth, f"{row} {parameter}")


def test_uncoupled_measure_valued_derivative_of_the_mean_has_the_variance_of_two_draws():
    samples = _samples(lambda b: gr.MeasureValued(coupled=False), ONE)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    w, weights = 6.0 * (nodes + 1.0), 6.0 * weights
    weights = weights * w * np.exp(-(w**2) / 2.0)
    for row in ROWS:
        kind, k, mu = row
        up, down = moments(VALUE[kind](mu + w, k), weights), moments(VALUE[kind](mu - w, k), weights)
        found = samples(row)["mu"]
        assert_mean(found, (up[0] - down[0]) / np.sqrt(2.0 * np.pi), str(row))
        assert_variance(found, (up[1] + down[1]) / (2.0 * np.pi), what=str(row))
        assert_mean(samples(row)["sigma"], normal_moments(_score(row, "sigma"))[0], str(row))


def test_exact_has_no_variance_and_needs_no_key():
    @jax.jit
    def gradient(parameters, params):
        F = gr.expectation(_cost, _normal, gr.Exact(num_points=250))
        return jax.grad(lambda parameters: F({**parameters, **params}))(parameters)

    for row in ROWS:
        kind, k, mu = row
        params = {"kind": jnp.array([float(kind == other) for other in VALUE]), "k": k}
        found = gradient({"mu": mu, "sigma": 1.0}, params)
        for parameter in PARAMETERS:
            exact = normal_moments(_score(row, parameter))[0]
            assert float(found[parameter]) == pytest.approx(exact, abs=1e-7), f"{row} {parameter}"


# --- f that depends on the parameters itself


def _direct(x, params):
    return x**2 * params["sigma"] + jnp.log(params["sigma"])


@pytest.mark.parametrize(
    "estimator",
    [gr.ScoreFunction(), gr.Pathwise(), gr.MeasureValued(), gr.Exact(), gr.Auto()],
    ids=lambda e: type(e).__name__,
)
def test_the_direct_term_is_there(estimator):
    F = gr.expectation(_direct, lambda t: dist.Normal(0.7, t["sigma"]), estimator, gr.Independent(2))
    exact = 0.7**2 + 3.0 * 1.3**2 + 1.0 / 1.3
    assert_mean(replicates(F, {"sigma": 1.3}, 50_000)["sigma"], exact)


def test_variance_with_the_direct_term():
    def score(e):
        x = 0.7 + 1.3 * e
        return (x**2 * 1.3 + np.log(1.3)) * (e**2 - 1.0) / 1.3 + x**2 + 1.0 / 1.3

    def path(e):
        x = 0.7 + 1.3 * e
        return 2.0 * x * e * 1.3 + x**2 + 1.0 / 1.3

    for estimator, single in ((gr.ScoreFunction(), score), (gr.Pathwise(), path)):
        F = gr.expectation(_direct, lambda t: dist.Normal(0.7, t["sigma"]), estimator, ONE)
        _assert(replicates(F, {"sigma": 1.3}, 100_000)["sigma"], single, type(estimator).__name__)


# --- several variables, discrete and continuous


def _mixed(params):
    p = params["p"]
    return {
        "b": dist.Binomial(10, p),
        "c": dist.Bernoulli(p),
        "x": lambda b, c: dist.Normal(b, p * (1.0 - p)),
    }


@pytest.mark.parametrize(
    "estimator",
    [
        {"b": gr.Exact(), "c": gr.Exact(), "x": gr.Pathwise()},
        {"b": gr.Exact(), "c": gr.ScoreFunction(), "x": gr.ScoreFunction()},
        {"b": gr.ScoreFunction(gr.LeaveOneOut()), "c": gr.DisARM(), "x": gr.Pathwise()},
        {"b": gr.Exact(), "c": gr.MeasureValued(), "x": gr.MeasureValued()},
        {"b": gr.Exact(), "c": gr.ScoreFunction(gr.OptimalCoefficient()), "x": gr.Exact(4)},
        gr.Auto(),
    ],
    ids=str,
)
def test_discrete_and_continuous_variables_together(estimator):
    """StochasticAD's X(p) = a·c·N(b, a): E = 20p² + 190p³ − 210p⁴."""

    def f(values, params):
        p = params["p"]
        return p * (1.0 - p) * (2.0 * values["b"] + 3.0 * values["c"]) * values["x"]

    F = gr.expectation(f, _mixed, estimator, gr.Independent(8))
    p = 0.6
    exact = 40.0 * p + 570.0 * p**2 - 840.0 * p**3
    assert exact == pytest.approx(47.76)
    assert_mean(replicates(F, {"p": p}, 4_000)["p"], exact)


CHAIN = [gr.Pathwise(), gr.ScoreFunction(), gr.MeasureValued(), gr.Exact(6)]


@pytest.mark.parametrize(
    "estimators",
    [
        *((gr.ScoreFunction(), later) for later in CHAIN),
        (gr.MeasureValued(), gr.MeasureValued()),
        (gr.DisARM(), gr.ScoreFunction()),
    ],
    ids=str,
)
def test_every_pair_of_estimators_composes(estimators):
    """The score of an early variable multiplies the cost of a later one."""

    def distribution(params):
        return {
            "z": dist.Bernoulli(params["p"]),
            "x": lambda z: dist.Normal(params["mu"] + z * params["p"], 1.0 + params["p"]),
        }

    def exact(params):
        def second(z):
            return (params["mu"] + z * params["p"]) ** 2 + (1.0 + params["p"]) ** 2

        return params["mu"] * ((1.0 - params["p"]) * second(0.0) + params["p"] * second(1.0))

    params = {"p": 0.3, "mu": 0.5}
    F = gr.expectation(
        lambda v, t: v["x"] ** 2 * t["mu"], distribution, dict(zip("zx", estimators, strict=True)), ONE
    )
    found, truth = replicates(F, params, 100_000), jax.grad(exact)(params)
    for name in params:
        assert_mean(found[name], truth[name], name)


# --- bits


BITS = [
    ("score", gr.ScoreFunction(), 1),
    ("leave-one-out", gr.ScoreFunction(gr.LeaveOneOut()), 2),
    ("four", gr.ScoreFunction(gr.LeaveOneOut()), 4),
    ("ARM", gr.ARM(), 1),
    ("DisARM", gr.DisARM(), 1),
]


def _bits():
    """Gradients in the logit, of every estimator; compiled once."""
    keys = jax.random.split(jax.random.key(2), 100_000)

    @jax.jit
    def all_of(t, logit, mean):
        def gradients(estimator, num):
            F = gr.expectation(
                lambda b, p: (b - t) ** 2, lambda p: dist.Bernoulli(logits=p), estimator, gr.Independent(num)
            )
            return jax.vmap(lambda key: jax.grad(F)(logit, key))(keys)

        found = {name: gradients(estimator, num) for name, estimator, num in BITS}
        return found | {"mean": gradients(gr.ScoreFunction(gr.Constant(mean)), 1)}

    return all_of


def test_bernoulli_logit_table():
    gradients = _bits()
    for t, params in [(0.45, 0.5), (0.45, 0.3), (0.45, 0.9), (0.499, 0.5)]:
        _assert_bits(gradients, t, params)


def _assert_bits(gradients, t, params):
    f = np.array([t**2, (1.0 - t) ** 2])
    p = np.array([1.0 - params, params])
    slope = np.array([-params, 1.0 - params])
    exact = params * (1.0 - params) * (f[1] - f[0])
    mean = float(p @ f)
    samples = gradients(t, np.log(params / (1.0 - params)), mean)

    def row(found, values, weights, what):
        mean, variance, fourth = moments(np.asarray(values), np.asarray(weights))
        assert mean == pytest.approx(exact, abs=1e-12), what
        assert_mean(found, exact, what)
        assert_variance(found, variance, fourth, what)

    row(samples["score"], f * slope, p, "score")
    row(samples["mean"], (f - mean) * slope, p, "mean baseline")
    for name, num in (("leave-one-out", 2), ("four", 4)):
        values, weights = [], []
        for bits in itertools.product((0, 1), repeat=num):
            costs, slopes = f[list(bits)], slope[list(bits)]
            values.append(np.sum((costs - costs.mean()) * slopes) / (num - 1))
            weights.append(np.prod(p[list(bits)]))
        row(samples[name], values, weights, name)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    cuts = sorted({0.0, params, 1.0 - params, 1.0})
    u = np.concatenate([low + (high - low) * (nodes + 1.0) / 2.0 for low, high in itertools.pairwise(cuts)])
    w = np.concatenate([(high - low) * weights / 2.0 for low, high in itertools.pairwise(cuts)])
    up, down = (u < params).astype(int), (1.0 - u < params).astype(int)
    row(samples["ARM"], (f[down] - f[up]) * (u - 0.5), w, "ARM")
    largest = max(params, 1.0 - params)
    summed = 0.5 * (f[up] - f[down]) * np.where(up != down, 1.0 - 2.0 * down, 0.0) * largest
    row(samples["DisARM"], summed, w, "DisARM")


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [
        (gr.ARM(), "logits"),
        (gr.DisARM(), "probs"),
        (gr.MeasureValued(), "probs"),
        (gr.Exact(), "logits"),
        (gr.ScoreFunction(), "logits"),
    ],
    ids=str,
)
def test_bits_of_a_vector(estimator, kind):
    """All joint values by enumeration; the parameter is shared by a plate and by an event."""

    def f(b, params):
        return jnp.sum(b * jnp.array([1.0, -2.0, 0.5])) ** 2 * params["scale"]

    def distribution(params):
        parameter = params["a"] + jnp.array([0.0, 0.1, 0.2])
        return dist.Bernoulli(**{kind: parameter}).to_event(1)

    params = {"a": 0.3, "scale": 1.5}

    def exact(params):
        a = params["a"] + jnp.array([0.0, 0.1, 0.2])
        p = a if kind == "probs" else jax.nn.sigmoid(a)
        bits = jnp.array(list(itertools.product((0.0, 1.0), repeat=3)))
        weights = jnp.prod(jnp.where(bits == 1.0, p, 1.0 - p), axis=1)
        return jnp.sum(weights * jax.vmap(lambda b: f(b, params))(bits))

    found, truth = (
        replicates(gr.expectation(f, distribution, estimator, ONE), params, 100_000),
        jax.grad(exact)(params),
    )
    for name in params:
        assert_mean(found[name], truth[name], name)


# --- measure-valued derivatives of other families

WEAK = {
    "Poisson": (dist.Poisson, 2.3, jnp.cos),
    "Exponential": (dist.Exponential, 1.4, jnp.sin),
    "Gamma": (lambda t: dist.Gamma(2.5, t), 1.4, jnp.sin),
    "Weibull": (lambda t: dist.Weibull(t, 1.7), 1.2, jnp.sin),
    "Bernoulli": (dist.Bernoulli, 0.3, lambda x: jnp.sin(1.0 + x)),
    "Categorical": (
        lambda t: dist.Categorical(logits=jnp.array([0.0, t, 2 * t])),
        0.4,
        lambda x: jnp.sin(1.0 + x),
    ),
    "CategoricalProbs": (
        lambda t: dist.Categorical(probs=jnp.array([0.5 - t, t, 0.5])),
        0.2,
        lambda x: jnp.sin(1.0 + x),
    ),
}


def _by_sum(make, params, f):
    """E[f] by a sum over whole numbers or by Gauss-Legendre: as it depends on θ, through the density."""
    if make(params).is_discrete:
        points, weights = jnp.arange(2 if "Bernoulli" in type(make(params)).__name__ else 60), 1.0
        if "Categorical" in type(make(params)).__name__:
            points = jnp.arange(3)
    else:
        nodes, weights = np.polynomial.legendre.leggauss(600)
        points, weights = 20.0 * (nodes + 1.0), 20.0 * weights

    def value(params):
        return jnp.sum(weights * jnp.exp(make(params).log_prob(points)) * f(points))

    return jax.grad(value)(params)


UNCOUPLED = [(name, False) for name in ("Poisson", "Exponential", "Weibull", "CategoricalProbs")]


@pytest.mark.parametrize(("name", "coupled"), [*((name, True) for name in WEAK), *UNCOUPLED])
def test_measure_valued_derivatives_of_other_families(name, coupled):
    make, params, f = WEAK[name]
    F = gr.expectation(lambda x, t: f(x), lambda t: make(t["t"]), gr.MeasureValued(coupled), ONE)
    assert_mean(replicates(F, {"t": params}, 100_000)["t"], _by_sum(make, params, f), name)


def test_coupled_poisson_and_its_score_have_the_variances_of_the_sum():
    x = np.arange(80)
    p = np.exp(np.asarray(dist.Poisson(2.3).log_prob(x)))
    exact = {
        gr.MeasureValued(): np.cos(x + 1.0) - np.cos(x),
        gr.ScoreFunction(): np.cos(x) * (x / 2.3 - 1.0),
        gr.ScoreFunction(gr.Constant(float(p @ np.cos(x)))): (np.cos(x) - p @ np.cos(x)) * (x / 2.3 - 1.0),
    }
    for estimator, values in exact.items():
        F = gr.expectation(lambda x, t: jnp.cos(x), lambda t: dist.Poisson(t["r"]), estimator, ONE)
        mean, variance, fourth = moments(values, p)
        samples = replicates(F, {"r": 2.3}, 100_000)["r"]
        assert_mean(samples, mean, str(estimator))
        assert_variance(samples, variance, fourth, str(estimator))


def test_parameters_without_a_weak_derivative_are_refused():
    F = gr.expectation(lambda x, t: x, lambda t: dist.Gamma(t["a"], t["b"]), gr.MeasureValued(), ONE)
    key = jax.random.key(0)
    assert np.isfinite(jax.jit(jax.grad(lambda b: F({"a": 2.0, "b": b}, key)))(1.0))
    with pytest.raises(gr.InvalidGradientError, match="concentration"):
        jax.jit(jax.grad(lambda a: F({"a": a, "b": 1.0}, key)))(2.0)
    with pytest.raises(ValueError, match=r"MeasureValued for 'x': .*Cauchy"):
        gr.expectation(lambda x, t: x, dist.Cauchy, gr.MeasureValued())(1.0, key)


# --- sums and rules

RULES = {
    "Normal": (lambda t: dist.Normal(t["a"], t["b"]), lambda t: t["a"] ** 3 + 3 * t["a"] * t["b"] ** 2),
    "Uniform": (
        lambda t: dist.Uniform(t["a"], t["a"] + t["b"]),
        lambda t: ((t["a"] + t["b"]) ** 4 - t["a"] ** 4) / (4 * t["b"]),
    ),
    "Exponential": (lambda t: dist.Exponential(t["a"] / t["b"]), lambda t: 6.0 * (t["b"] / t["a"]) ** 3),
    "Laplace": (lambda t: dist.Laplace(t["a"], t["b"]), lambda t: t["a"] ** 3 + 6 * t["a"] * t["b"] ** 2),
    "Gamma": (
        lambda t: dist.Gamma(t["a"], t["b"]),
        lambda t: t["a"] * (t["a"] + 1) * (t["a"] + 2) / t["b"] ** 3,
    ),
    "Beta": (
        lambda t: dist.Beta(t["a"], t["b"]),
        lambda t: (
            t["a"]
            * (t["a"] + 1)
            * (t["a"] + 2)
            / ((t["a"] + t["b"]) * (t["a"] + t["b"] + 1) * (t["a"] + t["b"] + 2))
        ),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rules_of_gauss_are_exact_for_cubics_to_the_second_derivative(name):
    make, exact = RULES[name]
    F = gr.expectation(lambda x, t: x**3, make, gr.Exact(num_points=6))

    def all_of(function):
        return jax.jit(lambda t: (function(t), jax.grad(function)(t), jax.hessian(function)(t)))

    found, truth = all_of(F), all_of(exact)
    for params in ({"a": 2.0, "b": 1.5}, {"a": 0.5, "b": 0.5}, {"a": 1.0, "b": 1.0}):
        for one, other in zip(jax.tree.leaves(found(params)), jax.tree.leaves(truth(params)), strict=True):
            assert float(one) == pytest.approx(float(other), rel=1e-7, abs=1e-8), str(params)


def test_a_rule_of_a_vector_and_of_a_correlated_normal():
    def f(x, params):
        return x[0] ** 2 * x[1] + params["c"] * x[1] ** 2

    def correlated(params):
        return dist.MultivariateNormal(params["m"], scale_tril=jnp.array([[1.0, 0.0], [params["c"], 0.5]]))

    def exact(params):
        m, c = params["m"], params["c"]
        return (m[0] ** 2 + 1.0) * m[1] + 2.0 * m[0] * c + c * (m[1] ** 2 + c**2 + 0.25)

    params = {"m": jnp.array([0.3, -0.2]), "c": 0.4}
    found = jax.jit(jax.grad(gr.expectation(f, correlated, gr.Exact(4))))(params)
    truth = jax.grad(exact)(params)
    np.testing.assert_allclose(found["m"], truth["m"], atol=1e-10)
    assert float(found["c"]) == pytest.approx(float(truth["c"]))
    independent = gr.expectation(f, lambda t: dist.Normal(t["m"], 1.0).to_event(1), gr.Exact(4))
    gradient = jax.jit(jax.grad(independent))(params)
    assert float(gradient["m"][1]) == pytest.approx(0.3**2 + 1.0 + 2 * 0.4 * -0.2)


def test_too_many_values_are_refused():
    F = gr.expectation(lambda x, t: jnp.sum(x), lambda t: dist.Bernoulli(t * jnp.ones(20)), gr.Exact())
    with pytest.raises(ValueError, match=r"Exact for 'x': 1048576 joint values"):
        F(0.5)
    with pytest.raises(ValueError, match=r"Exact for 'x': Poisson has no finite support"):
        gr.expectation(lambda x, t: x, dist.Poisson, gr.Exact())(0.5)


# --- mixtures: the label is summed


def test_label_of_a_mixture():
    def f(x, params):
        return jnp.sin(x) + 0.1 * x**2

    def mixture(params):
        weights = jnp.stack([params["w"], 1.0 - params["w"]])
        locations = jnp.array([-1.0, 1.0]) * params["m"]
        return dist.MixtureSameFamily(dist.Categorical(probs=weights), dist.Normal(locations, 0.7))

    def value(params):
        def part(mean):
            return jnp.sin(mean) * jnp.exp(-0.49 / 2.0) + 0.1 * (mean**2 + 0.49)

        return params["w"] * part(-params["m"]) + (1.0 - params["w"]) * part(params["m"])

    params = {"w": 0.3, "m": 1.0}
    truth = jax.grad(value)(params)
    assert float(truth["w"]) == pytest.approx(-1.3172463, abs=1e-7)
    for estimator in (
        gr.ExactLabel(),
        gr.ExactLabel(gr.ScoreFunction()),
        gr.ExactLabel(gr.Exact()),
    ):
        found = replicates(gr.expectation(f, mixture, estimator, gr.Antithetic(2)), params, 100_000)
        for name in params:
            assert_mean(found[name], truth[name], f"{estimator} {name}")


def test_label_of_a_mixture_of_different_families_and_of_vectors():
    def general(params):
        label = dist.Categorical(logits=jnp.array([0.0, params["l"]]))
        return dist.MixtureGeneral(
            label,
            [dist.Normal(params["m"], 1.0), dist.Laplace(params["m"] + 1.0, 2.0)],
            support=dist.constraints.real,
        )

    def value(params):
        w = jax.nn.sigmoid(params["l"])
        return (1.0 - w) * (params["m"] ** 2 + 1.0) + w * ((params["m"] + 1.0) ** 2 + 8.0)

    params = {"l": 0.2, "m": 0.5}
    found = replicates(gr.expectation(lambda x, t: x**2, general, gr.ExactLabel(), ONE), params, 100_000)
    for name, truth in jax.grad(value)(params).items():
        assert_mean(found[name], truth, name)

    means = jnp.array([[0.0, 1.0], [2.0, 3.0]])
    for parts in (dist.Normal(means, 1.0).to_event(1), dist.MultivariateNormal(means, jnp.eye(2))):

        def vectors(params, parts=parts):
            return dist.MixtureSameFamily(dist.Categorical(logits=jnp.array([0.0, params["l"]])), parts)

        F = gr.expectation(lambda x, t: x[0] * x[1], vectors, gr.ExactLabel(), ONE)
        w = 1.0 / (1.0 + np.exp(-0.2))
        assert_mean(replicates(F, {"l": 0.2}, 50_000)["l"], w * (1.0 - w) * 6.0)


# --- second derivatives

HESSIAN = {
    "path": (gr.Pathwise(), ONE),
    "score": (gr.ScoreFunction(), ONE),
    "leave-one-out": (gr.ScoreFunction(gr.LeaveOneOut()), gr.Independent(4)),
    "optimal": (gr.ScoreFunction(gr.OptimalCoefficient()), gr.Independent(4)),
    "Taylor and path": (gr.Controlled(gr.Pathwise(), gr.Taylor()), ONE),
    "landing": (gr.StickTheLanding(), ONE),
}


@pytest.mark.parametrize("name", HESSIAN)
def test_hessian(name):
    estimator, draws = HESSIAN[name]
    assert estimator.order == float("inf")

    def f(x, params):
        return jnp.sin(x) * params["s"] + 0.1 * x**3 * params["m"]

    def value(params):
        m, s = params["m"], params["s"]
        return jnp.sin(m) * jnp.exp(-(s**2) / 2.0) * s + 0.1 * m * (m**3 + 3.0 * m * s**2)

    params = {"m": 0.4, "s": 0.8}
    F = gr.expectation(f, lambda t: dist.Normal(t["m"], t["s"]), estimator, draws)
    keys = jax.random.split(jax.random.key(3), 100_000)
    found = jax.jit(jax.vmap(lambda key: jax.hessian(F)(params, key)))(keys)
    truth = jax.hessian(value)(params)
    for a, b in itertools.product(params, params):
        assert_mean(found[a][b], truth[a][b], f"{a} {b}")


def test_hessian_of_discrete_and_continuous_variables():
    def distribution(params):
        return {"z": dist.Bernoulli(params["p"]), "x": lambda z: dist.Normal(params["m"] + z, 1.0)}

    def value(params):
        m, p = params["m"], params["p"]
        return m * ((1.0 - p) * (m**2 + 1.0) + p * ((m + 1.0) ** 2 + 1.0))

    params = {"m": 0.4, "p": 0.3}
    truth = jax.hessian(value)(params)
    estimators = [gr.Exact(), gr.ScoreFunction(), gr.ScoreFunction(gr.LeaveOneOut())]
    later = [gr.Pathwise(), gr.ScoreFunction(gr.LeaveOneOut()), gr.Pathwise()]
    for z, x in zip(estimators, later, strict=True):
        F = gr.expectation(
            lambda v, t: v["x"] ** 2 * t["m"], distribution, {"z": z, "x": x}, gr.Independent(3)
        )
        keys = jax.random.split(jax.random.key(4), 10_000)
        found = jax.jit(jax.vmap(lambda key, F=F: jax.hessian(F)(params, key)))(keys)
        for a, b in itertools.product(params, params):
            assert_mean(found[a][b], truth[a][b], f"{z} {x} {a} {b}")


@pytest.mark.parametrize(
    ("estimator", "transform"),
    [
        (gr.MeasureValued(), lambda g: g),
        (gr.MeasureValued(), jax.jit),
        (gr.ARM(), jax.jit),
        (gr.DisARM(), jax.jit),
    ],
    ids=["measure-valued", "measure-valued in jit", "ARM", "DisARM"],
)
def test_a_derivative_beyond_the_order_raises(estimator, transform):
    assert estimator.order == 1
    F = gr.expectation(
        lambda x, t: x * t["c"], lambda t: dist.Bernoulli(t["p"]), estimator, gr.Independent(4)
    )
    key, params = jax.random.key(0), {"p": 0.3, "c": 2.0}
    assert np.isfinite(transform(jax.grad(F))(params, key)["p"])
    with pytest.raises(gr.InvalidGradientError, match=f"{type(estimator).__name__} is right to first"):
        transform(jax.hessian(F))(params, key)
    constant = transform(jax.hessian(lambda c: F({"p": 0.3, "c": c}, key)))(2.0)
    assert constant == 0.0, "the parameters of the variable are constant: nothing is refused"


# --- Auto


def test_auto_says_what_it_took():
    def distribution(params):
        return {
            "bit": dist.Bernoulli(params),
            "bits": dist.Bernoulli(params * jnp.ones(30)),
            "count": dist.Poisson(params),
            "x": dist.Normal(params, 1.0),
            "mix": dist.MixtureSameFamily(
                dist.Categorical(probs=jnp.ones(2) / 2), dist.Normal(jnp.zeros(2), 1.0)
            ),
        }

    F = gr.expectation(lambda v, t: v["x"], distribution)
    chosen = F.chosen(0.3)
    assert isinstance(chosen["bit"], gr.Exact)
    assert chosen["bits"] == chosen["count"] == gr.ScoreFunction(gr.LeaveOneOut())
    assert chosen["x"] == gr.Pathwise()
    assert chosen["mix"] == gr.ExactLabel(gr.Pathwise())
    one = gr.expectation(lambda v, t: v["x"], distribution, draws=ONE).chosen(0.3)
    assert one["count"] == gr.ScoreFunction()


# --- bad input


def test_bad_input_is_named():
    key = jax.random.key(0)
    normal = lambda t: dist.Normal(t, 1.0)  # noqa: E731
    with pytest.raises(ValueError, match=r"one number for one draw, not an array of shape \(2,\)"):
        gr.expectation(lambda x, t: jnp.stack([x, x]), normal)(0.0, key)
    with pytest.raises(ValueError, match="x must be drawn"):
        gr.expectation(lambda x, t: x, normal)(0.0)
    two = lambda t: {"a": dist.Normal(t, 1.0), "b": dist.Normal(t, 1.0)}  # noqa: E731
    with pytest.raises(ValueError, match="no estimator for b"):
        gr.expectation(lambda v, t: v["a"], two, {"a": gr.Pathwise()})(0.0, key)
    everything = {"a": gr.Pathwise(), "b": gr.Pathwise(), "c": gr.Pathwise()}
    with pytest.raises(ValueError, match="estimators for c; the variables are a, b"):
        gr.expectation(lambda v, t: v["a"], two, everything)(0.0, key)
    with pytest.raises(TypeError, match="estimator of 'a' must be an estimator"):
        gr.expectation(lambda v, t: v["a"], two, {"a": "score", "b": gr.Pathwise()})(0.0, key)
    with pytest.raises(ValueError, match="scale"):
        gr.expectation(lambda x, t: x, lambda t: dist.Normal(0.0, t))(-1.0, key)


# --- relaxations


def _rebar(params, t, temperature):
    """The gradient in the logit of one draw, as a function of the uniform number."""

    def of(u):
        logit = np.log(params / (1.0 - params))
        bit = u > 1.0 - params
        v = np.where(bit, (u - (1.0 - params)) / params, u / (1.0 - params))
        slope = params * (1.0 - params) * np.where(bit, v - 1.0, -v) / (u * (1.0 - u))
        soft = 1.0 / (1.0 + np.exp(-(logit + np.log(u) - np.log1p(-u)) / temperature))
        relaxed = 2.0 * (soft - t) * soft * (1.0 - soft) / temperature
        score = np.where(bit, 1.0 - params, -params)
        cost = np.where(bit, (1.0 - t) ** 2, t**2) - (soft - t) ** 2
        return cost * score + relaxed - relaxed * (1.0 + slope)

    return of


def test_rebar_has_the_gradient_of_bits_and_the_variance_of_its_formula():
    keys = jax.random.split(jax.random.key(8), 100_000)

    @jax.jit
    def gradients(logit, temperature):
        F = gr.expectation(
            lambda b, p: (b - 0.45) ** 2, lambda p: dist.Bernoulli(logits=p), gr.REBAR(temperature), ONE
        )
        return jax.vmap(lambda key: jax.grad(F)(logit, key))(keys)

    nodes, weights = np.polynomial.legendre.leggauss(100)
    for params, temperature in ((0.5, 0.1), (0.5, 0.5), (0.5, 1.0), (0.3, 0.5)):
        cuts = np.concatenate([np.linspace(0.0, 1.0 - params, 50), np.linspace(1.0 - params, 1.0, 50)[1:]])
        u = (cuts[:-1, None] + np.diff(cuts)[:, None] * (nodes + 1.0) / 2.0).ravel()
        w = (np.diff(cuts)[:, None] * weights / 2.0).ravel()
        mean, variance, fourth = moments(_rebar(params, 0.45, temperature)(u), w)
        exact = params * (1.0 - params) * (0.55**2 - 0.45**2)
        assert mean == pytest.approx(exact, abs=1e-6)
        samples = np.asarray(gradients(np.log(params / (1.0 - params)), temperature))
        assert_mean(samples, exact, f"{params} {temperature}")
        assert_variance(samples, variance, fourth, f"{params} {temperature}")


@pytest.mark.parametrize(
    "estimator",
    [
        gr.REBAR(),
        gr.REBAR(0.3, scale=0.5),
        gr.RELAX(lambda z: jnp.sum(jnp.tanh(z) * jnp.array([1.0, -1.0]))),
    ],
    ids=["REBAR", "scaled", "RELAX"],
)
def test_relaxed_control_variates_do_not_bias_to_the_second_derivative(estimator):
    def f(b, params):
        return (b[0] - 2.0 * b[1] + params) ** 2

    def value(params):
        p = jax.nn.sigmoid(params * jnp.array([1.0, -0.5]))
        bits = jnp.array(list(itertools.product((0.0, 1.0), repeat=2)))
        return jnp.sum(
            jnp.prod(jnp.where(bits == 1.0, p, 1.0 - p), axis=1) * jax.vmap(f, (0, None))(bits, params)
        )

    F = gr.expectation(f, lambda t: dist.Bernoulli(logits=t * jnp.array([1.0, -0.5])), estimator, ONE)
    keys = jax.random.split(jax.random.key(9), 100_000)
    first, second = jax.jit(jax.vmap(lambda key: (jax.grad(F)(0.7, key), jax.hessian(F)(0.7, key))))(keys)
    assert_mean(first, jax.grad(value)(0.7))
    assert_mean(second, jax.hessian(value)(0.7))


def test_concrete_says_that_it_is_biased_and_is():
    for estimator in (gr.Concrete(1.0), gr.Concrete(1.0, is_hard=True)):
        assert estimator.is_biased
        F = gr.expectation(lambda b, t: (b - 0.45) ** 4, lambda t: dist.Bernoulli(logits=t), estimator, ONE)
        exact = 0.25 * (0.55**4 - 0.45**4)
        samples = replicates(F, 0.0, 20_000)
        with pytest.raises(AssertionError):
            assert_mean(samples, exact)
    labels = gr.expectation(
        lambda x, t: x @ jnp.array([1.0, 2.0, 3.0]),
        lambda t: dist.Categorical(logits=t * jnp.array([1.0, 2.0, 3.0])),
        gr.Concrete(0.5, is_hard=True),
        gr.Independent(20_000),
    )
    p = np.exp(0.3 * np.arange(1, 4)) / np.exp(0.3 * np.arange(1, 4)).sum()
    assert float(labels(0.3, jax.random.key(0))) == pytest.approx(float(p @ np.arange(1, 4)), abs=0.03)
    assert float(jax.grad(labels)(0.3, jax.random.key(0))) > 0.0
