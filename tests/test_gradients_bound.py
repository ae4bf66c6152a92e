"""The evidence lower bound of a conjugate toy: every estimator against exact moments."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")
dist = pytest.importorskip("numpyro.distributions")

import jax.numpy as jnp  # noqa: E402

from expectations import assert_mean, assert_variance, normal_moments, replicates  # noqa: E402
from jensen import gradients as gr  # noqa: E402

ONE = gr.Independent(1)
GUIDES = [(0.5, 1.2), (1.0, 1.0), (1.0, np.sqrt(0.5))]


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


def _log_joint(params, z):
    """z ~ N(0, 1), x | z ~ N(z, 1), x = 2."""
    return dist.Normal(0.0, 1.0).log_prob(z) + dist.Normal(z, 1.0).log_prob(2.0)


def _guide(params):
    return dist.Normal(params["m"], params["s"])


def _single(m, s):
    """Of one draw, as functions of the noise: log p − log q, its slope in z, the scores, ∂log q/∂z."""

    def parts(e):
        z = m + s * e
        log_joint = -0.5 * z**2 - 0.5 * (2.0 - z) ** 2 - np.log(2.0 * np.pi)
        log_guide = -0.5 * e**2 - np.log(s) - 0.5 * np.log(2.0 * np.pi)
        scores = {"m": e / s, "s": (e**2 - 1.0) / s}
        moves = {"m": np.ones_like(e), "s": e}
        return log_joint - log_guide, 2.0 - 2.0 * z, scores, moves, -e / s

    return parts


def _score(parts, name, baseline):
    """Without the direct term −∇ log q, whose mean is zero."""

    def of(e):
        cost, _, scores, _, _ = parts(e)
        return (cost - baseline) * scores[name]

    return of


def _path(parts, name):
    def of(e):
        _, slope, scores, moves, guide = parts(e)
        return (slope - guide) * moves[name] - scores[name]

    return of


def _landing(parts, name):
    def of(e):
        _, slope, _, moves, guide = parts(e)
        return (slope - guide) * moves[name]

    return of


def test_table_of_the_conjugate_toy():
    keys = jax.random.split(jax.random.key(0), 50_000)

    @jax.jit
    def gradients(params, baseline):
        def of(estimator):
            return jax.vmap(lambda key: jax.grad(gr.bound(_log_joint, _guide, estimator, ONE))(params, key))(
                keys
            )

        score = gr.ScoreFunction(gr.Constant(baseline))
        return {"path": of(gr.Pathwise()), "landing": of(gr.StickTheLanding()), "score": of(score)}

    for m, s in GUIDES:
        parts = _single(m, s)
        bound = normal_moments(lambda e, parts=parts: parts(e)[0])[0]
        for baseline in (0.0, bound):
            found = gradients({"m": m, "s": s}, baseline)
            for name, truth in (("m", 2.0 - 2.0 * m), ("s", 1.0 / s - 2.0 * s)):
                exact = {
                    "path": _path(parts, name),
                    "landing": _landing(parts, name),
                    "score": _score(parts, name, baseline),
                }
                for estimator, single in exact.items():
                    mean, variance, fourth = normal_moments(single)
                    assert mean == pytest.approx(truth, abs=1e-9)
                    assert_mean(found[estimator][name], mean, f"{estimator} {name} {m} {s}")
                    assert_variance(found[estimator][name], variance, fourth, f"{estimator} {name} {m} {s}")


def test_the_score_has_no_variance_at_the_posterior_either():
    F = gr.bound(_log_joint, _guide, gr.ScoreFunction(gr.LeaveOneOut()), gr.Independent(8))
    found = jax.jit(jax.grad(F))({"m": 1.0, "s": np.sqrt(0.5)}, jax.random.key(0))
    assert float(found["m"]) == pytest.approx(0.0, abs=1e-12)
    assert float(found["s"]) == pytest.approx(0.0, abs=1e-12)


def test_the_hessian_of_a_score_of_a_bound_keeps_what_its_direct_term_adds():
    F = gr.bound(_log_joint, _guide, gr.ScoreFunction(gr.LeaveOneOut()), gr.Independent(64))
    keys = jax.random.split(jax.random.key(4), 4000)
    params = {"m": 0.5, "s": 1.2}
    found = jax.jit(jax.vmap(lambda key: jax.hessian(F)(params, key)))(keys)
    assert_mean(found["m"]["m"], -2.0)
    assert_mean(found["s"]["s"], -1.0 / 1.2**2 - 2.0)


def test_the_value_is_the_bound():
    F = jax.jit(jax.value_and_grad(gr.bound(_log_joint, _guide, gr.Exact())))
    assert float(F({"m": 1.0, "s": np.sqrt(0.5)})[0]) == pytest.approx(-2.265512, abs=1e-6)
    value, slope = F({"m": 0.5, "s": 1.2})
    assert float(value) == pytest.approx(-2.926617, abs=1e-6)
    assert float(slope["s"]) == pytest.approx(1.0 / 1.2 - 2.4)


def test_landing_on_the_posterior_of_a_chain_has_no_variance():
    """z₁ ~ N(0, 1), z₂ | z₁ ~ N(z₁, 1), x | z₂ ~ N(z₂, 1): the parents' paths stay in, the parameters' go."""

    def log_joint(params, z):
        return (
            dist.Normal(0.0, 1.0).log_prob(z["a"])
            + dist.Normal(z["a"], 1.0).log_prob(z["b"])
            + dist.Normal(z["b"], 1.0).log_prob(2.0)
        )

    def guide(params):
        return {
            "a": dist.Normal(params["m"], params["s"]),
            "b": lambda a: dist.Normal(params["w"] * a + params["c"], params["t"]),
        }

    best = {"m": 2.0 / 3.0, "s": np.sqrt(2.0 / 3.0), "w": 0.5, "c": 1.0, "t": np.sqrt(0.5)}
    F = gr.bound(log_joint, guide, gr.StickTheLanding(), gr.Independent(16))
    value, gradient = jax.jit(jax.value_and_grad(F))(best, jax.random.key(0))
    assert float(value) == pytest.approx(float(dist.Normal(0.0, np.sqrt(3.0)).log_prob(2.0)))
    assert all(abs(float(each)) < 1e-12 for each in jax.tree.leaves(gradient))
    path = jax.jit(jax.grad(gr.bound(log_joint, guide, gr.Pathwise(), gr.Independent(16))))(
        best, jax.random.key(0)
    )
    assert any(abs(float(each)) > 1e-2 for each in jax.tree.leaves(path))

    off = {**best, "w": 0.2, "t": 1.0}
    exact = jax.jit(jax.grad(gr.bound(log_joint, guide, gr.Exact(8))))(off)
    for estimator in (gr.StickTheLanding(), gr.ScoreFunction(gr.LeaveOneOut())):
        found = replicates(gr.bound(log_joint, guide, estimator, gr.Independent(4)), off, 20_000)
        for name in off:
            assert_mean(found[name], exact[name], f"{estimator} {name}")


def test_a_discrete_guide_that_other_libraries_leave_at_zero():
    """A Bernoulli guide: the gradient of the bound is not that of its direct term."""

    def log_joint(params, z):
        return dist.Bernoulli(0.5).log_prob(z) + dist.Normal(3.0 * z, 1.0).log_prob(2.0)

    def value(logit):
        q = jax.nn.sigmoid(logit)
        log_q = jnp.array([jax.nn.log_sigmoid(-logit), jax.nn.log_sigmoid(logit)])
        joint = jnp.array([log_joint(None, 0), log_joint(None, 1)])
        return jnp.sum(jnp.array([1.0 - q, q]) * (joint - log_q))

    truth = jax.jit(jax.grad(value))(-1.0)
    for estimator in (gr.Exact(), gr.DisARM(), gr.ScoreFunction(gr.LeaveOneOut()), gr.MeasureValued()):
        F = gr.bound(log_joint, lambda t: dist.Bernoulli(logits=t), estimator, gr.Independent(2))
        assert_mean(replicates(F, -1.0, 20_000), truth, str(estimator))
