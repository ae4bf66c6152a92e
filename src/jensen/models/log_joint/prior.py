"""A prior given by its log-density, in the form that EM takes: data seen before the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from jensen.models.log_joint.statistics import LogJointStats


@dataclass(frozen=True, slots=True)
class LogPrior:
    """The prior of a `jensen.LogJoint` with ``log_prior``. Its statistics are the density itself.

    Attributes
    ----------
    density
        ``density(params)``: log p(θ) in the natural parameters.
    """

    density: Callable[[Any], float]

    def pseudo_stats(self, model: Any, params: Any) -> LogJointStats:
        """Statistics with Q(θ, S) = log p(θ)."""
        return LogJointStats(np.zeros(()), (), prior=1.0)

    def log_density(self, model: Any, params: Any) -> float:
        """log p(θ) in the natural parameters."""
        return self.density(params)
