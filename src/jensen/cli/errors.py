"""What ends a command: one line on standard error and exit code 2."""

from __future__ import annotations


class CommandError(Exception):
    """Something typed, or something in the data, that the command cannot work with."""


class MissingExtraError(CommandError):
    """An extra that is not installed."""

    def __init__(self, what: str, library: str, extra: str) -> None:
        super().__init__(f'{what} needs {library}; install it with: pip install "jensen[{extra}]"')
