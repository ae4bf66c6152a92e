"""Columns added to a table of text, which else stays as it is written: to the byte."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator, Sequence

from jensen.data.doors.sources import Source, reading
from jensen.data.doors.text.blocks import encoding_of
from jensen.data.doors.text.dialect import BLANKS, Dialect
from jensen.data.doors.text.table import opened

MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def appended(
    source: Source, names: Sequence[str], columns: Sequence[Sequence[str]], decimal: str | None = None
) -> Iterator[bytes]:
    """The lines of a text file with cells added to its rows.

    Comments, blank lines, quotation, the ends of lines, the encoding and every cell stay; the header, if
    there is one, is given the names, in quotation marks where its last name has them.

    Parameters
    ----------
    source
        A table of text that has been read.
    names
        Of the columns; one that the table has gets a number.
    columns
        One text for each row, numbers with a decimal point; "" is an empty cell.
    decimal
        The decimal mark, if it was given.
    """
    with reading(source.name):
        with source.open() as stream:
            dialect, _ = opened(source, stream, decimal)
        mark, encoding = _encoding(source)
        with source.open() as stream:
            yield stream.read(len(mark))
            lines = io.TextIOWrapper(stream, encoding, errors="surrogateescape", newline="")  # type: ignore[arg-type]
            for line in _with_cells(lines, dialect, _beside(names, dialect.columns), columns):
                yield line.encode(encoding, "surrogateescape")


def _encoding(source: Source) -> tuple[bytes, str]:
    """The mark at the beginning, if there is one, and how the text behind it is encoded."""
    head = source.head()
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return mark, encoding
    return b"", encoding_of(head, source.name).removesuffix("-sig")


def _beside(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """The names, each with a number where the table has a column of that name."""
    found: list[str] = []
    for name in names:
        number, free = 2, name
        while free in known:
            number, free = number + 1, f"{name}_{number}"
        found.append(free)
    return found


def _with_cells(
    lines: Iterator[str], dialect: Dialect, names: Sequence[str], columns: Sequence[Sequence[str]]
) -> Iterator[str]:
    held: list[str] = []  # lines since the last row: comments, and the beginning of a quotation

    def followed() -> Iterator[str]:
        for line in lines:
            held.append(line)
            yield line

    rows = _rows(dialect, columns)
    for number, _ in dialect.rows(followed()):
        *before, last = held
        held.clear()
        yield from before
        bare = last.rstrip("\r\n")
        cells = _header(bare, names) if number == dialect.header_end else next(rows)
        yield bare + "".join(f"{_delimiter(dialect)}{cell}" for cell in cells) + last[len(bare) :]
    yield from held


def _delimiter(dialect: Dialect) -> str:
    """Of a table of one column, which has none, the one that its numbers leave free."""
    return dialect.delimiter or (";" if dialect.decimal_comma else ",")


def _header(line: str, names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names] if line.endswith('"') else list(names)


def _rows(dialect: Dialect, columns: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    gap = "NA" if dialect.delimiter == BLANKS else ""  # a blank cannot be seen among blanks
    for cells in zip(*columns, strict=True):
        texts = (cell.replace(".", ",") if dialect.decimal_comma else cell for cell in cells)
        yield [text or gap for text in texts]
