"""Contracts: base classes that declare them, and plain classes that keep them by having the methods.

A plain class is read once, at the door, and a subclass when it is made; names that are misspelt are told.

This is where attributes are asked for by name; behind the door everything is declared.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from jensen.basics.errors import ModelTypeError

ALIKE = 0.8  # of two names, from which on one is taken for the other misspelt


class Contract:
    """Base of the classes that declare all that is ever asked of one, as `jensen.em.Model`."""

    __slots__ = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        contract = next(base for base in cls.__mro__ if Contract in base.__bases__)
        if cls is not contract:
            declared = {name for name in dir(contract) if not name.startswith("_")}
            absent = {name for name in declared if getattr(cls, name) is getattr(contract, name)}
            _tell_alike(cls, declared, absent, stacklevel=4)


def given(thing: Any, names: Iterable[str]) -> dict[str, Any]:
    """Those of the names that a thing has, None being as good as absent."""
    found = {name: getattr(thing, name, None) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def collected(data: Any) -> Any:
    """A lazy frame, collected; everything else as it is."""
    lazy = given(data, ["collect", "collect_schema"])
    return lazy["collect"]() if len(lazy) == 2 else data


def require(thing: Any, methods: Mapping[str, str]) -> None:
    """Raise a TypeError that names the first of the methods that is missing, and its arguments."""
    for name, arguments in methods.items():
        if not callable(getattr(thing, name, None)):
            kind = type(thing).__name__
            raise ModelTypeError(f"{kind} has no {name}({arguments}), which every such class gives")


def tell_misspelt(thing: Any, known: Iterable[str]) -> None:
    """Warn of public names of a plain class that nobody asks for and that look like one that would be."""
    names = set(known)
    _tell_alike(type(thing), names, names - set(given(thing, names)), stacklevel=5)


def _tell_alike(kind: type, known: Iterable[str], absent: Iterable[str], stacklevel: int) -> None:
    for name in set(dir(kind)).difference(known):
        if name.startswith("_"):
            continue
        meant = get_close_matches(name, absent, 1, ALIKE)
        if meant:
            message = f"{kind.__name__}.{name} is never asked for: was {meant[0]} meant?"
            warnings.warn(message, stacklevel=stacklevel)
