"""A path through an f that jumps is looked for, and warned of."""

import dataclasses
import warnings

import jax
import jax.numpy as jnp
import pytest
from numpyro import distributions as dist
from numpyro.distributions import Bernoulli, Normal, Uniform

from jensen import gradients as gr
from jensen.gradients.distributions.validity.warning import GradientWarning


def normal(params):
    return Normal(params["mu"], 1.0)


def gradient(f, **options):
    F = gr.expectation(f, normal, options.pop("estimator", gr.Pathwise()), gr.Independent(8), **options)
    return jax.grad(F)({"mu": 0.5}, jax.random.key(0))


JUMPING = {  # what f does is in the name, and not always in the words
    "compares": lambda x, params: jnp.where(x > 0, 1.0, 0.0),
    "compares, in jit": jax.jit(lambda x, params: (x > 1.0).astype(float)),
    "rounds": lambda x, params: jnp.floor(x) ** 2,
    "rounds to an integer": lambda x, params: x.astype(int) * 1.0,
    "compares, and tests": lambda x, params: jnp.where(jnp.isfinite(x) & (x > 0), 1.0, 0.0),
    "compares, after a test": lambda x, params: jnp.where(~jnp.isfinite(x), 0.0, jnp.where(x > 0, 1.0, 0.0)),
    "takes the sign": lambda x, params: jnp.sign(x) * (x + 1.0),
    "takes the sign by division": lambda x, params: x / jnp.abs(x),
    "takes the sign by a root": lambda x, params: x * jax.lax.rsqrt(x**2),
    "takes an angle": lambda x, params: jnp.arctan2(jnp.sin(x + 3.0), jnp.cos(x + 3.0)),
    "searches": lambda x, params: 1.0 * jnp.searchsorted(jnp.array([-9.0, 0.0, 9.0]), x),
    "digitizes": lambda x, params: 1.0 * jnp.digitize(x, jnp.array([0.0, 1.0])),
    "counts": lambda x, params: 1.0 * jnp.count_nonzero(jax.nn.relu(x)),
    "is equal after a maximum": lambda x, params: jnp.where(jnp.maximum(x, 0.0) == 0.0, 1.0, 0.0),
    "is cut off, and comes back": lambda x, params: jnp.exp(jnp.where(x > 0.0, -x, -jnp.inf)),
    "looks up": lambda x, params: jnp.array([1.0, 2.0, 5.0])[jnp.clip(x, 0, 2).astype(int)],
    "as often as": lambda x, params: jax.lax.while_loop(lambda s: s < x, lambda s: s + 0.5, 0.0),
    "takes a branch": lambda x, params: jax.lax.cond(x > 0.5, lambda: x, lambda: x + 1.0),
    "with a rule of its own": jax.custom_jvp(lambda x, params: jnp.round(x)),
    "stops the derivative": lambda x, params: jax.lax.stop_gradient(x) ** 2,
    "is no number": lambda x, params: jnp.where(jnp.isnan(jnp.log(x)), 0.0, 1.0),
    "is finite": lambda x, params: 1.0 * jnp.isfinite(jnp.sqrt(x - 1.0)),
    "is at least 0, or no number": lambda x, params: 1.0 * (jnp.sqrt(x) >= 0.0),
    "sorts what is no number": lambda x, params: jnp.where(
        jnp.sort(jnp.stack([jnp.sqrt(x), 9.0]))[0] > 8, 1, 0
    ),
    "differentiates otherwise": lambda x, params: steep(x),
    "differentiates otherwise, backwards": lambda x, params: steep_backwards(x),
    "compares, in a loop": lambda x, params: jax.lax.scan(lambda c, _: (c + (c > x), None), 0.0, None, 3)[0],
}
SMOOTH = [
    lambda x, params: jnp.where(jnp.isfinite(x) & jnp.isfinite(x**2), x, jnp.floor(x)),
    lambda x, params: x**2,
    lambda x, params: jax.nn.softplus(x) + jax.nn.logsumexp(jnp.stack([x, 1.0])),
    lambda x, params: jnp.maximum(x, 0.0) + jnp.abs(x) + jnp.clip(x, -1.0, 1.0),
    lambda x, params: Normal(params["mu"], 2.0).log_prob(x),
    lambda x, params: x * (jax.lax.stop_gradient(x) > 0),
    lambda x, params: jnp.where(params["mu"] > 0, x, -x),
    lambda x, params: jnp.where(x == 0.0, 1.0, jnp.sin(x) / x),
    lambda x, params: jnp.sign(x) * x,
    lambda x, params: jnp.where(jnp.abs(x) < 0.7, 0.5 * x**2, 0.7 * (jnp.abs(x) - 0.35)),  # Huber (1964)
    lambda x, params: jax.nn.elu(x) + jax.nn.gelu(x) + jax.nn.leaky_relu(x),
    lambda x, params: x / (1.0 + x**2) + jnp.tanh(x) / jnp.exp(x),
    lambda x, params: jax.scipy.special.ndtri(jax.nn.sigmoid(x)),
    lambda x, params: jnp.sort(jnp.stack([x, params["mu"], 2.0])) @ jnp.arange(3.0),
    lambda x, params: jnp.linalg.solve(jnp.eye(2) * (2.0 + x**2), jnp.stack([x, 1.0])).sum(),
    lambda x, params: jnp.where(x > params["mu"], (x - params["mu"]) ** 2, 0.0),
    lambda x, params: Bernoulli(logits=x * jnp.arange(3.0)).log_prob(jnp.array([1.0, 0.0, 1.0])).sum(),
    lambda x, params: (
        dist.Gamma(2.0, params["mu"]).log_prob(jnp.exp(x)) + dist.HalfCauchy(1.0).log_prob(x**2)
    ),
    lambda x, params: dist.MixtureSameFamily(
        dist.Categorical(jnp.array([0.3, 0.7])), Normal(jnp.array([0.0, params["mu"]]), 1.0)
    ).log_prob(x),
    lambda x, params: jnp.where(jnp.abs(jnp.clip(x, 0.25, 0.95)) < 0.36, jnp.clip(x, 0.25, 0.95), 0.36),
    lambda x, params: jnp.where(x > 0.0, jnp.sin(4.0 * x), 0.0),
    lambda x, params: gentle(x) + gentle_backwards(x * params["mu"]),
    lambda x, params: gentle_backwards(x) + jnp.where(x > 0.0, x, 0.0),
]


