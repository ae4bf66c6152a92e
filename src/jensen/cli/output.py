"""What a command prints and writes: standard output for results, standard error for everything else."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from jensen.basics.writing import write_file

BLOCK_ROWS = 8192
PIPED_WIDTH = 100
PLAINER = str.maketrans({"±": "+-", "−": "-", "─": "-", "–": "-", "×": "x", "…": "."})


def fail(message: object) -> int:
    """One line on standard error, and the exit code that goes with it."""
    print(f"jensen: error: {' '.join(str(message).split())}", file=sys.stderr)
    return 2


def note(message: str) -> None:
    """One line on standard error that is no result."""
    print(f"jensen: {message}", file=sys.stderr)


def show(build: Any) -> None:
    """Print what ``build(width)`` returns: in colour on a terminal, else plain, without trailing blanks."""
    from jensen.report.tables import make_console, to_text

    encoding = sys.stdout.encoding or "ascii"
    if sys.stdout.isatty() and "utf" in encoding.lower():
        console = make_console()
        console.print(build(console.width))
    else:
        width = int(os.environ.get("COLUMNS", "0") or 0) or PIPED_WIDTH
        print(_as_encoded(to_text(build(width), width), encoding))


def plain(text: str) -> None:
    """Print text as it is."""
    print(_as_encoded(text, sys.stdout.encoding or "ascii"))


def _as_encoded(text: str, encoding: str) -> str:
    """The text with plainer signs where the encoding has no others."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(PLAINER)
    return text


def write_json(document: dict[str, Any]) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, indent=2, allow_nan=False))


def write_csv(header: Sequence[str], columns: Sequence[Any], out: Path | None) -> None:
    """Columns as CSV, on standard output or whole into a file; floats so that they read back the same."""
    if out is None:
        for text in _csv_blocks(header, columns):
            sys.stdout.write(text)
        return
    write_file(out, "".join(_csv_blocks(header, columns)))


def _csv_blocks(header: Sequence[str], columns: Sequence[Any]) -> Iterator[str]:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(header)
    yield line.getvalue()
    for begin in range(0, len(columns[0]), BLOCK_ROWS):
        texts = [map(repr, column[begin : begin + BLOCK_ROWS].tolist()) for column in columns]
        yield "".join(",".join(row) + "\n" for row in zip(*texts, strict=True))


def silence_closed_pipe() -> None:
    """After the reader of our output has gone: let nothing complain when Python flushes it at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())


def forgive_encodings() -> None:
    """A terminal that cannot show a character gets a question mark, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def listed(paths: Iterable[tuple[str, Path | None]]) -> str:
    """``saved model.json, drew fit.png``."""
    return ", ".join(f"{verb} {path}" for verb, path in paths if path is not None)
