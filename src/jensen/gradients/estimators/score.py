"""∇ E[f(x)] = E[(f(x) − b) ∇ log p(x)]: the density is differentiated, and not the draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jensen.basics.errors import ModelTypeError
from jensen.gradients.distributions.validity.guards import score_guarded, score_refusal
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.baselines import Baseline, Scored
from jensen.gradients.sampling import fixed_draw, own_log_density
from jensen.gradients.site import Cost, Site
from jensen.gradients.surrogates import box


@dataclass(frozen=True, slots=True, repr=False)
class ScoreFunction(Estimator):
    """The score function estimator (REINFORCE; Williams, 1992).

    In a `bound`, −∇ log q(x) at a fixed x is left out: its mean is zero.

    Parameters
    ----------
    baseline
        What is subtracted from the cost: None for nothing, or a `Baseline`.
    """

    baseline: Baseline | None = None

    def __post_init__(self) -> None:
        if self.baseline is not None and not isinstance(self.baseline, Baseline):
            raise ModelTypeError(
                f"a baseline is an object such as LeaveOneOut() or Constant(0.5), not {self.baseline!r}"
            )

    @property
    def memory(self) -> Any:
        return self.baseline if self.baseline is not None and self.baseline.init() is not None else None

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        return score_refusal(distribution)

    def cost(self, site: Site, then: Cost) -> Any:
        x = fixed_draw(site)

        def density(distribution: Any) -> Any:
            return own_log_density(score_guarded(distribution, site.vouched, site.edges), x)

        weight, cost = box(density(site.distribution)), then(x)
        landing = weight - 1.0 if site.is_of_bound else 0.0
        if self.baseline is None:
            return cost * weight + landing
        return self.baseline.surrogate(site, Scored(density, x, weight, cost)) + landing
