"""Conjugate priors of the parts of a product."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jensen.basics.errors import ModelError
from jensen.families.product import PartStats, Product


@dataclass(frozen=True, slots=True)
class ProductPrior:
    """Priors of some of the parts, by the label of their columns."""

    parts: Mapping[str, Any]

    @property
    def holds_up(self) -> bool:
        """Whether every part that has a prior is held up by it, and one has."""
        return bool(self.parts) and all(prior.holds_up for prior in self.parts.values())

    def _refuse_unknown(self, family: Product) -> None:
        if unknown := [label for label in self.parts if label not in family.parts]:
            parts = ", ".join(family.parts)
            raise ModelError(f"the prior is of {', '.join(unknown)}; the parts of the product are {parts}")

    def pseudo_stats(self, family: Product, k: int) -> PartStats:
        """The statistics of the rows that every prior is worth."""
        self._refuse_unknown(family)
        found = {}
        for label, part in family.parts.items():
            prior = self.parts.get(label)
            found[label] = None if prior is None else prior.pseudo_stats(part, k)
        return PartStats(found)

    def log_density(self, family: Product, params: dict[str, Any]) -> float:
        """The sum over the parts that have a prior."""
        self._refuse_unknown(family)
        return sum(prior.log_density(family.parts[n], params[n]) for n, prior in self.parts.items())
