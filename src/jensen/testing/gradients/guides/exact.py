"""The same in many digits: from the noise that a draw was made of, in as many as agree with themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

from jensen.testing.gradients.guides import digits as d
from jensen.testing.gradients.guides.digits import Dual, Numbers
from jensen.testing.gradients.guides.families import Drawn
from jensen.testing.gradients.guides.guide import Guide, below
from jensen.testing.gradients.guides.steps import Step

mp: Any = mpmath.mp  # pyright does not know what it has

DIGITS = (60, 120, 400, 1500)
AGREED = mpf(10) ** -20


@dataclass(frozen=True)
class Exact:
    """One draw of a guide, in many digits.

    Attributes
    ----------
    value
        log q, and what it is a sum of, in size.
    along, fixed
        Its derivatives along the path, and where the draw stays.
    cost, cost_moves
        log p, and its derivatives along the path.
    size
        By parameter: of what a derivative is a sum of.
    largest, least
        Of all numbers on the way, but 0.
    """

    value: Any
    size_of_value: Any
    along: list[Any]
    fixed: list[Any]
    cost: Any
    cost_moves: list[Any]
    size: list[Any]
    largest: Any
    least: Any
    z: list[Any]


def exact(guide: Guide, params: Drawn, noise: Any, ys: Any, moves: Any) -> Exact | None:
    """In as many digits as are needed; None where these do not suffice."""
    before = None
    for digits in DIGITS:
        with mp.workdps(digits):
            try:
                now = _exact(guide, params, noise, ys, moves)
            except (ValueError, ZeroDivisionError, OverflowError, TypeError):
                now = None
            if before is not None and now is not None and _agree(before, now):
                return now
            before = now
    return None


def _agree(one: Exact, other: Exact) -> bool:
    pairs = [(one.value, other.value, other.size_of_value)]
    pairs += zip(one.along, other.along, other.size, strict=True)
    pairs += zip(one.fixed, other.fixed, other.size, strict=True)
    return all(abs(a - b) <= AGREED * (size + abs(b)) for a, b, size in pairs)


def _exact(guide: Guide, params: Drawn, noise: Any, ys: Any, moves: Any) -> Exact:
    p, num = _numbers(params)
    base = below(p, "base.")
    if moves is not None:
        y = [
            Dual(value, {k: mpf(float(m)) for k, m in enumerate(row)})
            for value, row in zip(_values(guide, params, ys, moves), moves, strict=True)
        ]
    else:
        assert guide.family.push is not None
        y = guide.family.push(base, [float(e) for e in noise], [float(at) for at in ys])
    points = [y]
    for i, step in enumerate(guide.steps):
        points.append(step.there(points[-1], below(p, f"{i}.")))
    mask = guide.mask if guide.wrapper == "mask" else None
    terms = _terms(guide, p, points, mask)
    fixed = _terms(guide, p, _at_rest(guide, p, points), mask)
    found = d.total(terms)
    weights = np.cos(np.arange(1.0, len(points[-1]) + 1.0))
    arcs = d.total([d.arctan(z) * mpf(float(w)) for z, w in zip(points[-1], weights, strict=True)])
    every = [*terms, *fixed]
    return Exact(
        found.value,
        sum(abs(term.value) for term in terms),
        [found.by(k) for k in range(num)],
        [d.total(fixed).by(k) for k in range(num)],
        arcs.value,
        [arcs.by(k) for k in range(num)],
        [sum(abs(term.by(k)) for term in every) + abs(arcs.by(k)) for k in range(num)],
        max(abs(x.value) for point in points for x in point),
        min((abs(x.value) for point in points for x in point if x.value), default=mpf(1)),
        [z.value for z in points[-1]],
    )


def _values(guide: Guide, params: Drawn, ys: Any, moves: Any) -> list[Any]:
    """As they come, or in all digits."""
    if not guide.family.is_located:
        return [mpf(float(y)) for y in ys]
    loc, scale = (np.broadcast_to(params[f"base.{name}"], len(ys)) for name in ("loc", "scale"))
    names = [name for name, at in params.items() for _ in range(np.size(at))]
    by_scale = moves[:, [name == "base.scale" for name in names]].sum(axis=1)  # each has one scale
    return [
        mpf(float(at)) + mpf(float(by)) * mpf(float(e))
        for at, by, e in zip(loc, scale, by_scale, strict=True)
    ]


def _numbers(params: Drawn) -> tuple[Numbers, int]:
    num, begin, found = sum(np.size(at) for at in params.values()), 0, {}
    for name, values in params.items():
        found[name] = []
        for at in np.ravel(values):
            found[name].append(Dual(float(at), {begin: mpf(1)}))
            begin += 1
    return found, num


def _terms(guide: Guide, p: Numbers, points: list[list[Dual]], mask: Any) -> list[Dual]:
    """What log q is a sum of."""
    found = [guide.family.density(below(p, "base."), points[0])]
    for i, step in enumerate(guide.steps):
        slopes = step.slope(points[i], points[i + 1], below(p, f"{i}."))
        found.append([-term for term in slopes])
    return [term for group in found for k, term in enumerate(group) if mask is None or mask[k]]


def _at_rest(guide: Guide, p: Numbers, points: list[list[Dual]]) -> list[list[Dual]]:
    """The same values, which move so that the last ones stay."""
    y = [z.still for z in points[-1]]
    found = [y]
    for i in reversed(range(len(guide.steps))):
        y = _way_back(guide.steps[i], below(p, f"{i}."), points[i], y)
        found.append(y)
    return found[::-1]


def _way_back(step: Step, p: Numbers, xs: list[Dual], ys: list[Dual]) -> list[Dual]:
    """How x moves with y and with the parameters."""
    by_params = step.there([x.still for x in xs], p)
    left = [y - by for y, by in zip(ys, by_params, strict=True)]
    moving = sorted({k for one in left for k in one.moves})
    if not moving:
        return [x.still for x in xs]
    n = len(xs)
    unit = [Dual(x.value, {j: 1}) for j, x in enumerate(xs)]
    still = {name: [at.still for at in values] for name, values in p.items()}
    slopes = step.there(unit, still)
    if step.sizes is None:
        return [Dual(x.value, (left[j] * (1 / slopes[j].by(j))).moves) for j, x in enumerate(xs)]
    matrix = mp.matrix([[slope.by(j) for j in range(n)] for slope in slopes])
    columns = {k: mp.lu_solve(matrix, mp.matrix([one.by(k) for one in left])) for k in moving}
    return [Dual(x.value, {k: columns[k][j] for k in moving}) for j, x in enumerate(xs)]
