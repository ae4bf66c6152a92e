"""Damage to text, bytes and documents, as files come to have it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

VALUES = [
    *(0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e308, -1e308, 1e-320, 1e30, True, False, None),
    *("", "x", "nan", "inf", "\ud800", "a\0b", "9" * 400, "é" * 50, "<b>", "=1+1"),
    *([], {}, [[]], [1, 2, 3], [[1.0, 2.0], [3.0]], {"a": 1}, {"class": "Mixture"}),
]


def bytes_of(whole: bytes, rng: random.Random, signs: bytes, most: int | None = None) -> bytes:
    """The same with a few bytes changed, left out, doubled or put in, or cut off; before ``most``, mostly."""
    found = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 5))):
        if not found:
            break
        size = min(len(found), most) if most and rng.random() < 0.8 else len(found)
        place, length = rng.randrange(size), rng.randrange(1, 9)
        kind = rng.random()
        if kind < 0.4:
            found[place] = rng.randrange(256) if rng.random() < 0.5 else rng.choice(signs)
        elif kind < 0.6:
            del found[place : place + length]
        elif kind < 0.75:
            found[place:place] = found[place : place + length]
        elif kind < 0.95:
            found[place:place] = bytes(rng.choices(signs, k=length))
        else:
            del found[place:]
    return bytes(found)


def document(part: Any, rng: random.Random) -> None:
    """Some parts of a document (lists and dicts of JSON) are others, gone or doubled, in place."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = list(_places(part))
        if not places:
            return
        parent, name = rng.choice(places)
        kind = rng.random()
        if kind < 0.7:
            parent[name] = rng.choice(VALUES)
        elif kind < 0.85:
            del parent[name]
        elif isinstance(parent, list):
            parent.append(parent[name])
        else:
            parent[rng.choice(("x", "class", "", "values"))] = parent[name]


def _places(part: Any) -> Iterator[tuple[Any, Any]]:
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, child in list(items):
        yield part, name
        yield from _places(child)
