"""Plain classes that keep a contract by having its methods: read once, at the door, with misspelt names told.

This is where attributes are asked for by name; behind the door everything is declared.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

ALIKE = 0.8  # of two names, from which on one is taken for the other misspelt


def given(thing: Any, names: Iterable[str]) -> dict[str, Any]:
    """Those of the names that a thing has, None being as good as absent."""
    found = {name: getattr(thing, name, None) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def require(thing: Any, methods: Mapping[str, str]) -> None:
    """Raise a TypeError that names the first of the methods that is missing, and its arguments."""
    for name, arguments in methods.items():
        if not callable(getattr(thing, name, None)):
            kind = type(thing).__name__
            raise TypeError(f"{kind} has no {name}({arguments}), which every such class gives")


def tell_misspelt(thing: Any, known: Iterable[str]) -> None:
    """Warn of public names that nobody asks for and that look like one that would be."""
    names = set(known)
    absent = names - set(given(thing, names))
    for name in dir(type(thing)):
        if name.startswith("_") or name in names:
            continue
        meant = get_close_matches(name, absent, 1, ALIKE)
        if meant:
            warnings.warn(
                f"{type(thing).__name__}.{name} is never asked for: was {meant[0]} meant?", stacklevel=4
            )
