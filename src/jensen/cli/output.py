"""What a command prints and writes: standard output for results, standard error for everything else."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from jensen.basics.errors import short
from jensen.basics.numbers import whole_of

PIPED_WIDTH = 100
LEAST_WIDTH, MOST_WIDTH = 20, 99_999
PLAINER = str.maketrans({"±": "+-", "−": "-", "─": "-", "–": "-", "×": "x", "…": "..."})


def fail(message: object) -> int:
    """One line on standard error, and the exit code that goes with it."""
    _say(f"jensen: error: {short(' '.join(str(message).split()))}")
    return 2


def note(message: str) -> None:
    """One line on standard error that is no result."""
    _say(f"jensen: {message}")


def _say(line: str) -> None:
    print(_as_shown(line, sys.stderr), file=sys.stderr)


def show(build: Any) -> None:
    """Print what ``build(width)`` returns: in colour on a terminal, else plain, without trailing blanks."""
    from jensen.report.tables import make_console, to_text

    if sys.stdout.isatty() and "utf" in (sys.stdout.encoding or "").lower():
        console = make_console()
        console.print(build(console.width))
    else:
        width = _columns()
        plain(to_text(build(width), width))


def _columns() -> int:
    """Of what is no terminal: ``COLUMNS``, if that is a width that something can be printed in."""
    wanted = whole_of(os.environ.get("COLUMNS", "")) or 0
    return wanted if LEAST_WIDTH <= wanted <= MOST_WIDTH else PIPED_WIDTH


def plain(text: str) -> None:
    """Print text as it is."""
    print(_as_shown(text, sys.stdout))


def _as_shown(text: str, stream: TextIO) -> str:
    """The text; for programs, and in encodings that lack them, with plainer signs."""
    try:
        text.encode(stream.encoding or "ascii")
        return text if stream.isatty() else text.translate(PLAINER)
    except UnicodeEncodeError:
        return text.translate(PLAINER)


def write_json(document: dict[str, Any]) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, indent=2, allow_nan=False))


def silence_closed_pipe() -> None:
    """After the reader of our output has gone: let nothing complain when Python flushes it at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())


def _nothing() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def forgive_streams() -> None:
    """What is closed is written to nothing; a terminal that cannot show a character gets a question mark."""
    if sys.stdout is None:  # after >&-
        sys.stdout = _nothing()
    if sys.stderr is None:
        sys.stderr = _nothing()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def listed(paths: Iterable[tuple[str, Path | None]]) -> str:
    """``saved model.json, drew fit.png``."""
    return ", ".join(f"{verb} {path}" for verb, path in paths if path is not None)
