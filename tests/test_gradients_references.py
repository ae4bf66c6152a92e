"""The exact gradient that estimates are held against: found, or not, and never wrong."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy.stats import norm as normal

from jensen import gradients as gr
from jensen.gradients.compare.reference import reference
from jensen.gradients.compare.truth import Reference

SCORE = gr.ScoreFunction(gr.LeaveOneOut())


@pytest.fixture(autouse=True)
def _in_double_precision():
    with jax.enable_x64(True):
        yield


def pdf(x, at, width):
    return jnp.exp(-0.5 * ((x - at) / width) ** 2) / (width * jnp.sqrt(2.0 * jnp.pi))


def value(x, params):
    return 1.0 * x


def peaks(*which):
    return lambda x, params: sum(pdf(x, at, width) for at, width in which)


def slope_of_peaks(loc, *which):
    total = 0.0
    for at, width in which:
        spread = np.sqrt(1.0 + width**2)
        total += normal.pdf(at, loc, spread) * (at - loc) / spread**2
    return total


def standard(params):
    return dist.Normal(params, 1.0)


FOUND = {
    "large counts": (value, dist.Poisson, 6000.0, 1.0),
    "very large counts": (lambda x, p: x / 1e6, dist.Poisson, 1e6, 1e-6),
    "counts of negative binomials": (value, lambda p: dist.NegativeBinomial2(p, 3.0), 1000.0, 1.0),
    "narrow": (value, lambda p: dist.LogNormal(p, 1e-3), 0.0, np.exp(5e-7)),
    "narrower": (value, lambda p: dist.Normal(p, 1e-5), 1.0, 1.0),
    "wide": (lambda x, p: jnp.log(x) ** 2, lambda p: dist.LogNormal(p, 8.0), 2.0, 4.0),
    "nearly sure": (value, lambda p: dist.Beta(p, 2e4), 1e4, 2e4 / 9e8),
    "large gamma": (value, lambda p: dist.Gamma(p, 1.0), 1e4, 1.0),
    "squashed": (
        value,
        lambda p: dist.TransformedDistribution(dist.Normal(p, 0.01), dist.transforms.SigmoidTransform()),
        0.3,
        None,
    ),
    "below an end": (value, lambda p: dist.TruncatedNormal(p, 1.0, high=-40.0), 0.0, 6.2267e-4),
    "probability zero": (value, dist.Bernoulli, 0.0, 1.0),
    "a peak": (peaks((0.3073, 1e-3)), standard, -0.7, slope_of_peaks(-0.7, (0.3073, 1e-3))),
    "a narrow peak": (peaks((0.3073, 1e-4)), standard, -0.7, slope_of_peaks(-0.7, (0.3073, 1e-4))),
    "two peaks": (
        peaks((0.3073, 1e-3), (-2.0, 3e-4)),
        standard,
        -0.7,
        slope_of_peaks(-0.7, (0.3073, 1e-3), (-2.0, 3e-4)),
    ),
    "a wide peak beside": (lambda x, p: x**2 + pdf(x, 1.0, 1e-3), standard, 0.5, None),
}


@pytest.mark.parametrize("name", FOUND)
def test_an_exact_gradient_is_found(name):
    f, distribution, at, want = FOUND[name]
    found = reference(gr.expectation(f, distribution, SCORE), jnp.asarray(at))
    assert isinstance(found, Reference), found
    if want is None:
        want = {
            "squashed": normal.expect(
                lambda x: np.exp(-x) / (1.0 + np.exp(-x)) ** 2, loc=0.3, scale=0.01, lb=0.2, ub=0.4
            ),
            "a wide peak beside": 2.0 * 0.5 + slope_of_peaks(0.5, (1.0, 1e-3)),
        }[name]
    assert found.gradient[0] == pytest.approx(want, rel=1e-5, abs=1e-12)


NOT_FOUND = {
    "infinite mean": (value, dist.HalfCauchy, 1.0, "may not exist"),
    "mass at zero": (value, lambda p: dist.Gamma(p, 1.0), 1e-3, "of the probability"),
    "counts beyond the points": (value, dist.Poisson, 1e13, "of the probability"),
    "a sum that is nearly sure": (
        lambda v, p: pdf(v["x"] + v["y"], 0.1, 1e-4),
        lambda p: {"x": standard(p), "y": dist.Normal(2.0, 1.0)},
        0.5,
        "do not agree",
    ),
    "a narrow chain": (
        lambda v, p: v["y"] * v["x"],
        lambda p: {"x": standard(p), "y": lambda x: dist.LogNormal(x, 1e-9)},
        0.5,
        None,
    ),
}


@pytest.mark.parametrize("name", NOT_FOUND)
def test_or_why_it_is_not(name):
    f, distribution, at, why = NOT_FOUND[name]
    found = reference(gr.expectation(f, distribution, SCORE), jnp.asarray(at))
    if why is None:  # either is right: E x·exp(x) has the slope exp(p + ½)(p + 2)
        assert not isinstance(found, Reference) or found.gradient[0] == pytest.approx(
            np.exp(0.5 + 0.5) * (0.5 + 2.0), rel=1e-3
        )
    else:
        assert not isinstance(found, Reference), found
        assert why in found.why


def test_a_doubted_estimate_is_never_what_others_are_held_against():
    """Over three variables there is no exact gradient; the path of a jump varies least, and is wrong."""
    F = gr.expectation(
        lambda v, p: jnp.where(v["x"] > 1.0, 1.0, 0.0) + 0.0 * (v["y"] + v["z"]),
        lambda p: {"x": standard(p), "y": standard(0.0), "z": standard(0.0)},
        draws=8,
    )
    with pytest.warns(gr.GradientWarning):
        found = gr.compare(F, 0.2, [gr.Pathwise(), SCORE, gr.ScoreFunction()], key=0, num_replicates=300)
    assert not any("biases are from Pathwise" in remark for remark in found.remarks)


def test_neither_is_a_rule_of_quadrature():
    F = gr.expectation(
        lambda v, p: jnp.abs(v["x"] + v["y"] + v["z"]),
        lambda p: {"x": standard(p), "y": standard(0.0), "z": standard(0.0)},
        draws=8,
    )
    both = {
        "rule": {"x": gr.Exact(2), "y": gr.Exact(2), "z": gr.Exact(2)},
        "path": gr.Pathwise(),
        "score": SCORE,
    }
    found = gr.compare(F, 0.2, both, key=0, num_replicates=300)
    assert any("biases are from path, the most precise" in remark for remark in found.remarks)


# ---- check accuses no right estimator ----------------------------------------------------------------------

COSTS = {
    "square": lambda x, a: (x - a) ** 2,
    "sine": lambda x, a: jnp.sin(3.0 * x + a),
    "peak": lambda x, a: pdf(x, a, 0.01),
    "ramp": lambda x, a: jnp.maximum(x - a, 0.0),
    "tanh": lambda x, a: jnp.tanh(20.0 * (x - a)),
}
FAMILIES = {
    "normal": dist.Normal,
    "lognormal": dist.LogNormal,
    "gamma": lambda p, s: dist.Gamma(jnp.exp(p) + 0.1, 1.0 / s),
    "beta": lambda p, s: dist.Beta(jnp.exp(p), 1.0 + s),
    "poisson": lambda p, s: dist.Poisson(jnp.exp(p + 3.0)),
    "bernoulli": lambda p, s: dist.Bernoulli(jax.nn.sigmoid(p)),
    "laplace": dist.Laplace,
    "geometric": lambda p, s: dist.Geometric(jax.nn.sigmoid(p)),
}


def problem(seed):
    """A right estimator of something: no reference may say that it is not."""
    rng = np.random.default_rng(seed)
    cost = COSTS[rng.choice([*COSTS])]
    family = FAMILIES[rng.choice([*FAMILIES])]
    scale, a, at = 10.0 ** rng.uniform(-3.0, 0.5), rng.normal(), rng.normal()
    F = gr.expectation(lambda x, p: cost(1.0 * x, a), lambda p: family(p, scale), gr.Auto(), 64)
    return F, at


@pytest.mark.parametrize("chunk", range(4))
def test_check_accuses_no_right_estimator(chunk):
    """It may say that it cannot judge."""
    for seed in range(5 * chunk, 5 * chunk + 5):
        F, at = problem(seed)
        try:
            gr.check(F, at, key=seed, num_replicates=400, level=6.0)
        except ValueError as error:
            assert "no exact gradient" in str(error) or "would be where f matters" in str(error)


# ---- what is another function in double precision ----------------------------------------------------------


def test_an_f_that_draws_numbers_is_the_same_in_its_reference():
    def f(x, p):
        return x * x + jax.random.normal(jax.random.key(3)) * x

    gr.check(gr.expectation(f, lambda p: dist.Normal(p, 1.0), gr.Pathwise()), 0.5, key=0, num_replicates=1000)


def test_a_distribution_that_draws_numbers_is_the_same_in_its_reference():
    def distribution(p):
        return dist.Normal(p * jax.random.normal(jax.random.key(3)), 1.0)

    F = gr.expectation(lambda x, p: x * x, distribution, gr.Pathwise())
    gr.check(F, 0.5, key=0, num_replicates=1000)


def test_check_says_that_draws_do_not_see_where_f_matters():
    F = gr.expectation(lambda x, p: 1e6 * x, dist.Bernoulli, gr.ScoreFunction(), 1)
    with pytest.raises(ValueError, match="would be where f matters"):
        gr.check(F, 1e-5, key=0, num_replicates=1000)


def test_an_f_of_many_numbers_is_computed_in_parts():
    data = jnp.linspace(-1.0, 1.0, 200)

    def f(x, p):
        return jnp.sum(jnp.sin(x - data) ** 2)

    F = gr.expectation(f, lambda p: dist.Normal(p, 0.5), gr.Pathwise())
    # E cos 2(x − d) is exp(−2 s²) cos 2(p − d).
    truth = float(np.exp(-0.5) * np.sin(2.0 * (0.3 - np.asarray(data, float))).sum())
    found = gr.compare(F, 0.3, [gr.Pathwise()], key=0, num_replicates=10)
    assert found.row("Pathwise()")["truth"] == pytest.approx(truth, rel=1e-5)


@pytest.mark.parametrize(
    ("make", "why"),
    [(dist.Bernoulli, "rule of its own for the derivative in 'x' and params"), (standard, "f jumps")],
    ids=["discrete", "real"],
)
def test_none_by_a_rule_that_is_wrong_in_params(make, why):
    straight = jax.custom_jvp(lambda s: jnp.floor(s + 0.5))
    straight.defjvp(lambda at, moves: (straight(at[0]), moves[0]))
    F = gr.expectation(lambda x, p: straight(x + 3.0 * p), make, gr.ScoreFunction())
    assert why in reference(F, 0.3).why
