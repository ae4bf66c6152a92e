"""Numbers as they are dressed for people: 1,234.5, 12 %, $3.50, and what of it is ambiguous.

A column is read where all of it can be read in one way. What cannot be is a message, never a guess: 1,234
alone may be 1234 or 1.234, and 12 % among plain numbers may be 12 or 0.12.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

PERCENT, MINUS = "%", "\u2212"
BLANKS, APOSTROPHES = " \u00a0\u2009\u202f", "'\u2019"


def undressed(cells: pl.Series, decimal_comma: bool = False) -> pl.DataFrame:
    """What each cell of text says.

    Returns
    -------
    polars.DataFrame
        ``cell``; its ``value``, null where it is no number; ``mark``, the currency or percent sign;
        ``separator`` of thousands; ``certain``, whether that cannot be the decimal mark.
    """
    import polars as pl

    mark, other = (",", ".") if decimal_comma else (".", ",")

    def part(name: str) -> pl.Expr:
        return pl.col("parts").struct.field(name).fill_null("")

    number, separators = part("number"), f"[{BLANKS}{APOSTROPHES}{other}]"
    plain = number.str.replace_all(separators, "").str.replace(mark, ".", literal=True)
    sign, signs = pl.concat_str(part("sign"), part("inner")), pl.concat_str(part("before"), part("after"))
    separator = number.str.extract(f"({separators})", 1).fill_null("")
    several = number.str.count_matches(other, literal=True) > 1
    dressed = (signs != "") | (separator != "") | (sign == MINUS)
    single = (sign.str.len_chars() < 2) & (signs.str.len_chars() < 2)
    negative = pl.when(sign.is_in(["-", MINUS])).then(-1.0).otherwise(1.0)
    bare = pl.col("cell").str.strip_chars()
    return (
        cells.alias("cell")
        .to_frame()
        .with_columns(bare.str.extract_groups(_pattern(decimal_comma)).alias("parts"))
        .select(
            bare,
            pl.when(dressed & single).then(plain.cast(pl.Float64, strict=False) * negative).alias("value"),
            signs.alias("mark"),
            separator.alias("separator"),
            ((separator != other) | several | number.str.contains(mark, literal=True)).alias("certain"),
        )
    )


def _pattern(decimal_comma: bool) -> str:
    """A sign, a currency, a number with or without separators of thousands, a currency or a percent sign."""
    mark, other = (",", r"\.") if decimal_comma else (r"\.", ",")
    groups = "|".join(rf"[0-9]{{1,3}}(?:[{s}][0-9]{{3}})+" for s in (other, BLANKS, APOSTROPHES))
    number = rf"(?:{groups}|[0-9]+)(?:{mark}[0-9]*)?|{mark}[0-9]+"
    return (
        rf"^(?P<sign>[+\-{MINUS}]?)\s*(?P<before>\p{{Sc}}?)\s*(?P<inner>[+\-{MINUS}]?)"
        rf"(?P<number>{number})\s*(?P<after>%|\p{{Sc}})?$"
    )


@dataclass(slots=True)
class Dress:
    """How the numbers of one column are dressed, as far as it has been read."""

    marks: Counter[str] = field(default_factory=Counter)
    separators: Counter[str] = field(default_factory=Counter)
    is_certain: bool = False
    example: tuple[str, float] | None = None

    def add(self, found: pl.DataFrame) -> bool:
        """The cells of a block that `undressed` knows; whether the example is one of them."""
        separated = found.filter(found["separator"] != "")
        is_better = self.example is None or (not self.separators and len(separated) > 0)
        if is_better:
            self.example = (separated if len(separated) else found).row(0)[:2]
        self.marks.update(found["mark"].to_list())
        self.separators.update(separated["separator"].to_list())
        self.is_certain |= bool(separated["certain"].any())
        return is_better

    @property
    def total(self) -> int:
        """How many cells."""
        return self.marks.total()

    def trouble(self, num_plain: int, values: NDArray[np.float64], decimal: str | None) -> str:
        """Why the column cannot be read in one way; empty where it can."""
        if self.example is None:
            return ""
        cell, value = self.example
        signs = [mark for mark in self.marks if mark]
        if len(signs) > 1:
            return f"has numbers with {' and with '.join(signs)}: write all of them in one unit"
        if PERCENT in signs and (num_plain or self.marks[""]):
            return "has percents and plain numbers: write all of them in one way"
        if len(self.separators) > 1:
            return f"has {' and '.join(map(repr, self.separators))} between thousands: write them in one way"
        told = decimal is not None or self.is_certain or bool((values != np.floor(values)).any())
        if self.separators and not told:
            (separator,) = self.separators
            small = cell.replace(separator, ".")
            return f"has {cell!r}, which may be {value:.15g} or {small}: say which is the decimal mark"
        return ""
