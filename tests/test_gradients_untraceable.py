"""f that JAX cannot trace: the line is named. Callbacks: the estimates that need no derivative of them."""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Normal

from jensen import gradients as gr


def numpy_sine(x, params):
    return 2.0 * np.sin(x)


def python_if(x, params):
    return 1.0 if x > 0 else 0.0


UNTRACEABLE = [
    (numpy_sine, r"`np\.sin\(x\)`: NumPy is given .*: write jnp\.sin\. "),
    (python_if, r"`x > 0`: Python decides by a value .*: write jnp\.where"),
    (lambda x, t: float(x) ** 2, r"`float\(x\)`: a value that has no number yet is made one of Python's"),
    (lambda x, t: math.cos(x), r"`math\.cos\(x\)`: .*: write jnp\.cos"),
    (lambda x, t: bool(x > 0) * x, r"`bool\(x > 0\)`: Python decides"),
    (lambda x, t: max(x, 0.0), r"`max\(x, 0\.0\)`: Python decides .* jnp\.maximum"),
    (lambda x, t: [1.0, 2.0][jnp.int32(x > 0)], r"Python counts or indexes .*: write jnp\.asarray\(values\)"),
]


@pytest.mark.parametrize(("f", "words"), UNTRACEABLE)
@pytest.mark.parametrize(
    "call",
    [
        lambda F: F(0.5, jax.random.key(0)),
        lambda F: jax.jit(jax.grad(F))(0.5, jax.random.key(0)),
        lambda F: gr.compare(F, 0.5, ["score"], key=0),
    ],
)
def test_the_line_of_f_that_cannot_be_traced_is_named(f, words, call):
    F = gr.expectation(f, lambda t: Normal(t, 1.0), draws=2)
    line = f.__code__.co_firstlineno + (f.__name__ != "<lambda>")
    with pytest.raises(TypeError, match=words) as caught:
        call(F)
    assert str(caught.value).startswith(f"{__file__}:{line}, `")
    assert "jax.pure_callback" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_distribution_that_cannot_be_traced_is_named_where_it_is():
    F = gr.expectation(lambda x, t: x, lambda t: Normal(np.exp(t), 1.0), gr.Pathwise(), 2)
    with pytest.raises(TypeError, match=r"`np\.exp\(t\)`: .* write jnp\.exp"):
        jax.jit(F)(0.5, jax.random.key(0))


def test_errors_of_the_user_are_left_alone():
    def f(x, t):
        raise ValueError("of the user")

    with pytest.raises(ValueError, match=r"^of the user"):
        gr.expectation(f, lambda t: Normal(t, 1.0))(0.5, jax.random.key(0))


def called(x, t, how="broadcast_all"):
    shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
    return jax.pure_callback(np.sin, shape, x, vmap_method=how)


CALLED = pytest.mark.filterwarnings("ignore:f calls pure_callback:jensen.gradients.GradientWarning")


@CALLED
@pytest.mark.parametrize("how", ["broadcast_all", "sequential"])
@pytest.mark.parametrize(
    "estimator", [gr.Auto(), gr.ScoreFunction(), gr.ScoreFunction(gr.LeaveOneOut()), gr.MeasureValued()]
)
def test_a_callback_has_every_estimate_that_needs_no_derivative_of_it(estimator, how):
    F = gr.expectation(partial(called, how=how), lambda t: Normal(t, 1.0), estimator, 8)
    exact = math.exp(-0.5) * math.cos(0.5)
    gr.check(F, 0.5, key=0, num_replicates=400, truth=exact)
    eager, compiled = (g(0.5, jax.random.key(1)) for g in (jax.grad(F), jax.jit(jax.grad(F))))
    assert float(eager) == pytest.approx(float(compiled), rel=1e-5)


def test_a_callback_under_auto_is_the_score_and_a_sum_is_exact():
    F = gr.expectation(called, lambda t: Normal(t, 1.0))
    with pytest.warns(gr.GradientWarning, match="calls pure_callback.* Auto takes the score"):
        F(0.5, jax.random.key(0))
    assert F.chosen(0.5) == {"x": gr.ScoreFunction(gr.LeaveOneOut())}
    exact = gr.expectation(lambda x, t: called(x * 1.0, t), Bernoulli, gr.Exact())
    for slope in (jax.grad(exact), jax.jit(jax.grad(exact))):
        assert float(slope(0.3)) == pytest.approx(math.sin(1.0), rel=1e-5)


@CALLED
@pytest.mark.parametrize("take", [jax.grad, lambda F: jax.jit(jax.grad(F))])
@pytest.mark.parametrize(
    ("f", "estimator"),
    [
        (called, gr.Pathwise()),
        (called, gr.Exact()),
        (lambda x, t: x * called(jnp.asarray(t), t), gr.ScoreFunction()),
    ],
)
def test_a_derivative_of_a_callback_is_refused(f, estimator, take):
    F = gr.expectation(f, lambda t: Normal(t, 1.0), estimator, 2)
    F(0.5, jax.random.key(0))
    with pytest.raises(gr.InvalidGradientError, match=r"`jax\.pure_callback\(.*a callback has no derivative"):
        take(F)(0.5, jax.random.key(0))


@CALLED
def test_a_callback_that_is_not_mapped_is_told_how():
    F = gr.expectation(partial(called, how=None), lambda t: Normal(t, 1.0), gr.ScoreFunction(), 2)
    with pytest.raises(ValueError, match="say how, vmap_method='sequential'"):
        F(0.5, jax.random.key(0))
    left = gr.compare(
        gr.expectation(called, lambda t: Normal(t, 1.0), draws=2), 0.5, ["path", "score"], key=0
    )
    assert list(left.samples) == ["score"]
    assert "a callback has no derivative" in repr(left)


def test_what_jax_has_no_derivative_of_is_told():
    F = gr.expectation(lambda x, p: jnp.nextafter(x, 9.0), lambda p: Normal(p, 1.0), gr.Pathwise(), 4, "x")
    with pytest.raises(gr.InvalidGradientError, match="nextafter has no derivative") as caught:
        jax.grad(F)(0.5, 0)
    assert __file__ in str(caught.value)
