"""What a fit found: parameters, likelihoods, criteria. What it shows and says of them is in `result`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan, nan
from typing import Any

from jensen.basics.arrays import Data, Params, Weight
from jensen.basics.errors import ModelError
from jensen.basics.tables import Table
from jensen.basics.verdict import Verdict
from jensen.em import criteria
from jensen.em.start import Start


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """The data and the weights that a fit was given, and how sure it is of them; not pickled with it."""

    data: Data
    weight: Weight
    uncertainty: Callable[..., Any]
    """`jensen.uncertainty`."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _nothing, ()

    def __deepcopy__(self, memo: Any) -> Given:
        return self


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fitted:
    """The values of a `jensen.Fit`. Everything reported is of ``params``, the parameters returned.

    Attributes
    ----------
    params
        θ̂.
    log_evidence
        log p(x | θ̂), the total over the rows (natural logarithm).
    log_prior
        log p(θ̂); 0 without a prior.
    entropy
        H[q] of the posterior of the hidden variables at θ̂.
    ledger
        One row a step of the climb that was kept: log_evidence, expected_log_joint (Q), entropy (H), kl (of
        the half-step), log_prior, objective, num_e_steps, algorithm.
    verdict
        How it ended and what to do.
    remaining
        Estimate of the log-likelihood still to be gained: ½ gᵀ W g of the score g where the climb was
        quasi-Newton or Newton, else Aitken's over plain EM steps; NaN after fewer than two.
    rate
        EM's rate of convergence at the end: the ratio of two successive steps of plain EM (gains shrink by
        its square); NaN where rounding hides it or the climb did not end with plain steps
        (`jensen.uncertainty` has it for every direction).
    starts
        Every start, its end, its verdict, and how often its maximum was found.
    ends
        What ``starts`` summarizes, with the parameters of every end, best first.
    seed
        The seed of the starts, where it is known.
    num_steps, num_e_steps
        Steps of the climb that was kept; passes over the data of all starts together.
    weight
        Σ_n w_n: the number of cases where there are no weights.
    num_observations
        Σ_n w_n · observations of case n, the n of BIC: that of rows where the cases are rows.
    num_free
        Free parameters; None where the model does not say.
    model
        The model as fitted, with what the data fixed (bounds).
    seconds
        Wall time.
    gap
        KL(q ‖ p(z | x, θ̂)) where an inexact E-step climbed a bound, ``log_evidence - gap``; 0 where the
        evidence was climbed.
    own_entropy
        What of ``entropy`` is that of a family's own hidden variables, and not of labels.
    columns
        What the columns of the data are called; empty where they have no names.
    given
        The data and weights as they were given, for standard errors; None for a fit that was loaded
        or pickled.
    """

    params: Params
    log_evidence: float
    log_prior: float
    entropy: float
    ledger: Table
    verdict: Verdict
    remaining: float
    rate: float
    starts: Table
    num_steps: int
    num_e_steps: int
    weight: float
    num_free: int | None
    model: Any = field(repr=False)
    seconds: float
    gap: float = 0.0
    ends: tuple[Start, ...] = field(default=(), repr=False)
    seed: int | None = None
    num_observations: float = nan
    own_entropy: float = 0.0
    columns: tuple[str, ...] = ()
    given: Given | None = field(default=None, repr=False)

    @property
    def objective(self) -> float:
        """What was climbed: log p(x | θ̂) + log p(θ̂), or the bound in place of the first."""
        return self.log_evidence - self.gap + self.log_prior

    @property
    def aic(self) -> float:
        """Akaike's criterion; smaller is better."""
        return criteria.aic(self.log_evidence, self._free())

    @property
    def bic(self) -> float:
        """Schwarz's criterion; smaller is better (mclust prints minus this)."""
        return criteria.bic(self.log_evidence, self._free(), self._num_observations)

    @property
    def icl(self) -> float:
        """BIC plus twice the entropy of the labels; smaller is better."""
        labels = self.entropy - self.own_entropy
        return criteria.icl(self.log_evidence, self._free(), self._num_observations, labels)

    @property
    def _num_observations(self) -> float:
        return self.weight if isnan(self.num_observations) else self.num_observations

    def _free(self) -> int:
        if self.num_free is None:
            raise ModelError("an information criterion needs the model's num_free(params)")
        return self.num_free
