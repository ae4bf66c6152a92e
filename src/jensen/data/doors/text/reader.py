"""Tables of delimited text, block by block: what is kept is numbers, eight bytes a cell."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError, listed
from jensen.data.doors.sources import Source, reading
from jensen.data.doors.text.dialect import Dialect, is_missing, sniff
from jensen.data.rows import default_columns, take

BLOCK_ROWS = 10_000
LARGE = 8 << 20  # bytes from which polars is worth its import
ROW_NAMES = "(row names)"

Columns = dict[str, NDArray[np.float64]]
Block = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class TextTable:
    """What was read: the numeric columns, and the names of those that were left out."""

    columns: Columns
    left_out: tuple[str, ...]
    dialect: Dialect


@dataclass(slots=True)
class Column:
    """A column while it is read."""

    name: str
    index: int
    required: bool
    parts: list[NDArray[np.float64]] = field(default_factory=list)
    num_numbers: int = 0
    num_texts: int = 0
    first_text: tuple[int, str] | None = None

    def add(self, block: Block, dialect: Dialect) -> None:
        """The cells of a block of rows."""
        if self.is_text and self.num_texts >= BLOCK_ROWS:
            return
        cells = [row[self.index] for _, row in block]
        if dialect.decimal_comma:
            cells = [cell.replace(",", ".") for cell in cells]
        try:
            values = np.array([float(cell) for cell in cells])
            if any("_" in cell for cell in cells):  # 1_000 is a number in Python and a name in a table
                raise ValueError
            self.num_numbers += len(values)
        except ValueError:
            values = self._cell_by_cell(block, dialect)
        self.parts.append(values)

    def _cell_by_cell(self, block: Block, dialect: Dialect) -> NDArray[np.float64]:
        values = np.full(len(block), np.nan)
        for i, (line, row) in enumerate(block):
            cell = row[self.index]
            try:
                values[i] = dialect.number(cell)
                self.num_numbers += not is_missing(cell)
            except ValueError:
                self.num_texts += 1
                self.first_text = self.first_text or (line, cell)
        return values

    @property
    def is_text(self) -> bool:
        """Whether it may be left out: more text than numbers, and not asked for by name."""
        return self.num_texts > self.num_numbers and not self.required

    def values(self, source: str) -> NDArray[np.float64]:
        """The whole column.

        Raises
        ------
        DataError
            Naming the first cell that is not a number.
        """
        if self.first_text is not None:
            line, cell = self.first_text
            raise DataError(
                f"{source}, line {line}, column {self.name!r}: {cell.strip()!r:.40} is not a number; "
                f"mend it or choose other columns"
            )
        return np.concatenate(self.parts)


def read_text(
    source: Source, columns: Sequence[str] | None, weights: str | None = None, large: int = LARGE
) -> TextTable:
    """The numeric columns of a table of delimited text.

    Parameters
    ----------
    source
        From `open_source`.
    columns
        The columns to read, which must then be numeric; by default all that are.
    weights
        One more column to read.
    large
        Bytes from which polars is tried, where it is installed: the same numbers, faster.

    Raises
    ------
    DataError
        Naming the first line that has too many or too few cells, or that holds text in a column of numbers.
    """
    dialect = sniff(source.head(), source.name)
    names = _names(dialect)
    extra = [] if weights is None else take(names, [weights], source.name)
    wanted = {*take(names, columns, source.name), *extra} - {ROW_NAMES}
    made = [
        Column(name, j, required=columns is not None or name in extra)
        for j, name in enumerate(names)
        if name in wanted
    ]
    with reading(source):
        _fill(source, dialect, made, len(names), large)
    kept = [column for column in made if not column.is_text]
    left_out = {column.name for column in made if column.is_text} | ({ROW_NAMES} & set(names))
    if not kept:
        raise DataError(f"{source.name} has no column of numbers; it has {listed(names)}, all text")
    return TextTable(
        {column.name: column.values(source.name) for column in kept},
        tuple(name for name in names if name in left_out),
        dialect,
    )


def _fill(source: Source, dialect: Dialect, made: list[Column], width: int, large: int) -> None:
    """Read the file into the columns: by polars where that is worth it and goes well, else here."""
    blocks = _blocks(source, dialect, width)
    first = next(blocks, None)
    if first is None:
        raise DataError(f"{source.name} has a header and no rows")
    for column in made:
        column.add(first, dialect)
    if source.size() >= large:
        from jensen.data.doors.text.fast import read_with_polars

        numeric = [column for column in made if not column.is_text]
        values = read_with_polars(source, dialect, width, [column.index for column in numeric])
        if values is not None:
            for column, part in zip(numeric, values, strict=True):
                column.parts, column.first_text = [part], None
            return
    for block in blocks:
        for column in made:
            column.add(block, dialect)


def _blocks(source: Source, dialect: Dialect, width: int) -> Iterator[Block]:
    """The rows below the header, in blocks; every row has ``width`` cells."""
    above = "the first row" if dialect.header is None else "the header"
    with source.open() as stream, io.TextIOWrapper(stream, dialect.encoding, "replace", newline="") as lines:
        rows = dialect.rows(lines, strict=True)
        if dialect.header is not None:
            next(rows)
        while True:
            try:
                block = list(islice(rows, BLOCK_ROWS))
            except DataError as error:
                raise DataError(f"{source.name}, {error}") from None
            for line, row in block:
                if len(row) != width:
                    cells = f"{len(row)} cell{'s' * (len(row) != 1)}"
                    raise DataError(f"{source.name}, line {line} has {cells}; {above} has {width}")
            if not block:
                return
            yield block


def _names(dialect: Dialect) -> list[str]:
    """One name a column; a first column without a name holds names or numbers of the rows."""
    if dialect.header is None:
        return list(default_columns(dialect.width))
    named = [name or f"x{j + 1}" for j, name in enumerate(dialect.header)]
    if dialect.row_names:
        return [ROW_NAMES, *named]
    return [ROW_NAMES, *named[1:]] if len(named) > 1 and not dialect.header[0] else named
