"""`jensen.densities`: every density a row, held to SciPy, to quadrature, to differences, and to its edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from scipy import integrate, stats  # noqa: E402 -- after the check that there is JAX

import jensen  # noqa: E402
from jensen import densities  # noqa: E402
from jensen.models.log_joint.compiling import PLAIN, Program  # noqa: E402


@dataclass(frozen=True)
class Row:
    """A density at some parameters, and SciPy's; ``points`` are where they are compared."""

    name: str
    params: tuple[float, ...]
    law: Any
    points: tuple[float, ...]
    counts: bool = False

    @property
    def density(self) -> Any:
        return getattr(densities, self.name)

    @property
    def id(self) -> str:
        return f"{self.name}{self.params}"

    def truth(self, points: Any) -> np.ndarray:
        return (self.law.logpmf if self.counts else self.law.logpdf)(np.asarray(points, float))


LINE, TIMES, COUNTS = (-3.0, 0.2, 1.0, 5.0), (1e-9, 0.1, 1.0, 2.5, 20.0), (0.0, 1.0, 2.0, 7.0)
ROWS = [
    Row("normal", (1.0, 0.5), stats.norm(1.0, 0.5), LINE),
    Row("student_t", (4.0, 1.0, 0.5), stats.t(4.0, 1.0, 0.5), LINE),
    Row("student_t", (0.7, 1.0, 0.5), stats.t(0.7, 1.0, 0.5), (*LINE, 1e6)),
    Row("student_t", (math.inf, 1.0, 0.5), stats.norm(1.0, 0.5), LINE),
    Row("laplace", (1.0, 0.5), stats.laplace(1.0, 0.5), LINE),
    Row("logistic", (1.0, 0.5), stats.logistic(1.0, 0.5), LINE),
    Row("von_mises", (0.5, 2.0), stats.vonmises(2.0, 0.5), (-3.0, 0.0, 1.0, 3.0)),
    Row("von_mises", (0.5, 0.0), stats.uniform(-np.pi, 2 * np.pi), (-3.0, 0.0, 3.0)),
    Row("exponential", (1.5,), stats.expon(scale=1 / 1.5), (0.0, *TIMES)),
    Row("weibull", (1.5, 2.0), stats.weibull_min(1.5, scale=2.0), TIMES),
    Row("weibull", (0.4, 2.0), stats.weibull_min(0.4, scale=2.0), TIMES),
    Row("gamma", (1.5, 2.0), stats.gamma(1.5, scale=0.5), TIMES),
    Row("gamma", (0.3, 2.0), stats.gamma(0.3, scale=0.5), TIMES),
    Row("gamma", (40.0, 2.0), stats.gamma(40.0, scale=0.5), (5.0, 20.0, 60.0)),
    Row("log_normal", (0.5, 2.0), stats.lognorm(2.0, scale=math.exp(0.5)), TIMES),
    Row("log_logistic", (1.5, 2.0), stats.fisk(1.5, scale=2.0), TIMES),
    Row("beta", (1.5, 2.0), stats.beta(1.5, 2.0), (1e-9, 0.1, 0.5, 0.999)),
    Row("beta", (0.3, 0.6), stats.beta(0.3, 0.6), (1e-9, 0.1, 0.5, 0.999)),
    Row("uniform", (1.0, 3.0), stats.uniform(1.0, 2.0), (0.0, 1.0, 2.5, 3.0, 4.0)),
    Row("poisson", (2.5,), stats.poisson(2.5), (*COUNTS, 100.0), counts=True),
    Row("binomial", (7.0, 0.2), stats.binom(7, 0.2), COUNTS, counts=True),
    Row("negative_binomial", (2.0, 1.5), stats.nbinom(1.5, 1.5 / 3.5), COUNTS, counts=True),
    Row("negative_binomial", (20.0, 0.1), stats.nbinom(0.1, 0.1 / 20.1), COUNTS, counts=True),
    Row("bernoulli", (0.2,), stats.bernoulli(0.2), (0.0, 1.0), counts=True),
]
CENSORED = [row for row in ROWS if hasattr(row.density, "censored")]
by_id = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
by_censored = pytest.mark.parametrize("row", CENSORED, ids=lambda row: row.id)


