"""Tables of delimited text, block by block: what is kept is numbers, eight bytes a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError, listed
from jensen.data.doors.choice import Choice
from jensen.data.doors.format import FileInfo, check_polars, left_out_note
from jensen.data.doors.sources import Source
from jensen.data.doors.text.blocks import NEWLINE, blocks_of, count, encoding_of, lines_of, prepared, texts_of
from jensen.data.doors.text.dialect import COMMENT, DELIMITERS, ROW_NAMES, Dialect, sniff
from jensen.data.doors.text.dressed import Dress, undressed
from jensen.data.doors.text.numbers import numbers
from jensen.data.rows import Rows

if TYPE_CHECKING:
    import polars as pl

SAMPLE_LINES, SAMPLE_CHARACTERS = 200, 1 << 16
ENOUGH_TEXTS = 10_000
"""A column with so many cells of text, and more of them than numbers, is not looked at any further."""


def read_text(source: Source, choice: Choice) -> tuple[Rows, Any, FileInfo]:
    """The numeric columns of a table of delimited text.

    Raises
    ------
    DataError
        Naming the first line that has too many or too few cells, or that holds text in a column of numbers.
    """
    check_polars("text")
    with source.open() as stream:
        dialect, body = opened(source, stream, choice.decimal)
        made = _columns(dialect, choice, source.name)
        counts = [_read(block, dialect, made, source.name) for block in body]
    kept = {column.name: column for column in made if not column.is_text}
    weight = None
    if choice.weights is not None:
        weight = kept.pop(choice.weights).values(dialect, choice, source.name)
    if not kept:
        beside = (
            f" beside the weights {choice.weights!r}"
            if choice.weights
            else f"; it has {listed(dialect.named)}, all text"
        )
        raise DataError(f"{source.name} has no column of numbers{beside}")
    chosen = choice.among(dialect.named, source.name) if choice.is_named else list(kept)
    values = np.empty((sum(map(len, kept[chosen[0]].parts)), len(chosen)))
    if not len(values):
        raise DataError(f"{source.name} has a header and no rows{_only_comments(source)}")
    for j, name in enumerate(chosen):
        kept[name].values(dialect, choice, source.name, out=values[:, j])
    rows = Rows(values, tuple(chosen))
    return rows, weight, _info(source, dialect, rows, made, lambda i: _line_of(source, choice, counts, i))


def _only_comments(source: Source) -> str:
    """What to say where all lines below the header are comments, as identifiers such as #12 make them."""
    with source.open() as stream:
        lines = [line for line in stream.read(1 << 16).splitlines() if line.strip()]
    below_header = bool(lines) and not lines[0].startswith(b"#") and lines[-1].startswith(b"#")
    return ": the lines that begin with # are comments" if below_header else ""


def opened(source: Source, stream: BinaryIO, decimal: str | None = None) -> tuple[Dialect, Iterator[Block]]:
    """How a table is written, and its rows below the header, in blocks."""
    texts = texts_of(stream, encoding_of(source.head(), source.name))
    head, sample = _head(texts)
    dialect = sniff(sample, source.name, decimal)
    body = head.split(b"\n", dialect.header_end)[-1]
    return dialect, _numbered(blocks_of(chain([body], texts), dialect), dialect.header_end)


def _line_of(source: Source, choice: Choice, counts: list[int], i: int) -> str:
    """``line 12``: where row i begins to stand; it is looked up by reading again."""
    with source.open() as stream:
        dialect, body = opened(source, stream, choice.decimal)
        for block, num_rows in zip(body, counts, strict=True):
            if i < num_rows:
                return f"line {next(islice(block.rows(dialect), i, None))[0]}"
            i -= num_rows
    raise IndexError(i)


def _info(
    source: Source, dialect: Dialect, rows: Rows, made: list[Column], place: Callable[[int], str]
) -> FileInfo:
    delimited = "text in one column"
    if dialect.delimiter:
        delimited = f"{DELIMITERS[dialect.delimiter]}-separated text"
    out = {column.name for column in made if column.is_text} | {ROW_NAMES}
    left_out = tuple(column for column in dialect.columns if column in out)
    unnamed = f"it has no header line, so its columns are named {listed(rows.columns, 4)}"
    notes = [unnamed] * (not dialect.header_end)
    notes += ["its numbers are read with decimal commas"] * dialect.decimal_comma
    dressed = [column.dressed() for column in made if column.dress.example and not column.is_text]
    notes += [f"read as numbers: {listed(dressed, 6)}"] * bool(dressed)
    notes += left_out_note([column for column in left_out if column != ROW_NAMES])
    return FileInfo(source.name, delimited, left_out, bool(dialect.header_end), tuple(notes), place)


