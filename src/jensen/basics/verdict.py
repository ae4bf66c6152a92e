"""What became of a fit: a value with advice, not an exception."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from html import escape


class Outcome(StrEnum):
    """How a climb ended."""

    CONVERGED = "converged"
    STEP_LIMIT = "step limit"
    BOUNDARY = "boundary"
    COLLAPSED = "collapsed"
    SADDLE = "saddle"
    NOT_IDENTIFIED = "not identified"
    FELL = "fell"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


AT_BOUND = "at the bound"
"""What a message says of parameters where the log-likelihood is no parabola."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a fit ended, in words, and what to do about it.

    Attributes
    ----------
    outcome
        One of `Outcome`.
    message
        What was found.
    advice
        What to do; empty where there is nothing to do.
    climbed
        Whether the climb itself reached its end. A collapsed or boundary solution can have converged to it.
    search
        How settled it is that this is the best maximum, where there were several starts.
    """

    outcome: Outcome
    message: str
    advice: str = ""
    climbed: bool = False
    search: str = ""

    @property
    def converged(self) -> bool:
        """True only for a proper maximum that was reached."""
        return self.outcome is Outcome.CONVERGED

    @property
    def at_bound(self) -> bool:
        """Whether parameters are at a bound, of the data's or of their own space."""
        return self.outcome is Outcome.BOUNDARY or AT_BOUND in self.message

    @property
    def proper(self) -> bool:
        """Whether it is an interior point of a sound climb; others are chosen only where there is none."""
        return self.outcome in (Outcome.CONVERGED, Outcome.STEP_LIMIT, Outcome.INTERRUPTED)

    def _repr_html_(self) -> str:
        said = "; ".join(filter(None, (self.message, self.search)))
        told = f": {escape(said)}" if said else ""
        advice = f"<br><em>{escape(self.advice)}</em>" if self.advice else ""
        return f"<p><strong>{escape(str(self.outcome))}</strong>{told}{advice}</p>"

    def __str__(self) -> str:
        said = ": ".join(filter(None, (str(self.outcome), self.message)))
        text = "; ".join(filter(None, (said, self.search)))
        return f"{text} ({self.advice})" if self.advice else text
