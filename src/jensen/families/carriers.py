"""What a family hands to others: the sums of a pass, the ends of a search, the lines of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from jensen.basics.arrays import Array, Weight
from jensen.basics.verdict import Outcome, Verdict


class Pass(Protocol):
    """One native pass: what a mixture of the family needs of an E-step, with nothing of size n × k stored."""

    def e_step(self, weights: Array, params: Any, data: Any, weight: Weight) -> Sums:
        """Statistics under the exact posterior, log-evidence and entropy."""
        ...

    def posterior(self, weights: Array, params: Any, data: Any) -> tuple[Array, Array]:
        """Responsibilities (n, k) and log p(x_n | θ) (n,)."""
        ...

    def log_evidence(self, weights: Array, params: Any, data: Any) -> Array:
        """log p(x_n | θ), (n,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What a pass leaves.

    Attributes
    ----------
    count
        (k,): Σ_n w_n r_nk.
    stats
        Of the family.
    log_evidence, entropy, weight
        Sums over the rows.
    """

    count: Array
    stats: Any
    log_evidence: float
    entropy: float
    weight: float


@dataclass(slots=True, eq=False)
class End:
    """A climb of a search: where it started, where it is, what it cost.

    Attributes
    ----------
    kind
        Of the start.
    weights, params
        Mixing weights and components, where the climb is.
    objective
        Their log-evidence (and log-prior).
    num_e_steps
        So far.
    outcome
        Of the latest climb.
    proper
        Whether it is sound and without a flaw, once that was asked; None until then.
    flaw
        What was found then, if anything.
    note
        Why the climb failed, where it did.
    """

    kind: str
    weights: Array
    params: Any
    objective: float = -np.inf
    num_e_steps: int = 0
    outcome: Outcome = Outcome.FAILED
    proper: bool | None = None
    flaw: Verdict | None = None
    note: str = ""


class PriorKind(NamedTuple):
    """What a search and a diagnosis have to know of a prior."""

    exists: bool = False
    """Whether there is one: what is climbed is then not the likelihood alone."""
    holds_up: bool = False
    """Whether it keeps every component from collapsing, so that none is spurious."""

    def __bool__(self) -> bool:
        return self.exists


Lines = list[tuple[str, list[str]]]
"""Of a table of components: a label, and one text a component."""
