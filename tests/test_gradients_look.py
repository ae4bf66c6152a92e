"""Programs of f that passed for continuous and are not, kind by kind; and their neighbours that are.

Each was found by a reader of the rules; what is wrong of a path, x ~ Normal(m, 1), is known in closed form:
nearly all have a jump in x, whose part of the gradient a path has not.
"""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from jax import lax

from jensen import gradients as gr
from jensen.gradients.program.look.shown import is_continuous

KEY = jax.random.key(0)
by_gradient = jax.custom_gradient(lambda x: (x**2, lambda out: (out * 1.0,)))
by_jvps = jax.custom_jvp(lambda x: x**2)
by_jvps.defjvps(lambda move, out, x: move * 0.3)


def in_place(x):
    """A matrix [[2 + x, 1], [1, 1]], whose determinant is 1 + x."""
    return jnp.array([[2.0, 1.0], [1.0, 1.0]]) + x * jnp.array([[1.0, 0.0], [0.0, 0.0]])


def turning(x):
    """Its square has −x (x + 1) in the corner."""
    return (x + 1.0) * jnp.array([[0.0, 1.0], [0.0, 0.0]]) - x * jnp.array([[0.0, 0.0], [1.0, 0.0]])


def step(x):
    return jnp.where(x > 0.0, 1.0, 0.0)


def beside_zero(x):
    return jnp.concatenate([x[None], jnp.zeros(1)])


JUMPING = {
    "solve": lambda x, p: jnp.tanh(jnp.linalg.solve(x.reshape(1, 1), jnp.ones(1))[0]),
    "inverse": lambda x, p: jnp.arctan(jnp.linalg.inv(in_place(x))[0, 0]),
    "triangle": lambda x, p: jnp.tanh(jax.scipy.linalg.solve_triangular(x.reshape(1, 1), jnp.ones(1))[0]),
    "square of a matrix": lambda x, p: jnp.where((turning(x) @ turning(x))[0, 0] < 0.0, 1.0, 0.0),
    "outer product": lambda x, p: (lambda v: jnp.where(jnp.einsum("i,j->ij", v, v)[0, 1] >= 0.0, 1.0, 0.0))(
        jnp.stack([x, 1.0 + 0.0 * x])
    ),
    "1 over infinity": lambda x, p: 1.0 / jnp.where(x > 0.0, 1.0 + x**2, jnp.inf),
    "one infinite case of three": lambda x, p: jnp.arctan(
        jnp.select([x < 0.0, x < 1.0], [jnp.inf, 1.0], 0.0)
    ),
    "entries that stay": lambda x, p: (lambda v: jnp.where(v == 0.0, step(x), v).sum())(
        x * jnp.array([0.0, 1.0])
    ),
    "an entry beside": lambda x, p: jnp.where(beside_zero(x) == 0.0, step(x), x).sum(),
    "as a condition": lambda x, p: jnp.where(beside_zero(x).astype(bool), x, step(x)).sum(),
    "a triangle of zeros": lambda x, p: jnp.where(jnp.tril(x * jnp.ones((2, 2))) == 0.0, step(x), 0.0).sum(),
    "x less itself": lambda x, p: jnp.where(x - x == 0.0, step(x), x),
    "an overflow": lambda x, p: jnp.where(jnp.isfinite(jnp.exp(1000.0 * x)), 1.0, 0.0),
    "an infinity": lambda x, p: jnp.where(jnp.isinf(jnp.exp(300.0 * x)), 0.0, x),
    "log of nothing": lambda x, p: jnp.where(jnp.isfinite(jnp.log(jnp.maximum(x, 0.0))), 1.0, 0.0),
    "ends of a clamp": lambda x, p: jnp.where(lax.clamp(x, 0.5 + 0.0 * x, 10.0 + 0.0 * x) > 2.0, 1.0, 0.0),
    "custom_gradient": lambda x, p: by_gradient(x),
    "defjvps": lambda x, p: by_jvps(x),
    "stopped, and θ decides": lambda x, p: lax.stop_gradient(x) ** 2 + 0.0 * x if p["m"] > -1.0 else x,
    "far out": lambda x, p: x + jnp.where(x > 50.0, 1.0, 0.0),
    "beside a large number": lambda x, p: 1e5 + step(x),
    "on a slope": lambda x, p: (x - 300.0) ** 2 + step(x),
    "log of a square": lambda x, p: jnp.log(x**2),
    "log of an absolute value": lambda x, p: jnp.log(jnp.abs(x)),
    "order of complex numbers": lambda x, p: jnp.sort(jnp.stack([x + 1j, 0.0 * x + 2j])).imag[0],
    "few bits": lambda x, p: jnp.sin(4.0 * x.astype(jnp.float8_e5m2).astype(jnp.float32)),
    "outside of a domain": lambda x, p: jnp.where(jax.scipy.special.gammainc(2.0, x) >= 0.0, 1.0, 0.0),
}
SMOOTH = {
    "softmax": lambda x, p: jax.nn.softmax(jnp.stack([x, p["m"], 1.0]))[0],
    "logsumexp": lambda x, p: jax.nn.logsumexp(jnp.stack([x, p["m"], 1.0])),
    "relu": lambda x, p: jax.nn.relu(x - p["m"]) ** 2,
    "solve": lambda x, p: jnp.linalg.solve(jnp.eye(2) * (2.0 + jnp.sin(x)), jnp.ones(2)).sum(),
    "a covariance": lambda x, p: dist.MultivariateNormal(
        jnp.zeros(2), jnp.eye(2) * (1.5 + jnp.sin(x))
    ).log_prob(jnp.stack([x, x])),
    "a safe quotient": lambda x, p: jnp.where(x == 0.0, 1.0, jnp.sin(x) / jnp.where(x == 0.0, 1.0, x)),
    "finite": lambda x, p: jnp.where(jnp.isfinite(x), x, 0.0) ** 2,
    "gammaln": lambda x, p: jax.scipy.special.gammaln(jnp.exp(x)),
    "log of both": lambda x, p: jnp.log(jax.nn.sigmoid(x)) + jnp.log(1.0 - jax.nn.sigmoid(x)),
    "beside a large number": lambda x, p: 1e5 + jnp.where(x > 0.0, x, 0.0),
}


