"""How a table of text is written: its delimiter, header and decimal mark, from its first lines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jensen.basics.errors import DataError
from jensen.basics.tables import default_columns
from jensen.data.doors.text.numbers import MISSING, are_numbers

BLANKS = " "
DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", BLANKS: "blank"}
"""In the order in which they are believed where several fit equally well."""
COMMENT = re.compile(r"#(?!(N/A|NA|NV|NULL!|DIV/0!|VALUE!|REF!|NAME\?|NUM!|SPILL!|CALC!)([^A-Za-z]|$))")
"""How a comment begins: with #, which what spreadsheets write for no value does too."""
ROW_NAMES = "(row names)"
DECIMAL_COMMA = re.compile(
    r"[+-]?([0-9]+|[0-9]{1,3}([.' \u00a0\u2009\u202f][0-9]{3})+),[0-9]+([eE][+-]?[0-9]+)?$"
)
SIGNS = "%$€£¥₹₽₩ \u00a0\u202f"
"""What may stand beside a number."""
THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,][0-9]{3})+$")
"""What may as well be a number with separators of thousands."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    delimiter
        A key of `DELIMITERS`; "" where there is one column.
    decimal_comma
        Whether 1,5 is one and a half.
    columns
        The names of the columns; `ROW_NAMES` of one that has names or numbers of the rows.
    header_end
        Lines up to the end of the header, comments included; 0 where the first row is data.
    """

    delimiter: str
    decimal_comma: bool = False
    columns: tuple[str, ...] = ()
    header_end: int = 0

    @property
    def separator(self) -> str:
        """The delimiter, or a character that no table holds."""
        return self.delimiter or "\x1f"

    @property
    def named(self) -> list[str]:
        """The columns of data: all but the names of the rows."""
        return [name for name in self.columns if name != ROW_NAMES]

    def rows(
        self, lines: Iterable[str], above: int = 0, strict: bool = False
    ) -> Iterator[tuple[int, list[str]]]:
        """The rows that hold anything, each with the number of its last line, counted from 1.

        Parameters
        ----------
        above
            Lines above the first one.

        Raises
        ------
        DataError
            If ``strict``, for a quotation that does not end and the like.
        """
        number, begin = above, 0

        def counted() -> Iterator[str]:
            nonlocal number, begin
            for line in lines:
                number += 1
                if begin or not COMMENT.match(line):  # within a quotation nothing is a comment
                    begin = begin or number
                    yield " ".join(line.split()) if self.delimiter == BLANKS else line

        try:
            for row in csv.reader(counted(), delimiter=self.separator, skipinitialspace=True, strict=strict):
                if len(row) > 1 or (row and row[0].strip()):
                    yield number, row
                begin = 0
        except csv.Error as error:
            raise DataError(
                f"line {begin}: quotation marks do not match ({error}); close them, or leave them out"
            ) from None


def sniff(lines: list[str], name: str, decimal: str | None = None) -> Dialect:
    """The dialect of a table from its first lines; ``decimal`` is the decimal mark where it is known.

    Raises
    ------
    DataError
        If they hold no row.
    """
    delimiter = _delimiter(lines)
    numbered = list(Dialect(delimiter).rows(lines))
    if not numbered:
        raise DataError(f"{name} has no rows: there is nothing but blank lines and comments in it")
    sample = [[cell.strip() for cell in row] for _, row in numbered]
    decimal_comma = _has_decimal_comma(sample, delimiter) if decimal is None else decimal == ","
    if not _has_header(sample, decimal_comma):
        return Dialect(delimiter, decimal_comma, default_columns(len(sample[0])))
    header, rest = sample[0], sample[1:]
    names = [cell or f"x{j + 1}" for j, cell in enumerate(header)]
    if rest and all(len(row) == len(header) + 1 for row in rest):
        names = [ROW_NAMES, *names]
    elif len(names) > 1 and not header[0]:
        names[0] = ROW_NAMES
    return Dialect(delimiter, decimal_comma, tuple(names), header_end=numbered[0][0])


def _delimiter(lines: list[str]) -> str:
    """The one that cuts most lines into the same number of cells, more than one."""
    best, best_share = "", 0.0
    for delimiter in DELIMITERS:
        counts = [len(row) for _, row in Dialect(delimiter).rows(lines)]
        (length, times), *_ = Counter(counts).most_common(1) or [(0, 0)]
        share = times / len(counts) if length > 1 else 0.0
        if share > best_share and (delimiter != BLANKS or not best):
            best, best_share = delimiter, share
    return best


def _has_decimal_comma(sample: list[list[str]], delimiter: str) -> bool:
    """Whether commas are decimal marks: where semicolons separate, one may stand before three digits, too."""
    cells = [cell.strip(SIGNS) for row in sample for cell in row]
    with_point = any(are_numbers([cell for cell in cells if "." in cell and not THOUSANDS.match(cell)]))
    with_comma = [cell for cell in cells if DECIMAL_COMMA.match(cell)]
    doubted = delimiter != ";" and all(map(THOUSANDS.match, with_comma))
    return bool(with_comma) and not with_point and not doubted


def _has_header(sample: list[list[str]], decimal_comma: bool) -> bool:
    """Whether the first row holds names.

    It does not where all its cells are numbers or gaps, nor where it is mixed as its data are: numbers stand
    where the next row has numbers, and one of its texts comes again further down in the same column, or one
    of its cells twice, which names do not. A gap may stand for either.
    """
    first, rest = sample[0], sample[1:]
    numeric = are_numbers(first, decimal_comma)
    if not any(numeric):
        return True
    texts = [j for j, cell in enumerate(first) if not numeric[j] and cell.lower() not in MISSING]
    if not texts:
        return False
    again = any(first[j] == row[j] for row in rest for j in texts if j < len(row))
    twice = len(set(first)) < len(first)
    return not (rest and (again or twice) and _alike(numeric, first, rest[0], decimal_comma))


def _alike(numeric: list[bool], first: list[str], second: list[str], decimal_comma: bool) -> bool:
    """Whether two rows have numbers in the same columns, gaps apart."""
    return len(first) == len(second) and all(
        a == b or x.lower() in MISSING or y.lower() in MISSING
        for a, b, x, y in zip(numeric, are_numbers(second, decimal_comma), first, second, strict=True)
    )