@pytest.fixture(autouse=True)
def _double():
    with jax.enable_x64(True):
        yield


# ---- programs, one for each density: most of the time would go into compiling ------------------------------


def compiled(function):
    return Program(function, PLAIN, "a density")


@cache
def program(name, method):
    """``program(name, "censored")(low, high, *params)``, compiled once for every shape."""
    return compiled(getattr(getattr(densities, name), method))


def tails(name, x, params):
    """log P(X > x) and log P(X ≤ x) of up to five x."""
    padded = np.resize(x, 5)
    found = [np.asarray(program(name, which)(padded, *params)) for which in ("log_survival", "log_cdf")]
    return [each[: np.size(x)] for each in found]


def censored(name, low, high, params):
    """Of up to five intervals."""
    found = program(name, "censored")(np.resize(low, 5), np.resize(high, 5), *params)
    return np.asarray(found)[: np.size(low)]


@cache
def derived(name, method):
    """The value, gradient and Hessian in the parameters u (p,)."""
    density = getattr(getattr(densities, name), method)
    return compiled(with_derivatives(lambda u, *x: density(*x, *[u[i] for i in range(len(u))])))


def with_derivatives(log_density):
    """Of a function of u and more: its value, gradient and Hessian."""
    gradient = jax.jacrev(log_density)
    return lambda *u: (log_density(*u), gradient(*u), jax.jacfwd(gradient)(*u))


def test_every_density_is_a_row():
    """And what is not one is tested on its own below."""
    alone = {"categorical", "multinomial", "multivariate_normal"}
    named = {n for n in densities.__all__ if isinstance(getattr(densities, n), densities.Density)}
    assert named - alone == {row.name for row in ROWS}


@by_id
def test_it_is_scipys(row):
    found = np.asarray(row.density(np.array(row.points), *row.params))
    np.testing.assert_allclose(found, row.truth(row.points), rtol=5e-14, atol=5e-14)


@by_id
def test_it_adds_up_to_one(row):
    if row.counts:
        total = np.exp(np.asarray(row.density(np.arange(row.law.ppf(1 - 1e-15) + 50), *row.params)))
        total = total[np.isfinite(total)].sum()
    else:
        ends = (-np.pi, np.pi) if row.name == "von_mises" else row.law.support()
        cuts = np.unique(np.clip([ends[0], *row.law.ppf(np.linspace(0.0, 1.0, 9)[1:-1]), ends[1]], *ends))
        density = program(row.name, "__call__")
        pieces = [
            integrate.quad(
                lambda x: math.exp(density(x, *row.params)), low, high, epsabs=1e-11, epsrel=1e-11, limit=200
            )[0]
            for low, high in pairwise(cuts)
        ]
        total = sum(pieces)
    assert total == pytest.approx(1.0, abs=3e-8 if row.params[0] < 1 else 1e-9)


# ---- derivatives -------------------------------------------------------------------------------------------


def derivatives(name, params, *x, method="__call__"):
    """Gradient and Hessian in the parameters, of one number or of several."""
    (_, *found), _ = at_steps(derived(name, method), params, *x)
    return [each[0] for each in found]


def at_steps(derived, params, *x):
    """Value, gradient and Hessian at the params, at one more and at one less of each; and the steps."""
    u = np.array(params, dtype=float)
    steps = np.diag(np.where(np.isfinite(u), 1e-5 * np.abs(u), 0.0))
    at = [np.asarray(each, float) for each in x]
    found = [derived(place, *at) for place in (u, *(u + steps), *(u - steps))]
    return [np.array(each) for each in zip(*found, strict=True)], steps