def said_of(f, distribution=lambda p: dist.Normal(p["m"], 1.0), params=None, estimator=None, run=lambda f: f):
    F = gr.expectation(f, distribution, estimator or gr.Pathwise(), 16)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run(jax.grad(F))(params or {"m": 0.4}, KEY)
    return [str(each.message) for each in said if issubclass(each.category, gr.GradientWarning)]


@pytest.mark.parametrize("name", JUMPING)
def test_what_jumps_or_is_lost_is_told(name):
    assert said_of(JUMPING[name])


@pytest.mark.parametrize("name", SMOOTH)
def test_of_what_is_right_nothing_is_told(name):
    assert not said_of(SMOOTH[name])


@pytest.mark.parametrize("name", ["far out", "beside a large number"])
def test_inside_of_jit_too(name):
    def anew(x, p):  # of which nothing was seen outside
        return JUMPING[name](x, p)

    assert said_of(anew, run=jax.jit)


def test_a_jump_between_two_points_with_a_kink():
    """On a line in steps of 9 both are in one: what the kink does to a slope must not hide the jump."""

    def f(x):
        far = x + 32.0
        return jnp.where(far > 0.76, far - 0.76, 2.0 * (far - 0.76))[None] - 0.5 * (far >= 0.0)

    def whole(x):
        return f(x) + 0.5 * (x + 32.0 >= 0.0)

    with jax.enable_x64(True):
        line = jnp.array([-566.512674]), jnp.array([567.920689]), np.array([True])
        assert is_continuous(f, *line) is False
        assert is_continuous(whole, *line) is True


def test_whole_numbers_in_params_are_not_forgotten():
    """A jump of the height k: what was seen of k = 0 does not hold for 1."""

    def f(x, p):
        return jnp.where(x > 0.0, 1.0 * p["k"], 0.0)

    F = gr.expectation(f, lambda p: dist.Normal(p["m"], 1.0), gr.Pathwise(), 16)
    for k, is_told in ((0, False), (1, True)):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            jax.grad(lambda m, k=k: F({"m": m, "k": k}, KEY))(0.4)
        assert bool(said) == is_told


def test_a_support_that_has_grown_is_looked_at_again():
    F = gr.expectation(
        lambda x, p: jnp.where(jnp.sin(jnp.pi * x / 20.0) >= 0.0, 1.0, 0.0),
        lambda p: dist.Uniform(0.0, p["high"]),
        gr.Pathwise(),
        16,
    )
    jax.grad(F)({"high": 1.0}, KEY)
    with pytest.warns(gr.GradientWarning, match="compares"):
        jax.grad(F)({"high": 30.0}, KEY)


@pytest.mark.parametrize("probability", [0.01, 0.001])
def test_a_jump_behind_a_rare_value(probability):
    def f(v, p):
        return jnp.where(v["z"] == 1, 100.0 * (v["x"] > 0.0), 0.0)

    def both(p):
        return {"z": dist.Bernoulli(probability), "x": dist.Normal(p["m"], 1.0)}

    assert said_of(f, both, estimator={"z": gr.Exact(), "x": gr.Pathwise()})


