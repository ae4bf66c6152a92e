"""What a run of the benchmarks was asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """How much to do, and where raw numbers go.

    Attributes
    ----------
    quick
        Small shapes and few cases: to see that everything runs, not for numbers.
    repetitions
        Of every timing; medians are reported.
    csv
        Where `quality` keeps its raw rows. An unfinished run goes on from there. `verdicts` writes its ends
        there.
    """

    quick: bool
    repetitions: int
    csv: Path | None

    def say(self, what: str) -> None:
        """A line of progress."""
        print(f"bench: {what}", file=sys.stderr, flush=True)
