"""The ground that a search covers: rows, and what it asks a mixture of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array, Weight
from jensen.basics.verdict import Outcome, Verdict
from jensen.em.cases import Rows
from jensen.em.identities import log_prior
from jensen.families.carriers import End
from jensen.families.family import Family
from jensen.models.mixture.params import MixtureParams

SOUND = (Outcome.CONVERGED, Outcome.STEP_LIMIT)
STILL = 0.01  # nats
CALL = 8e6  # on the scale of `Meter`, of what surrounds the climbs of some ends


@dataclass(slots=True)
class Meter:
    """What a search has spent: rows × components × numbers in a component, of all E-steps; and on the same
    scale what surrounds them.
    """

    work: float = 0.0
    around: float = 0.0

    @property
    def spent(self) -> float:
        """All of it."""
        return self.work + self.around


@dataclass(slots=True, eq=False)
class Ground:
    """Rows, and a mixture for them in coordinates in which a search works well.

    Attributes
    ----------
    model
        The mixture; `family`, its components.
    data, weight
        The rows.
    given
        The rows as columns of numbers, for starts that go by these; None in parts, and where there are none.
    width
        How many columns they have.
    by_steps
        Climbs with steps of the model itself, where the family has no quicker ones.
    back
        From the components here to those of the data, and ``there`` from those to here; ``shift`` is what
        their log-evidence has more here.
    """

    model: Any
    data: Any
    weight: Weight
    given: Array | None
    width: int
    by_steps: Callable[[Ground, End, float, int, bool], None]
    back: Callable[[Any], Any]
    there: Callable[[Any], Any]
    shift: float = 0.0
    meter: Meter = field(default_factory=Meter)
    models: dict[int, Any] = field(default_factory=dict)
    """The mixture by its number of components, of all parts of a ground."""

    @classmethod
    def of(
        cls, model: Any, data: Any, weight: Weight, by_steps: Callable[[Ground, End, float, int, bool], None]
    ) -> Ground:
        """All rows that have weight; in the coordinates of the family, unless a prior knows only the
        data's.
        """
        if weight is not None:
            weight = np.asarray(weight, float)
            if not (weight > 0).all():
                kept = np.flatnonzero(weight > 0)
                data, weight = Rows().take(data, kept), weight[kept]
        given = model.family.plain_columns(data)
        width = 1 if given is None else given.shape[1]
        same = None if model.prior is not None else model.family.standardized(data, weight)
        if same is None:
            return cls(model, data, weight, given, width, by_steps, _unchanged, _unchanged)
        total = float(len(data)) if weight is None else float(weight.sum())
        model = replace(model, family=same.family)
        return cls(
            model, same.data, weight, given, width, by_steps, same.back, same.there, total * same.log_scale
        )

    # ---- what it is ----------------------------------------------------------------------------------------

    @property
    def family(self) -> Family:
        return self.model.family

    @property
    def k(self) -> int:
        return self.model.num_components

    @property
    def n(self) -> int:
        return Rows().count(self.data)

    @property
    def w(self) -> Array:
        """(n,): the weights, ones where there are none."""
        return np.ones(self.n) if self.weight is None else self.weight

    @property
    def cost(self) -> float:
        """Of an E-step, on the scale of `Meter`."""
        return float(self.n * self.k * (self.width + 2) ** 2)

    def part(
        self, which: NDArray[np.intp], mass: Weight, k: int | None = None, start: bool = False
    ) -> Ground:
        """Some of the rows, weighted anew, for k components; where a search is to ``start`` there, with what
        it goes by.
        """
        model = self.model if k is None else self._of(k)
        given = self.given[which] if start and self.given is not None else None
        return Ground(
            model,
            Rows().take(self.data, which),
            mass,
            given,
            self.width,
            self.by_steps,
            self.back,
            self.there,
            0.0,
            self.meter,
            self.models,
        )

    def with_components(self, k: int) -> Ground:
        """The same rows, for k components."""
        return replace(self, model=self._of(k))

    def _of(self, k: int) -> Any:
        if k == self.k:
            return self.model
        if k not in self.models:
            self.models[k] = replace(self.model, num_components=k)
        return self.models[k]

    def sample(
        self, size: int, points: Array | None, rng: np.random.Generator, start: bool = False
    ) -> Ground:
        """About as many rows, weighted for all: half by chance, half by how far out they lie (``points``,
        centred), so that small groups are seen.
        """
        w = self.w
        share = w / w.sum()
        if points is not None:
            far = w * np.square(points).sum(axis=1)
            total = far.sum()
            if np.isfinite(total) and total > 0:
                share = 0.5 * share + 0.5 * far / total
        drawn = np.bincount(rng.choice(self.n, size, p=share), minlength=self.n)
        rows = np.flatnonzero(drawn)
        return self.part(rows, drawn[rows] * w[rows] / (size * share[rows]), start=start)

    # ---- what is asked -------------------------------------------------------------------------------------

    def posterior(self, end: End) -> tuple[Array, Array]:
        """Responsibilities (n, k) and log p(x_n) (n,)."""
        q = self.model.posterior(MixtureParams(end.weights, end.params), self.data)
        return np.asarray(q.responsibilities, float), np.asarray(q.log_evidence, float)

    def value(self, end: End) -> float:
        """The objective of where an end is."""
        params = MixtureParams(end.weights, end.params)
        evidence = self.model.posterior(params, self.data).log_evidence
        return float(self.w @ np.asarray(evidence, float)) + self.prior_of(end)

    def prior_of(self, end: End) -> float:
        """log p(θ), 0 without a prior."""
        return log_prior(self.model, MixtureParams(end.weights, end.params))

    def begin(self, kind: str, responsibilities: Array) -> End:
        """A start: the M-step from responsibilities (n, k)."""
        return End(kind, *self.family.begin(self.data, self.weight, responsibilities))

    def begin_all(self, kind: str, responsibilities: Array) -> list[End]:
        """Starts from many (count, n, k)."""
        return [
            End(kind, *begin) for begin in self.family.begin_all(self.data, self.weight, responsibilities)
        ]

    def begin_partitions(self, kinds: list[str], labels: NDArray[np.integer]) -> list[End]:
        """Starts from partitions, labels (count, n), each of its kind."""
        begun = self.family.begin_partitions(self.data, self.weight, labels, self.k)
        return [End(kind, *begin) for kind, begin in zip(kinds, begun, strict=True)]

    def climb(self, ends: list[End], tol: float, max_e_steps: int, hold: bool = False) -> list[End]:
        """Climb from where the ends are, until two cycles in a row gain less than ``tol``; updates them.

        What was found out about an end that hardly moves stays: `fit` looks again at what it returns.
        """
        if not ends:
            return ends
        before = sum(end.num_e_steps for end in ends)
        known = [(end.objective, end.proper, end.flaw) for end in ends]
        interrupted, hold = False, hold and bool(self.family.shared)
        if self.family.climb is not None and self.model.prior is None:
            interrupted = self.family.climb(ends, self.data, self.weight, tol, max_e_steps, hold)
        else:
            for end in ends:
                self.by_steps(self, end, tol, max_e_steps, hold)
        for end, (objective, proper, flaw) in zip(ends, known, strict=True):
            stays = end.outcome in SOUND and abs(end.objective - objective) < STILL
            end.proper, end.flaw = (proper, flaw) if stays else (None, None)
        self.meter.around += CALL
        self.meter.work += self.cost * (sum(end.num_e_steps for end in ends) - before)
        if interrupted:
            raise KeyboardInterrupt
        return ends

    def is_proper(self, end: End) -> bool:
        """Whether it is a sound end without a flaw; found out once."""
        if end.proper is None:
            end.flaw = self._flaw(end) if self.is_sound(end) else None
            end.proper = self.is_sound(end) and (end.flaw is None or end.flaw.proper)
        return end.proper

    def _flaw(self, end: End) -> Verdict | None:
        diagnose = self.model.diagnose
        params = MixtureParams(end.weights, end.params)
        return None if diagnose is None else diagnose(params, self.data, self.weight)

    def is_sound(self, end: End) -> bool:
        """Whether its climb is, and every component has the rows that it needs."""
        rows = end.weights * float(self.w.sum())
        return end.outcome in SOUND and bool((rows > self.family.needed).all())


def _unchanged(params: Any) -> Any:
    return params
