"""The plan of an expectation is a value; what is asked twice is not looked for twice; old spellings."""

import jax
import jax.numpy as jnp
import pytest
from numpyro.distributions import Bernoulli, Gamma, Normal, Poisson

from jensen import gradients as gr
from jensen.gradients.program.jumps import traced_once
from jensen.gradients.program.record import Record, recorded

KEY = jax.random.key(0)


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function = function
        self.calls = 0

    def __call__(self, *args):
        self.calls += 1
        return self.function(*args)


def square(x, params):
    return x**2


def normal(params):
    return Normal(params["mu"], 1.0)


def joint(params, z):
    return Normal(0.0, 1.0).log_prob(z) + Normal(z, 1.0).log_prob(2.0)


# ---- a value -----------------------------------------------------------------------------------------------


def test_a_plan_says_what_the_expectation_says():
    F = gr.expectation(
        lambda v, t: jnp.where(v["x"] > 1, v["x"], 0.0) + v["z"],
        lambda t: {"z": Bernoulli(t["p"]), "x": lambda z: Gamma(t["a"] + z, 1.0)},
        {"z": gr.Exact(), "x": gr.Pathwise()},
        gr.Independent(5),
    )
    at = {"p": 0.3, "a": 2.0}
    plan = F.plan(at)
    assert plan.chosen == F.chosen(at) == {"z": gr.Exact(), "x": gr.Pathwise()}
    assert plan.order == F.order(at) == 1
    assert plan.evaluations == F.evaluations(at) == 5 * 2
    assert list(plan.jumps) == F.jumps(at)
    assert [jump.name for jump in plan.jumps] == ["x"]
    assert "compares 'x'" in plan.remarks[0]
    with pytest.raises(AttributeError):
        plan.jumps = ()


def test_a_plan_is_taken_along():
    f, distribution = Counted(square), Counted(normal)
    F = gr.expectation(f, distribution, gr.Pathwise(), gr.Independent(4))
    plan = F.plan({"mu": 0.5})
    f.calls = distribution.calls = 0
    value = F({"mu": 0.7}, KEY, plan=plan)
    assert (f.calls, distribution.calls) == (1, 1)
    assert value == F({"mu": 0.7}, KEY)


def test_a_plan_outlives_the_trace_that_it_was_made_in():
    F = gr.expectation(square, normal, gr.MeasureValued(), gr.Independent(4))
    found = []
    jax.eval_shape(lambda params: found.append(F.plan(params)), {"mu": 0.5})
    assert found[0].evaluations == F.evaluations({"mu": 0.5}) == 4 * 3
    assert F({"mu": 0.5}, KEY, plan=found[0]) == F({"mu": 0.5}, KEY)


def test_the_distribution_is_made_and_f_is_traced_a_few_times_only():
    """33 and 20 times once.

    Once of all: at its numbers, and f as a program; and for the quadrature. Of each
    estimator: its program, planned on the way.
    """
    f, distribution = Counted(square), Counted(normal)
    F = gr.expectation(f, distribution, draws=1)
    both = [gr.ScoreFunction(), gr.Pathwise()]
    gr.compare(F, {"mu": 0.5}, both, key=0, num_replicates=10)
    assert distribution.calls == 4
    assert f.calls == 4


# ---- old spellings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda F: F(theta={"mu": 0.5}, key=KEY),
        lambda F: F.chosen(theta={"mu": 0.5}),
        lambda F: gr.gradient_samples(F, theta={"mu": 0.5}, key=0, num_replicates=2),
    ],
)
def test_params_were_called_theta(call):
    F = gr.expectation(square, normal, gr.Pathwise(), 2)
    with pytest.warns(DeprecationWarning, match=r"theta=…\) is written .*params=…\) now") as caught:
        call(F)
    assert caught[0].filename == __file__
    with pytest.raises(TypeError, match="leave theta= out"):
        F(params={"mu": 0.5}, theta={"mu": 0.5})


def test_a_verdict_is_a_ruling_now():
    with pytest.warns(DeprecationWarning, match="is called Ruling now"):
        assert gr.Verdict is gr.Ruling
    with pytest.raises(AttributeError, match="Verdikt"):
        _ = gr.Verdikt


