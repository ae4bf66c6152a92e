"""What an estimator is."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from jensen.gradients.site import Cost, Site


@runtime_checkable
class Estimator(Protocol):
    """How the derivative of E[f] is taken with respect to the parameters of one variable.

    Attributes
    ----------
    order
        The order of derivative that it is right to; infinity for all.
    is_biased
        Whether its mean is another one than the derivative's.
    """

    @property
    def order(self) -> float: ...
    @property
    def is_biased(self) -> bool: ...

    def refusal(self, distribution: Any) -> str | None:
        """Why it cannot be used for a distribution at all; None where it can."""
        ...

    def cost(self, site: Site, then: Cost) -> Any:
        """The cost of one draw: its mean is E[then(x)], its derivative's mean that of E[then(x)]."""
        ...
