"""Densities by what a draw was made of: transforms whose range has lost it, chains, what is not its own."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from numpyro.distributions import transforms as t
from numpyro.distributions.util import matrix_to_tril_vec

from expectations import NORMAL_W, NORMAL_X
from jensen import gradients as gr
from jensen.gradients.distributions.steps import back, log_slope, one_by_one, there

KEY = jax.random.key(0)
SCORE = gr.ScoreFunction(gr.LeaveOneOut())


def softplus(x):
    return np.logaddexp(0.0, x)


# ---- transforms by themselves ------------------------------------------------------------------------------

STEPS = [
    (t.SigmoidTransform(), 0.7),
    (t.SoftplusTransform(), -2.0),
    (t.StickBreakingTransform(), [0.3, -1.2, 0.8]),
    (t.L1BallTransform(), [0.3, -1.2, 0.8]),
    (t.CorrCholeskyTransform(), [0.3, -1.2, 0.8, 0.1, -0.4, 0.9]),
    (t.LowerCholeskyAffine(jnp.ones(2), jnp.array([[1.5, 7.0], [0.5, 2.0]])), [0.3, -1.2]),
    (t.SigmoidTransform().inv, 0.7),
]


def _free(step, y):
    """Of a value the coordinates that the slope is told in."""
    if isinstance(step, t.CorrCholeskyTransform):
        return matrix_to_tril_vec(y, diagonal=-1)
    return y[..., :-1] if isinstance(step, t.StickBreakingTransform) else y


@pytest.mark.parametrize(("step", "x"), STEPS, ids=lambda value: type(value).__name__)
def test_a_transform_its_slope_and_the_way_back(step, x):
    with jax.enable_x64(True):
        x = jnp.asarray(x, float)
        y = there(step, x)
        slopes = jax.jacobian(lambda x: _free(step, there(step, x)))(x)
        slope = jnp.linalg.slogdet(slopes)[1] if slopes.ndim else jnp.log(jnp.abs(slopes))
        assert log_slope(step, x, y) == pytest.approx(float(slope), abs=1e-12)
        assert back(step, y) == pytest.approx(np.asarray(x), abs=1e-12)
        if not isinstance(step, t.LowerCholeskyAffine):  # theirs goes on above the triangle
            assert y == pytest.approx(np.asarray(step(x)), abs=1e-12)


def test_cuts_of_a_simplex_and_their_slope():
    """NumPyro's slope leaves out the anchor."""
    with jax.enable_x64(True):
        step, x = t.SimplexToOrderedTransform(0.3), jnp.array([0.2, 0.1, 0.4, 0.3])
        y = there(step, x)
        cuts = jax.jacobian(lambda x: there(step, jnp.append(x, 1.0 - x.sum())))(x[:-1])
        assert y == pytest.approx(np.asarray(step(x)))
        assert log_slope(step, x, y) == pytest.approx(float(jnp.linalg.slogdet(cuts)[1]))
        assert back(step, y) == pytest.approx(np.asarray(x))


