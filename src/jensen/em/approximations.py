"""E-steps that are not exact: q from a family that is easier to have than p(z | x, θ).

Each leaves the gap KL(q ‖ p(z | x, θ)) = log p(x | θ) − ELBO(q, θ), which the ledger shows.

=================  ==========================================  ========================================
`Hard`             q is all at the most likely value           classification EM; its bound never falls
`Truncated`        q is on the few most likely values          its bound never falls
`MonteCarlo`       q is the empirical one of posterior draws   climbs the evidence, with noise
=================  ==========================================  ========================================

The first two choose the q of their family with the smallest KL: the mass 1 − Σ_kept p(z | x, θ) that is left
out is the least, and KL = −log Σ_kept p. So both half-steps raise the same bound,

    ELBO(q_t+1, θ_t+1) ≥ ELBO(q_t, θ_t+1) ≥ ELBO(q_t, θ_t),

and it never falls, although the evidence may. The draws of `MonteCarlo` are an unbiased q, not the best one.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.em.contract import Model
from jensen.em.posteriors import hard, sampled, truncated
from jensen.em.problem import Problem, State

MOST_DRAWS = 10**9


class _Fixed:
    """A q that the params and a row decide."""

    __slots__ = ()

    @property
    def is_sampled(self) -> bool:
        return False

    def e_step(self, problem: Problem, params: Params, before: State | None) -> State:
        return problem.approximate(params, self.posterior)

    @abstractmethod
    def posterior(self, model: Model, params: Params, data: Any) -> Any:
        """q of every row."""


@dataclass(frozen=True, slots=True)
class Hard(_Fixed):
    """All of q at the most likely value: classification EM (Celeux and Govaert, 1992).

    It climbs the classification log-likelihood Σ_n w_n max_z log p(x_n, z | θ), which is the bound of such a
    q, and ends after finitely many steps. Among equally likely values the first is taken. The parameters are
    biased where components overlap.

    A posterior of a kind of its own (without a field ``responsibilities``) gives ``hard()``.

    Examples
    --------
    >>> import jensen
    >>> from jensen.em import EM, Hard
    >>> data = jensen.load_dataset("faithful").values
    >>> fit = jensen.fit(jensen.Mixture(2, jensen.Gaussian()), data, algorithm=EM(posterior=Hard()))
    >>> fit.verdict.converged, round(fit.log_evidence - fit.gap, 2)
    (True, -1130.5)
    """

    def posterior(self, model: Model, params: Params, data: Any) -> Any:
        """q of every row."""
        return hard(model.posterior(params, data))


@dataclass(frozen=True, slots=True)
class Truncated(_Fixed):
    """q on the ``num`` most likely values, in the proportions of the posterior (Lücke and Eggert, 2010).

    Which values those are is decided anew at every E-step. With as many values as there are it is exact EM,
    with one it is `Hard`.

    A posterior of a kind of its own (without a field ``responsibilities``) gives ``truncated(num)``.

    Parameters
    ----------
    num
        How many values are kept, at least 1.
    """

    num: int

    def __post_init__(self) -> None:
        if self.num < 1:
            raise ModelError(f"num must be at least 1, not {self.num}")

    def posterior(self, model: Model, params: Params, data: Any) -> Any:
        """q of every row."""
        return truncated(model.posterior(params, data), self.num)


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """Draws of z in place of the sum over z: Monte Carlo EM (Wei and Tanner, 1990).

    The statistics are those of the draws, so a step climbs the evidence up to noise. The draws are multiplied
    by ``growth`` after every step that did not raise the objective: such a step is lost in the noise (the
    idea of Caffo, Jank and Jones, 2005). As the noise vanishes, the last parameters are the answer, and no
    average of them is needed. `jensen.em.Gain` stops only after five changes in a row, up or down, that are
    too small to matter.

    Where z is enumerated (a posterior with ``responsibilities``) the draws are multinomial counts, which cost
    the same for any number of them, and the log-evidence in the ledger is exact. A posterior of another kind
    gives ``sampled(draws, rng)``. A model whose posterior can only be sampled gives
    ``sample_posterior(params, data, draws, rng)``; its ``log_evidence`` may be an estimate.

    Parameters
    ----------
    draws
        Of every row, at the first E-step.
    growth
        Above 1.
    rng
        A seed; or a generator, which gives one. The same seed draws the same in every climb.
    most
        Draws never exceed this.
    """

    draws: int = 10
    growth: float = 2.0
    rng: int | np.random.Generator = 0
    most: int = MOST_DRAWS
    _seed: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise ModelError(f"draws must be at least 1, not {self.draws}")
        if not self.growth > 1:
            raise ModelError(f"growth must be above 1, else the noise never vanishes, not {self.growth}")
        if self.most < self.draws:
            raise ModelError(f"most must be at least draws = {self.draws}, not {self.most}")
        rng = self.rng
        seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else int(rng)
        object.__setattr__(self, "_seed", seed)

    @property
    def is_sampled(self) -> bool:
        return True

    def e_step(self, problem: Problem, params: Params, before: State | None) -> State:
        draws = self.draws if before is None else before.draws
        rng = np.random.default_rng([self._seed, problem.num_e_steps])

        def posterior(model: Model, params: Params, data: Any) -> Any:
            return _drawn(model, params, data, draws, rng)

        state = problem.approximate(params, posterior, draws)
        lost = before is not None and not state.objective > before.objective
        return replace(state, draws=min(int(np.ceil(self.growth * draws)), self.most)) if lost else state


def _drawn(model: Model, params: Params, data: Any, draws: int, rng: np.random.Generator) -> Any:
    """The empirical distribution of ``draws`` draws from the posterior of every case."""
    if model.sample_posterior is not None:
        return model.sample_posterior(params, data, draws, rng)
    return sampled(model.posterior(params, data), draws, rng)
