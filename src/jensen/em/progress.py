"""Progress of long fits, on a terminal only, and only once a fit has turned out long."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any

PATIENCE = 1.5  # seconds before anything is shown


class Progress:
    """Shows steps and objective on standard error when it is a terminal. A context manager."""

    def __init__(self, what: str = "EM", enabled: bool | None = None) -> None:
        self._what = what
        self._enabled = sys.stderr.isatty() if enabled is None else enabled
        self._began = time.monotonic()
        self._shown: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown.stop()

    def update(self, text: str) -> None:
        """Replace the line that is shown."""
        if not self._enabled or time.monotonic() - self._began < PATIENCE:
            return
        if self._shown is None:
            from rich.console import Console

            self._shown = Console(stderr=True).status("")
            self._shown.start()
        self._shown.update(f"{self._what}: {text}, {time.monotonic() - self._began:.0f} s (Ctrl-C keeps the best so far)")