def assert_derivatives(derived, params, *x):
    """They are those of central differences: of the values, and for the Hessian of the gradient."""
    (values, gradients, hessians), steps = at_steps(derived, params, *x)
    gradient, hessian, p = gradients[0], hessians[0], len(steps)
    assert np.isfinite(gradient).all() and np.isfinite(hessian).all()
    for i in np.flatnonzero(steps.diagonal()):
        (above, slope_above), (below, slope_below) = ((values[k], gradients[k]) for k in (1 + i, 1 + p + i))
        width = (params[i] + steps[i, i]) - (params[i] - steps[i, i])
        rounding = 1e-14 * np.abs(above) / width
        error = np.abs((above - below) / width - gradient[..., i])
        assert (error < 1e-6 * (1.0 + np.abs(gradient[..., i])) + rounding).all()
        expected = (slope_above - slope_below) / width
        atol = 1e-5 * (1 + np.abs(hessian).max())
        np.testing.assert_allclose(hessian[..., i], expected, rtol=1e-5, atol=atol)


SMOOTH = [row for row in ROWS if row.name not in ("uniform", "laplace", "binomial")]


@pytest.mark.parametrize("row", SMOOTH, ids=lambda row: row.id)
def test_derivatives_are_those_of_differences(row):
    assert_derivatives(derived(row.name, "__call__"), row.params, row.points[1])


def test_of_a_binomial_in_its_probability():
    assert_derivatives(compiled(with_derivatives(lambda u: densities.binomial(3, 7, u[0]))), (0.2,))


EXTREME = [
    ("gamma", 1e-300, (1e-3, 1.0)),
    ("gamma", 1.0, (1e8, 1e8)),
    ("weibull", 1.0, (1e-3, 2.0)),
    ("weibull", 2.0, (1e8, 2.0)),
    ("beta", 0.5, (1e-3, 1e-3)),
    ("beta", 0.5, (1e8, 1e8)),
    ("student_t", 50.0, (1e-3, 0.0, 1.0)),
    ("student_t", 2.0, (1e8, 0.0, 1.0)),
    ("student_t", 1e9, (3.0, 0.0, 1.0)),
    ("negative_binomial", 7, (2.0, 1e-3)),
    ("negative_binomial", 7, (2.0, 1e8)),
    ("negative_binomial", 10**8, (1e8, 1e3)),
    ("poisson", 10**8, (1e8,)),
    ("von_mises", 0.3, (0.3, 0.0)),
    ("von_mises", 0.301, (0.3, 1e6)),
    ("log_normal", 1e-300, (0.0, 1.0)),
    ("log_logistic", 1e300, (1.0, 1.0)),
]


@pytest.mark.parametrize(("name", "x", "params"), EXTREME)
def test_at_extreme_parameters_all_is_finite(name, x, params):
    gradient, hessian = derivatives(name, params, x)
    value = float(getattr(densities, name)(x, *params))
    assert np.isfinite([value, *gradient, *hessian.ravel()]).all()


LARGE = [  # by mpmath 1.4.1 with 60 digits; log-gamma functions of 1e8 leave seven digits of these
    (lambda: densities.gamma(1.0001, 1e8, 1e8), 7.7913351737714868),
    (lambda: densities.beta(0.33335, 1e8, 2e8), 9.4052248069086255),
    (lambda: densities.student_t(2.0, 1e8, 0.0, 1.0), -2.9189385157046734),
    (lambda: densities.negative_binomial(7, 2.0, 1e8), -5.6731310071458006),
    (lambda: densities.negative_binomial(10**6, 1e6 + 500, 1e4), -10.135499207989573),
    (lambda: densities.poisson(10**8, 1e8 + 5000), -10.254274739503766),
    (lambda: densities.binomial(10**8, 3 * 10**8, 0.3333), -10.676571354912351),
    (lambda: densities.von_mises(0.301, 0.3, 1e6), 5.4888166624440662),
]


@pytest.mark.parametrize(("found", "exact"), LARGE, ids=[f"{exact:.3f}" for _, exact in LARGE])
def test_large_numbers_do_not_cancel(found, exact):
    assert float(found()) == pytest.approx(exact, rel=1e-12)


# ---- at the edges of the support ---------------------------------------------------------------------------

