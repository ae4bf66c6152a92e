"""What an estimator is."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from jensen.gradients.labels import Labelled
from jensen.gradients.site import Cost, Layout, Site


class Estimator(Labelled, ABC):
    """How the derivative of E[f] is taken with respect to the parameters of one variable.

    Write one by inheriting from this class: only ``cost`` is required. `draw` and `fixed_draw` make x from
    the randomness of the site, coupled as the draws are.

    Attributes
    ----------
    order
        The order of derivative that it is right to; infinity for all. A derivative beyond it raises.
    is_biased
        Whether its mean is another one than the derivative's.
    """

    @property
    def order(self) -> float:
        return math.inf

    def order_for(self, distribution: Any) -> float:
        """The same for one distribution; never more."""
        return self.order

    @property
    def is_biased(self) -> bool:
        return False

    @property
    def is_path(self) -> bool:
        """Whether it returns the cost of its own draw, and adds nothing whose mean only is right."""
        return False

    @property
    def is_of_one_value(self) -> bool:
        """Whether that is the cost of one value, which can be weighed against others."""
        return self.is_path

    @property
    def is_doubly(self) -> bool:
        """Whether, in an `importance_bound`, the density of the guide is reparameterized as well."""
        return False

    @property
    def memory(self) -> Any:
        """What remembers earlier calls, with ``init`` and ``update``; None where nothing does."""
        return None

    def resolved(
        self, distribution: Any, layout: Layout, may_be_path: bool = True, vouched: bool = False
    ) -> Estimator:
        """What is used in its place for a distribution: itself, but for `Auto`."""
        return self

    def refusal(self, distribution: Any, vouched: bool = False) -> str | None:
        """Why it cannot be used for a distribution at all; None where it can.

        The user may vouch for what is not known; what is known to be wrong is refused all the same.
        """
        return None

    def evaluations(self, distribution: Any) -> int:
        """How often a draw evaluates the cost, for derivatives in the parameters that move (`moves`)."""
        return 1

    def drawn(self, distribution: Any) -> Any:
        """The distribution whose noise it uses; None where nothing is drawn."""
        return distribution

    def example(self, distribution: Any, key: Any) -> Any:
        """A value such as it hands to what follows; its shape is looked at."""
        return distribution.sample(key)

    def has_path(self, distribution: Any) -> bool:
        """Whether the value that it hands on moves with the parameters."""
        return False

    def paths(self, distribution: Any) -> Sequence[Any]:
        """The distributions whose own draws it differentiates: their tails decide its variance."""
        return ()

    @abstractmethod
    def cost(self, site: Site, then: Cost) -> Any:
        """The cost of one draw: its mean is E[then(x)], its derivative's mean that of E[then(x)]."""
