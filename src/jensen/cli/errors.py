"""How a command ends: well, interrupted, or with one line on standard error and exit code 2."""

from __future__ import annotations

from enum import IntEnum


class Ending(IntEnum):
    """The exit code of a command that came to its end, or was stopped with something to show."""

    DONE = 0
    BEST_SO_FAR = 130


class CommandError(Exception):
    """Something typed, or something in the data, that the command cannot work with."""


class MissingExtraError(CommandError):
    """An extra that is not installed."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(f'{what} needs {library}; install it with: pip install "jensen[{extra}]"')