RARE = {  # jumps where few draws are
    "near an end": (lambda x: jnp.exp(jnp.where(x > 0.04, -x, -jnp.inf)), lambda t: dist.Beta(t + 2.0, 2.0)),
    "beside what is steep": (lambda x: jnp.sin(40.0 * x) + 0.1 * (x > 0.3), lambda t: Normal(t, 1.0)),
    "in a tail": (lambda x: jnp.where(x > 4.0, 99.0, 0.0), lambda t: Normal(t, 1.0)),
    "in a tail of what is positive": (
        lambda x: jnp.where(x > 6.0, 99.0, 0.0),
        lambda t: dist.Gamma(2.0, 1.0 + t),
    ),
}
steep, steep_backwards = jax.custom_jvp(jnp.sin), jax.custom_vjp(jnp.sin)
steep.defjvp(lambda at, moves: (jnp.sin(at[0]), 2.0 * jnp.cos(at[0]) * moves[0]))
steep_backwards.defvjp(lambda x: (jnp.sin(x), x), lambda x, slope: (2.0 * slope * jnp.cos(x),))
gentle, gentle_backwards = jax.custom_jvp(jnp.sin), jax.custom_vjp(jnp.sin)
gentle.defjvp(lambda at, moves: (jnp.sin(at[0]), jnp.cos(at[0]) * moves[0]))
gentle_backwards.defvjp(lambda x: (jnp.sin(x), x), lambda x, slope: (slope * jnp.cos(x),))
JUMPING["with a rule of its own"].defjvp(lambda at, moves: (jnp.round(at[0]), moves[0]))


@pytest.mark.parametrize("f", JUMPING.values(), ids=JUMPING)
def test_a_jump_is_seen(f):
    with pytest.warns(gr.GradientWarning, match="'x'.*ScoreFunction"):
        gradient(f)


@pytest.mark.parametrize("f", SMOOTH, ids=range(len(SMOOTH)))
def test_what_does_not_jump_is_left_in_peace(f):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradient(f)


