"""Columns that go straight into a data frame."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Table(dict[str, NDArray[Any]]):
    """Named columns of equal length; ``pandas.DataFrame(table)`` and ``polars.DataFrame(table)`` work."""

    @classmethod
    def from_rows(cls, rows: list[dict[str, Any]]) -> Table:
        """A table of rows with the same keys."""
        names = list(rows[0]) if rows else []
        return cls({name: np.array([row[name] for row in rows]) for name in names})

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.values()))) if self else 0

    def rows(self) -> list[dict[str, Any]]:
        """The rows as dictionaries of Python values."""
        columns = {name: column.tolist() for name, column in self.items()}
        return [{name: column[i] for name, column in columns.items()} for i in range(self.num_rows)]

    def __repr__(self) -> str:
        return self.text()

    def text(self, most: int = 12) -> str:
        """The rows as text; of more than ``most`` those in the middle are left out."""
        shown = self.rows()
        cut, half = len(shown) > most, most // 2
        picked = [*shown[:half], *shown[-half:]] if cut else shown
        cells = [[_cell(value) for value in row.values()] for row in picked]
        widths = [max(map(len, column)) for column in zip(list(self), *cells, strict=False)]
        lines = [
            "  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True))
            for line in [list(self), *cells]
        ]
        if cut:
            lines.insert(half + 1, f"… {len(shown) - 2 * half} more …")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_cell(v))}</td>" for v in row.values()) + "</tr>"
            for row in self.rows()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)
