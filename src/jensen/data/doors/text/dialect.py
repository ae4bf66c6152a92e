"""What kind of text a table is: its encoding, delimiter, header and decimal mark, from its first lines."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from jensen.basics.errors import DataError

SAMPLE_LINES = 200
BLANKS = " "
DELIMITERS = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", BLANKS: "blank"}
"""In the order in which they are believed where several fit equally well."""
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "."})
"""Cells, in small letters, that stand for no value."""
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?$")
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table is written.

    Attributes
    ----------
    encoding
        Of the text.
    delimiter
        A key of `DELIMITERS`; "" where there is one column.
    decimal_comma
        Whether 1,5 is one and a half.
    width
        Cells in the first line.
    header
        The names in the first line; None where that line is data.
    row_names
        Whether the rows have a first cell that the header has no name for.
    """

    encoding: str
    delimiter: str
    decimal_comma: bool = False
    width: int = 1
    header: tuple[str, ...] | None = None
    row_names: bool = False

    def number(self, cell: str) -> float:
        """A cell as a number; NaN where it stands for no value.

        Raises
        ------
        ValueError
            If it is text.
        """
        if "_" in cell:  # Python reads 1_000 as a number; in a table it is a name
            raise ValueError(cell)
        try:
            return float(cell.replace(",", ".") if self.decimal_comma else cell)
        except ValueError:
            if is_missing(cell):
                return float("nan")
            raise

    def is_number(self, cell: str) -> bool:
        """Whether the cell is a number and not a gap."""
        try:
            return not is_missing(cell) and self.number(cell) is not None
        except ValueError:
            return False

    def rows(self, lines: Iterable[str], strict: bool = False) -> Iterator[tuple[int, list[str]]]:
        """The rows that hold anything, each with the number of its last line, counted from 1.

        Raises
        ------
        DataError
            If ``strict``, for a quotation that does not end and the like.
        """
        counted = _Counted(lines)
        source: Iterable[str] = counted
        if self.delimiter == BLANKS:
            source = (" ".join(line.split()) for line in counted)
        reader = csv.reader(source, delimiter=self.delimiter or "\x1f", skipinitialspace=True, strict=strict)
        try:
            for row in reader:
                if len(row) > 1 or (row and row[0].strip()):
                    yield counted.number, row
        except csv.Error as error:
            raise DataError(f"line {counted.number}: {error}") from None


class _Counted:
    """Lines without comments; ``number`` is that of the latest, comments included."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = iter(lines)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.number += 1
            if not line.startswith("#"):
                yield line


def is_missing(cell: str) -> bool:
    """Whether the cell stands for no value."""
    return cell.strip().lower() in MISSING


def sniff(head: bytes, name: str) -> Dialect:
    """The dialect of a table from its first bytes.

    Raises
    ------
    DataError
        If they are not text, or hold no row.
    """
    encoding = _encoding(head, name)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head)
    lines = text.splitlines(keepends=True)
    if len(lines) > 1 and not text.endswith(("\n", "\r")):
        lines.pop()  # perhaps cut in the middle
    lines = lines[:SAMPLE_LINES]
    delimiter = _delimiter(lines)
    sample = [row for _, row in Dialect(encoding, delimiter).rows(lines)]
    if not sample:
        raise DataError(f"{name} has no rows: there is nothing but blank lines and comments in it")
    dialect = Dialect(encoding, delimiter, delimiter == ";" and _has_decimal_comma(sample), len(sample[0]))
    if not _has_header(sample, dialect.is_number):
        return dialect
    header = tuple(cell.strip() for cell in sample[0])
    row_names = len(sample) > 1 and all(len(row) == len(header) + 1 for row in sample[1:])
    return replace(dialect, header=header, row_names=row_names)


def _encoding(head: bytes, name: str) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if CONTROL.search(head):
        raise DataError(f"{name} is neither a table of text nor a format that is known (it is binary)")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def _delimiter(lines: list[str]) -> str:
    """The one that cuts most lines into the same number of cells, more than one."""
    best, best_share = "", 0.0
    for delimiter in DELIMITERS:
        counts = [len(row) for _, row in Dialect("", delimiter).rows(lines)]
        (length, times), *_ = Counter(counts).most_common(1) or [(0, 0)]
        share = times / len(counts) if length > 1 else 0.0
        if share > best_share and (delimiter != BLANKS or not best):
            best, best_share = delimiter, share
    return best


def _has_decimal_comma(sample: list[list[str]]) -> bool:
    cells = [cell.strip() for row in sample for cell in row]
    with_point = any("." in cell and _is_float(cell) for cell in cells)
    return not with_point and any(DECIMAL_COMMA.match(cell) for cell in cells)


def _is_float(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _has_header(sample: list[list[str]], is_number: Callable[[str], bool]) -> bool:
    """Whether the first row holds names.

    It does not where all its cells are numbers or gaps, nor where it is mixed as its data are: numbers stand
    where the next row has numbers, and one of its texts comes again further down in the same column, or one
    of its cells twice, which names do not.
    """
    first, rest = sample[0], sample[1:]
    numeric = [is_number(cell) for cell in first]
    if not any(numeric):
        return True
    if all(number or is_missing(cell) for number, cell in zip(numeric, first, strict=True)):
        return False
    again = any(
        cell == row[j] for j, cell in enumerate(first) if not numeric[j] for row in rest if j < len(row)
    )
    same = bool(rest) and [is_number(cell) for cell in rest[0]] == numeric
    twice = len(set(first)) < len(first)
    return not (same and (again or twice))
