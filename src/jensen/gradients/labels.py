"""What things are called where they are printed: as one would type them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any


class Labelled:
    """Something whose ``repr`` is its label."""

    def __repr__(self) -> str:
        return label(self)


def label(thing: Any) -> str:
    """An estimator, a baseline or draws; what is as by default is left out."""
    if isinstance(thing, Mapping):
        return "{" + ", ".join(f"{name}: {label(value)}" for name, value in thing.items()) + "}"
    if isinstance(thing, float):
        return f"{thing:g}"
    if callable(thing) and hasattr(thing, "__name__"):
        return thing.__name__
    if isinstance(thing, Labelled):
        return f"{type(thing).__name__}({', '.join(_arguments(thing))})"
    return str(thing)


def _arguments(thing: Any) -> Iterator[str]:
    by_place = True
    spoken = hasattr(thing, "layout")  # the number of draws is always told
    for field in fields(thing) if is_dataclass(thing) else ():
        value = getattr(thing, field.name)
        if not spoken and (value is field.default or _same(value, field.default)):
            by_place = False
            continue
        yield label(value) if by_place else f"{field.name}={label(value)}"


def _same(value: Any, default: Any) -> bool:
    return isinstance(value, (bool, int, float, str)) and value == default
