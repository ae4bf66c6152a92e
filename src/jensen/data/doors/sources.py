"""Where bytes come from: a file, a compressed file, standard input."""

from __future__ import annotations

import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from jensen.basics.errors import DataError, did_you_mean, one_line

STANDARD_INPUT = "-"
HEAD_BYTES = 1 << 16
LONGEST = 300
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Source:
    """Something to read from, as often as wanted.

    Attributes
    ----------
    name
        What messages call it.
    path
        The file; None for standard input.
    content
        All bytes, where they had to be read to be had.
    compressed
        Whether it is gzip.
    """

    name: str
    path: Path | None
    content: bytes | None = None
    compressed: bool = False

    def open(self) -> BinaryIO:
        """The bytes, uncompressed, from the beginning."""
        if self.compressed:
            return cast(BinaryIO, gzip.open(self.path or BytesIO(self.content or b"")))
        return BytesIO(self.content or b"") if self.path is None else self.path.open("rb")

    def head(self) -> bytes:
        """The first bytes, uncompressed."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    def suffix(self) -> str:
        """The ending of the file's name in small letters, that of the compression apart."""
        if self.path is None:
            return ""
        inner = self.path.with_suffix("") if self.path.suffix.lower() == ".gz" else self.path
        return inner.suffix.lower()


@contextmanager
def reading(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turns what can go wrong while reading into a `DataError` of one short line."""
    name = _name(path)
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{name} is damaged or cut off: {one_line(error)}") from None
    except OSError as error:
        raise DataError(f"cannot read {name}: {(error.strerror or one_line(error)).lower()}") from None
    except DataError as error:
        raise type(error)(_short(str(error))) from None


def _short(message: str) -> str:
    """One line of at most `LONGEST` characters: the names in it, which may be of any kind, are cut."""
    line = " ".join(message.split())
    half = LONGEST // 2 - 2
    return line if len(line) <= LONGEST else f"{line[:half]} … {line[-half:]}"


def _name(path: str | os.PathLike[str]) -> str:
    return "standard input" if str(path) == STANDARD_INPUT else str(path)


def open_source(path: str | os.PathLike[str]) -> Source:
    """A file, or standard input for ``-``.

    Raises
    ------
    DataError
        If it is missing, a directory, closed to us or empty.
    """
    if str(path) == STANDARD_INPUT:
        return _standard_input()
    file = Path(path)
    if file.is_dir():
        raise DataError(f"{path} is a directory; give a file in it")
    if file.is_char_device() or file.is_block_device():
        raise DataError(f"{path} is a device, not a file; pipe what it gives into standard input")
    if not file.exists():
        raise DataError(f"there is no file {path}{_neighbour(file)}")
    if not file.is_file():  # a pipe can be read only once
        return _held(str(path), file.read_bytes())
    with file.open("rb") as stream:
        start = stream.read(2)
    if not start:
        raise DataError(f"{path} is empty (0 bytes)")
    return Source(str(path), file, compressed=start == GZIP)


def _standard_input() -> Source:
    if sys.stdin is None or sys.stdin.closed:
        raise DataError("standard input is closed; give a file")
    if sys.stdin.isatty():
        raise DataError("nothing is piped into standard input; give a file, or pipe one in")
    return _held(_name(STANDARD_INPUT), sys.stdin.buffer.read())


def _held(name: str, content: bytes) -> Source:
    if not content:
        raise DataError(f"{name} is empty (0 bytes)")
    return Source(name, None, content, compressed=content[:2] == GZIP)


def _neighbour(file: Path) -> str:
    """A file of nearly the same name in the same folder."""
    folder = file.parent
    if not folder.is_dir():
        return f": the folder {folder} does not exist"
    return did_you_mean(file.name, [other.name for other in folder.iterdir()])
