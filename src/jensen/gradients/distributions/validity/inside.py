"""A distribution and all that it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

PARTS = ("base_dist", "component_distribution", "component_distributions")


def parts(distribution: Any) -> Iterator[Any]:
    """What a distribution wraps, or its components; their names are NumPyro's, whatever the class."""
    for name in PARTS:
        found = getattr(distribution, name, ())
        yield from found if isinstance(found, list | tuple) else (found,)


def inside(distribution: Any) -> Iterator[Any]:
    """The distribution, what it wraps, its components, and what these are made of."""
    yield distribution
    for part in parts(distribution):
        yield from inside(part)
