"""What is called converged is a maximum: kinds of ends that were called so and were none, and the reverse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import gammaln, logsumexp, xlogy

import jensen
from jensen import densities
from jensen.em import DiscretePosterior, Expected, Totals


def normals(p, z, x):
    return jnp.log(p["w"][z]) + densities.normal(x, p["mu"][z], p["sd"][z])


@pytest.fixture(scope="module")
def two_normals():
    spaces = {"w": jensen.Simplex(2), "mu": jensen.Real(2), "sd": jensen.Positive(2)}
    return jensen.LogJoint(normals, latent=jensen.Enumerated(2), parameters=spaces)


def both(model, data, start):
    """The verdicts of the fit and of its uncertainty."""
    fit = jensen.fit(model, data, start)
    return fit, fit.verdict, jensen.uncertainty(model, fit, data).verdict


def planted():
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(0, 1, 30), rng.normal(5, 0.5, 30)])


def test_a_scale_that_shrinks_onto_many_equal_rows_is_collapsed(two_normals):
    # ten rows of 60 are equal: Σ log N(x; mu, sd) grows by 10 nats for every e-fold of sd
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=6), 10)
    start = {"w": [0.5, 0.5], "mu": [0.0, x[0]], "sd": [1.0, 1e-3]}
    _fit, verdict, sure = both(two_normals, x, start)
    assert verdict.outcome == sure.outcome == "collapsed"
    assert "without bound" in verdict.message
    assert not verdict.proper


def test_a_collapse_stops_early(two_normals):
    x = np.repeat(np.random.default_rng(0).normal(size=6), 10)
    start = {"w": [0.5, 0.5], "mu": [0.0, x[0]], "sd": [1.0, 1e-3]}
    assert jensen.fit(two_normals, x, start).num_steps < 150


def test_rows_exactly_on_lines_are_a_scale_below_rounding():
    def lines(p, z, x):
        line = p["beta"][z, 0] + p["beta"][z, 1] * x["t"]
        return jnp.log(p["w"][z]) + densities.normal(x["y"], line, p["sd"])

    spaces = {"w": jensen.Simplex(2), "beta": jensen.Real((2, 2)), "sd": jensen.Positive()}
    model = jensen.LogJoint(lines, latent=jensen.Enumerated(2), parameters=spaces)
    rng = np.random.default_rng(0)
    t, z = rng.uniform(-1, 1, 60), rng.integers(2, size=60)
    rows = {"t": t, "y": np.where(z, 1.0 + 2 * t, -1.0 - t)}
    start = {"w": [0.5, 0.5], "beta": [[0.5, 1.5], [-0.5, -0.5]], "sd": 0.5}
    _fit, verdict, sure = both(model, rows, start)
    assert verdict.outcome == sure.outcome == "collapsed"


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_a_maximum_is_one_in_any_units(two_normals, size):
    # at 10¹² the second derivative in mu is n / sd² ≈ 10⁻²², and was taken for one that has vanished
    x = size * planted()
    start = {"w": [0.5, 0.5], "mu": [-size, 6 * size], "sd": [size, size]}
    fit, verdict, sure = both(two_normals, x, start)
    assert verdict.converged and sure.converged
    z = x > 2.5 * size  # no overlap: the closed form
    expected = [part.mean() for part in (x[~z], x[z])]
    np.testing.assert_allclose(fit.params["mu"], expected, rtol=1e-3, atol=1e-3 * size)


def test_a_saturated_logit_is_no_maximum_for_either():
    def logistic(p, z, x):
        return jax.nn.log_sigmoid((2 * x["y"] - 1) * (p["a"] + p["b"] * x["t"]))

    spaces = {"a": jensen.Real(), "b": jensen.Real()}
    model = jensen.LogJoint(logistic, latent=jensen.Enumerated(1), parameters=spaces)
    t = np.linspace(-1, 1, 20)
    rows = {"t": t, "y": (t > 0).astype(int)}  # separable: the supremum, 0, is never reached
    _fit, verdict, sure = both(model, rows, {"a": 0.0, "b": 1.0})
    assert verdict.outcome == sure.outcome == "not identified"
    slow = {"t": 1e-6 * t, "y": (np.arange(20) % 3 == 0).astype(int)}  # and a slope of 10⁶ is no vanished one
    assert all(v.converged for v in both(model, slow, {"a": 0.0, "b": 0.0})[1:])


def test_a_component_without_weight_is_sent_to_where_it_has_some():
    def poissons(p, z, x):
        return jnp.log(p["w"][z]) + densities.poisson(x, p["rate"][z])

    spaces = {"w": jensen.Simplex(2), "rate": jensen.Positive(2)}
    model = jensen.LogJoint(poissons, latent=jensen.Enumerated(2), parameters=spaces)
    x = np.r_[np.full(30, 1), np.full(30, 400)]
    fit = jensen.fit(model, x, {"w": [0.5, 0.5], "rate": [1e-6, 3e7]})
    np.testing.assert_allclose(np.sort(fit.params["rate"]), [1, 400], rtol=1e-6)


# ---- models without a chart --------------------------------------------------------------------------------


class Poissons:
    """Two Poissons, from the contract alone: nothing but the four methods."""

    def posterior(self, params, data):
        x = data[:, None]
        joint = np.log(params["w"]) + xlogy(x, params["rate"]) - params["rate"] - gammaln(x + 1)
        evidence = logsumexp(joint, axis=1)
        return DiscretePosterior(np.exp(joint - evidence[:, None]), evidence)

    def expected(self, params, data, posterior, weight):
        w = np.ones(len(data)) if weight is None else weight
        q = w[:, None] * posterior.responsibilities
        stats = Totals(one=q.sum(0), x=data @ q, rest=float(q.sum(1) @ gammaln(data + 1)))
        return Expected(stats, float(w @ posterior.log_evidence), float(w @ posterior.entropy()), w.sum())

    def m_step(self, stats, params):
        return {"w": stats.one / stats.one.sum(), "rate": stats.x / stats.one}

    def expected_log_joint(self, params, stats):
        each = stats.one * np.log(params["w"]) + stats.x * np.log(params["rate"]) - stats.one * params["rate"]
        return float(each.sum() - stats.rest)


class Halfway(Poissons):
    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        return {name: 0.5 * params[name] + 0.5 * best[name] for name in best}


class Stuck(Poissons):
    def m_step(self, stats, params):
        return {name: np.array(value) for name, value in params.items()}


class Biased(Poissons):
    def m_step(self, stats, params):
        best = super().m_step(stats, params)
        return best | {"rate": 1.1 * best["rate"]}


class KnownShares(Poissons):
    def m_step(self, stats, params):
        return super().m_step(stats, params) | {"w": params["w"]}


COUNTS = np.random.default_rng(0).poisson(np.repeat([2.0, 9.0], 30)).astype(float)
APART = {"w": np.array([0.5, 0.5]), "rate": np.array([1.0, 12.0])}
SAME = {"w": np.array([0.5, 0.5]), "rate": np.array([3.0, 3.0])}


@pytest.mark.parametrize("model", [Poissons, Halfway, KnownShares])
def test_a_maximum_of_a_model_without_a_chart_is_one(model):
    fit = jensen.fit(model(), COUNTS, APART)
    assert fit.verdict.converged, fit.verdict


@pytest.mark.parametrize("model", [Poissons, Halfway, KnownShares])
def test_identical_components_of_a_model_without_a_chart_are_a_saddle(model):
    fit = jensen.fit(model(), COUNTS, SAME)
    assert fit.verdict.outcome == "saddle" and "higher" in fit.verdict.message


def test_an_m_step_that_does_nothing_is_named():
    fit = jensen.fit(Stuck(), COUNTS, APART)
    assert fit.verdict.outcome == "failed" and "Stuck.m_step returns the params" in fit.verdict.message


def test_an_m_step_beside_the_maximum_does_not_converge():
    fit = jensen.fit(Biased(), COUNTS, APART | {"rate": np.array([4.0, 30.0])})
    assert fit.verdict.outcome == "step limit" and "check_model" in fit.verdict.advice


# ---- tops that are no parabola -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_a_corner_is_not_called_a_parameter_that_changes_nothing(seed):
    """The median of Laplace's distribution: second derivatives are 0 beside it, and both sides are lower."""
    x = np.random.default_rng(seed).laplace(size=51)
    spaces = {"m": jensen.Real(), "s": jensen.Positive()}
    model = jensen.LogJoint(
        lambda p, z, x: densities.laplace(x, p["m"], p["s"]), jensen.Enumerated(1), spaces
    )
    fit = jensen.fit(model, x)
    highest = -51 * np.log(2 * np.abs(x - np.median(x)).mean()) - 51
    assert highest - 0.1 < fit.log_evidence <= highest + 1e-9
    verdict = fit.verdict
    assert verdict.converged == (fit.log_evidence > highest - 5e-3) or "is left" in verdict.message
    assert "does not change" not in verdict.message
    assert fit.uncertainty().verdict.outcome == verdict.outcome


def test_a_top_of_fourth_order_is_one():
    def log_joint(p, z, x):
        return -((p["a"] - 1.0) ** 4) + 0.0 * x

    model = jensen.LogJoint(log_joint, jensen.Enumerated(1), {"a": jensen.Real()})
    fit, verdict, sure = both(model, np.zeros(1), {"a": 0.2})
    assert fit.params["a"] == pytest.approx(1.0, abs=0.01)
    assert "not change" not in verdict.message and "not change" not in sure.message