@pytest.mark.parametrize(("f", "make"), RARE.values(), ids=RARE)
def test_a_jump_is_seen_where_few_draws_are(f, make):
    F = gr.expectation(lambda x, t: f(x), make, gr.Pathwise(), gr.Independent(8))
    with pytest.warns(gr.GradientWarning, match="'x'.*ScoreFunction"):
        jax.grad(F)(0.5, jax.random.key(0))


FAR = {  # where θ is, which is not known inside of jit
    "far": (lambda x, t: jnp.where(x > 103.0, 1.0, 0.0), lambda t: Normal(t, 2.0), 102.0),
    "far, to the left": (lambda x, t: jnp.where(x < -52.0, 1.0, 0.0), lambda t: Normal(t, 2.0), -50.0),
    "far, and positive": (lambda x, t: jnp.where(x > 80.0, 1.0, 0.0), lambda t: dist.Gamma(t, 1.0), 70.0),
    "of the other sign": (lambda x, t: jnp.where(t > 0.0, x, jnp.floor(x)), lambda t: Normal(t, 2.0), -1.0),
}


@pytest.mark.parametrize(("f", "make", "theta"), FAR.values(), ids=FAR)
def test_a_jump_is_seen_wherever_theta_is(f, make, theta):
    F = gr.expectation(f, make, gr.Pathwise(), gr.Independent(8))
    with pytest.warns(gr.GradientWarning, match="'x'"):
        jax.jit(jax.grad(F)).lower(theta, jax.random.key(0))


def test_a_rule_that_is_wrong_in_params_is_in_no_estimator():
    F = gr.expectation(
        lambda x, t: steep(x * t), lambda t: Normal(t, 1.0), gr.ScoreFunction(), gr.Independent(8)
    )
    with pytest.warns(gr.GradientWarning, match="no estimator is right"):
        jax.grad(F)(0.5, jax.random.key(0))


def test_a_derivative_that_is_stopped_does_not_hide_such_a_rule():
    def f(x, t):
        return steep(x * t) + jax.lax.stop_gradient(x)

    F = gr.expectation(f, lambda t: Normal(t, 1.0), gr.ScoreFunction(), gr.Independent(8))
    with pytest.warns(gr.GradientWarning, match="no estimator is right"):
        jax.grad(F)(0.5, jax.random.key(0))


DISCRETE = {
    "bits": (lambda t: Bernoulli(logits=t), (gr.Auto(), gr.Exact(), gr.ScoreFunction(), gr.MeasureValued())),
    "labels": (lambda t: dist.Categorical(logits=jnp.stack([t, 0.0, 0.3])), (gr.Auto(), gr.ScoreFunction())),
    "counts": (lambda t: dist.Poisson(jnp.exp(t)), (gr.Auto(), gr.ScoreFunction())),
}
straight = jax.custom_jvp(lambda s: jnp.floor(s + 0.5))
straight.defjvp(lambda at, moves: (straight(at[0]), moves[0]))
softplus = jax.custom_vjp(lambda s: jnp.logaddexp(s, 0.0))
softplus.defvjp(lambda s: (softplus(s), s), lambda s, out: (out * jax.nn.sigmoid(s),))


@pytest.mark.parametrize("kind", DISCRETE)
def test_what_is_discrete_and_in_a_rule_with_params_is_told(kind):
    make, estimators = DISCRETE[kind]
    for estimator in estimators:
        F = gr.expectation(lambda x, t: straight(x + 3.0 * t) * 1.0, make, estimator, gr.Independent(8))
        with pytest.warns(gr.GradientWarning, match="rule of its own for the derivative in 'x'.*in params"):
            jax.grad(F)(0.5, jax.random.key(0))


def test_where_it_is_discrete_no_other_rule_is_told():
    for f in (lambda x, t: softplus(x + t), lambda x, t: straight(1.0 * x) * t):
        F = gr.expectation(f, DISCRETE["bits"][0], gr.Auto(), gr.Independent(8))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            jax.grad(F)(0.5, jax.random.key(0))


