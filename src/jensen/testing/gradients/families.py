"""The distributions of the programs of `check_gradient_law`, with densities that owe nothing to NumPyro."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[Any]
Density = Callable[..., Array]

PATH, SCORE, WEAK, SUM, LABEL = "path", "score", "weak", "sum", "label"
SLOW = ("Gamma", "Beta", "Student", "Binomial", "Poisson")
REAL, POSITIVE, UNIT = "real", "positive", "unit"


@dataclass(frozen=True)
class Family:
    """A family of distributions.

    Attributes
    ----------
    text
        Of the distribution, with a place for each argument.
    kinds
        Of its arguments: real, positive, in (0, 1), or a constant as it stands.
    log_density
        ``log_density(y, *args)`` in NumPy, of what is integrated over.
    allows
        Derivatives that there are.
    grid
        ``grid(v, *args)``: places, and their derivatives in v; None for values that are summed.
    values
        How many there are to sum, from 0.
    made
        x of what is integrated over: ``made(y, *args)``.
    size
        Of what is integrated over.
    """

    text: str
    kinds: tuple[str, ...]
    log_density: Density
    allows: frozenset[str]
    grid: Callable[..., tuple[Array, Array]] | None = None
    values: int = 0
    made: Callable[..., Array] | None = None
    size: int = 1

    @property
    def is_discrete(self) -> bool:
        return self.values > 0

    @property
    def is_slow(self) -> bool:
        """Whether a program that draws from it takes long to compile."""
        return any(name in self.text for name in SLOW)

    @property
    def is_on_line(self) -> bool:
        """Whether its first argument is where on the line it is."""
        return self.grid is _line and self.kinds[0] == REAL and self.made is None

    @property
    def is_vector(self) -> bool:
        return self.size > 1


# ---- places: u runs from 0 to 1 as v does, and slowly at the ends ------------------------------------------


def _eased(v: Array) -> tuple[Array, Array, Array]:
    """u(v), 1 − u(v) and u′(v)."""
    u, w = (t**3 * (10.0 - 15.0 * t + 6.0 * t**2) for t in (v, 1.0 - v))
    return u, w, 30.0 * v**2 * (1.0 - v) ** 2


def _line(v: Array, loc: Any = 0.0, scale: Any = 1.0, *_: Any) -> tuple[Array, Array]:
    u, w, slope = _eased(v)
    return loc + 0.5 * scale * (1.0 / w - 1.0 / u), 0.5 * scale * (w**-2 + u**-2) * slope


def _half_line(v: Array, scale: Any = 1.0, low: Any = 0.0) -> tuple[Array, Array]:
    u, w, slope = _eased(v)
    return low + scale * u / w, scale * w**-2 * slope


def _interval(v: Array, low: Any = 0.0, high: Any = 1.0) -> tuple[Array, Array]:
    u, _, slope = _eased(v)
    return low + (high - low) * u, (high - low) * slope


# ---- densities ---------------------------------------------------------------------------------------------

LOG_ROOT = 0.5 * np.log(2.0 * np.pi)


def _normal(x: Any, loc: Any, scale: Any) -> Array:
    return -0.5 * ((x - loc) / scale) ** 2 - np.log(scale) - LOG_ROOT


def _laplace(x: Any, loc: Any, scale: Any) -> Array:
    return -np.abs(x - loc) / scale - np.log(2.0 * scale)


def _logistic(x: Any, loc: Any, scale: Any) -> Array:
    z = np.abs(x - loc) / scale
    return -z - 2.0 * np.log1p(np.exp(-z)) - np.log(scale)


def _gumbel(x: Any, loc: Any, scale: Any) -> Array:
    z = (x - loc) / scale
    with np.errstate(over="ignore"):
        return -z - np.exp(-z) - np.log(scale)


def _student(x: Any, df: Any, loc: Any, scale: Any) -> Array:
    z = (x - loc) / scale
    whole = special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - 0.5 * np.log(df * np.pi)
    return whole - np.log(scale) - (df + 1) / 2 * np.log1p(z**2 / df)


def _gamma(x: Any, shape: Any, rate: Any) -> Array:
    return shape * np.log(rate) - special.gammaln(shape) + (shape - 1) * np.log(x) - rate * x


def _weibull(x: Any, scale: Any, shape: Any) -> Array:
    z = x / scale
    return np.log(shape / scale) + (shape - 1) * np.log(z) - z**shape


def _beta(x: Any, a: Any, b: Any) -> Array:
    return (a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - special.betaln(a, b)


def _kumaraswamy(x: Any, a: Any, b: Any) -> Array:
    return np.log(a * b) + (a - 1) * np.log(x) + (b - 1) * np.log1p(-(x**a))


def _within(x: Any, loc: Any, scale: Any) -> Array:
    """A normal cut off at −1 and 2."""
    mass = special.ndtr((2.0 - loc) / scale) - special.ndtr((-1.0 - loc) / scale)
    return _normal(x, loc, scale) - np.log(mass)


def _two_normals(x: Any, weight: Any, left: Any, right: Any) -> Array:
    first, second = np.log(weight) + _normal(x, left, 0.6), np.log1p(-weight) + _normal(x, right, 0.6)
    return np.logaddexp(first, second)


def _normal_and_laplace(x: Any, weight: Any, left: Any, right: Any) -> Array:
    return np.logaddexp(np.log(weight) + _normal(x, left, 0.6), np.log1p(-weight) + _laplace(x, right, 0.8))


def _folded(x: Any, loc: Any, scale: Any) -> Array:
    return np.logaddexp(_normal(x, loc, scale), _normal(-x, loc, scale))


def _of_noise(y: Any, *_: Any) -> Array:
    return _normal(y, 0.0, 1.0)


def _bits(k: Any, p: Any) -> Array:
    return np.where(k == 1, np.log(p), np.log1p(-p))


def _three(k: Any, a: Any, b: Any) -> Array:
    """Labels with logits a, b and 0."""
    whole = np.logaddexp(np.logaddexp(a, b), 0.0)
    return np.where(k == 0, a, np.where(k == 1, b, 0.0)) - whole


def _counts(k: Any, rate: Any) -> Array:
    return special.xlogy(k, rate) - rate - special.gammaln(k + 1.0)


def _of_five(k: Any, p: Any) -> Array:
    ways = special.gammaln(6.0) - special.gammaln(k + 1.0) - special.gammaln(6.0 - k)
    return ways + special.xlogy(k, p) + special.xlog1py(5.0 - k, -p)


def _waits(k: Any, p: Any) -> Array:
    return special.xlog1py(k, -p) + np.log(p)


def _gamma_counts(k: Any, mean: Any, shape: Any) -> Array:
    ways = special.gammaln(k + shape) - special.gammaln(shape) - special.gammaln(k + 1.0)
    return ways + shape * np.log(shape / (shape + mean)) + k * np.log(mean / (shape + mean))


# ---- the table ---------------------------------------------------------------------------------------------

BOTH = frozenset({PATH, SCORE})
MOVED = frozenset({PATH})
COUNTED = frozenset({SCORE})


def _pair(y: Array, a: Any, b: Any, scale: Any) -> Array:
    return np.stack([a + scale * y[..., 0], b + scale * y[..., 1]], -1)


def _leaning(y: Array, a: Any, scale: Any, lean: Any) -> Array:
    return np.stack([a + scale * y[..., 0], lean * y[..., 0] + 0.8 * y[..., 1]], -1)


def _over(base: Density, transform: str, made: Callable[[Any], Any], text: str) -> Family:
    """A family of two arguments on the line, transformed."""
    whole = f"dist.TransformedDistribution({text}, {transform})"
    return Family(whole, (REAL, POSITIVE), base, BOTH, _line, made=lambda y, *_: made(y))


FAMILIES: tuple[Family, ...] = (
    Family("dist.Normal({}, {})", (REAL, POSITIVE), _normal, BOTH | {WEAK}, _line),
    Family("dist.Normal({}, {})", (REAL, "0.7"), _normal, BOTH | {WEAK}, _line),
    Family("dist.Laplace({}, {})", (REAL, POSITIVE), _laplace, BOTH, _line),
    Family("dist.Logistic({}, {})", (REAL, POSITIVE), _logistic, BOTH, _line),
    Family("dist.Gumbel({}, {})", (REAL, POSITIVE), _gumbel, BOTH, _line),
    Family(
        "dist.StudentT({}, {}, {})",
        ("7.0", REAL, POSITIVE),
        _student,
        BOTH,
        lambda v, df, loc, scale: _line(v, loc, scale),
    ),
    Family(
        "dist.Exponential({})",
        (POSITIVE,),
        lambda x, rate: np.log(rate) - rate * x,
        BOTH | {WEAK},
        lambda v, rate: _half_line(v, 1.0 / rate),
    ),
    Family(
        "dist.Gamma({}, {})",
        (POSITIVE, POSITIVE),
        _gamma,
        BOTH,
        lambda v, shape, rate: _half_line(v, shape / rate),
    ),
    Family(
        "dist.LogNormal({}, {})",
        (REAL, "0.5"),
        lambda x, loc, scale: _normal(np.log(x), loc, scale) - np.log(x),
        BOTH,
        lambda v, loc, scale: _half_line(v, np.exp(loc)),
    ),
    Family(
        "dist.HalfNormal({})",
        (POSITIVE,),
        lambda x, scale: np.log(2.0) + _normal(x, 0.0, scale),
        BOTH,
        _half_line,
    ),
    Family(
        "dist.Weibull({}, {})",
        (POSITIVE, "1.6"),
        _weibull,
        BOTH,
        lambda v, scale, shape: _half_line(v, scale),
    ),
    Family("dist.Beta({}, {})", (POSITIVE, POSITIVE), _beta, BOTH, lambda v, a, b: _interval(v)),
    Family("dist.Kumaraswamy({}, {})", (POSITIVE, "1.8"), _kumaraswamy, BOTH, lambda v, a, b: _interval(v)),
    Family(
        "dist.Uniform({}, {})",
        (REAL, "4.0"),
        lambda x, low, high: -np.log(high - low) + 0.0 * x,
        MOVED,
        _interval,
    ),
    Family(
        "dist.Uniform({}, {})",
        ("-1.0", "1.0"),
        lambda x, low, high: -np.log(high - low) + 0.0 * x,
        BOTH,
        _interval,
    ),
    Family(
        "dist.TruncatedNormal({}, {}, low=-1.0, high=2.0)",
        (REAL, POSITIVE),
        _within,
        BOTH,
        lambda v, *_: _interval(v, -1.0, 2.0),
    ),
    Family(
        "dist.MixtureSameFamily(dist.Categorical(jnp.stack([{0}, 1.0 - {0}])), "
        "dist.Normal(jnp.stack([1.0 * {1}, 1.0 * {2}]), 0.6))",
        (UNIT, REAL, REAL),
        _two_normals,
        BOTH | {LABEL},
        lambda v, weight, left, right: _line(v, 0.5 * (left + right), 1.5),
    ),
    Family(
        "dist.MixtureGeneral(dist.Categorical(jnp.stack([{0}, 1.0 - {0}])), "
        "[dist.Normal({1}, 0.6), dist.Laplace({2}, 0.8)])",
        (UNIT, REAL, REAL),
        _normal_and_laplace,
        frozenset({SCORE, LABEL}),
        lambda v, weight, left, right: _line(v, 0.5 * (left + right), 1.5),
    ),
    Family(
        "dist.FoldedDistribution(dist.Normal({}, {}))",
        (REAL, POSITIVE),
        _folded,
        BOTH,
        lambda v, loc, scale: _half_line(v, np.abs(loc) + scale),
    ),
    _over(
        lambda y, loc, scale: _normal(y, loc, 0.5 * scale),
        "dist.transforms.ExpTransform()",
        np.exp,
        "dist.Normal({}, 0.5 * {})",
    ),
    _over(_normal, "dist.transforms.SigmoidTransform()", special.expit, "dist.Normal({}, {})"),
    _over(
        _laplace,
        "dist.transforms.SoftplusTransform()",
        lambda y: np.logaddexp(y, 0.0),
        "dist.Laplace({}, {})",
    ),
    _over(
        _logistic,
        "[dist.transforms.AffineTransform(0.3, -0.8), dist.transforms.SigmoidTransform()]",
        lambda y: special.expit(0.3 - 0.8 * y),
        "dist.Logistic({}, {})",
    ),
    Family(
        "dist.TransformedDistribution(dist.Normal(0.0, 1.0), dist.transforms.AffineTransform({}, {}))",
        (REAL, POSITIVE),
        _of_noise,
        BOTH,
        lambda v, *_: _line(v),
        made=lambda y, loc, scale: loc + scale * y,
    ),
    Family(
        "dist.TransformedDistribution(dist.Gamma(2.0, 1.0), dist.transforms.AffineTransform({}, {}))",
        (REAL, POSITIVE),
        lambda y, *_: _gamma(y, 2.0, 1.0),
        MOVED,
        lambda v, *_: _half_line(v, 2.0),
        made=lambda y, loc, scale: loc + scale * y,
    ),
    Family(
        "dist.Normal(jnp.stack([1.0 * {}, 1.0 * {}]), {}).to_event(1)",
        (REAL, REAL, POSITIVE),
        _of_noise,
        BOTH | {WEAK},
        lambda v, *_: _line(v),
        made=_pair,
        size=2,
    ),
    Family(
        "dist.MultivariateNormal(jnp.stack([1.0 * {0}, 0.0]), "
        "scale_tril=jnp.array([[1.0, 0.0], [0.0, 0.0]]) * {1} + jnp.array([[0.0, 0.0], [1.0, 0.0]]) * {2}"
        " + jnp.array([[0.0, 0.0], [0.0, 0.8]]))",
        (REAL, POSITIVE, REAL),
        _of_noise,
        BOTH,
        lambda v, *_: _line(v),
        made=_leaning,
        size=2,
    ),
    Family("dist.Bernoulli({})", (UNIT,), _bits, COUNTED | {SUM, WEAK}, values=2),
    Family(
        "dist.Bernoulli(0.02 * {})",
        (UNIT,),
        lambda k, p: _bits(k, 0.02 * p),
        COUNTED | {SUM, WEAK},
        values=2,
    ),
    Family(
        "dist.Bernoulli(logits={})",
        (REAL,),
        lambda k, logit: _bits(k, special.expit(logit)),
        COUNTED | {SUM, WEAK},
        values=2,
    ),
    Family(
        "dist.Categorical(logits=jnp.stack([1.0 * {}, 1.0 * {}, 0.0]))",
        (REAL, REAL),
        _three,
        COUNTED | {SUM, WEAK},
        values=3,
    ),
    Family("dist.Binomial(5, {})", (UNIT,), _of_five, COUNTED | {SUM}, values=6),
    Family("dist.Poisson({})", (POSITIVE,), _counts, COUNTED | {WEAK}, values=25),
    Family("dist.Geometric({})", (UNIT,), _waits, COUNTED, values=150),
    Family(
        "dist.NegativeBinomial2({}, 2.5)",
        (POSITIVE,),
        lambda k, mean: _gamma_counts(k, mean, 2.5),
        COUNTED,
        values=100,
    ),
)


def nodes(family: Family, v: Array, at: Sequence[Any], args: Sequence[Any]) -> tuple[Array, Array]:
    """Values of x at places v (N, size) of a grid for the arguments ``at``, and their weights for ``args``.

    Where neither an end nor a transform moves with the arguments the places do not: differences of sums are
    then as smooth as the density is, wherever f jumps.
    """
    assert family.grid is not None
    moves = family.allows == MOVED and family.made is None
    grids = [family.grid(v[:, i], *(args if moves else at)) for i in range(family.size)]
    y = np.stack([place for place, _ in grids], -1) if family.is_vector else grids[0][0]
    log_p = family.log_density(y, *args)
    density = np.exp(log_p.sum(-1) if family.is_vector else log_p)
    with np.errstate(over="ignore", invalid="ignore"):
        weight = np.prod([slope for _, slope in grids], axis=0) * density
    return (y if family.made is None else family.made(y, *args)), np.where(density == 0.0, 0.0, weight)
