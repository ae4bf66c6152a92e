"""Distributions that random guides are made of, each with its exact form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import numpyro.distributions as dist
from mpmath import mpf

from jensen.testing.gradients.guides import digits as d
from jensen.testing.gradients.guides.digits import Dual, Numbers, at
from jensen.testing.gradients.guides.steps import Drawn, Generator, a_place, a_scale, a_tril

mp: Any = mpmath.mp  # pyright does not know what it has

Density = Callable[[Numbers, list[Dual]], list[Dual]]


@dataclass(frozen=True)
class Family:
    """A distribution of n entries.

    Attributes
    ----------
    gives
        The kind of its values.
    make
        ``make(params)``: NumPyro's.
    density
        ``density(params, ys)``: terms of the log density, one for each entry where these are independent.
    draw
        ``draw(rng, shape)``: extreme parameters.
    push
        ``push(params, noise, ys)``: exactly what it makes of noise, from the values in floating point; None
        where values and their moves are taken as they come.
    has_vector
        Whether its event is a vector.
    is_located
        Whether values that are taken as they come are loc + scale · e, which the sum rounds; e is how
        one moves with its scale.
    """

    name: str
    gives: str
    make: Callable[[Any], Any]
    density: Density
    draw: Callable[[Generator, tuple[int, ...]], Drawn]
    push: Callable[[Numbers, list[Any], list[Any]], list[Dual]] | None = None
    has_vector: bool = False
    is_located: bool = False


def _entries(density: Callable[..., Dual]) -> Density:
    """``density(y, *params)`` of one entry."""
    return lambda p, ys: [density(y, *(at(v, i) for v in p.values())) for i, y in enumerate(ys)]


def _pushed(there: Callable[..., Dual]) -> Any:
    """``there(noise, *params)`` of one entry."""
    return lambda p, noise, ys: [there(mpf(e), *(at(v, i) for v in p.values())) for i, e in enumerate(noise)]


def _located(rng: Generator, shape: tuple[int, ...]) -> Drawn:
    return {"loc": a_place(rng, shape), "scale": a_scale(rng, shape)}


def _scaled(rng: Generator, shape: tuple[int, ...]) -> Drawn:
    return {"scale": a_scale(rng, shape)}


def a_shape(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A concentration from 1e-3 to 1e6; half of them are near 1."""
    low, high = (-3.0, 6.0) if rng.random() < 0.5 else (-0.3, 1.0)
    return np.asarray(10.0 ** rng.uniform(low, high, shape))


def _of_location(name: str) -> Family:
    def density(y: Dual, loc: Dual, scale: Dual) -> Dual:
        return d.STANDARD[name]((y - loc) / scale) - d.log(scale)

    kind = vars(dist)[name]
    return Family(
        name,
        "real",
        lambda p: kind(p["loc"], p["scale"]),
        _entries(density),
        _located,
        _pushed(lambda e, loc, scale: loc + scale * e),
    )


def _of_scale(name: str) -> Family:
    def density(y: Dual, scale: Dual) -> Dual:
        return d.STANDARD[name](y / scale) - d.log(scale)

    kind = vars(dist)[name]
    return Family(
        name,
        "positive",
        lambda p: kind(p["scale"]),
        _entries(density),
        _scaled,
        _pushed(lambda e, scale: scale * e),
    )


def _normal(rng: Generator, shape: tuple[int, ...]) -> Drawn:
    n = shape[-1]
    return {"loc": a_place(rng, n), "scale_tril": a_tril(rng, n)}


def _mvn_push(p: Numbers, noise: list[Any], ys: list[Any]) -> list[Dual]:
    n = len(noise)
    rows = d.rows_of(p["scale_tril"], n)
    return [at(p["loc"], i) + d.total([rows[i][j] * mpf(noise[j]) for j in range(i + 1)]) for i in range(n)]


def _mvn_density(p: Numbers, ys: list[Dual]) -> list[Dual]:
    rows, es, terms = d.rows_of(p["scale_tril"], len(ys)), [], []
    for i, y in enumerate(ys):
        left = y - at(p["loc"], i) - d.total([rows[i][j] * es[j] for j in range(i)])
        es.append(left / rows[i][i])
        terms.append(d.STANDARD["Normal"](es[-1]) - d.log(rows[i][i]))
    return terms


# ---- truncated ---------------------------------------------------------------------------------------------


