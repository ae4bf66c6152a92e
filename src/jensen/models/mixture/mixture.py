"""The mixture: z_n ~ Categorical(π), x_n | z_n = k ~ a family's component k.

p(x, z | θ) = π_z p(x | z, θ)

E-step    r_nk = π_k p(x_n | k) / Σ_j π_j p(x_n | j)                     q(z_n = k) = r_nk
M-step    π_k = Σ_n w_n r_nk / Σ_n w_n,   the family's own with weights w_n r_nk
Q(θ, S)   Σ_nk w_n r_nk (log π_k + log p(x_n | k))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arguments import shown
from jensen.basics.arrays import Array, Data, Weight
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.numbers import is_whole
from jensen.basics.plain import given
from jensen.basics.progress import Progress
from jensen.basics.sampling import Randomness, Sample, as_generator, checked_num_rows
from jensen.basics.verdict import Verdict
from jensen.em.cases import Rows
from jensen.em.contract import Expected, Model, Prior
from jensen.em.effort import Search
from jensen.em.posteriors import DiscretePosterior
from jensen.em.problem import Problem
from jensen.em.start import Start
from jensen.families.family import Components, Family, as_family
from jensen.families.gaussian.gaussian import Gaussian
from jensen.models.mixture.chart import MixtureChart, score, scores
from jensen.models.mixture.params import MixtureParams, MixtureStats, require_params
from jensen.models.mixture.prior import prior_kind
from jensen.models.mixture.search.search import search, single

F = TypeVar("F", bound=Family)
PRIOR = ("pseudo_stats", "log_density")  # what a prior has


@dataclass(frozen=True, slots=True)
class MixtureTransform:
    """A change of the data that moves the components of a mixture, and leaves its weights."""

    own: Any

    def data(self, data: Data) -> Data:
        """The rows, moved."""
        return self.own.data(data)

    def params(self, params: MixtureParams) -> MixtureParams:
        """The parameters, moved."""
        return MixtureParams(params.weights, self.own.components(params.components))

    @property
    def log_scale(self) -> float:
        """What every row's log-evidence loses."""
        return self.own.log_scale

    @property
    def condition(self) -> float:
        """How much more rounding there is after the move."""
        return self.own.condition


