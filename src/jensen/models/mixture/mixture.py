"""The mixture: z_n ~ Categorical(π), x_n | z_n = k ~ a family's component k.

p(x, z | θ) = π_z p(x | z, θ)

E-step    r_nk = π_k p(x_n | k) / Σ_j π_j p(x_n | j)                     q(z_n = k) = r_nk
M-step    π_k = Σ_n w_n r_nk / Σ_n w_n,   the family's own with weights w_n r_nk
Q(θ, S)   Σ_nk w_n r_nk (log π_k + log p(x_n | k))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.em import DiscretePosterior, Expected, Prior, Start, Verdict
from jensen.families import Family, Gaussian
from jensen.families.gaussian import kernels
from jensen.models.mixture.coordinates import pack, unpack

if TYPE_CHECKING:
    from jensen.models.mixture.chart import MixtureChart

F = TypeVar("F", bound=Family)


class MixtureParams(NamedTuple):
    """Mixing weights π (k,) and the parameters of the components."""

    weights: Array
    components: Any


@dataclass(frozen=True, slots=True, eq=False)
class MixtureStats:
    """Σ_n w_n r_nk (k,), and the statistics of the components. They add and scale."""

    count: Array
    components: Any

    def __add__(self, other: MixtureStats) -> MixtureStats:
        return MixtureStats(self.count + other.count, self.components + other.components)

    def scale(self, factor: float) -> MixtureStats:
        """The statistics of the rows counted ``factor`` times."""
        return MixtureStats(factor * self.count, self.components.scale(factor))


@dataclass(frozen=True, slots=True)
class Mixture(Generic[F]):
    """A mixture of ``num_components`` members of a family.

    Parameters
    ----------
    num_components
        k.
    family
        The component distributions, for instance ``Gaussian(Tied())``, or any `jensen.families.Family`. A
        Gaussian brings the native passes, the search for starts, acceleration and the diagnosis of collapse.
    prior
        A conjugate prior: the fit is then maximum a posteriori.

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

    def __post_init__(self) -> None:
        if self.num_components < 1:
            raise ValueError(f"num_components must be at least 1, not {self.num_components}")

    # ---- the contract --------------------------------------------------------------------------------------

    def posterior(self, params: MixtureParams, data: Array) -> DiscretePosterior:
        """r_nk = π_k p(x_n | k) / p(x_n)."""
        if isinstance(self.family, Gaussian):
            return DiscretePosterior(*kernels.posterior(self.family, params, data))
        with np.errstate(divide="ignore"):
            log_joint = np.log(params.weights) + self.family.log_density(params.components, data)
        return DiscretePosterior.from_log_joint(log_joint)

    def expected(
        self, params: MixtureParams, data: Array, posterior: DiscretePosterior, weight: Array | None
    ) -> Expected:
        """S, the log-evidence and the entropy under any q."""
        r = posterior.responsibilities
        w = np.ones(len(r)) if weight is None else np.asarray(weight, float)
        wr = w[:, None] * r
        stats = MixtureStats(wr.sum(axis=0), self.family.statistics(params.components, data, wr))
        return Expected(
            stats, float(w @ posterior.log_evidence), float(w @ posterior.entropy()), float(w.sum())
        )

    def e_step(self, params: MixtureParams, data: Array, weight: Array | None) -> Expected:
        """``expected ∘ posterior``; for a Gaussian in one native pass that stores no q."""
        if not isinstance(self.family, Gaussian):
            return self.expected(params, data, self.posterior(params, data), weight)
        moments, log_evidence, entropy, total = kernels.e_step(self.family, params, data, weight)
        return Expected(MixtureStats(moments.count, moments), log_evidence, entropy, total)

    def m_step(self, stats: MixtureStats, params: MixtureParams) -> MixtureParams:
        """π_k = N_k / Σ_j N_j, and the family's M-step."""
        return MixtureParams(
            stats.count / stats.count.sum(), self.family.m_step(stats.components, params.components)
        )

    def expected_log_joint(self, params: MixtureParams, stats: MixtureStats) -> float:
        """Q(θ, S) = Σ_k N_k log π_k + the family's."""
        used = stats.count > 0
        with np.errstate(divide="ignore"):  # π_k = 0 under rows of component k is Q = −∞, and right
            labels = float(stats.count[used] @ np.log(params.weights[used]))
        return labels + self.family.expected_log_density(params.components, stats.components)

    # ---- what it adds --------------------------------------------------------------------------------------

    def prepare(self, data: Array, weight: Array | None) -> Mixture:
        """The mixture with whatever the data fix: for a Gaussian the covariance bound in their metric."""
        prepare = getattr(self.family, "prepare", None)
        return self if prepare is None else replace(self, family=prepare(data, weight))

    def start(self, data: Array, weight: Array | None, rng: np.random.Generator) -> MixtureParams:
        """A random start: for a Gaussian rows as means, else the M-step from random responsibilities."""
        if isinstance(self.family, Gaussian):
            from jensen.families.gaussian import starts

            return starts.random_rows(self, data, weight, rng)
        r = rng.dirichlet(np.ones(self.num_components), size=len(data))
        wr = r if weight is None else r * np.asarray(weight, float)[:, None]
        components = self.family.m_step(self.family.statistics(None, data, wr), None)
        return MixtureParams(wr.sum(axis=0) / wr.sum(), components)

    @property
    def search(self) -> Callable[..., Iterator[Start]] | None:
        """``search(data, weight, rng, progress)``: accelerated starts of mixed kinds, with split-and-merge.

        Gaussians only; None for other families, which get random restarts.
        """
        from jensen.models.mixture.search import search

        return self._of_gaussian(search)

    @property
    def diagnose(self) -> Callable[..., Verdict | None] | None:
        """``diagnose(params, data, weight)``: collapse, a bound that is active, identical components.
        Gaussians only.
        """
        from jensen.families.gaussian.diagnosis import diagnose

        return self._of_gaussian(diagnose)

    @property
    def pack(self) -> Callable[[MixtureParams], Array] | None:
        """``pack(params)``: the natural parameters as one vector. Gaussians only."""
        return self._of_gaussian(pack)

    @property
    def unpack(self) -> Callable[[Array], MixtureParams | None] | None:
        """``unpack(vector)``: and back; None where a weight or a covariance is out of bounds.
        Gaussians only.
        """
        return self._of_gaussian(unpack)

    @property
    def chart(self) -> MixtureChart | None:
        """π, μ and Σ as one unconstrained vector. Gaussians only, once `prepare` has seen the data."""
        from jensen.models.mixture.chart import chart

        return chart(self) if isinstance(self.family, Gaussian) else None

    @property
    def score(self) -> Callable[[MixtureParams, MixtureStats], Array] | None:
        """``score(params, stats)``: ∂Q/∂u in the chart, that of the log-prior included. Gaussians only."""
        from jensen.models.mixture.chart import score

        return None if self.chart is None else partial(score, self)

    @property
    def scores(self) -> Callable[[MixtureParams, Array], Array] | None:
        """``scores(params, data)``: the score of every row in the chart, (n, p). Gaussians only."""
        from jensen.models.mixture.chart import scores

        return None if self.chart is None else partial(scores, self)

    def canonical(self, params: MixtureParams) -> MixtureParams:
        """Components in the order of their first parameters (for a Gaussian the means), first column
        first.
        """
        first = np.asarray(params.components[0]).reshape(self.num_components, -1)
        return self.relabel(params, np.lexsort(first.T[::-1]))

    def relabel(self, params: MixtureParams, order: Any) -> MixtureParams:
        """The same mixture with its components in another order."""
        relabel = getattr(self.family, "relabel", _relabel)
        return MixtureParams(params.weights[order], relabel(params.components, order))

    def num_free(self, params: MixtureParams) -> int:
        """Free parameters: k − 1 weights and the family's."""
        return self.num_components - 1 + self.family.num_free(params.components)

    def sample(
        self, params: MixtureParams, num_rows: int, rng: np.random.Generator
    ) -> tuple[Array, NDArray[np.intp]]:
        """Rows (n, d) and the labels (n,) they were drawn from."""
        labels = rng.choice(len(params.weights), size=num_rows, p=params.weights)
        return self.family.sample(params.components, labels, rng), labels

    def _of_gaussian(self, function: Callable[..., Any]) -> Callable[..., Any] | None:
        return partial(function, self) if isinstance(self.family, Gaussian) else None


def _relabel(components: Any, order: Any) -> Any:
    """The components of a family whose parameters are a tuple of arrays with one entry a component."""
    return type(components)(*(np.asarray(part)[order] for part in components))
