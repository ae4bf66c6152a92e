"""Numbers as a reader wants them."""

from __future__ import annotations

import math


def seconds(value: float) -> str:
    """Three figures in s, ms or µs."""
    if not math.isfinite(value):
        return "–"
    for scale, unit in ((1.0, "s"), (1e-3, "ms")):
        if value >= scale:
            return f"{figures(value / scale)} {unit}"
    return f"{figures(value / 1e-6)} µs"


def ratio(value: float) -> str:
    """How many times."""
    return f"{figures(value, 2 if value < 10 else 3)}×" if math.isfinite(value) else "–"


def figures(value: float, count: int = 3) -> str:
    """That many significant figures, never with an exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    places = max(0, count - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"


def percent(share: float) -> str:
    """Of 1."""
    return f"{100 * share:.1f} %" if math.isfinite(share) else "–"


def log_likelihood(value: float) -> str:
    """In nats."""
    return f"{value:,.3f}".replace("-", "−") if math.isfinite(value) else "–"