def _between(rng: Generator, shape: tuple[int, ...]) -> Drawn:
    p = _located(rng, shape)
    low = p["loc"] + p["scale"] * rng.choice([-3.0, 0.0, 2.0, 10.0, 40.0], shape)
    return {**p, "low": low, "high": low + p["scale"] * 10.0 ** rng.uniform(-2, 1, shape)}


def _above(rng: Generator, shape: tuple[int, ...]) -> Drawn:
    p = _located(rng, shape)
    return {**p, "low": p["loc"] + p["scale"] * rng.choice([-3.0, 0.0, 2.0, 10.0, 40.0, 700.0], shape)}


SURVIVAL: dict[str, Callable[[Dual], Dual]] = {
    "Normal": d.survival_of_normal,
    "Logistic": lambda z: d.sigmoid(-z),
}


def _truncated(name: str, is_between: bool) -> Family:
    survival, kind = SURVIVAL[name], vars(dist)[name]

    def parts(y: Dual, loc: Dual, scale: Dual, low: Dual, high: Any = None) -> tuple[Dual, Dual, Dual]:
        end = low.still * 0 if high is None else survival((high - loc) / scale)
        return survival((y - loc) / scale), survival((low - loc) / scale), end

    def density(y: Dual, loc: Dual, scale: Dual, low: Dual, high: Any = None) -> Dual:
        _, below, above = parts(y, loc, scale, low, high)
        return d.STANDARD[name]((y - loc) / scale) - d.log(scale) - d.log(below - above)

    def solved(u: Any, y: Any, p: list[Dual]) -> Dual:
        """Newton's method for log S(y), and the moves of its solution."""
        still = [x.still for x in p]
        _, below, above = parts(Dual(y), *still)
        aim = (1 - u) * below.value + u * above.value
        for _ in range(80):
            s = parts(Dual(y, {0: 1}), *still)[0]
            step = mp.log(s.value / aim) * s.value / s.by(0)
            y = y - step
            if abs(step) <= abs(y) * mpf(10) ** (5 - mp.dps):
                break
        here = Dual(y)
        s, below, above = parts(here, *p)
        slope = parts(Dual(y, {0: 1}), *still)[0].by(0)
        gap = s - below * (1 - u) - above * u
        return Dual(y, {k: -move / slope for k, move in gap.moves.items()})

    def push(p: Numbers, noise: list[Any], ys: list[Any]) -> list[Dual]:
        rows = [[at(v, i) for v in p.values()] for i in range(len(noise))]
        return [solved(mpf(u), mpf(y), row) for u, y, row in zip(noise, ys, rows, strict=True)]

    def make(p: Any) -> Any:
        base = kind(p["loc"], p["scale"])
        if is_between:
            return dist.TwoSidedTruncatedDistribution(base, p["low"], p["high"])
        return dist.LeftTruncatedDistribution(base, p["low"])

    draw = _between if is_between else _above
    name_of = f"{name} {'between two ends' if is_between else 'above an end'}"
    return Family(name_of, "real", make, _entries(density), draw, push)


# ---- others ------------------------------------------------------------------------------------------------


def _mixture_density(y: Dual, p: Numbers, is_squashed: bool = False) -> Dual:
    x = d.log(y) - d.log(1 - y) if is_squashed else y
    weights = [d.exp(logit) for logit in p["logits"]]
    found = []
    for w, loc, scale in zip(weights, p["loc"], p["scale"], strict=True):
        found.append(w * d.exp(d.STANDARD["Normal"]((x - loc) / scale)) / scale)
    of_slope = d.log(y) + d.log(1 - y) if is_squashed else y * 0
    return d.log(d.total(found)) - d.log(d.total(weights)) - of_slope


def _mixture_push(p: Numbers, noise: list[Any], ys: list[Any]) -> list[Dual]:
    def cdf(x: Dual) -> Dual:
        weights = [d.exp(logit) for logit in p["logits"]]
        parts = [
            w * d.survival_of_normal(-((x - loc) / scale))
            for w, loc, scale in zip(weights, p["loc"], p["scale"], strict=True)
        ]
        return d.total(parts) / d.total(weights)

    def follow(y: Any) -> Dual:
        slope = mp.exp(_mixture_density(Dual(y), p).value)
        return Dual(y, {k: -move / slope for k, move in cdf(Dual(y)).moves.items()})

    return [follow(y) for y in ys]