STOPPED = {
    "a solve": lambda x, t: jnp.linalg.solve(jnp.array([[2.0, 0.3], [0.1, 1.5]]), jnp.stack([x, t])).sum(),
    "a sum": lambda x, t: jnp.sin(x + t),
    "a product in a branch": lambda x, t: jnp.where(x > 0.0, x * t, 0.0),
}


@pytest.mark.parametrize(
    "estimator", [gr.MeasureValued(), gr.ScoreFunction(), gr.Pathwise(), gr.Auto()], ids=str
)
@pytest.mark.parametrize("kind", STOPPED)
def test_what_is_stopped_of_a_variable_and_params_is_told(kind, estimator):
    F = gr.expectation(
        lambda x, t: jnp.sin(1.5 * jax.lax.stop_gradient(STOPPED[kind](x * 1.0, t))),
        lambda t: Normal(0.3, 1.0),
        estimator,
        gr.Independent(8),
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        jax.grad(F)(0.5, jax.random.key(0))
    assert any("no estimator" in str(each.message) for each in said)


def test_what_is_stopped_behind_a_label_is_told():
    F = gr.expectation(
        lambda x, t: jnp.where(x == 1, jnp.sin(jax.lax.stop_gradient(t * x)), 0.0),
        DISCRETE["bits"][0],
        gr.Exact(),
    )
    with pytest.warns(gr.GradientWarning, match="no estimator is right"):
        jax.grad(F)(0.5, jax.random.key(0))


@pytest.mark.parametrize("make", [lambda t: Normal(t, 1.0), DISCRETE["bits"][0]], ids=["numbers", "bits"])
def test_what_is_stopped_of_either_alone_or_rightly_is_not_told(make):
    stop = jax.lax.stop_gradient

    def by_the_largest(x, t):
        both = jnp.stack([x * 1.0, t])
        most = stop(jnp.max(both))
        return most + jnp.log(jnp.exp(both - most).sum())

    for f in (lambda x, t: stop(x * 1.0) * t, lambda x, t: stop(t) * x, by_the_largest):
        F = gr.expectation(f, make, gr.ScoreFunction(), gr.Independent(8))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            jax.grad(F)(0.5, jax.random.key(0))


def test_no_word_where_nothing_is_differentiated_through_or_the_user_vouches():
    jumping = JUMPING["compares"]
    gradient(jumping, estimator=gr.ScoreFunction())
    gradient(jumping, vouch=("x",))


def test_the_variable_is_named():
    def distribution(params):
        return {"z": Bernoulli(params["p"]), "x": lambda z: Normal(params["mu"] + z, 1.0)}

    F = gr.expectation(
        lambda v, params: jnp.where(v["z"] > 0, v["x"], 0.0) + jnp.round(v["x"]),
        distribution,
        {"z": gr.Exact(), "x": gr.Pathwise()},
    )
    with pytest.warns(gr.GradientWarning, match="f rounds 'x'"):
        F({"p": 0.3, "mu": 0.5}, jax.random.key(0))


def test_why_it_matters():
    """d/dμ P(x > 0) is the density at 0; the path says 0 without a word of its own."""
    params, key = {"mu": 0.5}, jax.random.key(1)
    truth = jnp.exp(-0.125) / jnp.sqrt(2 * jnp.pi)
    many = gr.Independent(100_000)
    with pytest.warns(gr.GradientWarning):
        path = jax.grad(gr.expectation(JUMPING["compares"], normal, gr.Pathwise(), many))(params, key)
    score = jax.grad(gr.expectation(JUMPING["compares"], normal, gr.ScoreFunction(), many))(params, key)
    assert path["mu"] == 0.0
    assert float(score["mu"]) == pytest.approx(float(truth), abs=0.01)


def test_auto_takes_the_score_where_f_jumps():
    def f(x, params):
        return jnp.where(x > 1.0, 1.0, 0.0)

    F = gr.expectation(f, dist.Exponential, draws=gr.Independent(100_000))
    assert F.chosen(2.0)["x"] == gr.ScoreFunction(gr.LeaveOneOut())
    with pytest.warns(gr.GradientWarning, match="Auto takes the score"):
        slope = jax.grad(F)(2.0, jax.random.key(0))
    assert float(slope) == pytest.approx(-float(jnp.exp(-2.0)), abs=0.01)
    vouched = gr.expectation(f, dist.Exponential, vouch="x")
    assert vouched.chosen(2.0)["x"] == gr.Pathwise()


def test_a_rule_of_gauss_does_not_see_a_jump_either():
    F = gr.expectation(lambda x, b: jnp.where(x > 1.0, 1.0, 0.0), lambda b: Uniform(0.0, b), gr.Exact())
    with pytest.warns(gr.GradientWarning, match="Exact gives a wrong gradient"):
        assert jax.grad(F)(2.0) == 0.0  # and 0.25 in truth


def test_a_jump_where_theta_is_compared_is_in_no_estimator():
    F = gr.expectation(
        lambda x, params: jnp.where(x > params["q"], 1.0, 0.0), normal, gr.ScoreFunction(gr.LeaveOneOut())
    )
    with pytest.warns(gr.GradientWarning, match="compares 'x' with something that depends on params"):
        slope = jax.grad(F)({"mu": 0.5, "q": 0.5}, jax.random.key(0))
    assert slope["q"] == 0.0  # and minus the density at 0 in truth


def test_the_warning_points_to_the_line_of_the_caller():
    with pytest.warns(gr.GradientWarning) as caught:
        gradient(JUMPING["compares"])
    assert {each.filename for each in caught} == {__file__}


def test_vouching_is_for_variables():
    for vouch in (("nope",), "mu"):
        with pytest.raises(ValueError, match=r"vouch names .*; the variables are x"):
            gradient(SMOOTH[0], vouch=vouch)
    with pytest.raises(TypeError, match="vouch must be names of variables"):
        gradient(SMOOTH[0], vouch=True)


def test_a_jump_in_the_distribution_of_a_child_is_seen():
    def distribution(params):
        return {"z": Normal(params["mu"], 1.0), "x": lambda z: Normal(jnp.where(z > 0.0, 1.0, -1.0), 1.0)}

    F = gr.expectation(lambda v, params: v["x"], distribution, gr.Pathwise(), gr.Independent(8))
    with pytest.warns(gr.GradientWarning, match="compares 'z'"):
        assert jax.grad(F)({"mu": 0.5}, jax.random.key(0))["mu"] == 0.0
    auto = gr.expectation(lambda v, params: v["x"], distribution, draws=gr.Independent(100_000))
    assert auto.chosen({"mu": 0.5}) == {"z": gr.ScoreFunction(gr.LeaveOneOut()), "x": gr.Pathwise()}
    with pytest.warns(gr.GradientWarning, match="Auto takes the score"):
        slope = jax.grad(auto)({"mu": 0.5}, jax.random.key(0))["mu"]
    truth = 2 * jnp.exp(-0.125) / jnp.sqrt(2 * jnp.pi)
    assert float(slope) == pytest.approx(float(truth), abs=0.02)


@pytest.mark.parametrize(
    ("make", "estimator"),
    [
        (lambda t: Normal(t, 1.0), gr.Controlled(gr.Pathwise(), gr.Taylor())),
        (
            lambda t: dist.MixtureSameFamily(
                dist.Categorical(jnp.array([0.5, 0.5])), Normal(jnp.array([0.0, 1.0]) + t, 1.0)
            ),
            gr.ExactLabel(),
        ),
        (Bernoulli, gr.REBAR()),
        (Bernoulli, gr.Concrete()),
    ],
    ids=["Controlled", "ExactLabel", "REBAR", "Concrete"],
)
def test_whatever_differentiates_f_warns_of_a_jump(make, estimator):
    F = gr.expectation(lambda x, t: jnp.where(x > 0.5, 1.0, 0.0), make, estimator, gr.Independent(4))
    with pytest.warns(gr.GradientWarning, match="compares 'x'"):
        F(0.3, jax.random.key(0))


def test_theta_may_be_decided_by():
    """Where f asks for the value of θ it is traced with the numbers."""

    def f(x, params):
        return jnp.floor(x) if params["mu"] > 0 else x

    with pytest.warns(gr.GradientWarning, match="rounds 'x'"):
        gradient(f)


def test_the_guide_of_a_bound_is_not_looked_at():
    F = gr.bound(
        lambda params, z: dist.Gamma(2.0, 1.0).log_prob(z), lambda t: dist.Gamma(t, 1.0), gr.Pathwise()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jax.grad(F)(2.0, jax.random.key(0))


def test_vouching_does_not_admit_what_is_known_to_be_wrong():
    for make, estimator, words in [
        (Bernoulli, gr.Pathwise(), "is discrete"),
        (lambda t: Uniform(0.0, t), gr.ScoreFunction(), "moves the support"),
    ]:
        F = gr.expectation(lambda x, t: x * 1.0, make, estimator, vouch="x")
        with pytest.raises(ValueError, match=words):
            jax.grad(F)(0.3, jax.random.key(0))


# ---- planes that are cut, and loops that may go on ---------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda x, p: jnp.log(-1.0 + 1j * (x - 0.2)).imag,
        lambda x, p: jnp.sqrt(-1.0 + 1j * (x - 0.2)).imag,
        lambda x, p: jnp.angle(jnp.exp(3j * x)),
        lambda x, p: jnp.real((-1.0 + 1j * (x - 0.2)) ** 0.5 * 1j),
        lambda x, p: jnp.arctanh(1.5 + 1j * (x - 0.2)).imag,
        lambda x, p: jax.lax.reduce_precision(x, 5, 2),
    ],
)
def test_branches_of_complex_functions_and_rounding_are_jumps(f):
    F = gr.expectation(f, lambda p: Normal(p, 1.0), gr.Pathwise(), 4)
    with pytest.warns(GradientWarning, match="'x'"):
        F(0.4, jax.random.key(0))
    assert isinstance(dataclasses.replace(F, estimator=gr.Auto()).chosen(0.4)["x"], gr.ScoreFunction)


