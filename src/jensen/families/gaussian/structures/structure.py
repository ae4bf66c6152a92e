"""What a covariance structure knows about itself: everything.

A structure of one's own gives a name, the kind of moments its M-step needs, the shape and the space of its
covariances, the M-step, the metric that it is invariant in, and how (k, d, d) matrices become its own. The
rest follows; a structure that knows better overrides it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import lgamma, log
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Mask
from jensen.basics.errors import ModelError
from jensen.basics.notebook import InNotebook
from jensen.basics.numbers import repr_in_full
from jensen.basics.plain import Contract
from jensen.families.gaussian.leave_one_out import MATRIX, OwnPart
from jensen.families.gaussian.metric import Metric
from jensen.families.gaussian.second_moments import SecondMoments
from jensen.spaces.names import Columns
from jensen.spaces.space import Space


class PriorMoments(NamedTuple):
    """What an inverse-Wishart prior is worth under a structure.

    ``dof`` (k,) multiplies −½ log|Σ_k|, ``second`` is in the shape of the structure's moments, and
    ``log_normalizer`` makes the density of the covariances integrate to one.
    """

    dof: Array
    second: Array
    log_normalizer: float


class Structure(InNotebook, Contract, ABC):
    """A covariance structure. ``k`` components in ``d`` columns throughout.

    Attributes
    ----------
    name
        In tables, in files, on the command line.
    words
        What it says of the components, for people.
    words_in_one_column
        The same where there is one column; empty where there it is another structure.
    moments
        The kind of second moments that the M-step needs.
    own
        The part of its covariance that a component has to itself: what leaving out a row can move.
    is_shared
        Whether one array stands for all components: it has no axis for them.
    is_native
        Whether the native climb knows the M-step: every moment over its dof, or all over all if shared.
    alone
        The name of the structure that it is when there is one component.
    is_ours
        Whether it is one of jensen's, of which it is known which are the same for one column or component. A
        subclass is none.
    needs_every_column
        Whether a column that is constant leaves nothing to estimate.
    """

    __slots__ = ()

    name: ClassVar[str]
    words: ClassVar[str] = ""
    words_in_one_column: ClassVar[str] = ""
    moments: ClassVar[SecondMoments]
    own: ClassVar[OwnPart] = MATRIX
    is_shared: ClassVar[bool] = False
    is_native: ClassVar[bool] = False
    alone: ClassVar[str] = ""
    is_ours: ClassVar[bool] = False
    needs_every_column: ClassVar[bool] = True

    @property
    def as_family(self) -> str:
        """What is meant where one is given in the place of a family."""
        return f"jensen.Gaussian({self!r})"

    # ---- what a structure gives ----------------------------------------------------------------------------

    @abstractmethod
    def space(self, k: int, d: int) -> Space:
        """Where its covariances live: one array, with a shape, bounds and free coordinates."""

    @abstractmethod
    def metric(self, mean: Array, covariance: Array) -> Metric:
        """The coordinates in which it is invariant, from the moments of the data."""

    @abstractmethod
    def estimate(self, scatter: Array, dof: Array, d: int, current: Array) -> Array:
        """The maximum-likelihood covariances of the scatter (in the shape of the moments).

        A component whose dof is 0 keeps its ``current`` covariance.
        """

    @abstractmethod
    def reduce(self, full: Array, weight: Array) -> Array:
        """Its covariances nearest to (k, d, d) matrices, pooled with ``weight`` (k,) where they are
        shared.
        """

    def spread(self, covariances: Array, k: int, d: int) -> Array:
        """Its covariances in the shape of the moments: linear, and all that an E-step needs."""
        return covariances

    def of_spread(self, spread: Array) -> Array:
        """And back, for a spread that is one of the structure's."""
        return spread

    def prior_moments(self, scale: Array, dof: float, k: int) -> PriorMoments:
        """What inverse-Wishart(ν = ``dof``, Ψ = ``scale``) is worth, in its own shape.

        −½ log|Σ| is multiplied by 1 for each N(m, Σ/κ) and by ν + size + 1 for each inverse-Wishart.
        """
        raise ModelError(f"{self.name} covariances have no conjugate prior: give one for the weights alone")

    # ---- what follows --------------------------------------------------------------------------------------

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        """Shape of its covariances."""
        return self.space(k, d).shape

    def named_space(self, k: int, d: int) -> Space:
        """The space with the axes that run over columns named as these are."""
        space = self.space(k, d)
        first = 0 if self.is_shared else 1  # over components
        if space.names is not None or not space.shape or any(size != d for size in space.shape[first:]):
            return space
        return space.named((None,) * first + (Columns(),) * (len(space.shape) - first))

    def num_free(self, k: int, d: int) -> int:
        """Free covariance parameters."""
        return self.space(k, d).size

    def full(self, covariances: Array, k: int, d: int) -> Array:
        """The covariances as (k, d, d) matrices."""
        return self.moments.full(self.spread(covariances, k, d), k, d)

    def log_det(self, covariances: Array, k: int, d: int) -> Array:
        """log |Σ_k|, (k,)."""
        return self.moments.log_det(self.spread(covariances, k, d), k, d)

    def relabel(self, covariances: Array, order: NDArray[np.integer]) -> Array:
        """The covariances of the components in another order; what is shared stays."""
        return covariances if self.is_shared else covariances[order]

    def clip(self, covariances: Array, metric: Metric, floor: float) -> Array:
        """The covariances at least ``floor`` in the metric: the exact constrained M-step."""
        return metric.clip(covariances, floor)

    def contains(self, covariances: Array, k: int, d: int) -> bool:
        """Whether they are covariances of the structure, up to rounding."""
        return bool(np.isfinite(covariances).all()) and self.moments.positive_definite(
            self.spread(covariances, k, d)
        )

    def row_scores(self, covariances: Array, first: Array, away: Array, dof: Array, k: int, d: int) -> Array:
        """The `score` of every row, (n, size); ``first`` is r times ``away`` from the means, (n, k, d)."""
        return self.score(covariances, self.moments.of_rows(first, away), dof, k, d)

    def score(self, covariances: Array, second: Array, dof: Array, k: int, d: int) -> Array:
        """∂Q/∂u in the coordinates of the space, (…, size), from moments about the means and their dof (…,
        k).

        By the chain rule: ∂Q/∂spread, ∂spread/∂covariances (linear), ∂covariances/∂u.
        """
        space = self.space(k, d)
        slopes = space.slopes(space.to_chart(covariances)).T.reshape(space.size, *space.shape)
        steps = np.array([self.spread(step, k, d) for step in slopes])
        gradient = self.moments.gradient(self.spread(covariances, k, d), second, dof, d)
        axes = steps.ndim - 1
        return np.tensordot(gradient, steps, axes=(range(-axes, 0), range(1, axes + 1)))

    def at_bound(self, metric: Metric, covariances: Array, limit: float, k: int) -> Mask:
        """Which coordinates of the space belong to covariances that are no larger than ``limit``."""
        low = np.atleast_1d(metric.smallest(covariances) <= limit)
        size = self.space(k, len(metric.mean)).size
        return np.repeat(low, size // len(low)) if size % len(low) == 0 else np.full(size, low.any())

    def along_axes(self, rows: Array, means: Array, covariances: Array) -> Array:
        """(n, k, d): squared distances of rows along each principal axis, in units of its variance."""
        d = means.shape[1]
        values, vectors = np.linalg.eigh(self.full(covariances, *means.shape))
        away = np.einsum("nkd,kde->nke", rows[:, None, :] - means, vectors)
        return np.square(away) / values.reshape(1, -1, d)

    def needed(self, d: int) -> float:
        """With no more rows than this a component's own covariance cannot be estimated."""
        return 0.0 if self.is_shared else self.own.needed(d)

    def same_as(self, k: int, d: int) -> str:
        """A name that is equal for structures that are the same model for this k and d."""
        said = vars(type(self))
        if not said.get("is_ours", False):
            return f"{type(self).__module__}.{type(self).__qualname__} {repr_in_full(self)}"
        if d == 1:
            return "shared" if self.is_shared and k > 1 else "own"
        return self.alone if k == 1 and self.alone else self.name

    def meaning(self, k: int, d: int) -> str:
        """What it says of k components in d columns; empty where it says nothing."""
        if k == 1:
            return ""
        return self.words_in_one_column if d == 1 else self.words

    def _fields(self) -> dict[str, Any]:
        """What an instance holds, where the class has something to hold."""
        state: Any = self.__getstate__()
        own, slotted = state if isinstance(state, tuple) else (state, None)
        return {**(own or {}), **(slotted or {})}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Structure) or type(self) is not type(other):
            return False
        mine, others = self._fields(), other._fields()
        return mine.keys() == others.keys() and all(np.array_equal(mine[n], others[n]) for n in mine)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        held = ", ".join(f"{name}={value!r}" for name, value in self._fields().items())
        return f"{type(self).__name__}({held})"


def divided(scatter: Array, dof: Array, current: Array) -> Array:
    """scatter / dof along the first axis; the current value where dof is 0."""
    dof = dof.reshape(-1, *[1] * (scatter.ndim - 1))
    return np.where(dof > 0, scatter / np.where(dof > 0, dof, 1.0), current)


def inverse_gamma_normalizer(scale: Array, dof: float) -> float:
    """Σ log of the normalizers of inverse-Wishart(ν, ψ) of size 1 for each number ψ of ``scale``."""
    one = -dof / 2 * log(2) - lgamma(dof / 2)
    return float(np.sum(dof / 2 * np.log(scale) + one))
