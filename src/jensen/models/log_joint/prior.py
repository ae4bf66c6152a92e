"""A prior given by its log-density, in the form that EM takes: data seen before the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jensen.models.log_joint.statistics import LogJointStats

if TYPE_CHECKING:
    from jensen.models.log_joint.model import LogJoint


@dataclass(frozen=True, slots=True)
class LogPrior:
    """The prior of a `jensen.LogJoint` with ``log_prior``. Its statistics are the density itself."""

    def pseudo_stats(self, model: LogJoint, params: Any) -> LogJointStats:
        """Statistics with Q(θ, S) = log p(θ)."""
        return LogJointStats(np.zeros(()), (), prior=1.0)

    def log_density(self, model: LogJoint, params: Any) -> float:
        """log p(θ) in the natural parameters."""
        return model.sums.log_prior(model.chart.to_vector(params))[0]
