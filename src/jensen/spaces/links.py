"""A *link* maps one natural number to the whole real line: intervals computed there respect its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Link:
    """The identity: a number without bounds."""

    low: float = -np.inf
    high: float = np.inf

    def to(self, x: Any) -> Any:
        """The number on the real line."""
        return x

    def back(self, t: Any) -> Any:
        """And back."""
        return t

    def slope(self, x: float) -> float:
        """d back(t) / dt at x."""
        return 1.0


@dataclass(frozen=True, slots=True)
class Log(Link):
    """A positive number."""

    low: float = 0.0

    def to(self, x: Any) -> Any:
        return np.log(x)

    def back(self, t: Any) -> Any:
        return np.exp(t)

    def slope(self, x: float) -> float:
        return x


@dataclass(frozen=True, slots=True)
class Logit(Link):
    """A number between two bounds."""

    low: float = 0.0
    high: float = 1.0

    def to(self, x: Any) -> Any:
        return np.log(x - self.low) - np.log(self.high - x)

    def back(self, t: Any) -> Any:
        return self.low + (self.high - self.low) / (1.0 + np.exp(-t))

    def slope(self, x: float) -> float:
        return (x - self.low) * (self.high - x) / (self.high - self.low)
