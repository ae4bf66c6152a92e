"""Numbers with the digits that mean something."""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import ceil, floor, inf, isfinite, log10
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

MINUS = "−"
MAX_DECIMALS = 6
MAX_FIXED = 1e9


def is_number(value: Any) -> bool:
    """Whether it is a finite real number, as a float may be: no text, no truth value."""
    try:
        return is_real(value) and isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def is_real(value: Any) -> bool:
    """Whether it is a real number in the type of one."""
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def is_whole(value: Any) -> bool:
    """Whether it is a whole number in the type of one."""
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_)


def whole_of(text: str) -> int | None:
    """The whole number from 0 that is typed, of at most nine digits; None where it is something else."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None


def signed(text: str) -> str:
    """With a minus sign as wide as a plus."""
    return text.replace("-", MINUS)


def on_scale_of(spread: NDArray[np.float64], values: NDArray[np.float64]) -> Callable[[float], str]:
    """How to write ``values`` so that a typical ``spread`` shows three digits, and one that is up to a
    thousand times smaller two.
    """
    positive = spread[spread > 0]
    typical = float(np.median(positive)) if len(positive) else 1.0
    smallest = float(positive[positive >= typical / 1000].min(initial=typical))
    largest = max(float(np.abs(values).max(initial=0.0)), typical)
    decimals = max(0, 2 - floor(log10(typical)), 1 - floor(log10(smallest)))
    if decimals <= MAX_DECIMALS and largest < MAX_FIXED:
        return lambda value: signed(_unsigned_zero(f"{value:.{decimals}f}"))
    digits = min(17, max(4, ceil(log10(largest / typical)) + 3))
    return lambda value: signed(f"{value:.{digits}g}")


def _unsigned_zero(text: str) -> str:
    """-0.00 is 0.00."""
    return text if any(c in "123456789" for c in text) else text.lstrip("-")


def spread_text(value: float, write: Callable[[float], str]) -> str:
    """A standard deviation on the scale of its column, and never as zero when it is not."""
    text = write(value)
    return f"{value:.2g}" if value > 0 and not any(c in "123456789" for c in text) else text


def as_probabilities(values: NDArray[np.float64], decimals: int = 3) -> Callable[[float], str]:
    """How to write probabilities: ``decimals``, and as many more as keep them apart from 0 and from 1.

    Examples
    --------
    >>> import numpy as np
    >>> [as_probabilities(np.array([p]))(p) for p in (0.25, 0.99996, 1 - 1e-12, 1e-12)]
    ['0.250', '0.999960', '>0.99999999', '1e-12']
    """
    inner = values[(values > 0.0) & (values < 1.0)]
    smallest = float(np.minimum(inner, 1.0 - inner).min(initial=0.5))
    decimals = min(max(decimals, 1 - floor(log10(smallest)) if smallest < 0.5 * 10.0**-decimals else 0), 8)

    def write(value: float) -> str:
        text = f"{value:.{decimals}f}"
        if 0.0 < value < 1.0 and float(text) in (0.0, 1.0):
            return f"{value:.2g}" if value < 0.5 else f">0.{'9' * decimals}"
        return text

    return write


def as_sizes(total: float) -> Callable[[float], str]:
    """How to write parts of a number of rows, or of a weight: four digits of it, at least one decimal."""
    if not 1.0 <= total < MAX_FIXED:
        return lambda value: f"{value:.4g}"
    decimals = max(1, 3 - floor(log10(total)))
    return lambda value: f"{value:,.{decimals}f}"


def correlation_text(value: float) -> str:
    """Three decimals, without a sign before 0, and more where it would read as 1 and is not."""
    text = as_probabilities(np.array([abs(value)]))(abs(value)) if abs(value) > 0.5 else f"{abs(value):.3f}"
    return signed(f"-{text}") if value < 0 and float(text.lstrip(">")) else text


def criterion_decimals(values: NDArray[np.float64]) -> int:
    """Decimals of a column of criteria: differences below 1 do not matter, so two are plenty."""
    finite = np.abs(values[np.isfinite(values)])
    return 2 if finite.max(initial=0.0) < 1e7 else 0


def brief(value: float) -> str:
    """Two significant digits, for what is only known roughly."""
    if not isfinite(value):
        return "unknown" if value != inf else "infinite"
    return "0" if value == 0 else f"{value:.2g}"


def probability(p: float) -> str:
    """A p value in two digits, and never as zero."""
    return f"{p:.2g}" if p >= 1e-16 else "<1e-16"


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 0.995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{int(seconds // 60)} min {seconds % 60:.0f} s"


def count(number: float, noun: str) -> str:
    """``1 row``, ``2 rows``, ``2.5 rows``."""
    shown = f"{number:,.0f}" if float(number).is_integer() else f"{number:,.6g}"
    return f"{shown} {noun}" if number == 1 else f"{shown} {noun}s"


def repr_in_full(thing: Any) -> str:
    """A repr whose arrays are written out, to the last digit."""
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        return repr(thing)
