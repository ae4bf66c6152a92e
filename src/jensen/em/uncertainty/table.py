"""Tables of estimates, and how they are printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from jensen.basics.numbers import probability
from jensen.basics.tables import Table
from jensen.basics.verdict import Verdict

WRITERS: dict[str, Callable[[float], str]] = {"z": "{:.3g}".format, "p": probability}
MOST_ROWS = 60


class EstimateTable(Table):
    """Estimates with what is known of them: numbers in six digits, columns with nothing in them left out."""

    def printable(self, **writers: Callable[[float], str]) -> Table:
        return super().printable(**(WRITERS | writers))

    def text(self, most: int = MOST_ROWS) -> str:
        return self.printable().text(most)

    def _repr_html_(self) -> str:
        return self.printable()._repr_html_()


class Estimates(Protocol):
    """What has a table of estimates: a `jensen.Uncertainty`."""

    @property
    def kind(self) -> str:
        """What the standard errors come from."""
        ...

    @property
    def verdict(self) -> Verdict:
        """Whether the point is a proper maximum."""
        ...

    def table(self, level: float = 0.95) -> EstimateTable:
        """name, estimate, standard_error, z, p, low, high, note."""
        ...
