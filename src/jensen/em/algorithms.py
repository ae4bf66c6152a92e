"""EM as `init` and `step` over a state; the loop is in `fit.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from jensen.basics.arrays import Params
from jensen.em.approximations import Approximation
from jensen.em.problem import Problem, State
from jensen.em.stopping import Gain, Settled, Stop


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

    Parameters
    ----------
    posterior
        None for the exact posterior, or what replaces it: `Hard`, `Truncated` or `MonteCarlo`.
    """

    posterior: Approximation | None = None

    def init(self, problem: Problem, params: Params) -> State:
        return self._e_step(problem, params, None)

    def step(self, problem: Problem, state: State) -> State:
        return self._e_step(problem, problem.m_step(state), state)

    def _e_step(self, problem: Problem, params: Params, before: State | None) -> State:
        if self.posterior is None:
            return problem.e_step(params)
        return self.posterior.e_step(problem, params, before)

    def is_plain(self) -> bool:
        return True

    def is_monotone(self) -> bool:
        return self.posterior is None or not self.posterior.is_sampled

    def stopping(self, stop: Stop) -> Stop:
        """The rule that means ``stop`` for these steps: noise must not be taken for convergence."""
        return Settled(stop.tol) if isinstance(stop, Gain) and not self.is_monotone() else stop
