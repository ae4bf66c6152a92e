"""How hard a fit without a start is to be searched for."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from jensen.basics.arguments import shown
from jensen.basics.errors import ModelError
from jensen.basics.notebook import InNotebook
from jensen.basics.numbers import is_real


@dataclass(frozen=True, slots=True)
class Search(InNotebook):
    """A model's own search, and how much of it.

    Parameters
    ----------
    effort
        Multiplies the work after which the search ends although it has not settled. By default that of a
        mixture is what 300 E-steps for each component cost, 90 of few components of many rows;
        small problems, which take milliseconds, may cost more, and very large ones less, though never less
        than 1000 E-steps.

    Examples
    --------
    >>> import jensen
    >>> x = jensen.load_dataset("penguins").values
    >>> fit = jensen.fit(jensen.Mixture(5), x, search=jensen.Search(effort=3))
    """

    effort: float = 1.0

    def __post_init__(self) -> None:
        if not (is_real(self.effort) and 0 < self.effort < inf):
            raise ModelError(f"effort must be a number above 0, not {shown(self.effort)}")