EDGES = [
    ("gamma", 0.0, (1.0, 2.0), math.log(2.0)),
    ("gamma", 0.0, (1.5, 2.0), -math.inf),
    ("gamma", 0.0, (0.5, 2.0), math.inf),
    ("weibull", 0.0, (1.0, 2.0), -math.log(2.0)),
    ("weibull", 0.0, (3.0, 2.0), -math.inf),
    ("log_normal", 0.0, (0.0, 1.0), -math.inf),
    ("log_logistic", 0.0, (1.0, 2.0), -math.log(2.0)),
    ("beta", 0.0, (1.0, 3.0), math.log(3.0)),
    ("beta", 1.0, (3.0, 1.0), math.log(3.0)),
    ("beta", 1.0, (3.0, 2.0), -math.inf),
    ("poisson", 0, (0.0,), 0.0),
    ("poisson", 1, (0.0,), -math.inf),
    ("binomial", 0, (7, 0.0), 0.0),
    ("binomial", 7, (7, 1.0), 0.0),
    ("binomial", 0, (0, 1.0), 0.0),
    ("binomial", 3, (7, 0.0), -math.inf),
    ("binomial", 3, (7, 1.0), -math.inf),
    ("negative_binomial", 0, (0.0, 2.0), 0.0),
    ("negative_binomial", 2, (0.0, 2.0), -math.inf),
    ("bernoulli", 1, (1.0,), 0.0),
    ("bernoulli", 0, (1.0,), -math.inf),
    ("uniform", 3.1, (1.0, 3.0), -math.inf),
]


@pytest.mark.parametrize(("name", "x", "params", "limit"), EDGES)
def test_at_an_edge_it_is_the_limit(name, x, params, limit):
    assert float(getattr(densities, name)(x, *params)) == pytest.approx(limit, abs=1e-15)


def test_derivatives_at_an_edge():
    """∂/∂rate log rate = 1/rate at x = 0 and shape 1; the shape itself is a jump there."""
    gradient, hessian = derivatives("gamma", (1.0, 2.0), 0.0)
    assert gradient.tolist() == [0.0, 0.5] and hessian[1, 1] == -0.25
    assert float(jax.grad(lambda p: densities.binomial(0, 7, p))(0.0)) == -7.0
    assert float(jax.grad(lambda p: densities.bernoulli(0, p))(0.0)) == -1.0
    assert np.isfinite(derivatives("gamma", (2.0, 2.0), 0.0)[1]).all()


REFUSED = [
    ("poisson", 2.5, (1.0,)),
    ("poisson", -1, (1.0,)),
    ("poisson", 1, (-1.0,)),
    ("negative_binomial", 2.5, (1.0, 1.0)),
    ("negative_binomial", 2, (1.0, -1.0)),
    ("binomial", 8, (7, 0.5)),
    ("binomial", 2, (7, 1.5)),
    ("bernoulli", 2, (0.5,)),
    ("gamma", -1e-9, (1.0, 1.0)),
    ("gamma", 1.0, (-1.5, 1.0)),
    ("exponential", -1.0, (1.0,)),
    ("weibull", math.inf, (1.0, 1.0)),
    ("weibull", math.nan, (1.0, 1.0)),
    ("log_normal", -1.0, (0.0, 1.0)),
    ("log_logistic", -1.0, (1.0, 1.0)),
    ("beta", 1.1, (1.0, 1.0)),
    ("student_t", 1.0, (-2.0, 0.0, 1.0)),
    ("normal", 1.0, (0.0, -1.0)),
    ("laplace", 1.0, (0.0, 0.0)),
    ("logistic", 1.0, (0.0, 0.0)),
    ("uniform", 1.0, (3.0, 1.0)),
    ("von_mises", 1.0, (0.0, -1.0)),
    ("categorical", 3, (np.full(3, 1 / 3),)),
    ("multinomial", np.array([1, -1]), (np.full(2, 0.5),)),
]


@pytest.mark.parametrize(("name", "x", "params"), REFUSED)
def test_what_is_not_of_the_support_is_nan(name, x, params):
    assert np.isnan(getattr(densities, name)(x, *params))


# ---- censoring ---------------------------------------------------------------------------------------------


