"""The problem that is climbed and the state of the climb: (θ, S, ℓ), all of the same θ.

`Problem` is the only carrier of data: the model, the data and the weights travel as one, and every pass over
the data goes through it and is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np

from jensen.basics.arrays import Array, Data, Params, Weight
from jensen.basics.naming import columns_called
from jensen.em import identities
from jensen.em.cases import names_of_columns, precision
from jensen.em.contract import Expected, Model, as_model
from jensen.em.coordinates import is_feasible
from jensen.em.score import score
from jensen.em.validation import accepted, checked_weight


@dataclass(frozen=True, slots=True)
class State:
    """θ with the statistics and the log-evidence *of this θ*."""

    params: Params
    expected: Expected
    log_prior: float
    gap: float = 0.0
    """KL(q ‖ p(z | x, θ)) of the q that the statistics were taken under; 0 for the exact posterior."""
    draws: int = 0
    """Draws of every case at the next E-step, where q is sampled; else 0."""

    @property
    def objective(self) -> float:
        """ELBO(q, θ) + log p(θ), which is log p(x | θ) + log p(θ) for the exact posterior.

        The gap of a sampled q is noise; then the evidence is what is climbed.
        """
        gap = 0.0 if self.draws else self.gap
        return self.expected.log_evidence - gap + self.log_prior

    def parts(self) -> dict[str, Any]:
        """The fields of a plain state, for one that knows more."""
        return {
            "params": self.params,
            "expected": self.expected,
            "log_prior": self.log_prior,
            "gap": self.gap,
            "draws": self.draws,
        }

    @property
    def remaining(self) -> float:
        """The log-likelihood still to be gained, where the algorithm knows; else NaN."""
        return np.nan

    @property
    def known_score(self) -> Array | None:
        """The score here, where the algorithm has it already."""
        return None


@dataclass(slots=True)
class Problem:
    """A model, its data and its weights; it counts the passes over the data.

    Parameters
    ----------
    model
        A `Model`, or any class with its four methods.
    data, weight
        What it takes; one number for each case.
    columns
        What the columns of the data are called; empty where they have no names.
    """

    model: Model
    data: Data
    weight: Weight = None
    columns: tuple[str, ...] = ()
    num_e_steps: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.model = as_model(self.model)

    @classmethod
    def prepared(cls, model: Any, data: Data, weight: Any = None) -> Problem:
        """What a verb is given, checked, with the model as the data fix it."""
        model, columns = as_model(model), names_of_columns(data)
        data = accepted(model, data)
        weight = checked_weight(weight, model.cases, data)
        with columns_called(columns):
            prepared = model if model.prepare is None else as_model(model.prepare(data, weight))
        return cls(prepared, data, weight, columns)

    def again(self) -> Problem:
        """The same problem with a count of its own."""
        return Problem(self.model, self.data, self.weight, self.columns)

    @property
    def names(self) -> list[str]:
        """Of all natural numbers of the model's chart: ``means[1, waiting]``."""
        return list(self.model.chart.named(self.columns))

    # ---- passes over the data ------------------------------------------------------------------------------

    def expected(self, params: Params) -> Expected:
        """S, log p(x | θ) and H[q] at the exact posterior: one pass."""
        self.num_e_steps += 1
        return identities.one_pass(self.model, params, self.data, self.weight)

    def e_step(self, params: Params) -> State:
        """The state at ``params``: one pass over the data."""
        return State(params, self.expected(params), identities.log_prior(self.model, params))

    def attempt(self, params: Params | None) -> State | None:
        """The state at a proposal; None where that is infeasible, or the model breaks down there."""
        if params is None or not is_feasible(self.model, params):
            return None
        try:
            state = self.e_step(params)
        except (ArithmeticError, np.linalg.LinAlgError):
            return None
        return state if np.isfinite(state.objective) else None

    def objective_at(self, u: Array) -> float:
        """The objective at coordinates of the chart; −∞ where `attempt` has no state."""
        there = self.attempt(self.model.chart.from_vector(u))
        return -np.inf if there is None else there.objective

    def approximate(
        self, params: Params, posterior: Callable[[Model, Params, Data], Any], draws: int = 0
    ) -> State:
        """The state at ``params`` under q = ``posterior(model, params, data)``, and the gap that q leaves.

        One pass over the data.
        """
        self.num_e_steps += 1
        q = posterior(self.model, params, self.data)
        expected = self.model.expected(params, self.data, q, self.weight)
        bound = float(self.model.expected_log_joint(params, expected.stats)) + expected.entropy
        gap = expected.log_evidence - bound
        return State(params, expected, identities.log_prior(self.model, params), gap, draws)

    # ---- between passes ------------------------------------------------------------------------------------

    def m_step(self, state: State) -> Params:
        """argmax_θ' Q(θ', S) + log p(θ')."""
        return identities.m_step(self.model, state.expected.stats, state.params)

    def expected_log_joint(self, params: Params, state: State) -> float:
        """Q(θ, S) with the S of ``state``."""
        return float(self.model.expected_log_joint(params, state.expected.stats))

    def score(self, state: State) -> Array:
        """∂ log p(x | θ) + log p(θ) / ∂u in the model's chart, from the statistics at hand."""
        known = state.known_score
        return score(self.model, state.params, state.expected.stats) if known is None else known

    # ---- the cases -----------------------------------------------------------------------------------------

    @property
    def num_cases(self) -> int:
        """How many cases there are."""
        return self.model.cases.count(self.data)

    @property
    def num_observations(self) -> float:
        """Σ_n w_n · observations of case n: the n of BIC."""
        try:
            sizes = np.asarray(self.model.cases.sizes(self.data), dtype=float)
        except TypeError:  # data of the model's own kind that cannot be counted
            return np.nan
        return float(sizes.sum() if self.weight is None else np.asarray(self.weight, dtype=float) @ sizes)

    def take(self, which: Any) -> Problem:
        """The problem of some of the cases."""
        which = np.asarray(which, dtype=np.intp)
        weight = None if self.weight is None else np.asarray(self.weight)[which]
        return Problem(self.model, self.model.cases.take(self.data, which), weight, self.columns)

    def random(self, rng: np.random.Generator) -> Params:
        """A random start."""
        return self.model.start(self.data, self.weight, rng)

    # ---- rounding ------------------------------------------------------------------------------------------

    @property
    def eps(self) -> float:
        """The precision of the data: a pass over float32 rows resolves less than one over float64 rows."""
        return precision(self.data)

    def resolution(self, state: State) -> float:
        """The smallest change of the objective that rounding lets one see.

        The errors of n terms of size |ℓ|/n add up like a random walk in single precision; in double precision
        the plain worst case is small enough.
        """
        weight = max(state.expected.weight, 1.0)
        size = abs(state.expected.log_evidence) + abs(state.log_prior) + weight
        return 4.0 * self.eps * (size / sqrt(weight) if self.eps > 1e-10 else size)

    def tolerated_fall(self, state: State) -> float:
        """A fall beyond this is no rounding."""
        return 16.0 * self.resolution(state)
