"""A stream of text in blocks of whole rows, each as the engine reads it: plain UTF-8, quoted by the book."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np

from jensen.basics.errors import DataError
from jensen.data.doors.text.dialect import BLANKS, COMMENT, Dialect

BLOCK_BYTES = 4 << 20
MOST_BLOCKS = 16  # that one row may go on for
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
COMMENTS = re.compile(b"^" + COMMENT.pattern.encode() + rb".*\n", re.MULTILINE)
EMPTY = re.compile(rb"^[^\S\n]*\n", re.MULTILINE)
EMPTY_BESIDE_TABS = re.compile(rb"^[^\S\n\t]*\n", re.MULTILINE)
NEWLINE, QUOTE = b'\n"'


def encoding_of(head: bytes, name: str) -> str:
    """UTF-16 where a mark says so, else UTF-8, else Latin-1.

    Raises
    ------
    DataError
        If it is not text.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if CONTROL.search(head):
        raise DataError(f"{name} is neither a table of text nor a format that is known (it is binary)")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def texts_of(stream: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The stream in pieces of UTF-8; every line ends in a newline, the last one too."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("replace"), translate=True)
    text = b""
    while chunk := stream.read(BLOCK_BYTES):
        text = decoder.decode(chunk).encode()
        yield text
    rest = decoder.decode(b"", final=True).encode()
    yield rest + b"\n" * (not (rest or text).endswith(b"\n"))


def blocks_of(texts: Iterable[bytes], dialect: Dialect) -> Iterator[bytes]:
    """The same text in blocks that end where a row ends."""
    held, num_held = b"", 0
    for text in texts:
        held += text
        end = _end_of_rows(held, dialect)
        num_held = num_held + 1 if b"\n" in held and not end else 0
        if num_held > MOST_BLOCKS:  # a quotation that does not end: the reader says where it begins
            break
        if end:
            yield held[:end]
            held = held[end:]
    if held:
        yield held


def lines_of(text: bytes) -> Iterator[str]:
    """The lines of a text, each with its newline."""
    begin = 0
    while end := text.find(b"\n", begin) + 1:
        yield text[begin:end].decode()
        begin = end


def count(text: bytes, character: int) -> int:
    """How often an ASCII character occurs."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == character))


def prepared(block: bytes, dialect: Dialect, above: int) -> bytes:
    """A block without comments, empty lines and runs of blanks, quoted by whole cells only.

    Parameters
    ----------
    above
        The number of lines above it.

    Raises
    ------
    DataError
        For a quotation that does not end and the like.
    """
    if QUOTE in block and not _plainly_quoted(block, dialect):
        return _rewritten(block, dialect, above)
    begins = _first_characters(block)
    if "#" in begins:
        block = COMMENTS.sub(b"", block)
    if dialect.delimiter == BLANKS:
        block = "\n".join(" ".join(line.split()) for line in block.decode().split("\n")).encode()
    if not begins.isdisjoint("\n \t"):
        block = (EMPTY_BESIDE_TABS if dialect.delimiter == "\t" else EMPTY).sub(b"", block)
    return block


def _end_of_rows(text: bytes, dialect: Dialect) -> int:
    """The end of the last line that does not end within a quotation."""
    end = text.rfind(b"\n") + 1
    if QUOTE not in text[:end]:
        return end
    if text.count(b'"', 0, end) % 2:
        end = text.rfind(b"\n", 0, text.rfind(b'"', 0, end)) + 1
    if _plainly_quoted(text[:end], dialect):
        return end
    number = 0
    try:
        for last, _ in dialect.rows(lines_of(text), strict=True):
            number = last
    except DataError:
        return len(text) - len(text.split(b"\n", number)[-1])
    return text.rfind(b"\n") + 1


def _first_characters(block: bytes) -> set[str]:
    """What any of the lines begins with."""
    text = np.frombuffer(b"\n" + block, np.uint8)
    first = text[np.flatnonzero(text[:-1] == NEWLINE) + 1]
    return set(map(chr, np.flatnonzero(np.bincount(first))))


def _plainly_quoted(block: bytes, dialect: Dialect) -> bool:
    """Whether all quotation marks enclose whole cells or are doubled in them, and none is in a comment."""
    if dialect.delimiter == BLANKS or block.startswith(b"#") or b"\n#" in block:
        return False
    text = np.frombuffer(b"\n" + block, np.uint8)
    marks = np.flatnonzero(text == QUOTE)
    if len(marks) % 2:
        return False
    opening, closing = marks[::2], marks[1::2]
    doubled = opening[1:] == closing[:-1] + 1
    edges = [NEWLINE, ord(dialect.separator)]
    starts, ends = np.isin(text[opening - 1], edges), np.isin(text[closing + 1], edges)
    starts[1:] |= doubled
    ends[:-1] |= doubled
    return bool(starts.all() and ends.all())


def _rewritten(block: bytes, dialect: Dialect, above: int) -> bytes:
    """The rows as the standard library reads them: a quotation mark within a cell is a character of it."""
    text = io.StringIO()
    rows = dialect.rows(lines_of(block), above, strict=True)
    csv.writer(text, delimiter=dialect.separator, lineterminator="\n").writerows(row for _, row in rows)
    return text.getvalue().encode()
