"""Quasi-Newton on the evidence in the metric of complete data, for models whose M-step is dear (Lange, 1995).

The EM gradient algorithm replaces the M-step by one Newton step on Q: θ + W g with W = (−∂²Q/∂u²)⁻¹, the
inverse of the information that complete data would have, and the score g = ∇Q = ∇ log p(x | θ). It climbs as
EM does, near the edge of a chart as well, where the evidence is flat in u and a step of fixed size gets
stuck. BFGS updates of W, once its steps are small, make it fast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.em.acceleration.quasi_newton import LONGEST, SUFFICIENT, Pair, Point, _shorter, _trial
from jensen.em.charts.coordinates import InChart, maps_of
from jensen.em.charts.links import widest
from jensen.em.protocols import Params
from jensen.em.state import Problem, State

Array = NDArray[np.float64]

TRIALS = 20
SMALLEST = 1e-6  # curvature, where the largest are about 1


@dataclass(frozen=True, slots=True)
class Metric:
    """W = I⁻¹ for a symmetric I, made positive.

    Attributes
    ----------
    scale
        (p,): 1/√ of the diagonal of I.
    curvatures, vectors
        Of I with its diagonal scaled to 1.
    """

    scale: Array
    curvatures: Array
    vectors: Array

    @classmethod
    def of(cls, information: Array) -> Metric:
        """Negative curvatures count as positive ones; coordinates without any stay where they are."""
        if not np.isfinite(information).all():
            information = np.eye(len(information))
        diagonal = np.abs(np.diag(information))
        scale = np.where(diagonal > 1e-300, 1.0 / np.sqrt(np.maximum(diagonal, 1e-300)), 0.0)
        curvatures, vectors = np.linalg.eigh(information * np.outer(scale, scale))
        return cls(scale, np.maximum(np.abs(curvatures), SMALLEST), vectors)

    def solve(self, g: Array) -> Array:
        """W g."""
        return self.scale * (self.vectors @ ((self.vectors.T @ (g * self.scale)) / self.curvatures))


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint(Point):
    """A point with its metric, the information of complete data there or nearby."""

    metric: Metric
    age: int = 0


@dataclass(frozen=True, slots=True)
class GradientEM:
    """The EM gradient algorithm with quasi-Newton updates (Lange, 1995), in the model's chart.

    The model must have ``metric(params, data, weight)``, −∂²Q/∂u² at the params of the E-step;
    an approximation will do, since it only shapes the steps.

    Parameters
    ----------
    begin
        Nothing is learnt from steps that gain more than this (nats): far from a maximum, curvature misleads.
    memory
        How many of the latest steps are remembered.
    refresh
        The metric is computed anew after this many steps.
    """

    begin: float = 0.1
    memory: int = 50
    refresh: int = 5

    def init(self, problem: Problem, params: Params) -> State:
        maps_of(problem.model, InChart())
        return problem.e_step(params)

    def step(self, problem: Problem, state: State) -> State:
        with np.errstate(over="ignore", invalid="ignore"):  # where the evidence has no bound
            here = state if isinstance(state, MetricPoint) else self._point(problem, state, None)
            return self._along(problem, here) or self._afresh(problem, here)

    def is_plain(self) -> bool:
        return False

    def is_monotone(self) -> bool:
        return True

    def _point(self, problem: Problem, state: State, last: MetricPoint | None) -> MetricPoint:
        """The state with its score, in a metric that is new or of the last point."""
        model: Any = problem.model
        u, g = model.chart.to_vector(state.params), problem.score(state)
        if last is None or last.age + 1 >= self.refresh:
            metric, age = Metric.of(model.metric(state.params, problem.data, problem.weight)), 0
        else:
            metric, age = last.metric, last.age + 1
        return MetricPoint(
            params=state.params,
            expected=state.expected,
            log_prior=state.log_prior,
            gap=state.gap,
            u=u,
            g=g,
            em_step=metric.solve(g),
            metric=metric,
            age=age,
        )

    def _along(self, problem: Problem, here: MetricPoint) -> State | None:
        """Up along W g, as far as that gains what it should; None where it does not."""
        direction = here.direction
        slope = float(here.g @ direction)
        if not (np.isfinite(slope) and slope > 0):
            return None
        reach = widest(problem.model.chart, here.u)  # pyright: ignore[reportAttributeAccessIssue]
        length = min(1.0, LONGEST / max(float(np.max(np.abs(direction) / reach, initial=0.0)), 1e-300))
        slack = problem.resolution(here)
        for _ in range(TRIALS):
            trial = _trial(problem, here.u + length * direction)
            gain = -np.inf if trial is None else trial.objective - here.objective
            if trial is not None and (gain >= SUFFICIENT * length * slope or abs(gain) <= slack >= slope):
                return self._learn(problem, here, trial, gain)
            length *= _shorter(gain, length * slope)
        return None

    def _afresh(self, problem: Problem, here: MetricPoint) -> State:
        """Once more in a new metric, with nothing remembered."""
        if not here.pairs and here.age == 0:
            return here
        return self._along(problem, self._point(problem, here, None)) or here

    def _learn(self, problem: Problem, here: MetricPoint, there: State, gain: float) -> MetricPoint:
        if gain > self.begin:
            return self._point(problem, there, None)
        point = self._point(problem, there, here)
        pairs = here.pairs
        s, y = point.u - here.u, here.g - point.g
        if float(s @ y) > 1e-10 * float(np.linalg.norm(s) * np.linalg.norm(y)):
            pairs = (*pairs, Pair(s, y, y))[-self.memory :]
        return replace(point, pairs=tuple(Pair(s, y, point.metric.solve(y)) for s, y, _ in pairs))
