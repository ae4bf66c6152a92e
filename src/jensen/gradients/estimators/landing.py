"""The path without the part of the gradient that is noise at the optimum of a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jensen.gradients.distributions.trails import fixed
from jensen.gradients.distributions.validity.guards import (
    path_order,
    path_refusal,
    score_guarded,
    score_refusal,
)
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.estimators.pathwise import path
from jensen.gradients.sampling import own_log_density
from jensen.gradients.site import Cost, Site
from jensen.gradients.surrogates import box


@dataclass(frozen=True, slots=True, repr=False)
class StickTheLanding(Estimator):
    """The path, with ∇θ log q_θ(x) at a fixed x taken out of −log q_θ(x(θ)) (Roeder, Wu and Duvenaud, 2017).

    Its mean is zero, so that nothing is biased; at q = the exact posterior the gradient has no variance. It
    is meant for `bound`: in the gradient of another f it only adds noise.
    """

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        return path_refusal(distribution, vouched) or score_refusal(distribution)

    def order_for(self, distribution: Any) -> float:
        return path_order(distribution)

    def has_path(self, distribution: Any) -> bool:
        return True

    def paths(self, distribution: Any) -> Sequence[Any]:
        return (distribution,)

    def cost(self, site: Site, then: Cost) -> Any:
        x = path(site)
        apart = site.distribution if site.apart is None else site.apart()
        distribution = score_guarded(apart, site.vouched)
        return then(x) + (box(own_log_density(distribution, fixed(x))) - 1.0)
