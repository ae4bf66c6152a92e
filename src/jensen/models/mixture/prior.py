"""Conjugate priors of a mixture: data seen before the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import lgamma
from typing import Any, Protocol

import numpy as np

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError, ModelTypeError
from jensen.basics.numbers import is_number
from jensen.basics.plain import given
from jensen.families.carriers import PriorKind
from jensen.models.mixture.params import MixtureParams, MixtureStats


@dataclass(frozen=True, slots=True)
class Dirichlet:
    """Dirichlet(α, …, α) on the mixing weights: α − 1 rows seen before in every component.

    Parameters
    ----------
    concentration
        α ≥ 1; 1 is flat.
    """

    concentration: float = 1.0

    def __post_init__(self) -> None:
        if not (is_number(self.concentration) and self.concentration >= 1.0):
            raise ModelError(f"concentration must be at least 1 to have a mode, not {self.concentration!r}")

    def pseudo_counts(self, k: int) -> Array:
        """α − 1 for each component."""
        return np.full(k, self.concentration - 1.0)

    def log_density(self, weights: Array) -> float:
        """log Dirichlet(π | α)."""
        k, a = len(weights), self.concentration
        terms = 0.0 if a == 1.0 else (a - 1.0) * float(np.log(weights).sum())
        return lgamma(k * a) - k * lgamma(a) + terms


class ComponentPrior(Protocol):
    """A conjugate prior of a family's components."""

    @property
    def holds_up(self) -> bool:
        """Whether it keeps every component from collapsing, so that none is spurious."""
        ...

    def pseudo_stats(self, family: Any, k: int) -> Any:
        """The statistics of the rows that it is worth to k components."""
        ...

    def log_density(self, family: Any, params: Any) -> float:
        """log p of the components, in the natural parameters."""
        ...


@dataclass(frozen=True, slots=True)
class MixturePrior:
    """The prior of a mixture: of its weights and of its components; either may be left out."""

    weights: Dirichlet | None = None
    components: ComponentPrior | None = None

    @property
    def holds_up(self) -> bool:
        """Whether it keeps every component from collapsing."""
        return self.components is not None and self.components.holds_up

    def pseudo_stats(self, model: Any, params: MixtureParams) -> MixtureStats:
        """The statistics that are added to those of the data."""
        k = model.num_components
        count = (self.weights or Dirichlet()).pseudo_counts(k)
        if self.components is None:
            return MixtureStats(count, None)
        with _told(self.components, model.family):
            return MixtureStats(count, self.components.pseudo_stats(model.family, k))

    def log_density(self, model: Any, params: MixtureParams) -> float:
        """log p(θ)."""
        total = 0.0 if self.weights is None else self.weights.log_density(params.weights)
        if self.components is not None:
            with _told(self.components, model.family):
                total += self.components.log_density(model.family, params.components)
        return total


@contextmanager
def _told(prior: ComponentPrior, family: Any) -> Iterator[None]:
    """A prior of another family finds other parameters than its own."""
    try:
        yield
    except (AttributeError, KeyError, TypeError) as error:
        kind = type(prior).__name__
        raise ModelTypeError(f"{kind} is no prior of {family.name} components: {error}") from error


def prior_kind(prior: Any) -> PriorKind:
    """What is to be known of a mixture's prior; one of somebody's own holds nothing up unless it says so."""
    return PriorKind(prior is not None, bool(given(prior, ["holds_up"]).get("holds_up", False)))