@pytest.mark.parametrize(
    "call",
    [
        lambda verb, at, **rest: verb(square, normal, at, **rest),
        lambda verb, at, **rest: verb(square, distribution=normal, params=at, **rest),
        lambda verb, at, **rest: verb(f=square, distribution=normal, params=at, **rest),
    ],
)
def test_an_expectation_was_given_by_its_parts(call):
    F, at = gr.expectation(square, normal, gr.Pathwise(), 2), {"mu": 0.5}
    parts = {"estimator": gr.Pathwise(), "draws": 2}
    with pytest.warns(
        DeprecationWarning, match=r"is written check\(gr.expectation\(f, distribution"
    ) as caught:
        call(gr.check, at, key=0, num_replicates=200, **parts)
    assert {each.filename for each in caught} == {__file__}
    with pytest.warns(DeprecationWarning, match="is written gradient_samples"):
        found = call(gr.gradient_samples, at, key=0, num_replicates=5, **parts)
    assert (found["mu"] == gr.gradient_samples(F, at, key=0, num_replicates=5)["mu"]).all()
    with pytest.warns(DeprecationWarning, match="is written compare"):
        table = call(gr.compare, at, estimators=[gr.Pathwise()], draws=2, key=0, num_replicates=5).table
    assert table["draws"] == 2
    with (
        pytest.warns(DeprecationWarning),
        pytest.raises(TypeError, match="the estimator must be an"),
    ):
        call(gr.check, at, key=0, estimator="path")


@pytest.mark.parametrize(
    "call",
    [
        lambda: gr.compare(square, {"mu": 0.5}, [gr.Pathwise()], key=0),
        lambda: gr.check(square, Normal(0.0, 1.0), {"mu": 0.5}, key=0),
        lambda: gr.gradient_samples(None, normal, {"mu": 0.5}, key=0),
        lambda: gr.gradient_samples(key=0),
    ],
)
def test_what_is_no_expectation_is_told_how_to_write_it(call):
    with pytest.raises(TypeError, match=r"takes an expectation, .*\(gr.expectation\(f, distribution, "):
        call()


def test_the_order_of_a_log_joint_of_old_is_known_by_its_names():
    def guide(params):
        return Normal(params["m"], params["s"])

    at = {"m": 0.3, "s": 0.7}
    now = gr.bound(joint, guide, gr.Exact())(at)
    for old in (
        lambda z, theta: joint(theta, z),
        lambda z, t: joint(t, z),
        lambda w, params: joint(params, w),
    ):
        with pytest.warns(DeprecationWarning, match=r"the order is log_joint\(params, z\) now") as caught:
            F = gr.bound(old, guide, gr.Exact())
        assert caught[0].filename == __file__
        assert F(at) == now
        assert F.log_joint(at, 0.1) == joint(at, 0.1)
    for new in (
        lambda theta, w: joint(None, w),
        lambda p, z: joint(None, z),
        lambda *both: joint(None, both[1]),
    ):
        assert gr.bound(new, guide, gr.Exact())(at) == now


@pytest.mark.parametrize("unclear", [lambda w, b: w, lambda x, z: z, lambda theta, params: theta])
def test_names_that_do_not_tell_the_order_are_refused(unclear):
    with pytest.raises(TypeError, match=r"which is which\? .*log_joint\(params, z\)"):
        gr.bound(unclear, normal)


# ---- expectations within f ---------------------------------------------------------------------------------


def test_the_plan_of_an_estimate_is_not_that_of_one_within_f():
    inner = gr.expectation(lambda y, p: y * p, lambda p: Normal(p, 1.0), gr.Pathwise(), 1)

    def f(x, p):
        return x["z"].astype(float) * inner(p, jax.random.key(1))

    F = gr.expectation(f, lambda p: {"z": Poisson(p)}, gr.ScoreFunction(), 3)
    with recorded(record := Record()):
        jax.eval_shape(jax.grad(F), 2.0, jax.random.key(0))
    assert record.plan.chosen == {"z": gr.ScoreFunction()}
    assert record.evaluations == 3
    with pytest.raises(gr.InvalidGradientError, match="single costs"):
        jax.grad(lambda p: F.costs(p, jax.random.key(0))[0, 0])(2.0)


def test_a_program_is_not_taken_for_that_of_another_function():
    """Functions that are gone leave their place to others."""
    smooth, jumping = "lambda x, p: x**2", "lambda x, p: jnp.floor(x)"
    with traced_once():
        for i in range(40):
            f, distribution = eval(jumping if i % 2 else smooth), eval("lambda p: Normal(p, 1.0)")
            F = gr.expectation(f, distribution, gr.ScoreFunction())
            assert bool(F.jumps(0.5)) == (i % 2 == 1)
            del f, distribution, F
