"""Which estimator to take where the user did not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jensen.gradients.distributions.validity.parts import rows
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.baselines import LeaveOneOut
from jensen.gradients.estimators.components import MIXTURES, can_be_taken, component
from jensen.gradients.estimators.exact import Exact
from jensen.gradients.estimators.mixture import ExactLabel
from jensen.gradients.estimators.pathwise import DReG, Pathwise
from jensen.gradients.estimators.score import ScoreFunction
from jensen.gradients.site import Cost, Layout, Site


@dataclass(frozen=True, slots=True, repr=False)
class Auto(Estimator):
    """The first of these that all parameters have: the exact sum, the path, the score with leave-one-out.

    Of a mixture the label is summed and its components are treated in the same way; in an `importance_bound`
    it is `DReG`. ``F.chosen(params)`` says what was taken.

    Parameters
    ----------
    max_values
        Up to how many (joint) values are summed.
    """

    max_values: int = 64

    def resolved(
        self, distribution: Any, layout: Layout, may_be_path: bool = True, vouched: bool = False
    ) -> Estimator:
        """What it takes for a distribution; where f jumps it may not be the path.

        Where the user vouches for a path, that of a distribution that is not known too.
        """
        if layout.particles:  # which are weighed against each other
            return DReG()
        if isinstance(distribution, MIXTURES) and can_be_taken(distribution):
            inside = self.resolved(component(distribution, 0), layout, may_be_path, vouched)
            label = ExactLabel(inside)
            if label.refusal(distribution) is None:
                return label
        exact = Exact(max_values=self.max_values)
        if distribution.is_discrete and exact.refusal(distribution) is None:
            return exact
        return self._sampled(distribution, layout, may_be_path, vouched)

    def _sampled(self, distribution: Any, layout: Layout, may_be_path: bool, vouched: bool) -> Estimator:
        score = ScoreFunction(LeaveOneOut() if layout.num_batches > 1 else None)
        if not may_be_path or Pathwise().refusal(distribution, vouched) is not None:
            return score
        row = rows(distribution) or {}
        has_path = all(both.path.status == "valid" for both in row.values())
        has_score = all(both.score.status == "valid" for both in row.values())
        return Pathwise() if has_path or not has_score else score

    def cost(self, site: Site, then: Cost) -> Any:
        return self.resolved(site.distribution, site.layout).cost(site, then)
