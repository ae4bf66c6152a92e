"""Profile likelihood: the evidence with one number held, maximized over everything else.

With W ≈ I⁻¹, score g, and a = ∇h of the number that is held, h(u) = t, a step of Newton's method on the
Lagrangian ℓ(u) − λ (h(u) − t) is

    λ = (aᵀ W g − (t − h)) / (aᵀ W a),      Δu = W (g − λ a),

and W learns from every step by the BFGS formula. λ is also the slope of the profile, dℓ/dt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.em.curvature.information import score_with
from jensen.em.problem import Problem
from jensen.numerics.differences import gradient
from jensen.spaces.chart import Cell, Chart
from jensen.spaces.links import Link

CLOSE = 1e-10  # nats left at a constrained maximum
MAX_STEPS = 200
LONGEST = 2.0  # of a step, in logarithms


class Point(NamedTuple):
    """A point of the chart, the objective there, and the score."""

    u: Array
    value: float
    g: Array


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The objective and its score over the chart: one E-step a point."""

    problem: Problem
    scale: Array

    @property
    def chart(self) -> Chart:
        """Of the model."""
        return self.problem.model.chart

    def at(self, u: Array) -> Point:
        """The point at u; its value is −∞ where it cannot be computed."""
        params = self.chart.from_vector(u)
        try:
            state = self.problem.e_step(params)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            return Point(u, -np.inf, np.zeros_like(u))
        value = state.objective
        g = np.asarray(score_with(self.problem.model, self.scale)(params, state.expected.stats))
        return Point(u, value if np.isfinite(value) and np.isfinite(g).all() else -np.inf, g)

    def params(self, point: Point) -> Params:
        """The parameters of a point."""
        return self.chart.from_vector(point.u)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """One natural number, on the scale of its link, as a function of u."""

    link: Link
    cell: Cell

    def __call__(self, u: Array) -> float:
        cell = self.cell
        value = np.ravel(cell.space.from_chart(u[cell.part]))[cell.offset]
        return float(self.link.to(value))

    def gradient(self, u: Array) -> Array:
        """∂/∂u."""
        support = self.cell.support

        def moved(part: Array) -> float:
            there = u.copy()
            there[support] = part
            return self(there)

        found = np.zeros_like(u)
        found[support] = gradient(moved, u[support])
        return found


class ConstrainedMaximum(NamedTuple):
    """A maximum with one number held."""

    point: Point
    slope: float
    """dℓ/dt: the multiplier."""
    metric: Array
    reached: bool


def maximize(
    surface: Surface,
    start: Point,
    metric: Array,
    held: Held | None,
    target: float = 0.0,
    close: float = CLOSE,
) -> ConstrainedMaximum:
    """The maximum over u with h(u) = target, from ``start``; without ``held`` the maximum."""
    here, w, slope = start, metric, 0.0
    limits = surface.chart.widest()
    for _ in range(MAX_STEPS):
        a, miss, slope = np.zeros_like(here.u), 0.0, 0.0
        if held is not None:
            a, miss = held.gradient(here.u), target - held(here.u)
            slope = float((a @ w @ here.g - miss) / (a @ w @ a))
        downhill = here.g - slope * a
        step = w @ downhill
        left = 0.5 * float(downhill @ step)
        if abs(miss) <= 1e-9 * (1.0 + abs(target)) and left <= close:
            return ConstrainedMaximum(here, slope, w, True)
        length = min(1.0, LONGEST / max(float(np.abs(step / limits).max()), 1e-300))
        there = _search(surface, here, step, length, held, target, slope)
        if there is None:
            if w is metric:
                return ConstrainedMaximum(here, slope, w, left <= 1e3 * close)
            w = metric
            continue
        b = a if held is None else held.gradient(there.u)
        w = _learned(w, there.u - here.u, downhill - (there.g - slope * b))
        here = there
    return ConstrainedMaximum(here, slope, w, False)


def _search(
    surface: Surface, here: Point, step: Array, length: float, held: Held | None, target: float, slope: float
) -> Point | None:
    """The first of a few shortened steps that does not lose; None where all do."""

    def merit(point: Point) -> float:
        if held is None:
            return point.value
        return point.value - 2.0 * abs(slope) * abs(target - held(point.u))

    before = merit(here)
    slack = 1e-13 * (abs(here.value) + 1.0) + 1e-12
    for _ in range(10):
        there = surface.at(here.u + length * step)
        if np.isfinite(there.value) and merit(there) >= before - slack:
            return there
        length /= 3.0
    return None


def _learned(w: Array, s: Array, y: Array) -> Array:
    """The BFGS update of an inverse: W⁺ y = s."""
    sy = float(s @ y)
    if sy <= 1e-8 * float(np.linalg.norm(s) * np.linalg.norm(y)):
        return w
    wy = w @ y
    return w + np.outer(s, s) * (sy + float(y @ wy)) / sy**2 - (np.outer(wy, s) + np.outer(s, wy)) / sy


@dataclass(frozen=True, slots=True)
class End:
    """One end of a profile interval, on the scale of the link."""

    t: float
    is_open: bool
    """Whether the evidence never falls that far on this side."""
    top: float
    """The highest objective that was met."""
    reached: bool
    """Whether every maximum on the way was found."""


def end(
    surface: Surface,
    top: Point,
    value: float,
    metric: Array,
    held: Held,
    side: int,
    spread: float,
    drop: float,
) -> End:
    """Where the profile is ``drop``²/2 below the maximum ``value``, on one side of ``top``.

    Newton's method on √(2 (ℓ̂ − ℓ(t))) = drop, whose slope is −λ / √…, kept between what was too near and
    what was too far.
    """
    origin = held(top.u)
    near, far = origin, np.nan
    t, point, w, highest, reached = origin + side * drop * spread, top, metric, top.value, True
    for _ in range(60):
        found = maximize(surface, point, w, held, t)
        if abs(held(found.point.u) - t) > 1e-6 * (1.0 + abs(t)):
            far = t  # no way there: as good as infinitely deep
            t = 0.5 * (near + far)
            continue
        point, w, reached = found.point, found.metric, found.reached
        highest = max(highest, point.value)
        depth = float(np.sqrt(max(0.0, 2.0 * (value - point.value))))
        if abs(depth - drop) < 1e-8 * drop or abs(far - near) < 1e-10 * spread:
            return End(t, False, highest, reached)
        if depth < drop:
            near = t
        else:
            far = t
        t = _next(t, depth, drop, -side * found.slope, origin, near, far, side, spread)
        if _is_beyond(held.link, origin, t, spread):
            return End(side * np.inf, True, highest, reached)
    return End(t, False, highest, False)


def _next(
    t: float,
    depth: float,
    drop: float,
    slope: float,
    origin: float,
    near: float,
    far: float,
    side: int,
    spread: float,
) -> float:
    step = (drop - depth) * depth / slope if slope > 0 else np.inf
    new = t + side * step
    if np.isnan(far):
        reach = 2.5 * max(abs(t - origin), spread)
        return new if step > 0 and abs(new - origin) < reach else origin + side * reach
    low, high = sorted((near, far))
    return new if low < new < high else 0.5 * (near + far)


def _is_beyond(link: Link, origin: float, t: float, spread: float) -> bool:
    """Whether t is where no evidence reaches: at the bound of the number, or 10⁴ standard errors away."""
    if type(link) is Link:
        return abs(t - origin) > 1e4 * spread
    return abs(t) > 29.0 if np.isfinite(link.high) else abs(t - origin) > 29.0
