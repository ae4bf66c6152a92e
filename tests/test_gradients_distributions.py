"""Paths: every one that the table allows is right, and every one that it refuses is wrong."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest

import gradient_cases as cases
from gradient_estimates import FAMILIES, LIMIT, estimates, gradients, off_by
from jensen import gradients as gr
from jensen.gradients.distributions.densities import entries
from jensen.gradients.distributions.noise import route

PATH = gr.Pathwise()


@pytest.fixture(autouse=True)
def _in_double_precision():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("name", cases.CONTINUOUS)
def test_a_path_is_unbiased(name):
    case = cases.CONTINUOUS[name]
    off = off_by(estimates(case, PATH, case.params), case.truth())
    assert max(map(abs, off.values())) < LIMIT, off


@pytest.mark.parametrize("name", cases.DISCRETE)
def test_a_path_through_a_discrete_draw_is_refused_and_would_be_zero(name):
    case = cases.DISCRETE[name]
    with pytest.raises(ValueError, match="is discrete"):
        estimates(case, PATH, case.params)
    off = off_by(estimates(case, PATH, case.params, unguarded=True, replicates=2), case.truth())
    assert min(map(abs, off.values())) > LIMIT, off


def _spread_grows(samples: np.ndarray) -> float:
    """The mean square of all over the median of that of blocks of 100: about 1 where it is finite."""
    squares = samples.reshape(-1, 100) ** 2
    return float(squares.mean() / np.median(squares.mean(axis=1)))


@pytest.mark.parametrize("name", cases.HEAVY)
def test_a_heavy_scale_has_a_path_of_infinite_variance(name):
    case = cases.HEAVY[name]
    warned = [of for of, both in gr.validity(case.make(case.params)).items() if both.path.status == "warned"]
    assert warned == ["scale"]
    heavy, light = (
        gradients(each, PATH, ["scale"], [jnp.sin], replicates=200_000, draws=1)[0]["scale"]
        for each in (case, FAMILIES["Normal"])
    )
    assert _spread_grows(heavy) > 20
    assert _spread_grows(light) < 2
    with pytest.warns(gr.GradientWarning, match=f"scale of {name}: the variance is infinite"):
        jax.grad(gr.expectation(lambda x, _: jnp.sin(x), case.make, PATH))(
            dict(case.params), jax.random.key(0)
        )


@pytest.mark.parametrize("name", ["Cauchy", "Levy"])
def test_a_heavy_location_has_a_path_and_no_warning(name):
    case = cases.HEAVY[name]
    F = gr.expectation(
        lambda x, _: case.f(x), lambda t: case.make({**case.params, **t}), PATH, gr.Independent(100_000)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jax.grad(F)({"loc": 0.4}, jax.random.key(0))
    off = off_by(estimates(case, PATH, ["loc"]), case.truth())
    assert abs(off["loc"]) < LIMIT


@pytest.mark.parametrize("name", ["loc", "concentration"])
def test_a_circular_path_is_right_for_a_periodic_f_only(name):
    def expectation(t):
        law = cases.stats.vonmises(t["concentration"], t["loc"])
        return cases.quadrature(lambda x: x * law.pdf(x), np.linspace(-np.pi, np.pi, 60))

    params = {"loc": 1.0, "concentration": 1.0}
    case = cases.Case(lambda t: dist.VonMises(**t), params, lambda x: x, expectation)
    off = off_by(estimates(case, PATH, [name]), case.truth())
    assert abs(off[name]) > LIMIT
    with pytest.warns(gr.GradientWarning, match="period 2π"):
        jax.grad(gr.expectation(lambda x, _: x, case.make, PATH))(params, jax.random.key(0))


@pytest.mark.parametrize("concentration", [1e-3, 0.5, 30.0, 1e4])
def test_a_circular_path_holds_from_flat_to_narrow(concentration):
    params = {"loc": 0.3, "concentration": concentration}
    case = cases.Case(cases.CONTINUOUS["VonMises"].make, params, cases.circular, cases.circular_mean)
    off = off_by(estimates(case, PATH, ["concentration"]), case.truth())
    assert abs(off["concentration"]) < LIMIT


SHAPES = [0.3, 0.01, 1e-3]


@pytest.mark.parametrize("shape", SHAPES)
def test_small_shapes_of_gamma_and_beta_are_right(shape):
    gamma = cases.Case(lambda t: dist.Gamma(t["a"], 1.0), {"a": shape}, lambda x: x, lambda t: t["a"])
    beta = cases.Case(
        lambda t: dist.Beta(t["a"], shape), {"a": shape}, lambda x: x, lambda t: t["a"] / (t["a"] + shape)
    )
    for case in (gamma, beta):
        off = off_by(
            estimates(case, PATH, ["a"], replicates=200), {"a": 1.0 if case is gamma else 1 / (4 * shape)}
        )
        assert abs(off["a"]) < LIMIT, off


def test_a_mixture_of_other_components_has_no_path():
    mixture = dist.MixtureSameFamily(
        dist.CategoricalProbs(jnp.ones(2) / 2), dist.StudentT(jnp.array([3.0, 4.0]))
    )
    verdict = gr.validity(mixture, "mixing_distribution.probs").path
    assert verdict.status == "refused"
    with pytest.raises(ValueError, match="Gaussian components"):
        gr.expectation(lambda x, _: x, lambda t: mixture, PATH)({}, jax.random.key(0))
    case = cases.Case(
        lambda t: dist.MixtureSameFamily(
            dist.CategoricalProbs(jnp.stack([t["w"], 1 - t["w"]])), dist.StudentT(9.0, jnp.array([-1.0, 1.0]))
        ),
        {"w": 0.3},
        cases.wave,
        lambda t: sum(
            w * cases.over_density(cases.stats.t(9.0, loc)) for w, loc in ((t["w"], -1.0), (1 - t["w"], 1.0))
        ),
    )
    off = off_by(estimates(case, PATH, ["w"], unguarded=True), case.truth())
    assert abs(off["w"]) > LIMIT


@pytest.mark.parametrize("name", ["VonMises", "VonMisesFisher3", "Mixture", "Pareto"])
def test_second_derivatives_of_paths_of_all_orders(name):
    case = FAMILIES[name]
    of = {"Mixture": "w", "Pareto": "alpha"}.get(name, "concentration")
    F = gr.expectation(
        lambda x, _: case.f(x), lambda t: case.make({**case.params, of: t}), PATH, gr.Independent(500)
    )
    run = jax.jit(jax.vmap(jax.grad(jax.grad(F)), in_axes=(None, 0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", gr.GradientWarning)
        found = np.asarray(run(case.params[of], jax.random.split(jax.random.key(0), 100)))
    step = 0.02 * case.params[of]
    low, here, high = (case.expectation({**case.params, of: case.params[of] + s * step}) for s in (-1, 0, 1))
    error = found.std() / 10 + 1e-9
    assert abs(found.mean() - (high - 2 * here + low) / step**2) < LIMIT * error + 1e-3 * abs(found.mean())


@pytest.mark.parametrize("name", ["Gamma", "Beta", "Dirichlet", "StudentT"])
def test_second_derivatives_of_gamma_like_paths_are_refused(name):
    case = FAMILIES[name]
    of = {"Gamma": "concentration", "Beta": "concentration1", "Dirichlet": "c", "StudentT": "df"}[name]
    F = gr.expectation(lambda x, _: case.f(x), lambda t: case.make({**case.params, of: t}), PATH)
    with pytest.raises(gr.InvalidGradientError, match="first derivative only"):
        jax.grad(jax.grad(F))(case.params[of], jax.random.key(0))


def _made_of_one_uniform() -> list[str]:
    made = {name: case.make(case.params) for name, case in FAMILIES.items()}
    return [name for name, d in made.items() if d.shape() == () and route(d) is not None]


@pytest.mark.parametrize("name", _made_of_one_uniform())
def test_noise_made_of_uniform_numbers_has_the_same_law(name):
    case = FAMILIES[name]
    distribution = case.make(case.params)
    made = route(distribution)
    u = (np.arange(20_000) + 0.5) / 20_000
    values = made.transform(distribution, made.noise.from_uniform(jnp.asarray(u)))
    steps = np.diff(values)
    assert np.all(steps >= 0) or np.all(steps <= 0) or name == "Folded"
    assert float(jnp.mean(jax.vmap(case.f)(values))) == pytest.approx(case.expectation(case.params), abs=2e-3)


ROOT = np.array([[1.0, 0.0], [0.8, 0.5]])
BROADCAST = {
    "one triangle": lambda: dist.MultivariateNormal(jnp.zeros((3, 2)), scale_tril=ROOT),
    "one mean": lambda: dist.MultivariateNormal(jnp.zeros(2), scale_tril=np.stack([ROOT, 2.0 * ROOT])),
    "both": lambda: dist.MultivariateNormal(jnp.zeros((3, 1, 2)), scale_tril=np.stack([ROOT, 2.0 * ROOT])),
    "expanded": lambda: dist.MultivariateNormal(jnp.zeros((2, 1, 2)), scale_tril=ROOT).expand([2, 3]),
}


@pytest.mark.parametrize("make", BROADCAST.values(), ids=BROADCAST)
def test_densities_of_several_normal_vectors_that_share_a_part(make):
    each = make()
    x = each.sample(jax.random.key(1), (5,))
    assert np.asarray(entries(each, x)) == pytest.approx(np.asarray(each.log_prob(x)), abs=1e-5)
    affine = dist.transforms.LowerCholeskyAffine(jnp.ones(2), jnp.asarray(ROOT))
    moved = dist.TransformedDistribution(dist.Normal(jnp.zeros((4, 2)), 1.0).to_event(1), affine)
    y = moved.sample(jax.random.key(2))
    same = dist.MultivariateNormal(jnp.ones(2), scale_tril=ROOT)
    assert np.asarray(entries(moved, y)) == pytest.approx(np.asarray(same.log_prob(y)), abs=1e-5)
