"""Paths of infinite variance are warned of, and their spread grows; those of finite variance are not."""

from __future__ import annotations

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from numpyro.distributions import constraints, transforms

from gradient_cases import Case
from gradient_estimates import gradients
from jensen import gradients as gr
from jensen.gradients.distributions.validity import cautions

PATH = gr.Pathwise()
AFFINE, EXP, POWER = transforms.AffineTransform, transforms.ExpTransform, transforms.PowerTransform


@pytest.fixture(autouse=True)
def _in_double_precision():
    with jax.enable_x64(True):
        yield


def _student_plane(t):
    return dist.MultivariateStudentT(t["df"], t["loc"] * jnp.ones(2), t["scale"] * jnp.eye(2))


def _pushed(base, *steps):
    return lambda t: dist.TransformedDistribution(base(t), [step(t) for step in steps])


def _of_cauchy(t):
    return dist.MixtureSameFamily(
        _weights(t), dist.Cauchy(t["loc"], jnp.stack([t["scale"], 1.0 + 0 * t["w"]]))
    )


def _cauchy_planes(t):
    scale = jnp.stack([t["scale"] * jnp.ones(2), jnp.ones(2)])
    loc = jnp.stack([t["loc"] * jnp.ones(2), jnp.zeros(2)])
    return dist.MixtureSameFamily(_weights(t), dist.Cauchy(loc, scale).to_event(1))


def _weights(t):
    return dist.CategoricalProbs(jnp.stack([t["w"], 1.0 - t["w"]]))


# How a family is made; θ where it is heavy; the parameters of infinite variance there; θ where it is light.
HEAVY = {
    "t": (lambda t: dist.StudentT(**t), {"df": 1.2, "loc": 0.3, "scale": 0.8}, "df scale", {"df": 6.0}),
    "multivariate t": (
        _student_plane,
        {"df": 1.2, "loc": 0.3, "scale": 0.8},
        "df scale",
        {"df": 6.0},
    ),
    "pareto": (lambda t: dist.Pareto(**t), {"scale": 0.9, "alpha": 1.2}, "scale alpha", {"alpha": 3.0}),
    "power law": (
        lambda t: dist.LowerTruncatedPowerLaw(**t),
        {"alpha": -2.2, "low": 0.9},
        "alpha low",
        {"alpha": -4.0},
    ),
    "inverse gamma": (
        lambda t: dist.InverseGamma(**t),
        {"concentration": 1.2, "rate": 0.9},
        "concentration rate",
        {"concentration": 3.0},
    ),
    "affine t": (
        _pushed(lambda t: dist.StudentT(t["df"]), lambda t: AFFINE(t["loc"], t["scale"])),
        {"df": 1.2, "loc": 0.3, "scale": 0.8},
        "df scale",
        {"df": 6.0},
    ),
    "exponential of Laplace": (
        _pushed(lambda t: dist.Laplace(t["loc"], t["scale"]), lambda t: EXP()),
        {"loc": 0.3, "scale": 0.8},
        "loc scale",
        {"scale": 0.3},
    ),
    "exponential of gamma": (
        _pushed(lambda t: dist.Gamma(t["c"], t["rate"]), lambda t: EXP(constraints.positive)),
        {"c": 1.5, "rate": 1.2},
        "c rate",
        {"rate": 3.5},
    ),
    "exponential of shifted": (
        _pushed(lambda t: dist.Logistic(0.0, 1.0), lambda t: AFFINE(t["loc"], t["scale"]), lambda t: EXP()),
        {"loc": 0.3, "scale": 0.8},
        "loc scale",
        {"scale": 0.3},
    ),
    "power of Pareto": (
        _pushed(lambda t: dist.Pareto(1.0, t["alpha"]), lambda t: POWER(t["by"])),
        {"alpha": 3.0, "by": 2.5},
        "alpha by",
        {"by": 0.9},
    ),
    "truncated Cauchy": (
        lambda t: dist.TruncatedCauchy(t["loc"], t["scale"], low=t["low"]),
        {"loc": 0.3, "scale": 0.8, "low": 0.0},
        "loc scale low",
        None,
    ),
    "mixture of Cauchy": (_of_cauchy, {"w": 0.4, "loc": 0.3, "scale": 0.4}, "w scale", None),
    "mixture of planes of Cauchy": (
        _cauchy_planes,
        {"w": 0.4, "loc": 0.3, "scale": 0.4},
        "w loc scale",
        None,
    ),
}
LIGHT = {
    "Cauchy between ends": (
        lambda t: dist.TruncatedCauchy(t["loc"], t["scale"], low=-1.0, high=t["high"]),
        {"loc": 0.3, "scale": 0.8, "high": 2.0},
    ),
    "sigmoid of Cauchy": (
        _pushed(lambda t: dist.Cauchy(t["loc"], t["scale"]), lambda t: transforms.SigmoidTransform()),
        {"loc": 0.3, "scale": 0.8},
    ),
    "log-normal": (lambda t: dist.LogNormal(**t), {"loc": 0.3, "scale": 0.5}),
    **{name: (make, {**at, **light}) for name, (make, at, _, light) in HEAVY.items() if light},
}