@pytest.mark.parametrize(
    "f",
    [
        lambda x, p: jnp.abs(jnp.exp(1j * x) + 2.0),
        lambda x, p: jnp.real(jnp.exp(1j * x) / (3.0 + 1j * x)),
        lambda x, p: jnp.real(jnp.fft.fft(jnp.stack([x, x**2, jnp.sin(x)]))[1]),
    ],
)
def test_complex_functions_without_branches_are_none(f):
    F = gr.expectation(f, lambda p: Normal(p, 1.0), gr.Pathwise(), 4)
    assert F.jumps(0.4) == []


def test_what_may_never_end_is_not_looked_at():
    """Far out exp x underflows, and the loop does not end."""

    def f(x, p):
        def body(state):
            total, count = state
            return total + jnp.exp(0.3 * x), count + 1.0

        return jax.lax.while_loop(lambda state: state[0] < 1.0, body, (0.0 * x, 0.0 * x))[1]

    F = gr.expectation(f, lambda p: Normal(p, 1.0), gr.Auto(), 16)
    assert [jump.what for jump in F.jumps(0.4)] == ["goes on with a loop as long as is said by"]
    assert isinstance(F.chosen(0.4)["x"], gr.ScoreFunction)
    with pytest.warns(GradientWarning, match="goes on with a loop"):
        assert 1.0 <= F(0.4, jax.random.key(0)) < 5.0


@pytest.mark.parametrize(
    "later",
    [
        lambda v, x, p: jnp.where(v * jax.nn.relu(x - p) > 0.0, v, 0.0),
        lambda v, x, p: jnp.floor(v + p),
        lambda v, x, p: jnp.where(v > p, v, 0.3),
        lambda v, x, p: jnp.sign(jnp.sin(p * v)),
    ],
    ids=["select", "floor", "compare", "sign"],
)
@pytest.mark.parametrize(
    "first",
    [
        lambda x: jnp.where(x < -0.8, x, jnp.sin(x)),  # jumps by little
        lambda x: jnp.where(x < 0.0, x, 0.5 * x),  # does not jump, which is not known before one looks
    ],
    ids=["jump", "kink"],
)
def test_a_jump_that_moves_with_params_is_not_hidden_by_one_before(first, later):
    F = gr.expectation(
        lambda x, p: later(first(x) + 0.7, x, p), lambda p: Normal(0.1, 0.8), gr.ScoreFunction(), 4
    )
    with pytest.warns(GradientWarning, match="in no estimator"):
        F(-0.4, jax.random.key(0))
    assert any(jump.with_params for jump in F.jumps(-0.4))
