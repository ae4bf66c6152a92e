"""The command line: ``jensen fit``, ``predict``, ``score``, ``sample``, ``show``, ``datasets``,
``gradients``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

PARSERS = ("typer", "click", "shellingham")


def main(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0, 2 for an error, 130 when interrupted."""
    try:
        from jensen.cli.app import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in PARSERS:
            raise
        print(
            'jensen: error: the command line needs typer; install it with: pip install "jensen[cli]"',
            file=sys.stderr,
        )
        return 2
    return run(args)