@pytest.mark.parametrize(
    ("step", "x"),
    [
        (t.StickBreakingTransform(), [30.0, -40.0, 50.0]),
        (t.CorrCholeskyTransform(), [30.0, -20.0, 9.0]),
        (t.SigmoidTransform(), [-300.0, -30.0, 5.0]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_way_back_from_far_out(step, x):
    """1 − y is told by what is left, and not by y."""
    with jax.enable_x64(True):
        x = jnp.array(x)
        assert back(step, there(step, x)) == pytest.approx(np.asarray(x), rel=1e-9)


@pytest.mark.parametrize(
    ("step", "x"),
    [(t.SigmoidTransform(), [40.0, -800.0]), (t.L1BallTransform(), [30.0, 1.0])],
    ids=lambda value: type(value).__name__,
)
def test_what_is_lost_is_no_number(step, x):
    with jax.enable_x64(True):
        assert not np.isfinite(back(step, there(step, jnp.array(x)))).any()


def test_transforms_are_taken_apart():
    inner = t.ComposeTransform([t.SigmoidTransform(), t.AffineTransform(1.0, 2.0)])
    found = one_by_one([t.IndependentTransform(inner, 1), inner.inv])
    assert [type(step).__name__ for step in found] == ["IndependentTransform"] * 2 + ["_InverseTransform"] * 2
    with jax.enable_x64(True):
        x = jnp.array([0.2, 0.3])
        y = x
        for step in found:
            y = there(step, y)
        assert y == pytest.approx(np.asarray(x))


# ---- bounds ------------------------------------------------------------------------------------------------


def entropy_of(log_slope_of, m, s):
    """Of what a normal number becomes: its own, plus the mean logarithm of the slope."""
    normal = 0.5 * np.log(2.0 * np.pi * np.e) + np.log(s)
    return normal + np.sum(NORMAL_W * log_slope_of(m + s * NORMAL_X))


def slope_in(function, at, name, h=1e-4):
    return (function(**{**at, name: at[name] + h}) - function(**{**at, name: at[name] - h})) / (2.0 * h)


CHAINS = {
    "sigmoid": ([t.SigmoidTransform()], lambda x: -softplus(x) - softplus(-x)),
    "interval": (
        [t.SigmoidTransform(), t.AffineTransform(-3.0, 10.0)],
        lambda x: np.log(10.0) - softplus(x) - softplus(-x),
    ),
    "composed": (
        [t.ComposeTransform([t.AffineTransform(1.0, 2.0), t.SigmoidTransform()])],
        lambda x: np.log(2.0) - softplus(1.0 + 2.0 * x) - softplus(-1.0 - 2.0 * x),
    ),
    "softplus": ([t.SoftplusTransform()], lambda x: -softplus(-x)),
    "exp": ([t.ExpTransform()], lambda x: x),
    "sigmoid of softplus": (
        [t.SoftplusTransform(), t.SigmoidTransform()],
        lambda x: -softplus(-x) - softplus(softplus(x)) - softplus(-softplus(x)),
    ),
}


@pytest.mark.parametrize("estimator", [gr.Pathwise(), SCORE, gr.StickTheLanding()], ids=str)
@pytest.mark.parametrize(("m", "s"), [(0.5, 1.0), (20.0, 3.0), (-12.0, 2.0)])
@pytest.mark.parametrize("name", CHAINS)
def test_the_entropy_of_a_guide_that_is_squashed(name, m, s, estimator):
    steps, slope = CHAINS[name]

    def guide(params):
        return dist.TransformedDistribution(dist.Normal(params["m"], params["s"]), steps)

    F = gr.bound(lambda params, z: 0.0, guide, estimator, 5000, vouch="x" if name == "composed" else ())
    at = {"m": m, "s": s}
    keys = jax.random.split(KEY, 20)
    values, slopes = jax.jit(jax.vmap(lambda key: jax.value_and_grad(F)(at, key)))(keys)
    for found, want in [
        (values, entropy_of(slope, m, s)),
        *((slopes[of], slope_in(lambda m, s: entropy_of(slope, m, s), at, of)) for of in at),
    ]:
        error = np.std(found) / np.sqrt(20)
        assert abs(np.mean(found) - want) < 5.0 * error + 1e-3 * (1.0 + abs(want)), (found, want)


VECTORS = {
    "sticks": (
        t.StickBreakingTransform,
        lambda x: np.sum(
            -softplus(x - np.log(3 - np.arange(3)))
            - softplus(np.log(3 - np.arange(3)) - x)
            - np.cumsum(softplus(x - np.log(3 - np.arange(3))), -1)
            + softplus(x - np.log(3 - np.arange(3))),
            axis=-1,
        ),
    ),
    "correlations": (
        t.CorrCholeskyTransform,
        lambda x: (
            np.sum(2.0 * np.log(2.0) - 2.0 * softplus(2.0 * x) + 2.0 * x, axis=-1)
            + np.log(2.0)
            - softplus(2.0 * x[..., 1])
            + x[..., 1]
        ),
    ),
}


@pytest.mark.parametrize("estimator", [gr.Pathwise(), SCORE, gr.StickTheLanding()], ids=str)
@pytest.mark.parametrize("m", [0.3, 8.0, -9.0])
@pytest.mark.parametrize("name", VECTORS)
def test_the_entropy_of_vectors_that_are_squashed(name, m, estimator):
    make, slope = VECTORS[name]

    def guide(params):
        base = dist.Normal(params["m"] * jnp.ones(3), 2.0).to_event(1)
        return dist.TransformedDistribution(base, make())

    def entropy(m):
        return 1.5 * np.log(2.0 * np.pi * np.e * 4.0) + np.mean(slope(m + noise))

    noise = 2.0 * np.random.default_rng(1).standard_normal((200_000, 3))
    F = gr.bound(lambda params, z: 0.0, guide, estimator, 5000)
    keys = jax.random.split(KEY, 20)
    values, slopes = jax.jit(jax.vmap(lambda key: jax.value_and_grad(F)({"m": m}, key)))(keys)
    for found, want in [(values, entropy(m)), (slopes["m"], slope_in(entropy, {"m": m}, "m"))]:
        assert abs(np.mean(found) - want) < 5.0 * np.std(found) / np.sqrt(20) + 0.03, (np.mean(found), want)


def test_a_transform_after_a_squashed_one_moves_with_the_parameters():
    """(log (1 + exp x))^p: the support stays, and the score in p is that of a value that stays."""
    with jax.enable_x64(True):

        def guide(params):
            steps = [t.SoftplusTransform(), t.PowerTransform(params["p"])]
            return dist.TransformedDistribution(dist.Normal(0.5, 1.0), steps)

        grads = {}
        for estimator in (gr.Pathwise(), SCORE, gr.StickTheLanding()):
            F = gr.bound(lambda params, z: -((z - 0.3) ** 2), guide, estimator, 20_000)
            each = jax.vmap(lambda key, F=F: jax.grad(F)({"p": 1.7}, key)["p"])(jax.random.split(KEY, 10))
            grads[str(estimator)] = np.mean(each), np.std(each) / np.sqrt(10)
        (path, _), *others = grads.values()
        assert all(abs(mean - path) < 5.0 * error + 1e-3 for mean, error in others), grads


def test_wrappers_and_nested_transforms():
    def guide(params):
        base = dist.Normal(params["m"], 3.0).expand([2, 1])
        inner = dist.TransformedDistribution(base, t.SigmoidTransform()).to_event(1)
        return inner.expand([4, 2]).to_event(2)

    F = gr.bound(lambda params, z: 0.0, guide, gr.Pathwise(), 4000)
    found = F({"m": 20.0}, KEY)
    want = 8.0 * entropy_of(lambda x: -softplus(x) - softplus(-x), 20.0, 3.0)
    assert found == pytest.approx(want, rel=5e-3)


def test_the_density_of_another_distribution_is_not_that_of_the_draw():
    """KL between two squashed normals: the transforms have other parameters."""

    def squashed(m, s):
        steps = [t.AffineTransform(m, s), t.SigmoidTransform()]
        return dist.TransformedDistribution(dist.Normal(0.0, 1.0), steps)

    prior = squashed(1.0, 2.0)
    for estimator in (gr.Pathwise(), SCORE, gr.StickTheLanding()):
        F = gr.bound(
            lambda params, z: gr.log_density(prior, z),
            lambda params: squashed(params["m"], params["s"]),
            estimator,
            20_000,
        )
        value, slope = jax.value_and_grad(F)({"m": 0.3, "s": 1.3}, KEY)
        kl = np.log(2.0 / 1.3) + (1.3**2 + 0.7**2) / 8.0 - 0.5
        assert value == pytest.approx(-kl, abs=0.02)
        assert slope["m"] == pytest.approx(0.7 / 4.0, abs=0.03)
        assert slope["s"] == pytest.approx(1.0 / 1.3 - 1.3 / 4.0, abs=0.03)


def test_a_squashed_value_that_the_user_has_is_told_or_not():
    """Of a value that is not drawn, only what it still tells is known."""
    normal = dist.Normal(0.0, 1.0, validate_args=False)
    squashed = dist.TransformedDistribution(normal, t.SigmoidTransform(), validate_args=False)
    assert np.isfinite(gr.log_density(squashed, 0.9999))
    assert np.isnan(gr.log_density(squashed, jnp.float32(1.0)))
