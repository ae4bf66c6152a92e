"""What a cell of text says: a number, a gap or neither. One rule, polars', from the first line to the last.

A number is what Python's ``float`` reads in plain digits: a sign, digits with one decimal mark, an exponent
after e or E; ``inf`` and ``infinity``, small or large; blanks around it do not count. It is the double that
is nearest to what is written, and infinite beyond all doubles. So 5., .5 and +5 are numbers, and 1_000, 0x10,
1d3, digits of other scripts, and 1.5 where the decimal mark is a comma are text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "na", "n/a", "nan", "+nan", "-nan", "null", "none", "?", ".", "#n/a", "#na", "#nv")
"""Cells, in small letters, that stand for no value."""


def numbers(cells: pl.DataFrame, decimal_comma: bool = False) -> pl.DataFrame:
    """Columns of text as columns of numbers: a gap is NaN, text is null."""
    import polars as pl

    def cast(text: pl.Expr) -> pl.Expr:
        if decimal_comma:
            text = text.str.replace_all(".", "_", literal=True).str.replace(",", ".", literal=True)
        return text.cast(pl.Float64, strict=False)

    def cast_with_care(name: str) -> pl.Expr:
        bare = pl.col(name).str.strip_chars()
        gap = bare.is_null() | bare.str.to_lowercase().is_in(MISSING)
        return pl.coalesce(cast(bare), pl.when(gap).then(float("nan"))).alias(name)

    values = cells.select(cast(pl.all()))
    return values.with_columns(
        cells.select(cast_with_care(column.name) for column in values.get_columns() if column.null_count())
    )


def are_numbers(cells: Sequence[str], decimal_comma: bool = False) -> list[bool]:
    """Whether each cell is a number and not a gap."""
    import polars as pl

    values = numbers(pl.DataFrame({"cells": cells}, schema={"cells": pl.String}), decimal_comma)["cells"]
    return [value is not None and value == value for value in values]
