"""The M-step of a constrained model: argmax Q over the free coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Params
from jensen.em.constraints.chart import RestrictedChart
from jensen.em.contract import Model
from jensen.em.score import STEP, curvature_units
from jensen.numerics.differences import gradient
from jensen.numerics.maximize import Memory, is_stationary, maximize, second_derivative


@dataclass(frozen=True)
class ConstrainedMStep:
    """In the model's closed form where that is the maximum, else by Newton's steps from there.

    Attributes
    ----------
    whole, chart
        The model without constraints, and the free coordinates.
    """

    whole: Model
    chart: RestrictedChart
    _memory: dict[str, Memory] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What the last M-step learned: the next one is nearly the same."""

    def __call__(self, stats: Any, params: Params) -> Params:
        chart = self.chart
        best = self._better(stats, params, chart.impose(self.whole.m_step(stats, params)))
        value, begin = self._value(stats), chart.to_vector(best)
        memory = self._remembered("m_step", lambda: self._units(stats, begin))
        slope = self._slope(stats) if self.has_slope else lambda u: gradient(value, u, memory.unit, STEP)
        if is_stationary(value(begin), slope(begin), memory.unit):
            return best
        end = maximize(value, slope, begin, memory, lambda u: self._units(stats, u))
        return self._better(stats, best, chart.from_vector(end))

    @property
    def has_slope(self) -> bool:
        """Whether ∂Q/∂v comes from the model's score, and not from differences."""
        return self.whole.score is not None

    def is_closed(self, stats: Any, params: Params) -> bool:
        """Whether the model's own M-step, imposed on, is the maximum."""
        found = self.chart.impose(self.whole.m_step(stats, params))
        u = self.chart.to_vector(found)
        return is_stationary(self._q(found, stats), self._slope(stats)(u), self._scale(stats, u))

    def information(self, stats: Any, params: Params, score: Callable[[Params], Array]) -> Array:
        """−∂²Q/∂v², by differences of the score."""
        chart = self.chart
        u = chart.to_vector(params)
        memory = self._remembered("information", lambda: self._units(stats, u))
        field = lambda v: score(chart.from_vector(v))  # noqa: E731 -- the score as a function of v
        found = second_derivative(field, u, memory, lambda v: self._units(stats, v))
        return 0.5 * (found + found.T) / np.outer(memory.unit, memory.unit)

    def _q(self, params: Params, stats: Any) -> float:
        return float(self.whole.expected_log_joint(params, stats))

    def _value(self, stats: Any) -> Callable[[Array], float]:
        def value(u: Array) -> float:
            there = self.chart.from_vector(u)
            return self._q(there, stats) if self.chart.contains(there) else -np.inf

        return value

    def _slope(self, stats: Any) -> Callable[[Array], Array]:
        """∂Q(·, S)/∂v."""
        chart, score, has_prior = self.chart, self.whole.score, self.whole.prior is not None

        def slope(u: Array) -> Array:
            params = chart.from_vector(u)
            of_q = np.asarray(score(params, stats))  # the statistics of an M-step hold the prior already
            return chart.pullback(u).T @ (of_q - score(params, stats.scale(0.0)) if has_prior else of_q)

        return slope

    def _better(self, stats: Any, one: Params, other: Params) -> Params:
        """The one with the higher Q; the second where they are equal."""
        higher = self._q(other, stats) >= self._q(one, stats)
        return other if higher and self.chart.contains(other) else one

    def _scale(self, stats: Any, u: Array) -> Array:
        return curvature_units(lambda v: self._q(self.chart.from_vector(v), stats), u, self.chart)

    def _units(self, stats: Any, u: Array) -> Array:
        """Of powers of 2: rounding in the data then does not change the steps of differences."""
        return np.asarray(2.0 ** np.round(np.log2(self._scale(stats, u))), np.float64)

    def _remembered(self, what: str, unit: Callable[[], Array]) -> Memory:
        if what not in self._memory:
            self._memory[what] = Memory(unit())
        return self._memory[what]
