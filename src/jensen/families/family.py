"""What a family of component distributions implements, and what it gets for what it adds.

A family is K component distributions p(x | z = k, θ). It knows no latent structure: it sees an (n, k) array
of weights, where a mixture, a hidden Markov model or anything else with a label puts its responsibilities.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Mask, Weight
from jensen.basics.errors import ModelTypeError
from jensen.basics.notebook import InNotebook
from jensen.basics.numbers import on_scale_of, repr_in_full
from jensen.basics.plain import Contract, given, require, tell_misspelt
from jensen.basics.tables import default_columns
from jensen.em.cases import Rows
from jensen.families.carriers import Lines, Pass
from jensen.numerics import partitions
from jensen.spaces.chart import as_dict
from jensen.spaces.space import Space

SOFT = 0.1  # of a row, which a start divides among all components


class Standardized(NamedTuple):
    """The same rows in coordinates in which a search works well: log p(x) is less by ``log_scale`` a row."""

    family: Family
    data: Any
    back: Any
    """``back(params)``: in the coordinates of the data."""
    there: Any
    """``there(params)``: from the coordinates of the data."""
    log_scale: float


class Components(NamedTuple):
    """What tables and pictures of a model show, whatever its latent structure is.

    Attributes
    ----------
    family
        Of the components.
    weights
        (k,): the share of each.
    params
        Of the family.
    """

    family: Family
    weights: Array
    params: Any


class Family(InNotebook, Contract, ABC):
    """K component distributions p(x | z = k, θ).

    Four methods are asked for. Each other brings its own reward, and a family without it does without.

    ======================================  =============================================
    a family that also gives                gets, in every model over it
    ======================================  =============================================
    ``spaces(k)``                           acceleration, standard errors, constraints, files
    ``score``, ``row_scores``               the same, quicker and to the last digit
    ``expected`` in place of ``statistics`` hidden variables of its own, with their entropy
    ``sample(params, labels, rng)``         samples, and the law that they lead back
    ``prepare(data, weight)``               bounds and scales that the data fix
    ``check(data)``                         refusals, when new rows are classified by the command line
    ``start(k, data, weight, rng)``         starts of its own in place of random responsibilities
    ``embed(data)``, ``around(…)``          a search that knows which rows are alike
    ``climb(ends, …)``                      quick climbs in a search
    ``diagnose``                            verdicts of collapse and of bounds
    ``native``                              E-steps in one pass
    ``describe``, ``caption``               tables in words of its own
    ``moments``, ``marginal``               pictures: ellipses, densities or bars of each column
    ======================================  =============================================

    Attributes
    ----------
    shared
        Names of parameters that have no entry for each component: relabelling leaves them.
    native
        A `Pass`, or None.
    """

    shared: ClassVar[tuple[str, ...]] = ()
    native: Pass | None = None
    num_columns: Any = None
    """d, once it is known; None until then, and where rows have no columns."""

    # ---- the contract --------------------------------------------------------------------------------------

    @abstractmethod
    def log_density(self, params: Any, data: Any) -> Array:
        """log p(x_n | z = k), (n, k), every constant included."""

    def statistics(self, params: Any, data: Any, weight: Array) -> Any:
        """Σ_n w_nk T(x_n) under ``weight`` (n, k); they add and scale. ``params`` is None in a random
        start.
        """
        raise ModelTypeError(
            f"{type(self).__name__} has neither statistics(params, data, weight) nor expected(…)"
        )

    def expected(self, params: Any, data: Any, weight: Array) -> tuple[Any, float]:
        """The statistics, and the entropy of hidden variables of the family's own: 0 where it has none.

        For a family with hidden variables of its own (the scales of a t, cells that are missing), statistics
        are expectations under their posterior at ``params``, and Σ_nk w_nk H[q_nk] is its entropy.
        """
        return self.statistics(params, data, weight), 0.0

    @abstractmethod
    def m_step(self, stats: Any, params: Any) -> Any:
        """The parameters that maximize the expected log-density. ``params`` is None in a random start."""

    @abstractmethod
    def expected_log_density(self, params: Any, stats: Any) -> float:
        """Σ_nk w_nk log p(x_n | z = k) from the statistics, every constant included."""

    @property
    def name(self) -> str:
        """In tables and sentences."""
        return type(self).__name__.lower()

    def same_as(self, k: int, data: Any) -> str:
        """A name that is equal for families that are the same model for this k and these data."""
        return repr_in_full(self)

    def count_free(self, k: int, data: Any) -> int | None:
        """Free parameters of k components of such data, before any fit; None where that is not known."""
        spaces = self.spaces(k)
        return None if spaces is None else sum(space.size for space in spaces.values())

    def transform(self, data: Any, rng: Any) -> Any | None:
        """A random change of the data under which the family keeps its form, for the laws; None for none."""
        return None

    def meaning(self, k: int, params: Any) -> str:
        """What the kind of components says, in words; empty where it says nothing."""
        return ""

    # ---- what it may add -----------------------------------------------------------------------------------

    def from_other(self, other: Family, params: Any, weights: Array) -> Any | None:
        """The same components as parameters of this family, where it has them; None where it does not."""
        return None

    def accept(self, data: Any) -> Any:
        """What users have (lists, data frames) as the data that the family takes, with values refused that
        have no probability; as they are by default.

        A part of a `Product` is given a dict of its columns.
        """
        return data

    def plain_columns(self, data: Any) -> Array | None:
        """The rows as columns of numbers (n, d), for starts that go by them; None where they are none."""
        plain = isinstance(data, np.ndarray) and data.dtype.kind in "fiub" and data.ndim == 2
        return data if plain else None

    def prepare(self, data: Any, weight: Weight) -> Family:
        """The family with what the data fix, and with data that it cannot take refused."""
        return self

    def check(self, data: Any) -> None:
        """Raise a ValueError for values that have no probability, or that say that the data are other ones.

        Of rows that nothing is fitted to: a column that is constant is as good as another.
        """

    keys: tuple[Any, ...] = ()
    """The names of the columns, where data are a dict of them."""

    def spaces(self, k: int) -> dict[str, Space] | None:
        """Name → space of the parameters of k components; None where it is not known (yet)."""
        return None

    def make(self, values: dict[str, Any]) -> Any:
        """Parameters from their values by name; a dict by default."""
        return values

    def split(self, params: Any) -> dict[str, Any]:
        """The values by name, of a dict, a named tuple or a dataclass."""
        return as_dict(params)

    def contains(self, params: Any) -> bool:
        """Whether params respect bounds that the spaces do not know."""
        return True

    def at_bound(self, params: Any) -> Mask | None:
        """Which coordinates of the spaces are held by such bounds; None for none."""
        return None

    score: Any = None
    """``score(params, stats)``: ∂ expected_log_density / ∂u in the coordinates of the spaces."""
    row_scores: Any = None
    """``row_scores(params, data, r)``: ∂/∂u Σ_k r_nk log p(x_n | k) of every row, (n, size)."""

    def relabel(self, params: Any, order: Any) -> Any:
        """The components in another order: every parameter by its first axis, but for those that are
        shared.
        """
        values = {
            name: value if name in self.shared else np.asarray(value)[order]
            for name, value in self.split(params).items()
        }
        return self.join(params, values)

    def join(self, like: Any, values: dict[str, Any]) -> Any:
        """Parameters of the same kind as ``like`` with other values."""
        return values if isinstance(like, dict) else type(like)(**values)

    def order(self, params: Any) -> Any:
        """The order of the components that is canonical: by their first parameter, first column first."""
        own = (value for name, value in self.split(params).items() if name not in self.shared)
        first = np.asarray(next(own), dtype=float)
        return np.lexsort(first.reshape(len(first), -1).T[::-1])

    num_free: Any = None
    """``num_free(params) -> int``, where it is not the size of the spaces."""

    def embed(self, data: Any) -> Array | None:
        """Rows as points (n, m), the nearer the more alike they are; None where that is not known."""
        return None

    def around(self, params: Any, data: Any) -> Array | None:
        """The same in the eyes of the one component of ``params``: by default centred columns of one
        scale.
        """
        rows = self.embed(data)
        if rows is None:
            return None
        rows = rows - rows.mean(axis=0)
        spread = rows.std(axis=0)
        return rows / np.where(spread > 0, spread, 1.0)

    def begin(self, data: Any, weight: Weight, responsibilities: Array) -> tuple[Array, Any]:
        """Mixing weights and components from responsibilities (n, k): the M-step."""
        r = responsibilities
        wr = r if weight is None else r * np.asarray(weight, float)[:, None]
        params = self.m_step(self.expected(None, data, wr)[0], None)
        return wr.sum(axis=0) / wr.sum(), params

    def begin_all(self, data: Any, weight: Weight, responsibilities: Array) -> list[tuple[Array, Any]]:
        """The same for many (count, n, k)."""
        return [self.begin(data, weight, each) for each in responsibilities]

    def begin_partitions(
        self, data: Any, weight: Weight, labels: NDArray[np.integer], k: int
    ) -> list[tuple[Array, Any]]:
        """The same for partitions: labels (count, n), each in 0…k−1."""
        return self.begin_all(data, weight, np.eye(k)[labels])

    def start(self, k: int, data: Any, weight: Weight, rng: np.random.Generator) -> tuple[Array, Any]:
        """Mixing weights and components of a random start.

        The M-step from a soft partition: by the nearest of k rows, where the family says how near rows are
        (`embed`); else from random responsibilities.
        """
        rows = self.embed(data)
        if rows is None:
            return self.begin(data, weight, rng.dirichlet(np.ones(k), size=Rows().count(data)))
        labels = partitions.nearest_seeds(rows - rows.mean(axis=0), weight, k, 1, rng)[0]
        return self.begin(data, weight, SOFT / k + (1.0 - SOFT) * np.eye(k)[labels])

    needed: float = 1.0
    """With no more rows than this a component says nothing of its own."""

    def nearest(self, params: Any) -> Any:
        """Params that are not quite of the family, put together of others, made so."""
        return params

    def standardized(self, data: Any, weight: Weight) -> Standardized | None:
        """The rows in coordinates in which a search works well; None where they are good as they are."""
        return None

    climb: Any = None
    """``climb(ends, data, weight, tol, max_e_steps, hold) -> bool``: quick climbs from where the `End` are,
    which they update, until two cycles in a row gain less than ``tol``; with shared parameters as they are
    under ``hold``. True where the user interrupted."""
    neighbours: Any = None
    """``neighbours(weights, params, data, weight) -> list[(weights, params)]``: solutions with two
    components merged and
    another split, the likeliest to help first: a search of few rows climbs from them."""
    loosened: Any = None
    """``loosened(params, which) -> params``: these components reaching further out, where rows that are
    theirs may have been lost to others."""
    flawed: Any = None
    """``flawed(weights, params, data, weight, held_up) -> mask``: which components have collapsed or are
    held by a bound."""
    diagnose: Any = None
    """``diagnose(weights, params, data, weight, held_up) -> Verdict | None``: ``held_up`` by a prior."""
    sample: Any = None
    """``sample(params, labels, rng)``: one row for each label."""

    # ---- for people ----------------------------------------------------------------------------------------

    kind: str = "family"
    """What `name` is the name of."""
    caption: str = ""
    """What the numbers of `describe` are."""

    def describe(self, params: Any, columns: Sequence[str] | None) -> Lines:
        """Rows of a table of the components: by default every parameter, entry by entry."""
        k = len(self.order(params))
        return [
            row
            for name, value in self.split(params).items()
            for row in self._entries(name, value, k, columns)
        ]

    def _entries(self, name: str, value: Any, k: int, columns: Sequence[str] | None) -> Lines:
        value = np.asarray(value, dtype=float)
        if name in self.shared:
            value = np.broadcast_to(value, (k, *value.shape))
        inner = value.shape[1:]
        flat = value.reshape(k, -1)
        write = on_scale_of(np.abs(flat).mean(axis=0), flat)
        labels = [f"{name}[{','.join(map(str, index))}]" if inner else name for index in np.ndindex(*inner)]
        if columns is None and self.num_columns is not None:
            columns = default_columns(self.num_columns)
        if columns is not None and inner == (len(columns),):
            labels = [f"{name} {column}" for column in columns]
        return [
            (label, [write(number) for number in entry]) for label, entry in zip(labels, flat.T, strict=True)
        ]

    def written_out(self, params: Any) -> dict[str, Any]:
        """Name → value, in documents for other programs: by default the parameters, as ``params``."""
        return {"params": self.split(params)}

    moments: Any = None
    """``moments(params) -> (means, covariances)``, (k, d) and (k, d, d), of the rows of each component."""
    marginal: Any = None
    """``marginal(params, column, points) -> (k, m)``: the density of one column, or its probabilities."""

    def is_discrete(self, column: int) -> bool:
        """Whether a column has probabilities of single values, and no density."""
        return False


METHODS = {
    "log_density": "params, data",
    "m_step": "stats, params",
    "expected_log_density": "params, stats",
}
CAPABILITIES = tuple(
    name for name in vars(Family) if not name.startswith("_") and name not in (*METHODS, "prepare", "name")
)


@dataclass(eq=False, repr=False)
class PlainFamily(Family):
    """A class with the four methods, made a `Family` by `as_family`."""

    own: Any

    log_density: ClassVar[Any] = None
    m_step: ClassVar[Any] = None
    expected_log_density: ClassVar[Any] = None

    def __post_init__(self) -> None:
        vars(self).update(given(self.own, [*METHODS, *CAPABILITIES]))

    def prepare(self, data: Any, weight: Weight) -> Family:
        prepare = given(self.own, ["prepare"]).get("prepare")
        return self if prepare is None else as_family(prepare(data, weight))

    @property
    def name(self) -> str:
        return str(given(self.own, ["name"]).get("name", type(self.own).__name__.lower()))

    def __repr__(self) -> str:
        return repr(self.own)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlainFamily) and self.own == other.own

    def __hash__(self) -> int:
        return hash(self.own)


def as_family(family: Any) -> Family:
    """Any class with the four methods as a `Family`; a `Family` is returned as it is.

    Raises
    ------
    TypeError
        If one of the methods is missing. One that is misspelt is warned of.
    """
    if isinstance(family, Family):
        return family
    if isinstance(family, type):
        raise ModelTypeError(
            f"the family is the class {family.__name__} and not one of them: {family.__name__}()"
        )
    if meant := given(family, ["as_family"]):
        raise ModelTypeError(f"{family!r} is no family of components; you mean {meant['as_family']}")
    require(family, METHODS)
    if not given(family, ["statistics", "expected"]):
        require(family, {"statistics": "params, data, weight"})
    tell_misspelt(family, [*METHODS, *CAPABILITIES, "prepare"])
    return PlainFamily(family)
