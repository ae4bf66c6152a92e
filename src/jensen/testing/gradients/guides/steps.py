"""What a transform of guides is; extreme parameters; transforms that take each entry its own way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from numpyro.distributions import transforms as t

from jensen.testing.gradients.guides import digits as d
from jensen.testing.gradients.guides.digits import Dual, Numbers

mp: Any = mpmath.mp  # pyright does not know what it has

Drawn = dict[str, np.ndarray]
Generator = np.random.Generator


@dataclass(frozen=True)
class Step:
    """A transform.

    Attributes
    ----------
    takes, gives
        Kinds of values.
    make
        ``make(params)``: NumPyro's.
    there
        ``there(xs, params)``: exactly; entries in a row.
    slope
        ``slope(xs, ys, params)``: the terms of log |det ∂y/∂x|.
    draw
        ``draw(rng, n)``: extreme parameters.
    sizes
        From how many entries to how many; None where any may be.
    """

    name: str
    takes: str
    gives: str
    make: Callable[[Any], Any]
    there: Callable[[list[Dual], Numbers], list[Dual]]
    slope: Callable[[list[Dual], list[Dual], Numbers], list[Dual]]
    draw: Callable[[Generator, int], Drawn] = lambda rng, n: {}
    sizes: dict[int, int] | None = None

    @property
    def is_of_entries(self) -> bool:
        """Whether each entry goes its own way."""
        return self.takes in ("real", "positive", "unit")


# ---- extreme parameters ------------------------------------------------------------------------------------

PLACES = (0.0, 0.0, 1.0, 10.0, 40.0, 100.0, 700.0)


def a_place(rng: Generator, shape: Any = ()) -> np.ndarray:
    """A location; half of them are near 0."""
    far = rng.choice(PLACES, shape) * rng.choice([-1.0, 1.0], shape)
    return np.asarray(far * (rng.random() < 0.5) + rng.normal(size=shape))


def a_scale(rng: Generator, shape: Any = ()) -> np.ndarray:
    """From 1e-6 to 1e6; half of them are near 1."""
    wide = 6.0 if rng.random() < 0.4 else 0.3
    return np.asarray(10.0 ** rng.uniform(-wide, wide, shape))


def a_tril(rng: Generator, n: int) -> np.ndarray:
    """A factor, with numbers above its triangle that belong to nothing."""
    scale = a_scale(rng, n)
    found = rng.normal(size=(n, n)) * scale[:, None]
    found[np.arange(n), np.arange(n)] = scale
    return np.tril(found)


# ---- entry by entry ----------------------------------------------------------------------------------------


def _each(name: str, takes: str, gives: str, make: Any, there: Any, slope: Any, **others: Any) -> Step:
    """``there(x, *params)`` and ``slope(x, y, *params)`` are of one entry."""

    def of(i: int, p: Numbers) -> list[Dual]:
        return [d.at(values, i) for values in p.values()]

    return Step(
        name,
        takes,
        gives,
        make,
        lambda xs, p: [there(x, *of(i, p)) for i, x in enumerate(xs)],
        lambda xs, ys, p: [slope(x, y, *of(i, p)) for i, (x, y) in enumerate(zip(xs, ys, strict=True))],
        **others,
    )


def _power(x: Dual, exponent: Dual) -> Dual:
    return d.exp(exponent * d.log(x))


def _log_expm1(y: Dual) -> Dual:
    """y + log (1 − exp −y)."""
    lost = d.log_of_one_and(-d.exponential(-y.value)) if y.value > 1 else mp.log(-mp.expm1(-y.value))
    return d.along(y, y.value + lost, 1 / (1 - d.exponential(-y.value)))


def _affine(rng: Generator, n: int) -> Drawn:
    shape = () if n % 2 else (n,)
    sign = -1.0 if rng.random() < 0.2 else 1.0
    return {"loc": a_place(rng, shape), "scale": sign * a_scale(rng, shape)}


def _exponent(rng: Generator, n: int) -> Drawn:
    return {"exponent": rng.choice([-1.0, 1.0, 1.0]) * 10.0 ** rng.uniform(-1.5, 1.5, ())}


def logit(y: Dual) -> Dual:
    return d.log(y) - d.log(1 - y)


def log_slope_of_logit(x: Dual, y: Dual) -> Dual:
    return -(d.log(x) + d.log(1 - x))


ENTRIES = [
    _each("Exp", "real", "positive", lambda p: t.ExpTransform(), d.exp, lambda x, y: x),
    _each(
        "Sigmoid",
        "real",
        "unit",
        lambda p: t.SigmoidTransform(),
        d.sigmoid,
        lambda x, y: d.log_slope_of_sigmoid(x),
    ),
    _each(
        "Softplus",
        "real",
        "positive",
        lambda p: t.SoftplusTransform(),
        d.softplus,
        lambda x, y: -d.softplus(-x),
    ),
    _each("Identity", "real", "real", lambda p: t.IdentityTransform(), lambda x: x * 1, lambda x, y: x * 0),
    _each(
        "Affine",
        "real",
        "real",
        lambda p: t.AffineTransform(p["loc"], p["scale"]),
        lambda x, loc, scale: loc + scale * x,
        lambda x, y, loc, scale: d.log(d.absolute(scale)),
        draw=_affine,
    ),
    _each(
        "Affine.inv",
        "real",
        "real",
        lambda p: t.AffineTransform(p["loc"], p["scale"]).inv,
        lambda x, loc, scale: (x - loc) / scale,
        lambda x, y, loc, scale: -d.log(d.absolute(scale)),
        draw=_affine,
    ),
    _each(
        "Affine of positive",
        "positive",
        "real",
        lambda p: t.AffineTransform(p["loc"], p["scale"], domain=t.constraints.positive),
        lambda x, loc, scale: loc + scale * x,
        lambda x, y, loc, scale: d.log(d.absolute(scale)),
        draw=_affine,
    ),
    _each(
        "Power",
        "positive",
        "positive",
        lambda p: t.PowerTransform(p["exponent"]),
        _power,
        lambda x, y, a: d.log(d.absolute(a)) + (a - 1) * d.log(x),
        draw=_exponent,
    ),
    _each(
        "Power.inv",
        "positive",
        "positive",
        lambda p: t.PowerTransform(p["exponent"]).inv,
        lambda x, a: _power(x, d.inverse(a)),
        lambda x, y, a: -d.log(d.absolute(a)) - (a - 1) * d.log(y),
        draw=_exponent,
    ),
    _each("Exp.inv", "positive", "real", lambda p: t.ExpTransform().inv, d.log, lambda x, y: -d.log(x)),
    _each("Sigmoid.inv", "unit", "real", lambda p: t.SigmoidTransform().inv, logit, log_slope_of_logit),
    _each(
        "Softplus.inv",
        "positive",
        "real",
        lambda p: t.SoftplusTransform().inv,
        _log_expm1,
        lambda x, y: d.softplus(-y),
    ),
    _each(
        "Compose",
        "real",
        "unit",
        lambda p: t.ComposeTransform([t.AffineTransform(p["loc"], p["scale"]), t.SigmoidTransform()]),
        lambda x, loc, scale: d.sigmoid(loc + scale * x),
        lambda x, y, loc, scale: d.log_slope_of_sigmoid(loc + scale * x) + d.log(d.absolute(scale)),
        draw=_affine,
    ),
    _each(
        "Compose.inv",
        "unit",
        "real",
        lambda p: t.ComposeTransform([t.AffineTransform(p["loc"], p["scale"]), t.SigmoidTransform()]).inv,
        lambda x, loc, scale: (logit(x) - loc) / scale,
        lambda x, y, loc, scale: log_slope_of_logit(x, y) - d.log(d.absolute(scale)),
        draw=_affine,
    ),
]
