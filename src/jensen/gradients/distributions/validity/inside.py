"""A distribution and all that it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PARTS = ("base_dist", "component_distribution", "component_distributions")


def inside(distribution: Any) -> Iterator[Any]:
    """The distribution, what it wraps, its components, and what these are made of."""
    yield distribution
    for name in PARTS:
        found = getattr(distribution, name, ())
        for part in found if isinstance(found, list | tuple) else (found,):
            yield from inside(part)
