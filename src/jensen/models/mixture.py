"""The mixture: z_n ~ Categorical(π), x_n | z_n = k ~ a family's component k.

p(x, z | θ) = π_z p(x | z, θ)

E-step    r_nk = π_k p(x_n | k) / Σ_j π_j p(x_n | j)                     q(z_n = k) = r_nk
M-step    π_k = Σ_n w_n r_nk / Σ_n w_n,   the family's own with weights w_n r_nk
Q(θ, S)   Σ_nk w_n r_nk (log π_k + log p(x_n | k))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.em import Expected, Start, Verdict
from jensen.em.progress import Progress
from jensen.families import Gaussian, GaussianParams, GaussianStats
from jensen.models import fused
from jensen.models.coordinates import pack, unpack
from jensen.models.priors import MixturePrior

Array = NDArray[np.float64]


class MixtureParams(NamedTuple):
    """Mixing weights π (k,) and the parameters of the components."""

    weights: Array
    components: GaussianParams


@dataclass(frozen=True, slots=True, eq=False)
class MixtureStats:
    """Σ_n w_n r_nk (k,), and the statistics of the components. They add and scale."""

    count: Array
    components: GaussianStats

    def __add__(self, other: MixtureStats) -> MixtureStats:
        return MixtureStats(self.count + other.count, self.components + other.components)

    def scale(self, factor: float) -> MixtureStats:
        """The statistics of the rows counted ``factor`` times."""
        return MixtureStats(factor * self.count, self.components.scale(factor))


@dataclass(frozen=True, slots=True, eq=False)
class MixturePosterior:
    """q(z_n = k).

    Attributes
    ----------
    responsibilities
        (n, k), rows add up to 1.
    log_evidence
        (n,): log p(x_n | θ) at the params that the posterior was computed at.
    """

    responsibilities: Array
    log_evidence: Array

    def entropy(self) -> Array:
        """H[q_n] = −Σ_k r_nk log r_nk, (n,)."""
        r = self.responsibilities
        return -np.sum(r * np.log(np.where(r > 0, r, 1.0)), axis=1)


@dataclass(frozen=True, slots=True)
class Mixture:
    """A mixture of ``num_components`` members of a family.

    Parameters
    ----------
    num_components
        k.
    family
        The component distributions, for instance ``Gaussian(Tied())``.
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
    family: Gaussian = Gaussian()
    prior: MixturePrior | None = None

    def __post_init__(self) -> None:
        if self.num_components < 1:
            raise ValueError(f"num_components must be at least 1, not {self.num_components}")

    # ---- the contract --------------------------------------------------------------------------------------

    def posterior(self, params: MixtureParams, data: Array) -> MixturePosterior:
        """r_nk = π_k p(x_n | k) / p(x_n)."""
        return MixturePosterior(*fused.posterior(self.family, params, data))

    def expected(
        self, params: MixtureParams, data: Array, posterior: MixturePosterior, weight: Array | None
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
        """``expected ∘ posterior`` in one native pass that stores no q."""
        moments, log_evidence, entropy, total = fused.e_step(self.family, params, data, weight)
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
        """The mixture with its covariance bound in the metric of these data."""
        return replace(self, family=self.family.prepare(data, weight))

    def start(self, data: Array, weight: Array | None, rng: np.random.Generator) -> MixtureParams:
        """A random start: rows as means, the data's covariance shrunk by k^(−2/d)."""
        from jensen.models import starts

        return starts.random_rows(self, data, weight, rng)

    def search(
        self, data: Array, weight: Array | None, rng: np.random.Generator, progress: Progress | None = None
    ) -> Iterator[Start]:
        """Accelerated starts of mixed kinds, with split-and-merge."""
        from jensen.models.search import search

        return search(self, data, weight, rng, progress)

    def diagnose(self, params: MixtureParams, data: Array, weight: Array | None) -> Verdict | None:
        """Collapse, a component at the bound, an empty one, identical ones."""
        from jensen.models.diagnosis import diagnose

        return diagnose(self, params, data, weight)

    def canonical(self, params: MixtureParams) -> MixtureParams:
        """Components in the order of their means, first column first."""
        order = np.lexsort(params.components.means.T[::-1])
        return self.relabel(params, order)

    def relabel(self, params: MixtureParams, order: Any) -> MixtureParams:
        """The same mixture with its components in another order."""
        means, covariances = params.components
        shared = self.family.covariance.name == "tied"
        return MixtureParams(
            params.weights[order],
            GaussianParams(means[order], covariances if shared else covariances[order]),
        )

    def num_free(self, params: MixtureParams) -> int:
        """Free parameters: k − 1 weights and the family's."""
        return self.num_components - 1 + self.family.num_free(params.components)

    def sample(
        self, params: MixtureParams, num_rows: int, rng: np.random.Generator
    ) -> tuple[Array, NDArray[np.intp]]:
        """Rows (n, d) and the labels (n,) they were drawn from."""
        labels = rng.choice(len(params.weights), size=num_rows, p=params.weights)
        return self.family.sample(params.components, labels, rng), labels

    def pack(self, params: MixtureParams) -> Array:
        """The natural parameters as one vector."""
        return pack(params)

    def unpack(self, vector: Array) -> MixtureParams | None:
        """And back; None where a weight is not positive or a covariance is below its bound."""
        return unpack(self, vector)