def _spread(samples: np.ndarray) -> float:
    """The mean square of all over the median of that of blocks of 100: about 1 where it is finite."""
    squares = samples.reshape(-1, 100) ** 2
    return float(squares.mean() / np.median(squares.mean(axis=1)))


def _spreads(make, params):
    case = Case(make, params, _bounded, lambda t: 0.0)
    found = gradients(case, PATH, params, [_bounded], replicates=200_000, draws=1)[0]
    return {name: _spread(samples) for name, samples in found.items()}


def _bounded(x):
    return jnp.sum(jnp.sin(x))


def _warned(make, params):
    """The parameters θ that are warned of, one at a time, as the derivative is taken."""
    found = []
    for name in params:
        F = gr.expectation(
            lambda x, _: _bounded(x), lambda t, name=name: make({**params, name: t}), PATH, gr.Independent(2)
        )
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            jax.grad(F)(params[name], jax.random.key(0))
        found += [name] * bool(told)
        assert all("the variance is infinite" in str(each.message) for each in told)
    return found


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_path_is_warned_of_and_its_spread_grows(name):
    make, params, heavy, _ = HEAVY[name]
    heavy = [of for of in params if of in heavy.split()]
    spreads = _spreads(make, params)
    assert min(spreads[of] for of in heavy) > 20, spreads
    assert max([1.0, *(spreads[of] for of in params if of not in heavy)]) < 4, spreads
    assert _warned(make, params) == heavy


@pytest.mark.parametrize("name", LIGHT)
def test_a_light_path_is_not_warned_of_and_its_spread_is_bounded(name):
    make, params = LIGHT[name]
    assert max(_spreads(make, params).values()) < 10
    assert _warned(make, params) == []
    assert all(both.path.status == "valid" for both in gr.validity(make(params)).values())


@pytest.mark.parametrize(
    ("make", "last"),
    [
        (dist.StudentT, 2.0),
        (lambda df: dist.MultivariateStudentT(df, jnp.zeros(2), jnp.eye(2)), 2.0),
        (lambda alpha: dist.Pareto(1.0, alpha), 2.0),
        (lambda below: dist.LowerTruncatedPowerLaw(-1.0 - below, 1.0), 2.0),
        (lambda concentration: dist.InverseGamma(concentration, 1.0), 2.0),
        (_pushed(dist.Exponential, lambda t: EXP(constraints.positive)), 2.0),
    ],
)
def test_the_last_value_without_a_second_moment_is_warned_of(make, last):
    for value, is_warned in ((last, True), (last + 1e-3, False), (jnp.array([9.0, last]), True)):
        statuses = {both.path.status for both in gr.validity(make(value)).values()}
        assert ("warned" in statuses) == is_warned


def test_a_class_says_from_which_value_on():
    assert gr.validity(dist.StudentT, "scale").path.warned_where == "df ≤ 2"
    assert "valid to order 1, warned where df ≤ 2" in str(gr.validity(dist.StudentT, "df"))
    assert str(gr.validity(dist.StudentT, "loc").path) == "valid"
    assert "one end" in gr.validity(dist.TruncatedCauchy, "low").path.warned_where


def test_what_a_compiled_program_cannot_see_is_asked_for_outside():
    def make(t):
        return dist.StudentT(t["df"], t["loc"], 1.0)

    F = gr.expectation(lambda x, _: jnp.sin(x), make, PATH, gr.Independent(2))
    params = {"df": 1.5, "loc": 0.0}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        jax.jit(jax.grad(F))(params, jax.random.key(0))
    assert [text.split(":")[0] for text in cautions(lambda p: [make(p)], params)] == [
        "the path of df of StudentT"
    ]
    assert cautions(lambda p: [make(p)], {"df": 2.5, "loc": 0.0}) == []
    assert cautions(lambda loc: [dist.StudentT(1.5, loc, 1.0)], 0.0) == []


def test_auto_takes_the_same_compiled_or_not():
    F = gr.expectation(lambda x, _: jnp.sin(x), lambda t: dist.StudentT(t, 0.0, 1.0))
    assert isinstance(F.chosen(1.5)["x"], gr.Pathwise)
    assert isinstance(F.chosen(9.0)["x"], gr.Pathwise)
