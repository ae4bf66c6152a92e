"""Quasi-Newton on the evidence in the metric of complete data, for models whose M-step is dear (Lange, 1995).

The EM gradient algorithm replaces the M-step by one Newton step on Q: θ + W g with W = (−∂²Q/∂u²)⁻¹, the
inverse of the information that complete data would have, and the score g = ∇Q = ∇ log p(x | θ). It climbs as
EM does, near the edge of a chart as well, where the evidence is flat in u and a step of fixed size gets
stuck. BFGS updates of W, once its steps are small, make it fast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.basics.errors import ModelError
from jensen.em.acceleration.bfgs import Pair, Point, uphill
from jensen.em.algorithms import Algorithm
from jensen.em.coordinates import InChart, maps_of
from jensen.em.problem import Problem, State

TRIALS = 20
SMALLEST = 1e-6  # curvature, where the largest are about 1
NEAR = 1.0  # nats to the top of a parabola that one may trust


@dataclass(frozen=True, slots=True)
class Inverse:
    """W = I⁻¹ for a symmetric I, made positive.

    Attributes
    ----------
    scale
        (p,): 1/√ of the diagonal of I.
    curvatures, vectors
        Of I with its diagonal scaled to 1.
    is_hill
        Whether I is positive, rounding aside.
    """

    scale: Array
    curvatures: Array
    vectors: Array
    is_hill: bool

    @classmethod
    def of(cls, information: Array) -> Inverse:
        """Negative curvatures count as positive ones; coordinates without any stay where they are."""
        if not np.isfinite(information).all():
            information = np.eye(len(information))
        diagonal = np.abs(np.diag(information))
        scale = np.where(diagonal > 1e-300, 1.0 / np.sqrt(np.maximum(diagonal, 1e-300)), 0.0)
        curvatures, vectors = np.linalg.eigh(information * np.outer(scale, scale))
        hill = bool((curvatures > SMALLEST).all())
        return cls(scale, np.maximum(np.abs(curvatures), SMALLEST), vectors, hill)

    def solve(self, g: Array) -> Array:
        """W g."""
        return self.scale * (self.vectors @ ((self.vectors.T @ (g * self.scale)) / self.curvatures))


@dataclass(frozen=True, kw_only=True)
class MetricPoint(Point):
    """A point with its metric, the information of complete data there or nearby."""

    metric: Inverse
    age: int = 0


@dataclass(frozen=True, kw_only=True)
class NewtonPoint(MetricPoint):
    """A point whose metric is the information of the data themselves: W g is Newton's step."""

    @property
    def remaining(self) -> float:
        """½ gᵀ W g, from second derivatives at this point."""
        return 0.5 * float(self.g @ self.first)


P = TypeVar("P", bound=MetricPoint)


@dataclass(frozen=True, slots=True)
class GradientEM(Algorithm):
    """The EM gradient algorithm with quasi-Newton updates (Lange, 1995), in the model's chart.

    The model must have ``complete_information(params, data, weight)``, −∂²Q/∂u² at the params of the E-step;
    an approximation will do, since it only shapes the steps.

    Parameters
    ----------
    begin
        Nothing is learnt from steps that gain more than this (nats): far from a maximum, curvature misleads.
    memory
        How many of the latest steps are remembered.
    refresh
        The metric is computed anew after this many steps.
    newton
        Whether steps are Newton's once they gain little, where the evidence is a hill whose top is near: for
        data so few that second derivatives of the evidence, the model's ``information``, cost little.
    """

    begin: float = 0.1
    memory: int = 50
    refresh: int = 5
    newton: bool = False

    def init(self, problem: Problem, params: Params) -> State:
        maps_of(problem.model, InChart())
        if self.newton and problem.model.information is None:
            raise ModelError("GradientEM(newton=True) needs a model with information(params, data, weight)")
        return problem.e_step(params)

    def step(self, problem: Problem, state: State) -> State:
        with np.errstate(over="ignore", invalid="ignore"):  # where the evidence has no bound
            here = state if isinstance(state, MetricPoint) else _afresh(problem, state)
            there = uphill(problem, here, 1.0, TRIALS)
            if there is None and (here.pairs or here.age > 0):
                here = _afresh(problem, here)
                there = uphill(problem, here, 1.0, TRIALS)
            return here if there is None else self._learn(problem, here, there)

    def _learn(self, problem: Problem, here: MetricPoint, there: State) -> MetricPoint:
        """The new point: in a new metric after ``refresh`` steps, and after a large gain from nothing."""
        if there.objective - here.objective > self.begin:
            return _afresh(problem, there)
        if self.newton and (point := _on_a_hill(problem, there)) is not None:
            return point
        if here.age + 1 >= self.refresh or isinstance(here, NewtonPoint):
            point = _afresh(problem, there)
        else:
            point = _in_metric(problem, there, here.metric, here.age + 1, MetricPoint)
        y = here.g - point.g
        pair = Pair(point.u - here.u, y, y)
        pairs = (*here.pairs, pair)[-self.memory :] if pair.is_hill else here.pairs
        return replace(point, pairs=tuple(Pair(s, y, point.metric.solve(y)) for s, y, _ in pairs))


def _afresh(problem: Problem, state: State) -> MetricPoint:
    """The point of a state in the metric of its own params, with nothing remembered."""
    model: Any = problem.model
    complete = model.complete_information(state.params, problem.data, problem.weight)
    return _in_metric(problem, state, Inverse.of(complete), 0, MetricPoint)


def _on_a_hill(problem: Problem, state: State) -> NewtonPoint | None:
    """The point in the metric of the observed information; None where that is no hill with its top near."""
    model: Any = problem.model
    information = model.information(state.params, problem.data, problem.weight)
    if not np.isfinite(information).all():
        return None
    metric = Inverse.of(information)
    if not metric.is_hill:
        return None
    point = _in_metric(problem, state, metric, 1, NewtonPoint)
    return point if point.remaining <= NEAR else None


def _in_metric(problem: Problem, state: State, metric: Inverse, age: int, kind: type[P]) -> P:
    model: Any = problem.model
    g = problem.score(state)
    u = model.chart.to_vector(state.params)
    return kind(**state.parts(), u=u, g=g, first=metric.solve(g), metric=metric, age=age)