def _three(rng: Generator, shape: tuple[int, ...]) -> Drawn:
    return {"logits": rng.normal(size=3), "loc": a_place(rng, 3), "scale": a_scale(rng, 3)}


def _mixture(p: Any, *steps: Any) -> Any:
    part = dist.Normal(p["loc"], p["scale"])
    part = dist.TransformedDistribution(part, list(steps)) if steps else part
    return dist.MixtureSameFamily(dist.Categorical(logits=p["logits"]), part)


def _folded_density(y: Dual, loc: Dual, scale: Dual) -> Dual:
    both = [d.exp(d.STANDARD["Normal"]((s - loc) / scale)) for s in (y, -y)]
    return d.log(both[0] + both[1]) - d.log(scale)


def _ends(rng: Generator, shape: tuple[int, ...]) -> Drawn:
    low = a_place(rng, shape)
    return {"low": low, "high": low + a_scale(rng, shape) + 1e-3 * np.abs(low)}


FAMILIES = [
    *map(_of_location, ("Normal", "Normal", "Laplace", "Logistic", "Gumbel", "Cauchy")),
    *map(_of_scale, ("HalfNormal", "HalfCauchy")),
    Family(
        "Exponential",
        "positive",
        lambda p: dist.Exponential(p["rate"]),
        _entries(lambda y, rate: d.log(rate) - rate * y),
        lambda rng, shape: {"rate": a_scale(rng, shape)},
        _pushed(lambda e, rate: e / rate if isinstance(e, Dual) else d.inverse(rate) * e),
    ),
    Family(
        "Uniform",
        "real",
        lambda p: dist.Uniform(p["low"], p["high"]),
        _entries(lambda y, low, high: -d.log(high - low) + y * 0),
        _ends,
        _pushed(lambda u, low, high: low + (high - low) * u),
    ),
    Family(
        "unit Uniform",
        "unit",
        lambda p: dist.Uniform(jnp_zeros(p["up"]), 1.0 + jnp_zeros(p["up"])),
        _entries(lambda y, up: y * 0 + up * 0),
        lambda rng, shape: {"up": np.zeros(shape)},
        _pushed(lambda u, up: up * 0 + u),
    ),
    Family(
        "MultivariateNormal",
        "vector",
        lambda p: dist.MultivariateNormal(p["loc"], scale_tril=p["scale_tril"]),
        _mvn_density,
        _normal,
        _mvn_push,
        True,
    ),
    Family(
        "StudentT",
        "real",
        lambda p: dist.StudentT(p["df"], p["loc"], p["scale"]),
        _entries(lambda y, df, loc, scale: d.log_student_density(df, loc, scale, y)),
        lambda rng, shape: {"df": 2.5 + a_shape(rng, shape), **_located(rng, shape)},
        is_located=True,
    ),
    Family(
        "Gamma",
        "positive",
        lambda p: dist.Gamma(p["concentration"], p["rate"]),
        _entries(lambda y, c, rate: d.log_gamma_density(c, rate, y)),
        lambda rng, shape: {"concentration": a_shape(rng, shape), "rate": a_scale(rng, shape)},
    ),
    Family(
        "Beta",
        "unit",
        lambda p: dist.Beta(p["one"], p["other"]),
        _entries(lambda y, a, b: d.log_beta_density(a, b, y)),
        lambda rng, shape: {"one": a_shape(rng, shape), "other": a_shape(rng, shape)},
    ),
    _truncated("Normal", True),
    _truncated("Logistic", False),
    _truncated("Logistic", True),
    Family(
        "Mixture of normals",
        "real",
        _mixture,
        lambda p, ys: [_mixture_density(y, p) for y in ys],
        _three,
        _mixture_push,
    ),
    Family(
        "Mixture of squashed normals",
        "unit",
        lambda p: _mixture(p, dist.transforms.SigmoidTransform()),
        lambda p, ys: [_mixture_density(y, p, True) for y in ys],
        _three,
    ),
    Family(
        "Folded",
        "positive",
        lambda p: dist.FoldedDistribution(dist.Normal(p["loc"], p["scale"])),
        _entries(_folded_density),
        _located,
        _pushed(lambda e, loc, scale: d.absolute(loc + scale * e)),
    ),
]


def jnp_zeros(value: Any) -> Any:
    """Zeros that do not move."""
    return 0.0 * np.zeros(np.shape(value))
