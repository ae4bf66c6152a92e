"""Arrangements of draws: each draw is uniform by itself, whatever it is coupled with."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")
dist = pytest.importorskip("numpyro.distributions")

import jax.numpy as jnp  # noqa: E402

from expectations import assert_mean, replicates  # noqa: E402
from jensen import gradients as gr  # noqa: E402

COUPLED = [gr.Antithetic(8), gr.Stratified(4, num_batches=2), gr.Sobol(4, num_batches=2)]


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


@pytest.mark.parametrize("draws", COUPLED, ids=str)
def test_every_draw_is_uniform_and_its_entries_are_independent(draws):
    keys = jax.random.split(jax.random.key(0), 20_000)
    u = np.asarray(jax.jit(jax.vmap(lambda key: draws.uniforms(key, 3)))(keys))
    assert u.shape == (20_000, draws.layout.num_batches, draws.layout.num_coupled, 3)
    assert np.all((u > 0.0) & (u < 1.0))
    u = u.reshape(20_000, -1, 3)
    assert_mean(u, 0.5)
    assert_mean(u**2, 1.0 / 3.0)
    assert_mean(u[..., 0] * u[..., 1], 0.25)
    assert_mean((u < 0.125).astype(float), 0.125)


@pytest.mark.parametrize("draws", [gr.Stratified(16, num_batches=3), gr.Sobol(16, num_batches=3)], ids=str)
def test_one_draw_in_each_stratum_of_every_coordinate(draws):
    u = np.asarray(draws.uniforms(jax.random.key(1), 5))
    strata = np.sort(np.floor(16 * u).astype(int), axis=1)
    assert np.array_equal(strata, np.broadcast_to(np.arange(16)[None, :, None], (3, 16, 5)))
    assert not np.allclose(u[0], u[1]), "batches are scrambled independently"


def test_sobol_points_are_spread_over_squares_jointly():
    """Of 16 points each elementary box of the first two dimensions holds one."""
    u = np.asarray(gr.Sobol(16).uniforms(jax.random.key(2), 2))[0]
    for across, down in ((16, 1), (8, 2), (4, 4), (2, 8), (1, 16)):
        boxes = np.floor(u[:, 0] * across).astype(int) * down + np.floor(u[:, 1] * down).astype(int)
        assert sorted(boxes) == list(range(16))


def test_the_second_of_a_pair_is_mirrored():
    u = np.asarray(gr.Antithetic(6).uniforms(jax.random.key(2), 4))
    np.testing.assert_allclose(u[:, 0] + u[:, 1], 1.0)


SCORES = {"a": gr.ScoreFunction(), "z": gr.DisARM(), "x": gr.Pathwise()}
WEAK = {"a": gr.MeasureValued(), "z": gr.Exact(), "x": gr.ScoreFunction()}


@pytest.mark.parametrize(
    ("draws", "estimator"),
    [*((draws, SCORES) for draws in COUPLED), (COUPLED[-1], WEAK)],
    ids=["antithetic", "stratified", "Sobol", "Sobol, measure-valued"],
)
def test_no_coupling_biases(draws, estimator):
    def distribution(params):
        return {
            "a": dist.Normal(params, 1.0),
            "z": dist.Bernoulli(logits=params),
            "x": lambda a, z: dist.Normal(a + z * params, 1.0),
        }

    def value(params):
        p = jax.nn.sigmoid(params)
        return (1.0 - p) * (params**2 + 2.0) + p * (4.0 * params**2 + 2.0)

    F = gr.expectation(lambda v, t: v["x"] ** 2, distribution, estimator, draws)
    assert_mean(replicates(F, 0.5, 10_000), jax.grad(value)(0.5))


def test_coupled_draws_of_a_smooth_cost_are_better_than_independent_ones():
    def spread(draws):
        F = gr.expectation(
            lambda x, t: jnp.sin(x[0]) + x[1] ** 2,
            lambda t: dist.Normal(t * jnp.ones(2), 1.0),
            gr.Pathwise(),
            draws,
        )
        return replicates(F, 0.5, 2_000).var()

    independent = spread(gr.Independent(64))
    assert spread(gr.Antithetic(64)) < 0.2 * independent
    assert spread(gr.Stratified(64)) < 0.02 * independent
    assert spread(gr.Sobol(64)) < 0.02 * independent


def test_variables_that_are_summed_take_no_dimension():
    seen = []

    class Watched(gr.Antithetic):
        def uniforms(self, key, size):
            seen.append(size)
            return super().uniforms(key, size)

    def distribution(params):
        return {"z": dist.Bernoulli(params), "x": dist.Normal(params * jnp.ones(3), 1.0)}

    gr.expectation(lambda v, t: jnp.sum(v["x"]), distribution, draws=Watched(4))(0.3, jax.random.key(0))
    assert seen == [3]


def test_coupling_works_in_single_precision():
    with jax.enable_x64(False):
        for draws in COUPLED:
            u = np.asarray(draws.uniforms(jax.random.key(0), 2))
            assert u.dtype == np.float32
            assert np.all((u > 0.0) & (u < 1.0))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: gr.Independent(0), "num must be from 1 to 100000000, not 0"),
        (lambda: gr.Antithetic(3), "must be even, not 3"),
        (lambda: gr.Sobol(6), "power of 2, not 6"),
        (lambda: gr.Stratified(4, num_batches=0), "num_batches must be from 1"),
    ],
)
def test_bad_numbers_of_draws_are_named(make, why):
    with pytest.raises(ValueError, match=why):
        make()