@pytest.mark.parametrize("least", [-1.5, 1.5])
def test_a_jump_where_another_variable_is_seldom(least):
    def f(v, p):
        there = v["y"] > least if least > 0.0 else v["y"] < least
        return jnp.where(v["x"] > 0.5, 30.0 * there, 0.0)

    def both(p):
        return {"x": dist.Normal(p["m"], 1.0), "y": dist.Normal(0.0, 1.0)}

    assert said_of(f, both, estimator={"x": gr.Pathwise(), "y": gr.ScoreFunction()})


@pytest.mark.parametrize("counts", [dist.Poisson(1.0), dist.Geometric(0.4)], ids=["Poisson", "Geometric"])
def test_a_count_may_be_nothing(counts):
    """sign(n) is 0 with a probability, and f jumps in x then; draws of Geometric are real numbers."""

    def f(v, p):
        return jnp.where(jnp.sign(v["n"] * 1.0) > 0.0, v["x"], step(v["x"]))

    def both(p):
        return {"n": counts, "x": dist.Normal(p["m"], 1.0)}

    assert said_of(f, both, estimator={"n": gr.ScoreFunction(), "x": gr.Pathwise()})


def test_a_count_that_is_compared_with_params_needs_no_word():
    """f jumps in θ at single values only; draws of Geometric are real numbers."""
    assert not said_of(
        lambda n, p: 1.0 * (n > p["s"]),
        lambda p: dist.Geometric(p["m"]),
        params={"m": 0.4, "s": 1.5},
        estimator=gr.ScoreFunction(),
    )


def test_one_argument_is_too_few():
    with pytest.raises(TypeError, match=r"f\(x, params\), with both"):
        gr.expectation(lambda x: x**2, lambda p: dist.Normal(p, 1.0))
    gr.expectation(lambda *both: both[0] ** 2, lambda p: dist.Normal(p, 1.0))


def test_a_plan_is_readable():
    F = gr.expectation(JUMPING["far out"], lambda p: dist.Normal(p["m"], 1.0), gr.Pathwise(), 16)
    lines = repr(F.plan({"m": 0.4})).splitlines()
    assert lines[:2] == ["Plan: 16 draws", "  x: Pathwise()"]
    assert lines[2].startswith("  f compares 'x'")


def test_arguments_that_are_exchanged():
    with pytest.raises(TypeError, match=r"f\(x, params\)"):
        gr.expectation(lambda params, x: x * params, lambda p: dist.Normal(p, 1.0))


# ---- distributions -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [gr.Auto(), gr.Exact()], ids=str)
@pytest.mark.parametrize("mask", [False, True])
def test_a_mask_leaves_nothing_out_of_the_draws(mask, estimator):
    F = gr.expectation(lambda x, p: 1.0 * x, lambda p: dist.Bernoulli(p).mask(mask), estimator, 4000)
    value, slope = jax.value_and_grad(F)(0.4, KEY)
    assert value == pytest.approx(0.4, abs=1e-5)
    assert slope == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("alpha", [-1.0, -1.001, -0.9999, -1.0 + 1e-9, -1.0 - 1e-14, -1.1, 5.0, -30.0])
@pytest.mark.parametrize("double", [True, False])
def test_a_power_law_near_the_exponent_of_a_logarithm(alpha, double):
    """∂E x/∂α = Cov(x, log x), by 200 000 points."""
    at = np.linspace(0.0, np.log(3.0), 200_001)
    weight = np.exp((alpha + 1.0) * (at - at[-1]))
    weight /= weight.sum()
    x = np.exp(at)
    truth = (weight * x * at).sum() - (weight * x).sum() * (weight * at).sum()
    for estimator in (gr.Pathwise(), gr.ScoreFunction(gr.LeaveOneOut())):
        with jax.enable_x64(double):
            F = gr.expectation(
                lambda x, p: x, lambda p: dist.DoublyTruncatedPowerLaw(p, 1.0, 3.0), estimator, 20_000
            )
            assert jax.jit(jax.grad(F))(alpha, KEY) == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.02), (2.0, 0.05), (5.0, 0.05)])
def test_draws_that_round_to_1_have_a_score_of_mean_nothing(a, b):
    F = gr.expectation(
        lambda x, p: 1.0 + 0.0 * x,
        lambda p: dist.Kumaraswamy(p["a"], p["b"]),
        gr.ScoreFunction(),
        2000,
        vouch="x",
    )
    keys = jax.random.split(KEY, 200)
    found = jax.jit(jax.vmap(jax.grad(F), (None, 0)))({"a": jnp.float32(a), "b": jnp.float32(b)}, keys)
    for each in found.values():
        assert abs(each.mean()) < 4.0 * each.std() / np.sqrt(200)
