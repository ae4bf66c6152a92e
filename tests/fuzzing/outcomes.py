"""What comes of a case, in a word."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jensen.basics.errors import JensenError

FINE, REFUSED = "fine", "refused"
FOREIGN, LONG, WARNED, WRONG, SLOW, DIED = "foreign error", "long message", "warning", "wrong", "slow", "died"
FAULTS = (FOREIGN, LONG, WARNED, WRONG, SLOW, DIED)
LONGEST = 300  # letters of a message
MOST_SECONDS = 10


class WrongError(AssertionError):
    """An answer that is none: rows that are lost, parameters that are no numbers."""


class Slow(BaseException):
    """Raised by the clock; nothing catches it on the way."""


def of(case: Callable[[], Any]) -> tuple[str, str]:
    """The word, and what was said."""
    try:
        with _clock(), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            case()
    except JensenError as error:
        said = str(error)
        return (LONG if len(said) > LONGEST or "\n" in said else REFUSED), said
    except WrongError as error:
        return WRONG, str(error)
    except Slow:
        return SLOW, f"more than {MOST_SECONDS} seconds"
    except Warning as error:
        return WARNED, f"{type(error).__name__}: {error}"
    except Exception as error:
        return FOREIGN, f"{type(error).__name__}: {error}"
    return FINE, ""


@contextmanager
def _clock() -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise Slow

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
