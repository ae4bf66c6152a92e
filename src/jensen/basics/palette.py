"""Colours of all figures: the same for the same thing, told apart by anyone as far as twenty can be."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

PALETTE = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F", "#000000"),
    *("#332288", "#999933", "#882255", "#44AA99", "#AA4499", "#A6761D", "#6699CC", "#117733"),
    *("#E7298A", "#7B68EE", "#B2182B", "#66A61E"),
)
"""The first eight are of Okabe and Ito (2008), for any kind of colour vision, without the yellow, which is
lost on white; the others are darker or paler relatives, most of them Tol's (2021)."""


def colours_of(names: Iterable[str], first: Iterable[str] = ()) -> dict[str, str]:
    """A colour for each name: that of its place in ``first``, else one that depends on the name alone.

    Where two would have the same, the later one has the next that is free.

    Examples
    --------
    >>> colours_of(["b", "a"], first=["a", "b"])["a"] == PALETTE[0]
    True
    """
    known = {name: i for i, name in enumerate(first)}
    found: dict[str, int] = {}
    for name in sorted(names, key=lambda name: (name not in known, name)):
        wanted = known.get(name, crc32(name.encode()))
        free = [i for i in range(len(PALETTE)) if i not in found.values()]
        later = [i for i in free if i >= wanted % len(PALETTE)]
        found[name] = (later or free or [wanted % len(PALETTE)])[0]
    return {name: PALETTE[i] for name, i in found.items()}
