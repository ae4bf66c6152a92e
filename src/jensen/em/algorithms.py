"""EM as `init` and `step` over a state; the loop is in `loop.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

from jensen.basics.arrays import Params
from jensen.basics.notebook import InNotebook
from jensen.basics.plain import Contract, given, require, tell_misspelt
from jensen.em.problem import Problem, State
from jensen.em.stopping import Gain, Settled, Stop


class Algorithm(InNotebook, Contract, ABC):
    """How to climb. ``step`` returns a state of the same kind; it must not lower the objective."""

    __slots__ = ()

    @abstractmethod
    def init(self, problem: Problem, params: Params) -> State:
        """The state at the start."""

    @abstractmethod
    def step(self, problem: Problem, state: State) -> State:
        """A better state."""

    def is_plain(self) -> bool:
        """Whether a step is one plain EM step, so that Aitken's extrapolation applies to it."""
        return False

    def is_monotone(self) -> bool:
        """Whether a fall of the objective is an error. Only sampling may lower it."""
        return True

    def is_exact(self) -> bool:
        """Whether q is the exact posterior, so that its ends are those of any exact climb."""
        return True

    def stopping(self, stop: Stop) -> Stop:
        """The rule that means ``stop`` for these steps."""
        return stop

    @property
    def name(self) -> str:
        """In the ledger."""
        return type(self).__name__


METHODS = {"init": "problem, params", "step": "problem, state"}
MORE = ("is_plain", "is_monotone", "is_exact", "stopping")


class PlainAlgorithm(Algorithm):
    """A class with ``init`` and ``step``, made an `Algorithm` by `as_algorithm`."""

    def __init__(self, own: Any) -> None:
        vars(self).update(given(own, [*METHODS, *MORE]))
        self._name = type(own).__name__

    init: Any = None
    step: Any = None

    @property
    def name(self) -> str:
        return self._name


def as_algorithm(algorithm: Any) -> Algorithm:
    """Any class with ``init`` and ``step`` as an `Algorithm`; an `Algorithm` is returned as it is."""
    if isinstance(algorithm, Algorithm):
        return algorithm
    require(algorithm, METHODS)
    tell_misspelt(algorithm, [*METHODS, *MORE])
    return PlainAlgorithm(algorithm)


class Approximation(Protocol):
    """What replaces the exact posterior in `EM`."""

    @property
    def is_sampled(self) -> bool:
        """Whether its statistics are noisy, so that the objective may fall."""
        ...

    def e_step(self, problem: Problem, params: Params, before: State | None) -> State:
        """The state at ``params``; ``before`` is the one that the step came from, None at the start."""
        ...


@dataclass(frozen=True, slots=True)
class EM(Algorithm):
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

    def is_exact(self) -> bool:
        return self.posterior is None

    def is_monotone(self) -> bool:
        return self.posterior is None or not self.posterior.is_sampled

    def stopping(self, stop: Stop) -> Stop:
        """Noise must not be taken for convergence."""
        return Settled(stop.tol) if isinstance(stop, Gain) and not self.is_monotone() else stop
