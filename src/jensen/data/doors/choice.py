"""What of a file is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from jensen.basics.errors import DataError, did_you_mean, listed
from jensen.data.rows import take

PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which columns of a file are data, which holds the weights, and how numbers are written in it.

    Attributes
    ----------
    columns
        Names or patterns (``x*``), in order; None for all that hold numbers.
    exclude
        Names or patterns of columns that are no data.
    weights
        The column that holds the weights of the rows; it is no data, either.
    decimal
        The decimal mark, "." or ","; None finds it out.
    """

    columns: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    weights: str | None = None
    decimal: str | None = None

    @classmethod
    def of(
        cls,
        columns: Sequence[str] | None = None,
        exclude: Sequence[str] = (),
        weights: str | None = None,
        decimal: str | None = None,
    ) -> Choice:
        """As asked for; a `DataError` where that contradicts itself."""
        if decimal not in (None, ".", ","):
            raise DataError(f"the decimal mark is '.' or ',', not {decimal!r}")
        return cls(None if columns is None else tuple(columns), tuple(exclude), weights, decimal)

    @property
    def is_named(self) -> bool:
        """Whether columns are asked for by name: then they must hold numbers."""
        return self.columns is not None

    def among(self, known: Sequence[str], name: str) -> list[str]:
        """The columns of data among those that a file has, in order, whatever they hold.

        Raises
        ------
        DataError
            For one that is not there, and where none is left.
        """
        take(known, None, name)  # names differ
        if self.weights is not None:
            take(known, [self.weights], name)
        out = {*_expanded(self.exclude, known, name), self.weights}
        if self.columns is None:
            found = [column for column in known if column not in out]
        else:
            asked = _expanded(self.columns, known, name)
            if self.weights in asked:
                raise DataError(f"column {self.weights!r} is asked for both as data and as weights")
            found = [column for column in take(known, asked, name) if column not in out]
        if known and not found and (self.columns is not None or self.exclude):
            raise DataError(f"no column of {name} is left; it has {listed(known, 8)}")
        return found


def _expanded(asked: Sequence[str], known: Sequence[str], name: str) -> list[str]:
    """Patterns replaced by the columns that they match and that are not asked for already."""
    found: list[str] = []
    for text in asked:
        if text in known or not PATTERN.intersection(text):
            found += take(known, [text], name)
            continue
        matching = [column for column in known if fnmatchcase(column, text)]
        if not matching:
            near = did_you_mean(text, known)
            raise DataError(f"no column of {name} is like {text!r}{near}; it has {listed(known, 8)}")
        found += [column for column in matching if column not in found]
    return found
