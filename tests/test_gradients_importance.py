"""Importance-weighted bounds against quadrature over all particles; single costs are guarded."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from numpy.polynomial.hermite_e import hermegauss

from expectations import replicates
from jensen import gradients as gr

KEY = jax.random.key(0)
AT = {"m": 0.1, "s": 0.9, "loc": 0.2}
K = 3


@pytest.fixture(autouse=True)
def _in_double_precision():
    with jax.enable_x64(True):
        yield


def log_joint(params, z):
    return dist.Normal(params["loc"], 1.0).log_prob(z) + dist.Normal(z, 1.0).log_prob(1.2)


def guide(params):
    return dist.Normal(params["m"], params["s"])


def exact(m, s, loc):
    """E log mean of three weights: a product rule over their noise."""
    e, w = hermegauss(40)
    w = w / np.sqrt(2.0 * np.pi)
    z = m + s * e
    log_w = -0.5 * (z - loc) ** 2 - 0.5 * (1.2 - z) ** 2 - np.log(2.0 * np.pi)
    log_w += 0.5 * e**2 + np.log(s) + 0.5 * np.log(2.0 * np.pi)
    of = np.exp(log_w - log_w.max())
    total = of[:, None, None] + of[None, :, None] + of[None, None, :]
    weight = w[:, None, None] * w[None, :, None] * w[None, None, :]
    return np.sum(weight * np.log(total / K)) + log_w.max()


def slope(name, h=1e-4):
    return (exact(**{**AT, name: AT[name] + h}) - exact(**{**AT, name: AT[name] - h})) / (2.0 * h)


@pytest.mark.parametrize("draws", [gr.Independent(500), gr.Antithetic(500), gr.Sobol(64, 8)], ids=str)
@pytest.mark.parametrize("estimator", [gr.Pathwise(), gr.DReG()], ids=str)
def test_value_and_gradient(estimator, draws):
    F = gr.importance_bound(log_joint, guide, estimator, K, draws)
    values = jax.jit(jax.vmap(lambda key: F(AT, key)))(jax.random.split(KEY, 200))
    assert abs(values.mean() - exact(**AT)) < 5.0 * values.std() / np.sqrt(200)
    found = replicates(F, AT, 200)
    for name in AT:
        error = found[name].std() / np.sqrt(200)
        assert abs(found[name].mean() - slope(name)) < 5.0 * error, name


def test_the_signal_of_dreg_stays_with_many_particles():
    """Its variance in the guide is a tenth of the path's at 64 particles; in the model it is the same."""
    variance = {
        str(estimator): {
            name: each.var()
            for name, each in replicates(
                gr.importance_bound(log_joint, guide, estimator, 64, 4), AT, 400
            ).items()
        }
        for estimator in (gr.Pathwise(), gr.DReG())
    }
    for name in ("m", "s"):
        assert variance["DReG()"][name] < 0.1 * variance["Pathwise()"][name]
    assert variance["DReG()"]["loc"] == pytest.approx(variance["Pathwise()"]["loc"])


def test_one_particle_is_the_bound():
    one = gr.importance_bound(log_joint, guide, gr.Pathwise(), 1, gr.Independent(50_000))
    assert one(AT, KEY) == pytest.approx(float(gr.bound(log_joint, guide, gr.Exact())(AT)), abs=0.01)


def test_groups_weigh_their_own_particles():
    y = jnp.array([0.3, -1.0, 2.0])

    def rows(params, z):
        return dist.Normal(0.0, 1.0).log_prob(z) + dist.Normal(z, 1.0).log_prob(y)

    def of_rows(params):
        return dist.Normal(params["m"], 1.0).expand([3])

    grouped = gr.importance_bound(rows, of_rows, particles=4, draws=4000)
    each = sum(
        gr.importance_bound(
            lambda params, z, i=i: dist.Normal(0.0, 1.0).log_prob(z) + dist.Normal(z, 1.0).log_prob(y[i]),
            lambda params: dist.Normal(params["m"], 1.0),
            particles=4,
            draws=4000,
        )({"m": 0.2}, KEY)
        for i in range(3)
    )
    assert grouped({"m": 0.2}, KEY) == pytest.approx(float(each), abs=0.1)
    together = gr.importance_bound(lambda params, z: rows(params, z).sum(), of_rows, particles=4, draws=4000)
    assert together({"m": 0.2}, KEY) < grouped({"m": 0.2}, KEY) - 0.02
    slopes = [replicates(F, {"m": 0.2}, 50)["m"] for F in (grouped, _with(grouped, gr.Pathwise()))]
    errors = [each.std() / np.sqrt(50) for each in slopes]
    assert abs(slopes[0].mean() - slopes[1].mean()) < 5.0 * np.hypot(*errors)


def _with(F, estimator):
    from dataclasses import replace

    return replace(F, estimator=estimator)


def test_hidden_variables_that_depend_on_each_other_through_transforms_that_move():
    def joint(params, z):
        inner = dist.Normal(z["a"], 1.0).log_prob(z["b"])
        return dist.Normal(0.0, 1.0).log_prob(z["a"]) + inner + dist.Normal(z["b"], 1.0).log_prob(1.0)

    def chain(params):
        steps = [dist.transforms.AffineTransform(0.0, params["m"] + 1.0), dist.transforms.IdentityTransform()]
        return {
            "a": dist.Normal(params["m"], 1.0),
            "b": lambda a: dist.TransformedDistribution(dist.Normal(a * params["c"], 1.0), steps),
        }

    at = {"m": 0.3, "c": 0.5}
    path, doubly = (
        replicates(gr.importance_bound(joint, chain, estimator, 5, 1000), at, 100)
        for estimator in (gr.Pathwise(), gr.DReG())
    )
    for name in at:
        errors = path[name].std() / 10.0, doubly[name].std() / 10.0
        assert abs(path[name].mean() - doubly[name].mean()) < 5.0 * np.hypot(*errors), name


