"""What things are called where they are printed: as one would type them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar


class Labelled:
    """Something whose ``repr`` is its label.

    Attributes
    ----------
    says_all
        Whether arguments are told that are as by default.
    """

    __slots__ = ()
    says_all: ClassVar[bool] = False

    def __repr__(self) -> str:
        return label(self)


def label(thing: Any) -> str:
    """An estimator, a baseline or draws; what is as by default is left out."""
    if isinstance(thing, Mapping):
        return "{" + ", ".join(f"{name}: {label(value)}" for name, value in thing.items()) + "}"
    if isinstance(thing, float):
        return f"{thing:g}"
    if isinstance(thing, Labelled):
        return f"{type(thing).__name__}({', '.join(_arguments(thing))})"
    try:
        return thing.__name__ if callable(thing) else str(thing)
    except AttributeError:  # as of functools.partial
        return str(thing)


def _arguments(thing: Labelled) -> Iterator[str]:
    by_place = True
    for field in fields(thing) if is_dataclass(thing) else ():
        value = getattr(thing, field.name)
        if not thing.says_all and (value is field.default or _same(value, field.default)):
            by_place = False
            continue
        yield label(value) if by_place else f"{field.name}={label(value)}"


def _same(value: Any, default: Any) -> bool:
    return isinstance(value, (bool, int, float, str)) and value == default


def takes_more(function: Callable[..., Any]) -> bool:
    """Whether it has a ``*args``."""
    return any(each.kind is each.VAR_POSITIONAL for each in inspect.signature(function).parameters.values())


def names_of(function: Callable[..., Any]) -> list[str]:
    """Of the arguments that are given by place; none where they cannot be seen."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return []
    return [
        each.name for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