@by_censored
def test_a_censored_value_is_the_integral(row):
    low, high = (float(q) for q in row.law.ppf([0.2, 0.7]))
    if low == high:
        high = low + 1.0
    below = row.law.cdf(low - 1.0 if row.counts else low)
    inf, x = math.inf, row.points[1]
    found = censored(row.name, [low, low, -inf, -inf], [high, inf, high, inf], row.params)
    expected = np.log([row.law.cdf(high) - below, 1.0 - below, row.law.cdf(high), 1.0])
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    assert float(row.density.censored(x, x, *row.params)) == float(row.density(x, *row.params))


@by_censored
def test_both_tails_are_scipys(row):
    x = np.array([*row.law.ppf([0.01, 0.3, 0.8, 0.999]), row.law.ppf(1 - 1e-12)])
    above, below = tails(row.name, x, row.params)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(above, np.log(row.law.sf(x)), rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(below, np.log(row.law.cdf(x)), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("row", [r for r in CENSORED if r in SMOOTH], ids=lambda row: row.id)
def test_derivatives_of_censored_values(row):
    """Of an interval, of a row censored on the right, on the left, of an exact one and of one not seen at
    all, side
    by side: what is not taken leaves no NaN.
    """
    a, b = row.law.ppf([0.3, 0.9])
    b, x, inf = b + (a == b), row.points[1], math.inf
    low, high = np.array([a, a, -inf, x, -inf]), np.array([b, inf, b, x, inf])
    assert_derivatives(derived(row.name, "censored"), row.params, low, high)


def test_in_the_far_tail():
    """Where the probability underflows; −x²/2 − log x√2π − 1/x² + 5/2x⁴ … (Mills) and e⁻ˣ are the closed
    forms.
    """
    x = 60.0
    mills = -0.5 * x * x - math.log(x * math.sqrt(2 * math.pi)) - 1 / x**2 + 2.5 / x**4 - 37 / 3 / x**6
    erlang = -1e4 + math.log(1 + 1e4 + 5e7)  # shape 3
    cauchy = math.log(math.atan(1e-200) / math.pi)
    above, below = 0, 1
    for name, tail, at, params, exact, rel in [
        ("normal", above, x, (0.0, 1.0), mills, 1e-14),
        ("gamma", above, 1e4, (1.0, 1.0), -1e4, 1e-14),
        ("gamma", above, 1e4, (3.0, 1.0), erlang, 1e-14),
        ("gamma", below, 1e-200, (1.0, 1.0), math.log(1e-200), 1e-14),
        ("student_t", above, 1e200, (1.0, 0.0, 1.0), cauchy, 1e-13),
        ("beta", below, 1e-200, (2.0, 1.0), 2 * math.log(1e-200), 1e-13),
        ("poisson", above, 0.0, (1e-200,), math.log(1e-200), 1e-13),
        ("weibull", below, 1e-200, (2.0, 1.0), 2 * math.log(1e-200), 1e-14),
    ]:
        assert float(tails(name, at, params)[tail][0]) == pytest.approx(exact, rel=rel), name


def test_a_narrow_interval_is_density_times_width():
    for name, x, params in [
        ("gamma", 2.0, (1.5, 2.0)),
        ("weibull", 2.0, (1.5, 2.0)),
        ("student_t", 1.0, (3.0, 0.0, 1.0)),
    ]:
        density, width = getattr(densities, name), 2.0**-30
        found = float(censored(name, x - width / 2, x + width / 2, params)[0])
        assert found == pytest.approx(float(density(x, *params)) + math.log(width), abs=1e-6)


def test_bounds_that_will_not_do():
    weibull = densities.weibull
    assert np.isnan(weibull.censored(3.0, 2.0, 1.0, 1.0))
    assert np.isnan(weibull.censored(-1.0, -1.0, 1.0, 1.0))
    assert np.isnan(weibull.censored(-2.0, -1.0, 1.0, 1.0))
    assert np.isnan(weibull.censored(1.0, math.nan, 1.0, 1.0))
    assert np.isnan(weibull.censored(1.0, 2.0, -1.0, 1.0))
    assert np.isnan(densities.poisson.censored(0.5, 3.0, 1.0))
    assert float(weibull.censored(-5.0, 2.0, 1.0, 1.0)) == float(weibull.censored(0.0, 2.0, 1.0, 1.0))
    assert float(weibull.censored(-1.0, 0.0, 1.0, 1.0)) == -math.inf
    with pytest.raises(TypeError, match=r"densities\.weibull has the parameters shape, scale"):
        weibull.censored(1.0, 2.0, 1.0, rate=2.0)


# ---- the others --------------------------------------------------------------------------------------------


def test_of_vectors_and_categories():
    cov, p = np.array([[2.0, 0.3], [0.3, 0.5]]), np.array([0.2, 0.3, 0.5])
    found = densities.multivariate_normal(np.array([0.3, 1.0]), np.zeros(2), cov)
    assert float(found) == pytest.approx(
        stats.multivariate_normal(np.zeros(2), cov).logpdf([0.3, 1.0]), rel=1e-14
    )
    assert float(densities.multinomial(np.array([1, 0, 4]), p)) == pytest.approx(
        stats.multinomial(5, p).logpmf([1, 0, 4]), rel=1e-13
    )
    assert float(densities.multinomial(np.array([2, 0, 0]), np.array([1.0, 0.0, 0.0]))) == pytest.approx(
        0.0, abs=1e-15
    )
    np.testing.assert_allclose(densities.categorical(np.array([0, 2]), np.stack([p, p])), np.log([0.2, 0.5]))


def test_zero_inflated():
    law, share = stats.poisson(2.0), 0.3
    x = np.arange(40)
    expected = np.log(share * (x == 0) + (1 - share) * law.pmf(x))
    np.testing.assert_allclose(
        densities.zero_inflated(x, share, densities.poisson, 2.0), expected, rtol=1e-13
    )
    assert float(densities.zero_inflated(0, 0.3, densities.poisson, 1e4)) == pytest.approx(
        math.log(0.3), rel=1e-14
    )
    assert float(densities.zero_inflated(0, 0.0, densities.poisson, 1e4)) == -1e4
    both = compiled(with_derivatives(lambda u: densities.zero_inflated(0, u[0], densities.poisson, u[1])))
    for rate in (2.0, 1e4):
        assert_derivatives(both, (0.3, rate))
    assert np.isnan(densities.zero_inflated(1, 1.5, densities.poisson, 2.0))
    with pytest.raises(TypeError, match="zero_inflated is for counts"):
        densities.zero_inflated(0.0, 0.3, densities.gamma, 1.0, 1.0)


@by_id
def test_draws_have_the_density(row):
    """Kolmogorov and Smirnov's distance of 4000 draws, and the mean of log p for counts, in standard
    errors.
    """
    rng = np.random.default_rng(0)
    params = [np.full(4000, p) if p != 7 else np.full(4000, 7) for p in row.params]
    drawn = np.asarray(row.density.draw(rng, *params))
    assert drawn.shape == (4000,)
    if row.counts:
        support = np.arange(row.law.ppf(1 - 1e-14) + 1)
        p, log_p = row.law.pmf(support), row.law.logpmf(support)
        mean = p @ log_p
        error = math.sqrt(p @ (log_p - mean) ** 2 / 4000)
        assert abs(row.law.logpmf(drawn).mean() - mean) < 5 * error
    else:
        assert stats.kstest(drawn, row.law.cdf).pvalue > 1e-6


def test_of_vectors_drawn():
    rng, n = np.random.default_rng(0), 4000
    cov, p = np.array([[2.0, 0.3], [0.3, 0.5]]), np.array([0.2, 0.3, 0.5])
    drawn = densities.multivariate_normal.draw(rng, np.zeros((n, 2)), np.broadcast_to(cov, (n, 2, 2)))
    np.testing.assert_allclose(np.cov(drawn.T), cov, atol=5 * 2 * math.sqrt(2 / n))
    counts = np.bincount(densities.categorical.draw(rng, np.broadcast_to(p, (n, 3))))
    assert stats.chisquare(counts, n * p).pvalue > 1e-6


# ---- in a fit ----------------------------------------------------------------------------------------------


def single(log_joint, parameters):
    """A model with nothing hidden."""
    return jensen.LogJoint(log_joint, jensen.Enumerated(1), parameters)


MESSAGES = [
    (
        lambda p, z, x: densities.poisson(x, p["a"]),
        [1.0, 2.5],
        r"row 1 \(x = 2.5\).*poisson is for whole numbers from 0, not 2.5",
    ),
    (
        lambda p, z, x: densities.gamma(x, p["a"], 1.0),
        [1.0, -2.0],
        r"row 1.*gamma is for numbers from 0, not -2",
    ),
    (
        lambda p, z, x: densities.binomial(x, 4, p["a"] / (1 + p["a"])),
        [1, 5],
        r"row 1.*binomial is for whole numbers from 0 to 4, not 5",
    ),
    (
        lambda p, z, x: densities.categorical(1.0 * x, p["a"] / (1 + p["a"]) * np.ones(3)),
        [0, 3],
        r"row 1.*from 0 to 2, not 3",
    ),
    (
        lambda p, z, x: densities.normal(1.0 * x, 0.0, p["a"] - 1e9),
        [1.0, 2.0],
        r"row 0.*the sd of densities.normal is -1e\+09",
    ),
]


def test_a_fit_names_bounds_that_will_not_do():
    model = single(
        lambda p, z, x: densities.weibull.censored(x[0], x[1], 1.0, p["a"]), {"a": jensen.Positive()}
    )
    for row, message in (
        ([3.0, 2.0], "the lower bound of densities.weibull is 3, above the upper one 2"),
        ([-1.0, -1.0], "weibull is for numbers from 0, not -1"),
        ([-3.0, -2.0], "weibull is for numbers from 0, not -2"),
    ):
        with pytest.raises(ValueError, match=rf"row 1 .*{message}"):
            jensen.fit(model, np.array([[1.0, 2.0], row]), {"a": 1.0})


@pytest.mark.parametrize(("log_joint", "data", "message"), MESSAGES)
def test_a_fit_names_the_row_and_the_value(log_joint, data, message):
    model = single(log_joint, {"a": jensen.Positive()})
    with pytest.raises(ValueError, match=message):
        jensen.fit(model, np.array(data), {"a": 1.0})


TOBIN = np.array(
    [0, 0.7, 0, 0, 0, 0, 0, 3.7, 0, 3, 10.4, 0, 0, 0, 1.5, 0, 0, 3.5, 6.1, 0]
)  # durable goods, age, liquidity: Tobin (1958), as in R's survival package
AGE = np.array(
    [
        57.7,
        50.9,
        48.5,
        41.7,
        47.7,
        59.8,
        44.3,
        45.1,
        51.7,
        50,
        46.8,
        58,
        58.9,
        40,
        34.1,
        39.9,
        33.4,
        48.1,
        46.6,
        53.1,
    ]
)
QUANT = np.array(
    [236, 283, 207, 220, 238, 216, 284, 221, 275, 269, 207, 249, 246, 277, 231, 219, 240, 266, 214, 251.0]
)


def test_tobins_regression_is_survivals():
    """survreg(Surv(durable, durable > 0, type = "left") ~ age + quant, dist = "gaussian") of R's survival."""

    def log_joint(params, z, x):
        mean = params["b"][0] + params["b"][1] * x["age"] + params["b"][2] * x["quant"]
        return densities.normal.censored(x["lower"], x["upper"], mean, params["sd"])

    data = {"lower": np.where(TOBIN > 0, TOBIN, -np.inf), "upper": TOBIN, "age": AGE, "quant": QUANT}
    model = single(log_joint, {"b": jensen.Real(3), "sd": jensen.Positive()})
    fit = jensen.fit(model, data, {"b": [0.0, 0.0, 0.0], "sd": 5.0})
    assert fit.log_evidence == pytest.approx(-28.9401332, abs=1e-6)
    np.testing.assert_allclose(
        fit.params["b"], [15.144866360682, -0.129059284097, -0.045541662954], rtol=1e-6
    )
    assert float(fit.params["sd"]) == pytest.approx(5.5725397631, rel=1e-6)
    assert fit.verdict.outcome == "converged"


def test_no_probability_is_above_one():
    assert float(densities.negative_binomial.log_cdf(0, 1e-300, 1e-3)) == 0.0
    assert float(densities.gamma.censored(0.0, 1e3, 0.01, 1.0)) <= 0.0
