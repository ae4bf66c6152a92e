"""Columns that go straight into a data frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import did_you_mean, listed


class Table(dict[str, NDArray[Any]]):
    """Named columns of equal length; ``pandas.DataFrame(table)`` and ``polars.DataFrame(table)`` work."""

    @classmethod
    def from_rows(cls, rows: list[dict[str, Any]]) -> Table:
        """A table of rows with the same keys."""
        names = list(rows[0]) if rows else []
        return cls({name: np.array([row[name] for row in rows]) for name in names})

    def __missing__(self, name: str) -> NDArray[Any]:
        names = list(self)
        raise KeyError(f"no column {name!r}{did_you_mean(str(name), names)}; there are {listed(names)}")

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.values()))) if self else 0

    def rows(self) -> list[dict[str, Any]]:
        """The rows as dictionaries of Python values."""
        columns = {name: column.tolist() for name, column in self.items()}
        return [{name: column[i] for name, column in columns.items()} for i in range(self.num_rows)]

    def printable(self, **writers: Callable[[float], str]) -> Table:
        """The cells as text, numbers in six digits or as their column's writer has them, NaN as nothing;
        without columns that have nothing.
        """
        found = {}
        for name, column in self.items():
            write = writers.get(name, "{:.6g}".format)
            is_number = column.dtype.kind == "f"
            texts = ["" if x != x else write(x) for x in column.tolist()] if is_number else column.tolist()
            if any(texts) or not texts:
                found[name] = np.array([str(text) for text in texts], dtype=str)
        return Table(found)

    def __repr__(self) -> str:
        return self.text()

    def text(self, most: int = 12) -> str:
        """The rows as text; of more than ``most`` those in the middle are left out."""
        shown = self.rows()
        cut, half = len(shown) > most, most // 2
        picked = [*shown[:half], *shown[-half:]] if cut else shown
        lines = text_lines(list(self), [[_cell(value) for value in row.values()] for row in picked])
        if cut:
            lines.insert(half + 1, f"… {len(shown) - 2 * half} more …")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html(list(self), [[_cell(value) for value in row.values()] for row in self.rows()])


def default_columns(d: int) -> tuple[str, ...]:
    """x1 … xd."""
    return tuple(f"x{j + 1}" for j in range(d))


def text_lines(titles: Sequence[str], cells: Sequence[Sequence[str]], num_left: int = 0) -> list[str]:
    """The lines of a table in columns, the first ``num_left`` of them to the left."""
    shown = [titles, *cells]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]

    def line(texts: Sequence[str]) -> str:
        placed = (
            text.ljust(width) if i < num_left else text.rjust(width)
            for i, (text, width) in enumerate(zip(texts, widths, strict=True))
        )
        return "  ".join(placed).rstrip()

    return [line(texts) for texts in shown]


def html(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """The same table as HTML."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    rows = ("".join(f"<td>{escape(text)}</td>" for text in line) for line in cells)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
