"""The fenced blocks of a page: how they are found, how they are run, and how a page is written anew.

``python`` runs, in one namespace a page, and a ``text`` block right after it is what it printed.
``python no-run: REASON`` does not run. ``python examples/NAME.py`` is an excerpt of a script,
``text examples/NAME.py`` what a script prints, and ``console`` a session of jensen commands with what they
print.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WIDTH = "100"
FENCE = re.compile(r"^```(\w*) ?([^\n]*)\n(.*?)^```$\n?", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what stands after it, its text, and where it is."""

    language: str
    info: str
    text: str
    begin: int
    end: int
    line: int
    follows: bool
    """Whether only blank lines stand between it and the block before."""


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    end = -1
    for match in FENCE.finditer(page):
        follows = end >= 0 and not page[end : match.start()].strip()
        end = match.end()
        line = page[: match.start()].count("\n") + 1
        yield Block(match[1], match[2].strip(), match[3], match.start(), end, line, follows)


@cache
def run_script(path: Path) -> tuple[dict[str, Any], str]:
    """The global names of a script and what it printed; it runs once."""
    with printing() as printed:
        names = runpy.run_path(str(path), run_name="__main__")
    return names, printed.getvalue()


def run_python(block: Block, name: str, namespace: dict[str, Any]) -> str:
    """What a block prints."""
    with printing() as printed:
        exec(compile("\n" * block.line + block.text, name, "exec", dont_inherit=True), namespace)
    return printed.getvalue()


def session(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a console session, and what the page shows after it."""
    for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, shown = command.partition("\n")
        yield line, shown


def run_command(line: str) -> str:
    """What a jensen command prints, errors included."""
    from jensen.cli import main

    program, *arguments = shlex.split(line)
    assert program == "jensen", line
    with printing() as printed, contextlib.redirect_stderr(printed):
        main(arguments)
    return printed.getvalue()


@contextlib.contextmanager
def printing() -> Iterator[io.StringIO]:
    """What is printed within."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        yield printed


# ---- writing a page anew -----------------------------------------------------------------------------------


def refreshed(page: str, name: str) -> str:
    """The page with what its blocks print now."""
    pieces: list[str] = []
    namespace: dict[str, Any] = {"__name__": name}
    position, waiting = 0, ""
    for block in blocks(page):
        between = page[position : block.begin]
        position = block.end
        shown = block.language == "text" and not block.info and block.follows
        if waiting:
            pieces.append(f"\n```text\n{waiting}```\n")
            waiting = ""
            if shown:
                continue
        pieces.append(between)
        pieces.append(_refreshed_block(block, page[block.begin : block.end]))
        if block.language == "python" and not block.info:
            waiting = _tidy(run_python(block, name, namespace))
    if waiting:
        pieces.append(f"\n```text\n{waiting}```\n")
    return "".join([*pieces, page[position:]])


def _refreshed_block(block: Block, whole: str) -> str:
    if block.language == "text" and block.info.startswith("examples/"):
        return f"```text {block.info}\n{_tidy(run_script(ROOT / block.info)[1])}```\n"
    if block.language == "console":
        lines = [f"$ {line}\n{_tidy(run_command(line))}" for line, _ in session(block.text)]
        return f"```console\n{''.join(lines)}```\n"
    return whole


def _tidy(printed: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


def main(names: list[str]) -> None:
    """Rewrite pages in place."""
    os.environ["COLUMNS"] = WIDTH
    for path in [Path(name).resolve() for name in names]:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            text = refreshed(path.read_text(encoding="utf-8"), path.name)
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: as it prints now")


if __name__ == "__main__":
    main(sys.argv[1:])
