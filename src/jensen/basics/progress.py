"""Progress of long fits, on a terminal only, and only once a fit has turned out long."""

from __future__ import annotations

import sys
import time
from contextvars import ContextVar
from threading import Event, Thread
from types import TracebackType
from typing import Any

PATIENCE = 1.5  # seconds before anything is shown
OFTEN = 0.5  # seconds between two looks at the clock
SPINNER = 3  # characters beside the text

_outermost: ContextVar[Progress | None] = ContextVar("_outermost", default=None)


class Progress:
    """Shows steps and objective on standard error when it is a terminal. A context manager.

    Inside another one it adds its text to the line of the outer one.
    """

    def __init__(
        self, what: str = "EM", enabled: bool | None = None, hint: str = " (Ctrl-C keeps the best so far)"
    ) -> None:
        self._what = what
        self._hint = hint
        self._enabled = sys.stderr.isatty() if enabled is None else enabled
        self._began = time.monotonic()
        self._text = ""
        self._shown: Any = None
        self._outer: Progress | None = None

    def __enter__(self) -> Progress:
        self._outer = _outermost.get()
        if self._outer is None:
            _outermost.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._outer is None:
            _outermost.set(None)
        self.close()

    def close(self) -> None:
        """Take the line away."""
        if self._shown is not None:
            self._shown.stop()

    def update(self, text: str) -> None:
        """Replace the text that is shown."""
        self._text = text
        if self._outer is None:
            self._show(text)
        else:
            self._outer._show(f"{self._outer._text}: {text}")

    def _show(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        if not self._enabled or seconds < PATIENCE:
            return
        self._write(f"{self._what}: {text}, {seconds:.0f} s{self._hint}")

    def _write(self, line: str) -> None:
        if self._shown is None:
            from rich.console import Console

            self._shown = Console(stderr=True).status("")
            self._shown.start()
        self._shown.update(_cut(line, self._shown.console.width - SPINNER))


class Waiting:
    """Says what a call waits for that cannot report itself, until `end`: on the line of the fit that is going
    on, else on a line of its own.

    Parameters
    ----------
    what
        Two or three words.
    """

    def __init__(self, what: str) -> None:
        outer = _outermost.get()
        self._own = outer is None
        self._line = Progress("jensen", hint="") if outer is None else outer
        self._what = what
        self._over = Event()
        self._thread = Thread(target=self._watch, daemon=True) if self._line._enabled else None
        if self._thread is not None:
            self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(OFTEN):
            self._line._show(self._what)

    def end(self) -> None:
        """What was waited for is there."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
        if self._own:
            self._line.close()


def _cut(text: str, width: int) -> str:
    """To one line of the terminal: one that goes on below is not taken back when the next one comes."""
    return text if len(text) <= width else f"{text[: max(width - 1, 0)]}…"
