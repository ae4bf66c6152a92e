"""∇ E[f(x)] = E[∇f(g(ε, θ))]: the draw itself is differentiated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jensen.gradients.distributions.validity.guards import path_guarded, path_order, path_refusal
from jensen.gradients.estimators.base import Estimator
from jensen.gradients.sampling import own_draw
from jensen.gradients.site import Cost, Site


@dataclass(frozen=True, slots=True, repr=False)
class Pathwise(Estimator):
    """The reparameterization trick: a draw is a differentiable function of noise and parameters.

    Explicit (x = μ + σε), or implicit where the distribution function is differentiated (Figurnov, Mohamed
    and Mnih, 2018). Which parameters have a path is looked up; a derivative in one that has none raises.
    """

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        return path_refusal(distribution, vouched)

    def order_for(self, distribution: Any) -> float:
        return path_order(distribution)

    @property
    def is_path(self) -> bool:
        return True

    def has_path(self, distribution: Any) -> bool:
        return True

    def paths(self, distribution: Any) -> Sequence[Any]:
        return (distribution,)

    def cost(self, site: Site, then: Cost) -> Any:
        return then(path(site))


@dataclass(frozen=True, slots=True, repr=False)
class DReG(Pathwise):
    """The doubly reparameterized gradient of an `importance_bound` (Tucker, Lawson, Gu and Maddison, 2019).

    The density of the guide is not differentiated in its parameters at all, and a path is followed by the
    square of the weight of its particle: the same mean, and a signal that does not vanish against its noise
    where there are more particles. In other expectations it is the path.
    """

    @property
    def is_doubly(self) -> bool:
        return True


def path(site: Site) -> Any:
    """A draw that moves with its parameters; those without a path are guarded."""
    return own_draw(site, path_guarded(site.distribution, site.vouched))
