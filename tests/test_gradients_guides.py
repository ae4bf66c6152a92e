"""Guides at extreme parameters against a reference of many digits; and each kind of fault that was found.

Many more are tried by ``scripts/guides-law``.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from mpmath import mpf
from numpyro.distributions import transforms as t

from jensen import gradients as gr
from jensen.gradients.distributions.densities import entries
from jensen.gradients.distributions.noise import route
from jensen.gradients.distributions.steps import back, log_slope, one_by_one, there
from jensen.gradients.distributions.trails import owned, trails_kept
from jensen.gradients.distributions.transformed import pushed
from jensen.gradients.distributions.validity.parts import rows
from jensen.testing.gradients.guides import floats as guide_floats
from jensen.testing.gradients.guides import trials
from jensen.testing.gradients.guides.families import FAMILIES
from jensen.testing.gradients.guides.floats import Floats
from jensen.testing.gradients.guides.guide import Guide, drawn
from jensen.testing.gradients.guides.transforms import LEFT_OUT, STEPS

KEY = jax.random.key(0)
SCORE = gr.ScoreFunction(gr.LeaveOneOut())
QUICK = {"float64": (3,), "float32": (18,)}


@pytest.mark.parametrize(("kind", "number"), [(kind, n) for kind, some in QUICK.items() for n in some])
def test_no_density_or_gradient_of_a_guide_is_wrong(kind, number):
    found = trials.tried(drawn(number), 0, 2, is_double=kind == "float64")
    assert not [each.said for each in found if each.outcome == trials.WRONG]
    assert any(each.outcome == trials.RIGHT for each in found)


@pytest.mark.parametrize("number", [3, 18, 44, 93])
def test_in_and_out_of_jit_a_guide_is_the_same(number):
    """Values, draws and slopes, also where they are no numbers."""
    guide = drawn(number)
    params = guide.params(np.random.default_rng(number))
    params = {name: jnp.asarray(at, jnp.float32) for name, at in params.items()}
    made = Floats(guide, params, KEY, jax.jit)
    inside, outside = made(params), made(params, is_traced=False)
    for one, other in zip(jax.tree.leaves(vars(inside)), jax.tree.leaves(vars(outside)), strict=True):
        size = np.nanmax(np.abs(other), initial=1e-30)
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * size if np.isfinite(size) else 0.0)


def test_steps_that_are_no_numbers_are_told_apart():
    """NaN of a cost, NaN of a slope, and of a value that should be one."""
    one = drawn(3)

    def judged(what, lost):
        return trials._judged(
            one,
            np.array([False]),
            np.array([lost]),
            "float64",
            "",
            what,
            [np.nan],
            [mpf(1)],
            [mpf(1)],
        ).outcome

    assert judged("value", True) == judged("path of m", True) == trials.NO_NUMBER
    assert judged("path of m", False) == trials.NO_SLOPE
    assert judged("value", False) == trials.WRONG


def test_a_wrong_density_is_found(monkeypatch):
    """The law can fail."""
    wrong = Guide(0, FAMILIES[0], (), 2, False, 0, "")
    monkeypatch.setattr(guide_floats, "cost", lambda z: jnp.sum(jnp.sin(z)))
    assert any(each.outcome == trials.WRONG for each in trials.tried(wrong, 0, 1, is_double=True))


def test_every_transform_is_tried_or_named():
    """Of those that NumPyro has; the bases of others are no transforms."""
    kinds = {name for name in t.__all__ if name.endswith(("Transform", "Affine"))} - {"Transform"}
    rng = np.random.default_rng(0)
    made = set()
    for step in STEPS:
        n = 3 if step.sizes is None else next(iter(step.sizes))
        one = step.make(step.draw(rng, n))
        made |= {type(one).__name__, type(getattr(one, "inv", one)).__name__}
    assert kinds <= made | set(LEFT_OUT)
    assert not made & set(LEFT_OUT)


# ---- near the smallest number ------------------------------------------------------------------------------

TINY = {
    "sticks": [t.StickBreakingTransform(), t.SoftplusTransform().inv],
    "factors": [t.CorrCholeskyTransform(), t.CorrMatrixCholeskyTransform().inv],
    "cuts": [t.OrderedTransform(), t.SimplexToOrderedTransform().inv, t.StickBreakingTransform().inv],
    "exponentials": [t.ExpTransform(), t.SoftplusTransform().inv],
}


def of_noise(guide, params, noise):
    """arctan z − log q(z) at the draw that is made of this noise."""
    with trails_kept():
        z = owned(pushed(guide(params), noise))
        return jnp.arctan(z).sum() - jnp.sum(entries(guide(params), z))


def in_both(guide, params, noises):
    """Slopes along paths in single and in double precision, of the same noise."""
    each = jax.jit(jax.vmap(jax.grad(partial(of_noise, guide)), (None, 0)))
    with jax.enable_x64(True):
        double = each({name: np.float64(at) for name, at in params.items()}, np.float64(noises))
    return each({name: np.float32(at) for name, at in params.items()}, np.float32(noises)), double


@pytest.mark.parametrize("name", TINY)
def test_draws_that_pass_near_the_smallest_number_are_right_or_none(name):
    def guide(p):
        base = dist.Normal(0.0, 1.0).expand([3]).to_event(1)
        return dist.TransformedDistribution(base, [t.AffineTransform(p["m"], 1.0), *TINY[name]])

    rng, num = np.random.default_rng(0), [0, 0]
    for at in (*np.linspace(-110.0, -70.0, 9), -20.0, 0.0, 20.0, *np.linspace(70.0, 110.0, 9)):
        single, double = in_both(guide, {"m": at}, rng.normal(0.0, 1.0, (20, 3)))
        is_number = np.isfinite(single["m"]) & np.isfinite(double["m"])
        np.testing.assert_allclose(single["m"][is_number], double["m"][is_number], rtol=1e-2, atol=1e-2)
        num[bool(abs(at) < 70.0)] += is_number.sum()
    assert num[0] < 18 * 20
    assert num[1] >= 20


def test_the_path_of_a_power_that_underflows_is_no_number():
    """The power of the uniform numbers is 46 in all: some draws are 0 in single precision."""

    def guide(p):
        powers = [t.PowerTransform(p["a"]), t.PowerTransform(p["b"]).inv]
        return dist.TransformedDistribution(dist.Uniform(0.0, 1.0), powers)

    noises = np.random.default_rng(0).uniform(size=300)
    single, double = in_both(guide, {"a": 2.987553, "b": 0.06495195}, noises)
    for name in single:
        is_number = np.isfinite(single[name])
        np.testing.assert_allclose(single[name][is_number], double[name][is_number], rtol=1e-3, atol=1e-3)
        assert 200 < is_number.sum() < 300


# ---- a location that rounds what is added to it away -------------------------------------------------------

LOCATED = {
    "Normal": dist.Normal,
    "MultivariateNormal": lambda m, s: dist.MultivariateNormal(m * jnp.ones(1), scale_tril=s * jnp.eye(1)),
    "Folded": lambda m, s: dist.FoldedDistribution(dist.Normal(m, s)),
    "Masked": lambda m, s: dist.Normal(m, s).expand([2]).mask(jnp.array([True, False])),
}


@pytest.mark.parametrize(
    ("name", "estimator"),
    [
        ("Normal", SCORE),
        ("MultivariateNormal", gr.StickTheLanding()),
        ("Folded", gr.StickTheLanding()),
        ("Masked", gr.Pathwise()),
    ],
    ids=str,
)
def test_a_location_that_is_large_beside_its_scale(name, estimator):
    """In single precision all draws are 700; the entropy and its slope in s, 1/s, are told by the noise."""
    params = {"m": 700.0, "s": 1e-6}
    F = gr.bound(lambda params, z: 0.0, lambda p: LOCATED[name](p["m"], p["s"]), estimator, 4000)
    value, slope = jax.jit(jax.value_and_grad(F))(params, KEY)
    assert value == pytest.approx(0.5 * np.log(2.0 * np.pi * np.e) + np.log(1e-6), abs=0.06)
    assert slope["s"] == pytest.approx(1e6, rel=0.1)


@pytest.mark.parametrize("estimator", [gr.StickTheLanding(), SCORE], ids=str)
def test_an_end_that_is_large_beside_what_is_left(estimator):
    """10 000 standard deviations out: 1 + log (s²/10), whose slope in s is 2/s."""
    params = {"m": 0.0, "s": 1e-3}
    F = gr.bound(lambda p, z: 0.0, lambda p: dist.TruncatedNormal(p["m"], p["s"], low=10.0), estimator, 4000)
    value, slope = jax.jit(jax.value_and_grad(F))(params, KEY)
    assert value == pytest.approx(-15.1181, abs=0.1)
    assert slope["s"] == pytest.approx(2000.0, rel=0.1)
    assert slope["m"] == pytest.approx(0.1, rel=0.1)


def test_what_is_truncated_is_drawn_by_its_tail_also_below_a_transform_of_vectors():
    def guide(params):
        base = dist.TruncatedNormal(params["m"], 1.0, low=40.0).expand([2]).to_event(1)
        return dist.TransformedDistribution(base, t.ZeroSumTransform(1))

    F = gr.bound(lambda params, z: 0.0, guide, gr.Pathwise(), 4000, vouch="x")
    assert jax.jit(F)({"m": 0.0}, KEY) == pytest.approx(2.0 * (1.0 - np.log(40.025)), abs=0.1)


def test_ends_that_are_hardly_ever_reached_have_derivatives():
    """They are far below the rounding of 1: −p(14) / (S(10) − S(14)), and u p(14) / p(x), by 50 digits."""

    def cut(high):
        return dist.TwoSidedTruncatedDistribution(dist.Normal(0.0, 1.0), low=10.0, high=high)

    with jax.enable_x64(True):
        score = jax.grad(lambda high: -entries(cut(high), jnp.asarray(10.1)))(14.0)
        path = jax.grad(lambda high: route(cut(high)).transform(cut(high), jnp.asarray(0.5)))(14.0)
    assert score == pytest.approx(1.4391439781212626e-20, rel=1e-9, abs=0.0)
    assert path == pytest.approx(1.4156633541865092e-21, rel=1e-9, abs=0.0)


# ---- transforms within a wrapper within transforms ---------------------------------------------------------


def _twice(params):
    """Two affine transforms, with what makes them one event in between."""
    inner = t.AffineTransform(params["a"], 1.0, domain=t.constraints.positive)
    base = dist.TransformedDistribution(dist.HalfNormal(jnp.ones(2)), inner).to_event(1)
    return dist.TransformedDistribution(base, t.LowerCholeskyAffine(jnp.zeros(2), params["b"] * jnp.eye(2)))


def test_transforms_on_both_sides_of_a_wrapper_have_rows_of_their_own():
    """The support moves with a: its score is refused, also where the outer transform has a location too."""
    names = set(rows(_twice({"a": 1.0, "b": 2.0})))
    assert {"transforms.0.loc", "transforms.1.loc", "transforms.1.scale_tril"} <= names
    F = gr.expectation(lambda x, p: jnp.sum(x), _twice, gr.Pathwise(), 4000)
    slope = jax.grad(F)({"a": 1.0, "b": 2.0}, KEY)
    assert slope["a"] == pytest.approx(4.0)
    assert slope["b"] == pytest.approx(2.0 * (1.0 + np.sqrt(2.0 / np.pi)), rel=0.05)


@pytest.mark.parametrize("estimator", [gr.StickTheLanding(), SCORE], ids=str)
def test_a_draw_that_stays_moves_what_is_within_a_wrapper(estimator):
    """A logistic function within, a power around: the draw of within is not what stays."""

    def guide(params, is_wrapped):
        within = [t.AffineTransform(params["m"], 1.0), t.SigmoidTransform()]
        base = dist.TransformedDistribution(dist.Normal(0.3 * jnp.ones(2), 1.0), within)
        base = base.to_event(1) if is_wrapped else base
        both = dist.TransformedDistribution(base, t.PowerTransform(params["a"]).inv)
        return both if is_wrapped else both.to_event(1)

    def slopes(is_wrapped):
        F = gr.bound(lambda p, z: jnp.sum(z), lambda p: guide(p, is_wrapped), estimator, 5, vouch="x")
        return jax.grad(F)({"a": 2.0, "m": 0.1}, KEY)

    found, wanted = slopes(True), slopes(False)
    np.testing.assert_allclose(found["a"], wanted["a"], rtol=1e-4)
    np.testing.assert_allclose(found["m"], wanted["m"], rtol=1e-4)


@pytest.mark.parametrize("is_vector", [False, True], ids=["entries", "vectors"])
@pytest.mark.parametrize("derivative", [jax.grad, jax.jacfwd], ids=["reverse", "forward"])
def test_what_is_lost_is_no_number_and_not_nothing(derivative, is_vector):
    """The logistic function of 40 is 1, of which no power tells how the draw moves with the exponent."""

    def guide(params):
        base = dist.Normal(40.0 * jnp.ones(2), 1.0).to_event(1)
        steps = [t.SigmoidTransform(), t.PowerTransform(params["a"]).inv]
        if is_vector:
            return dist.TransformedDistribution(base, [t.IndependentTransform(step, 1) for step in steps])
        return dist.TransformedDistribution(base, steps)

    F = gr.bound(lambda p, z: 0.0, guide, gr.StickTheLanding(), 5, vouch="x")
    assert np.isnan(derivative(F)({"a": 2.0}, KEY)["a"])


def test_a_fold_within_transforms_has_no_density_and_says_so():
    folded = dist.FoldedDistribution(dist.Normal(jnp.zeros(2), 1.0))
    with pytest.raises(NotImplementedError, match=r"AbsTransform.* two numbers .*FoldedDistribution"):
        entries(dist.TransformedDistribution(folded, t.ExpTransform().inv), jnp.ones(2))


def test_an_ordered_transform_of_one_event_of_affine_ones():
    def guide(params):
        affine = t.AffineTransform(params["loc"], 2.0, domain=t.constraints.positive)
        base = dist.TransformedDistribution(dist.HalfNormal(jnp.ones(2)), affine).to_event(1)
        return dist.TransformedDistribution(base, t.OrderedTransform())

    F = gr.expectation(lambda x, p: x[0], guide, gr.Pathwise(), 10)
    assert jax.grad(F)({"loc": 0.5}, KEY)["loc"] == pytest.approx(1.0)


# ---- large concentrations ----------------------------------------------------------------------------------

# distribution, value, log p and its derivative in the first parameter, by mpmath with 50 digits
CONCENTRATED = [
    (lambda c: dist.Gamma(c, 2.0), 1e6, 500300.0, -7.314074567416621, 0.0006003200720509489),
    (lambda c: dist.Gamma(c, 2.0), 60.0, 33.0, -2.651051901330438, 0.10366666064288725),
    (lambda c: dist.Gamma(c, 2.0), 49.0, 22.0, -2.3396740395977784, -0.09739187624432491),
    (lambda c: dist.Beta(c, 20.0), 80.0, 0.78, 2.106349226808877, -0.02406312060439586),
    (lambda c: dist.Beta(c, 1e6), 1e6, 0.5003, 6.668537686817511, 0.0006000700720300495),
    (lambda c: dist.StudentT(c, 0.0, 1.0), 1e6, 1.5, -2.0439386425803057, 1.0937626562095948e-13),
    (lambda c: dist.StudentT(c, 0.0, 1.0), 2e4, -0.7, -1.163960281853627, 1.0874273952429517e-09),
    (lambda c: dist.StudentT(c, 0.0, 1.0), 0.5, 3.0, -3.5188621602863397, 0.5196294687906238),
]


@pytest.mark.parametrize("double", [True, False], ids=["double", "single"])
@pytest.mark.parametrize("row", CONCENTRATED, ids=lambda row: f"{row[1]:g}-{row[2]:g}")
def test_densities_of_large_concentrations(row, double):
    make, c, x, value, slope = row
    with jax.enable_x64(double):
        found = jax.value_and_grad(lambda c: entries(make(c), jnp.asarray(x)))(jnp.asarray(c, float))
    assert found[0] == pytest.approx(value, abs=1e-8 if double else 1e-3)
    assert found[1] == pytest.approx(slope, rel=1e-6 if double else 1e-2, abs=1e-12)


def test_the_density_of_a_large_dirichlet_is_that_of_the_beta():
    x = jnp.array([0.5003, 0.4997])
    found = entries(dist.Dirichlet(jnp.array([1e6, 1e6])), x)
    assert found == pytest.approx(6.6685, abs=0.02)


# ---- transforms --------------------------------------------------------------------------------------------


def test_slopes_where_numbers_are_nearly_lost():
    scaled, x = t.ScaledUnitLowerCholeskyTransform(), jnp.array([0.5, -200.0, -300.0])
    assert log_slope(scaled, x, there(scaled, x)) == pytest.approx(-200.0 - 2.0 * 300.0)
    power, x = t.PowerTransform(20.0), jnp.float32(0.014)
    slope = jax.grad(lambda x: log_slope(power, x, there(power, x)))(x)
    assert slope == pytest.approx(19.0 / 0.014, rel=1e-5)


def test_what_is_taken_back_is_not_lost():
    """A logit after a logistic function, in a chain, an inverse and an independent one."""
    squash = t.SigmoidTransform()
    assert [type(step) for step in one_by_one([squash, squash.inv])] == [t.IdentityTransform]
    inner = t.ComposeTransform([t.AffineTransform(0.0, 2.0), squash])
    both = [t.IndependentTransform(squash, 1), t.IndependentTransform(inner, 1).inv]
    (left,) = one_by_one(both)
    assert there(left, jnp.array([40.0])) == pytest.approx(20.0)
    assert back(left, jnp.array([20.0])) == pytest.approx(40.0)


def test_costs_that_are_no_numbers_are_warned_of():
    label = dist.Categorical(logits=jnp.zeros(2))

    def guide(params):
        parts = dist.TransformedDistribution(dist.Normal(params["m"], jnp.ones(2)), t.SigmoidTransform())
        return dist.MixtureSameFamily(label, parts)

    F = gr.bound(lambda params, z: 0.0, guide, gr.ScoreFunction(), 20)
    with pytest.warns(gr.GradientWarning, match=r"20 of 20 costs are no numbers"):
        jax.grad(F)({"m": 40.0}, KEY)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("factor", [1.5, 0.0, -1.0])
def test_slopes_whose_mean_is_zero_are_judged(kind, factor):
    slopes = np.array([-2.0, -0.7, -0.1, 0.3, 1.0, 1.5])
    truth = [mpf(slope) for slope in slopes]
    size, none = [mpf(1)] * 6, [False] * 6

    def outcome(found):
        return trials._judged(drawn(3), none, none, kind, "", "score", found, truth, size).outcome

    assert outcome(slopes * (1.0 + 1e-10)) == trials.RIGHT
    assert outcome(factor * slopes) == trials.WRONG