@dataclass(frozen=True, slots=True)
class Mixture(Model[MixtureParams, MixtureStats], Generic[F]):
    """A mixture of ``num_components`` members of a family.

    Parameters
    ----------
    num_components
        k.
    family
        The component distributions, for instance ``Gaussian(Tied())``, ``Poisson()``, ``Product({…})``, or
        any class with the methods of `jensen.families.Family`. What a family gives beyond them, the mixture
        has: acceleration, standard errors, a search, a diagnosis of collapse.
    prior
        A conjugate prior (`jensen.models.MixturePrior`): the fit is then maximum a posteriori.

    Examples
    --------
    >>> import jensen
    >>> model = jensen.Mixture(2, jensen.Gaussian(jensen.Full()))
    >>> fit = jensen.fit(model, jensen.load_dataset("faithful").values)
    >>> round(fit.log_evidence, 3)
    -1130.264
    """

    num_components: int
    family: F = field(default_factory=Gaussian)  # pyright: ignore[reportAssignmentType] -- the default of F
    prior: Prior | None = None
    chart: MixtureChart | None = field(init=False, repr=False, compare=False)
    """π and the components as one unconstrained vector; None while the family does not know its spaces."""

    def __post_init__(self) -> None:
        if not is_whole(self.num_components):
            raise ModelTypeError(f"num_components must be a whole number, not {self.num_components!r}")
        if self.num_components < 1:
            raise ModelError(f"num_components must be at least 1, not {self.num_components}")
        prior = self.prior
        if prior is not None and (isinstance(prior, type) or len(given(prior, PRIOR)) != len(PRIOR)):
            raise ModelTypeError(f"prior must be a jensen.models.MixturePrior, not {shown(prior)}")
        object.__setattr__(self, "family", as_family(self.family))
        spaces = self.family.spaces(self.num_components)
        chart = None if spaces is None else MixtureChart(self.family, self.num_components, spaces)
        object.__setattr__(self, "chart", chart)

    # ---- the contract --------------------------------------------------------------------------------------

    def accept(self, data: Data) -> Data:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Lists, data frames and data sets as the arrays that the family takes."""
        return self.family.accept(data)

    def posterior(self, params: MixtureParams, data: Data) -> DiscretePosterior:
        """r_nk = π_k p(x_n | k) / p(x_n)."""
        require_params(params)
        return self._posterior(params, self.family.accept(data))

    def _posterior(self, params: MixtureParams, data: Data) -> DiscretePosterior:
        """Of what has come through the door."""
        native = self.family.native
        if native is not None:
            return DiscretePosterior(*native.posterior(params.weights, params.components, data))
        with np.errstate(divide="ignore"):
            log_joint = np.log(params.weights) + self.family.log_density(params.components, data)
        return DiscretePosterior.from_log_joint(log_joint)

    def expected(
        self, params: MixtureParams, data: Data, posterior: DiscretePosterior, weight: Weight
    ) -> Expected[MixtureStats]:
        """S, the log-evidence and the entropy under any q; the entropy of a family's own hidden variables
        too.
        """
        require_params(params, self.num_components)
        r = posterior.responsibilities
        if r.shape[1] != self.num_components:
            raise ModelError(
                f"the posterior is of {r.shape[1]} components, the model of {self.num_components}"
            )
        w = np.ones(len(r)) if weight is None else np.asarray(weight, float)
        wr = w[:, None] * r
        components, own_entropy = self.family.expected(params.components, data, wr)
        return Expected.of(MixtureStats(wr.sum(axis=0), components), posterior, w, own_entropy)

    def e_step(self, params: MixtureParams, data: Data, weight: Weight) -> Expected[MixtureStats]:
        """``expected ∘ posterior``; in one native pass that stores no q where the family has one."""
        require_params(params)
        native = self.family.native
        if native is None:
            own = type(self).posterior is not Mixture.posterior
            q = self.posterior(params, data) if own else self._posterior(params, data)
            return self.expected(params, data, q, weight)
        sums = native.e_step(params.weights, params.components, data, weight)
        return Expected(MixtureStats(sums.count, sums.stats), sums.log_evidence, sums.entropy, sums.weight)

    def m_step(self, stats: MixtureStats, params: MixtureParams) -> MixtureParams:
        """π_k = N_k / Σ_j N_j, and the family's M-step."""
        components = self.family.m_step(stats.components, params.components)
        return MixtureParams(stats.count / stats.count.sum(), components)

    def expected_log_joint(self, params: MixtureParams, stats: MixtureStats) -> float:
        """Q(θ, S) = Σ_k N_k log π_k + the family's."""
        used = stats.count > 0
        with np.errstate(divide="ignore"):  # π_k = 0 under rows of component k is Q = −∞, and right
            labels = float(stats.count[used] @ np.log(params.weights[used]))
        if stats.components is None:
            return labels
        return labels + self.family.expected_log_density(params.components, stats.components)

    # ---- what it adds --------------------------------------------------------------------------------------

    def prepare(self, data: Data, weight: Weight) -> Mixture:
        """The mixture with whatever the data fix of its family: for a Gaussian the covariance bound."""
        family: Any = self.family.prepare(data, weight)
        return self if family is self.family else replace(self, family=family)

    def start(self, data: Data, weight: Weight, rng: np.random.Generator) -> MixtureParams:
        """A random start: the family's, by default the M-step from random responsibilities."""
        return MixtureParams(*self.family.start(self.num_components, data, weight, rng))

    def search(  # pyright: ignore[reportIncompatibleVariableOverride]
        self,
        data: Data,
        weight: Weight,
        rng: np.random.Generator,
        progress: Progress | None,
        effort: Search | None = None,
    ) -> Iterator[Start]:
        """Ends of the search for the best maximum."""
        if self.num_components == 1:
            yield single(Problem(self, data, weight), rng)
        else:
            yield from search(self, data, weight, rng, progress, effort or Search())

    @property
    def diagnose(self) -> Callable[..., Verdict | None] | None:
        """``diagnose(params, data, weight)``: what the family finds wrong with its components."""
        return None if self.family.diagnose is None else self._diagnose

    def _diagnose(self, params: MixtureParams, data: Data, weight: Weight) -> Verdict | None:
        held_up = prior_kind(self.prior).holds_up
        return self.family.diagnose(params.weights, params.components, data, weight, held_up)

    @property
    def score(self) -> Callable[[MixtureParams, MixtureStats], Array] | None:
        """``score(params, stats)``: ∂Q/∂u in the chart, that of the log-prior included."""
        return None if self.family.score is None or self.chart is None else self._score

    def _score(self, params: MixtureParams, stats: MixtureStats) -> Array:
        """One more set of statistics is all that a conjugate prior is."""
        if self.prior is not None:
            stats = stats + self.prior.pseudo_stats(self, params)
        return score(self.family, params, stats)

    @property
    def scores(self) -> Callable[[MixtureParams, Data], Array] | None:
        """``scores(params, data)``: the score of every row in the chart, (n, p)."""
        return None if self.family.row_scores is None or self.chart is None else self._scores

    def _scores(self, params: MixtureParams, data: Data) -> Array:
        data = self.family.accept(data)
        if not Rows().count(data):
            return np.zeros((0, self.chart.size if self.chart is not None else 0))
        return scores(self.family, params, data, self.posterior(params, data).responsibilities)

    def canonical(self, params: MixtureParams) -> MixtureParams:
        """Components in the order of their first parameters (for a Gaussian the means), first column
        first.
        """
        return self.relabel(params, self.family.order(params.components))

    def relabel(self, params: MixtureParams, order: Any) -> MixtureParams:
        """The same mixture with its components in another order."""
        return MixtureParams(params.weights[order], self.family.relabel(params.components, order))

    def num_free(self, params: MixtureParams) -> int | None:
        """Free parameters: k − 1 weights and the family's; None where the family does not say."""
        k = self.num_components
        if self.family.num_free is not None:
            own = self.family.num_free(params.components)
            return None if own is None else k - 1 + own
        spaces = self.family.spaces(k)
        return None if spaces is None else k - 1 + sum(space.size for space in spaces.values())

    def components_of(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, params: MixtureParams
    ) -> Components:
        """The components, for tables and pictures."""
        return Components(self.family, params.weights, params.components)

    def transform(self, data: Data, rng: Any) -> MixtureTransform | None:
        """A random change of the data under which the family keeps its form, where there is no prior."""
        own = None if self.prior is not None else self.family.transform(data, rng)
        return None if own is None else MixtureTransform(own)

    def labels(self, params: MixtureParams, num_rows: int, rng: Randomness = None) -> NDArray[np.intp]:
        """The components (num_rows,) of new rows."""
        return as_generator(rng).choice(len(params.weights), size=num_rows, p=params.weights)

    @property
    def sample(self) -> Callable[..., Sample] | None:
        """``sample(params, num_rows, rng=None)``: a `Sample` of rows and the labels (n,) they were drawn
        from.

        ``rng`` is a seed or a generator; the seed 0 by default.
        """
        return None if self.family.sample is None else self._sample

    def _sample(self, params: MixtureParams, num_rows: int, rng: Randomness = None) -> Sample:
        generator = as_generator(rng)
        labels = self.labels(params, checked_num_rows(num_rows), generator)
        return Sample(self.family.sample(params.components, labels, generator), labels)