def test_compare_has_both_and_no_exact_gradient():
    F = gr.importance_bound(log_joint, guide, particles=8, draws=1)
    found = gr.compare(F, AT, [gr.Pathwise(), gr.DReG(), gr.ScoreFunction()], key=0, num_replicates=200)
    assert set(found.samples) == {"Pathwise()", "DReG()"}
    assert any("no mean over single draws" in remark for remark in found.remarks)
    assert found.row("DReG()", "m")["evaluations"] == 8
    with pytest.raises(ValueError, match="no exact gradient is known here"):
        gr.check(F, AT, key=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gr.importance_bound(log_joint, guide, particles=0), "particles must be a whole number"),
        (lambda: gr.importance_bound(log_joint, guide, particles=2.0), "particles must be a whole number"),
        (
            lambda: gr.importance_bound(log_joint, guide, gr.ScoreFunction())(AT, KEY),
            r"weighed against each other along paths: DReG\(\) or Pathwise\(\)",
        ),
        (
            lambda: gr.importance_bound(log_joint, lambda p: dist.Bernoulli(p["m"]))(AT, KEY),
            "is discrete",
        ),
        (
            lambda: gr.importance_bound(lambda params, z: jnp.zeros(2), guide)(AT, KEY),
            r"returns 2 groups, and 'x' has a density of shape \(\)",
        ),
        (
            lambda: gr.importance_bound(lambda params, z: jnp.zeros((2, 2)), guide)(AT, KEY),
            r"not one of shape \(2, 2\)",
        ),
    ],
)
def test_what_cannot_be_weighed_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# ---- single costs ------------------------------------------------------------------------------------------


def weighed(F):
    return lambda params, key, state=None: jax.nn.logsumexp(F.costs(params, key)) - jnp.log(K)


def test_costs_of_paths_are_differentiated_one_by_one():
    found = replicates(weighed(gr.bound(log_joint, guide, gr.Pathwise(), K)), AT, 4000)
    for name in AT:
        assert abs(found[name].mean() - slope(name)) < 5.0 * found[name].std() / np.sqrt(4000), name


@pytest.mark.parametrize(
    "estimator", [gr.StickTheLanding(), gr.ScoreFunction(), gr.ScoreFunction(gr.LeaveOneOut())], ids=str
)
def test_other_costs_are_not(estimator):
    F = gr.bound(log_joint, guide, estimator, K)
    assert np.isfinite(F.costs(AT, KEY)).all()
    with pytest.raises(gr.InvalidGradientError, match=r"right for paths only.*importance_bound"):
        jax.grad(weighed(F))(AT, KEY)
    assert jnp.mean(F.estimates(AT, KEY)) == F(AT, KEY)


def test_costs_of_sums_are():
    F = gr.expectation(lambda x, params: x**2.0, dist.Bernoulli, gr.Exact())
    assert jax.grad(lambda p: jnp.log(F.costs(p).mean()))(0.4) == pytest.approx(1.0 / 0.4)


@pytest.mark.parametrize("particles", [1, 2])
def test_dreg_has_one_derivative_and_the_path_all(particles):
    """K = 1: log p(x, z)/q(z) has the mean −(m − 1)² + …, whose second derivative is −2."""

    def log_joint(params, z):
        return dist.Normal(0.0, 1.0).log_prob(z) + dist.Normal(z, params["s"]).log_prob(2.0)

    def bound(estimator):
        guide = lambda params: dist.Normal(params["m"], 1.0)  # noqa: E731
        return gr.importance_bound(log_joint, guide, estimator, particles, draws=2000)

    params = {"m": 0.5, "s": 1.0}
    assert bound(gr.DReG()).order(params) == 1
    for at in (bound(gr.DReG()), bound(None)):
        with pytest.raises(gr.InvalidGradientError, match="no second derivative"):
            jax.hessian(at)(params, KEY)
    truth = {1: -2.0, 2: -1.0691}[particles]  # for K = 2 by a Gauss–Hermite rule
    assert jax.hessian(bound(gr.Pathwise()))(params, KEY)["m"]["m"] == pytest.approx(truth, abs=0.1)

    def of_model(F):
        return float(jax.hessian(lambda s: F({"m": 0.5, "s": s}, KEY))(1.0))

    assert of_model(bound(None)) == pytest.approx(of_model(bound(gr.Pathwise())), rel=1e-5)


def test_particles_of_a_mixture_are_single_values():
    """Labels that are summed would be weighed together: another number than the bound."""

    def guide(params):
        parts = dist.Normal(params["m"] * jnp.array([-2.0, 1.0]), 0.8)
        return dist.MixtureSameFamily(dist.Categorical(logits=jnp.array([params["l"], 0.0])), parts)

    def log_joint(params, z):
        return dist.Normal(0.0, 1.5).log_prob(z) + dist.Normal(z, 0.7).log_prob(1.2)

    params = {"l": 0.4, "m": 0.7}
    with pytest.raises(ValueError, match="weighed against each other"):
        gr.importance_bound(log_joint, guide, gr.ExactLabel(), 2)(params, KEY)
    F = gr.importance_bound(log_joint, guide, gr.Auto(), 2, draws=20_000)
    assert F.chosen(params) == {"x": gr.DReG()}
    value, slope = jax.value_and_grad(F)(params, KEY)
    assert value == pytest.approx(-3.3754, abs=0.08)  # by sums on a grid
    assert slope["l"] == pytest.approx(-1.3130, abs=0.06)
    assert slope["m"] == pytest.approx(-2.5319, abs=0.15)
