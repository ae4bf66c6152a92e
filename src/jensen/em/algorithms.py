"""EM as `init` and `step` over a state; the loop is in `fit.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jensen.em.protocols import Params
from jensen.em.state import Problem, State


class Algorithm(Protocol):
    """How to climb. ``step`` returns a state of the same kind; it must not lower the objective."""

    def init(self, problem: Problem, params: Params) -> State:
        """The state at the start."""
        ...

    def step(self, problem: Problem, state: State) -> State:
        """A better state."""
        ...

    def is_plain(self) -> bool:
        """Whether a step is one plain EM step, so that Aitken's extrapolation applies to it."""
        ...

    def is_monotone(self) -> bool:
        """Whether a fall of the objective is an error. Only sampling may lower it."""
        ...


@dataclass(frozen=True, slots=True)
class EM:
    """Plain EM (Dempster, Laird and Rubin, 1977).

    The half-steps are an M-step from the statistics at hand and an E-step at the new θ; so the state that
    is returned has the log-evidence of the parameters that are returned.
    """

    def init(self, problem: Problem, params: Params) -> State:
        return problem.e_step(params)

    def step(self, problem: Problem, state: State) -> State:
        return problem.e_step(problem.m_step(state))

    def is_plain(self) -> bool:
        return True

    def is_monotone(self) -> bool:
        return True
