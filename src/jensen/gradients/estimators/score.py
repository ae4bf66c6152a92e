"""∇ E[f(x)] = E[(f(x) − b) ∇ log p(x)]: the density is differentiated, and not the draw."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from jensen.gradients.baselines import Baseline
from jensen.gradients.box import box
from jensen.gradients.sampling import fixed_draw, log_density
from jensen.gradients.site import Cost, Site
from jensen.gradients.validity import score_guarded, score_refusal


@dataclass(frozen=True, slots=True)
class ScoreFunction:
    """The score function estimator (REINFORCE; Williams, 1992).

    Parameters
    ----------
    baseline
        What is subtracted from the cost: None for nothing, or a `Baseline`.
    """

    baseline: Baseline | None = None

    @property
    def order(self) -> float:
        return math.inf

    @property
    def is_biased(self) -> bool:
        return False

    def refusal(self, distribution: Any) -> str | None:
        return score_refusal(distribution)

    def cost(self, site: Site, then: Cost) -> Any:
        x = fixed_draw(site)
        distribution = site.distribution if site.vouched else score_guarded(site.distribution)
        weight = box(log_density(distribution, x))
        cost = then(x)
        if self.baseline is None:
            return cost * weight
        return cost * weight + self.baseline.value(site, cost) * (1.0 - weight)