class Block(NamedTuple):
    """Some whole rows of the file, and how many lines stand above them."""

    text: bytes
    above: int

    def rows(self, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
        """Its rows, read by the standard library: to say where something is."""
        return dialect.rows(lines_of(self.text), self.above)


@dataclass(slots=True)
class Column:
    """A column while it is read."""

    name: str
    index: int
    required: bool
    parts: list[NDArray[np.float64]] = field(default_factory=list)
    num_numbers: int = 0
    num_texts: int = 0
    first_text: tuple[Block, int] | None = None
    dress: Dress = field(default_factory=Dress)
    example: tuple[Block, int] | None = None

    def add(self, values: pl.Series, cells: pl.Series, block: Block, decimal_comma: bool) -> None:
        """The cells of a block, and their values; null is text, or a number that is dressed."""
        if values.null_count():
            values = self._undress(values, cells, block, decimal_comma)
        texts = values.null_count()
        self.num_numbers += len(values) - texts - int(values.is_nan().sum())
        self.num_texts += texts
        if texts and self.first_text is None:
            self.first_text = block, int(values.is_null().arg_max() or 0)
        self.parts.append(values.to_numpy())

    def _undress(self, values: pl.Series, cells: pl.Series, block: Block, decimal_comma: bool) -> pl.Series:
        at = values.is_null().arg_true()
        found = undressed(cells[at], decimal_comma).with_columns(at.alias("at")).drop_nulls("value")
        if not len(found):
            return values
        if self.dress.add(found):
            self.example = block, found.row(0, named=True)["at"]
        return values.scatter(found["at"], found["value"])

    def dressed(self) -> str:
        """``price ('$1,200' as 1200)``."""
        assert self.dress.example is not None
        cell, value = self.dress.example
        return f"{self.name} ({cell!r:.40} as {value:.15g})"

    @property
    def is_text(self) -> bool:
        """Whether it may be left out: more text than numbers, and not asked for by name."""
        return self.num_texts > self.num_numbers and not self.required

    @property
    def is_done(self) -> bool:
        """Whether nothing further down matters."""
        return self.is_text and self.num_texts >= ENOUGH_TEXTS

    def values(
        self, dialect: Dialect, choice: Choice, source: str, out: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """The whole column; what it was read into is let go.

        Raises
        ------
        DataError
            Naming the first cell that is not a number.
        """
        if self.first_text is not None:
            where, cell = self._cell(self.first_text, dialect)
            comma = " (the decimal mark is a comma here)" if dialect.decimal_comma and "." in cell else ""
            raise DataError(
                f"{source}, {where}: {cell!r:.40} is not a number{comma}; mend it or choose other columns"
            )
        parts, self.parts = self.parts, []
        values = np.concatenate(parts, out=out)
        if self.example is not None:
            num_plain = self.num_numbers - self.dress.total
            trouble = self.dress.trouble(num_plain, values, choice.decimal)
            if trouble:
                raise DataError(f"{source}, {self._cell(self.example, dialect)[0]} {trouble}")
        return values

    def _cell(self, place: tuple[Block, int], dialect: Dialect) -> tuple[str, str]:
        """Where a cell is, and what stands in it."""
        block, i = place
        line, row = next(islice(block.rows(dialect), i, None))
        return f"line {line}, column {self.name!r}", row[self.index].strip()


def _columns(dialect: Dialect, choice: Choice, source: str) -> list[Column]:
    """Those to be read."""
    wanted = {*choice.among(dialect.named, source), choice.weights}
    return [
        Column(name, j, required=choice.is_named or name == choice.weights)
        for j, name in enumerate(dialect.columns)
        if name in wanted
    ]


def _head(texts: Iterator[bytes]) -> tuple[bytes, list[str]]:
    """The beginning of the text, as far as is needed, and its first lines: the same however it is cut."""
    head, lines = b"", []
    for text in texts:
        head += text
        lines, num_rows, size = [], 0, 0
        for line in lines_of(head):
            lines.append(line)
            if not COMMENT.match(line) and not line.isspace():
                num_rows, size = num_rows + 1, size + len(line)
            if num_rows == SAMPLE_LINES or (size > SAMPLE_CHARACTERS and num_rows > 1):
                return head, lines
    return head, lines


def _numbered(texts: Iterable[bytes], above: int) -> Iterator[Block]:
    """Blocks that know the lines above them."""
    for text in texts:
        yield Block(text, above)
        above += count(text, NEWLINE)


def _read(block: Block, dialect: Dialect, columns: list[Column], source: str) -> int:
    """Add the numbers of a block to the columns; how many rows it has."""
    try:
        text = prepared(block.text, dialect, block.above)
    except DataError as error:
        raise DataError(f"{source}, {error}") from None
    frame = _cells(text, dialect)
    if frame is None:
        raise _ragged(block, dialect, source)
    active = [column for column in columns if not column.is_done]
    cells = frame.select(str(column.index) for column in active)
    values = numbers(cells, dialect.decimal_comma)
    for column, part, texts in zip(active, values.get_columns(), cells.get_columns(), strict=True):
        column.add(part, texts, block, dialect.decimal_comma)
    return len(frame)


def _cells(text: bytes, dialect: Dialect) -> pl.DataFrame | None:
    """The cells as text; None where a row has too many or too few."""
    import polars as pl

    width, separator = len(dialect.columns), dialect.separator
    quoted = b'"' in text
    try:
        frame = pl.read_csv(
            text,
            has_header=False,
            schema={str(j): pl.String for j in range(width)},
            separator=separator,
            quote_char='"' if quoted else None,
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError:
        return None
    within = 0
    if quoted:
        within = sum(frame.select(pl.all().str.count_matches(separator, literal=True).sum()).row(0))
    if len(frame) * (width - 1) != count(text, ord(separator)) - within:
        return None
    return frame.filter(pl.nth(0).str.strip_chars() != "") if width == 1 else frame


def _ragged(block: Block, dialect: Dialect, source: str) -> DataError:
    width = len(dialect.columns)
    for line, row in block.rows(dialect):
        if len(row) != width:
            cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
            above = "the header" if dialect.header_end else "the first row"
            return DataError(f"{source}, line {line} has {cells}; {above} has {width}")
    return DataError(f"{source}, lines {block.above + 1} and below cannot be cut into {width} columns")
