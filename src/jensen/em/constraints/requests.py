"""What the user asks to be fixed and tied, checked against the spaces it is asked of."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jensen.basics.arrays import Array
from jensen.basics.errors import ModelError
from jensen.spaces.cells import FIXED, FREE, Copy, Restricted, restrict
from jensen.spaces.space import Space

Labels = NDArray[np.intp]


class Requests(NamedTuple):
    """The restricted spaces, and which parameter is a copy of which."""

    spaces: dict[str, Restricted]
    copies: dict[str, str]


def read(spaces: Mapping[str, Space], fixed: Mapping[str, Any], tied: Mapping[str, Any]) -> Requests:
    """Every request in place, or a ValueError that says which one cannot be honoured, and why."""
    for what, asked in (("fixed", fixed), ("tied", tied)):
        if unknown := [name for name in asked if name not in spaces]:
            raise ModelError(
                f"{what} names {', '.join(map(repr, unknown))}; the parameters are {', '.join(spaces)}"
            )
    copies = {name: source for name, source in tied.items() if isinstance(source, str)}
    found: dict[str, Restricted] = {}
    for name, space in spaces.items():
        value, held = _fixed(name, space, fixed.get(name))
        groups, by_cell = _groups(name, space, None if name in copies else tied.get(name))
        _refuse_contradiction(name, held, groups, value)
        try:
            found[name] = restrict(space, value, np.where(held, FIXED, groups), by_cell)
        except ValueError as error:
            raise ModelError(f"{name}: {error}") from None
    sources = {name: _source(name, copies, spaces, fixed) for name in copies}
    return Requests({**found, **{name: Copy(spaces[name]) for name in copies}}, sources)


def _fixed(name: str, space: Space, asked: Any) -> tuple[Array, NDArray[np.bool_]]:
    """What is fixed, of the space's shape, and where it is."""
    if asked is None:
        return np.zeros(space.shape), np.zeros(space.shape, bool)
    try:
        value = np.asarray(asked, dtype=float)
    except (TypeError, ValueError):
        raise ModelError(f"fixed[{name!r}] must be numbers, NaN where free, not {asked!r}") from None
    if value.ndim and value.shape != space.shape:
        raise ModelError(f"fixed[{name!r}] has shape {value.shape}, {name} has {space.shape}")
    value = np.broadcast_to(value, space.shape).copy()
    if np.isinf(value).any():
        raise ModelError(f"fixed[{name!r}] is infinite; NaN leaves an entry free")
    held = ~np.isnan(value)
    if not held.any():
        raise ModelError(f"fixed[{name!r}] is NaN throughout, which fixes nothing")
    return value, held


def _groups(name: str, space: Space, asked: Any) -> tuple[Labels, bool]:
    """The group of every entry, `FREE` where it is in none, and whether they are of the leading axis."""
    if asked is None:
        return np.full(space.shape, FREE), False
    try:
        groups = np.asarray(asked)
    except ValueError:  # lists of different lengths
        groups = np.array(None)
    if groups.dtype.kind not in "iu":
        raise ModelError(
            f"tied[{name!r}] must be whole numbers (equal ones are tied, -1 is free) "
            f"or the name of a parameter, not {asked!r}"
        )
    if groups.size and groups.min() < FREE:
        raise ModelError(f"tied[{name!r}] has {groups.min()}; groups are numbered from 0, and -1 is free")
    by_cell = len(space.shape) > 1 and groups.shape == space.shape[:1]
    if groups.shape != space.shape and not by_cell:
        leading = f", or {space.shape[:1]} for the leading axis" if len(space.shape) > 1 else ""
        raise ModelError(f"tied[{name!r}] has shape {groups.shape}, {name} has {space.shape}{leading}")
    counts = np.unique(groups[groups >= 0], return_counts=True)[1]
    if not (counts > 1).any():
        raise ModelError(f"tied[{name!r}] has no number twice, which ties nothing")
    return (_spread(groups, space) if by_cell else groups.astype(np.intp)), by_cell


def _spread(groups: Labels, space: Space) -> Labels:
    """Groups of the leading axis as groups of entries: the same place in tied parts is tied."""
    inner = prod(space.shape[1:])
    entries = groups[:, None] * inner + np.arange(inner)
    return np.where(groups[:, None] < 0, FREE, entries).reshape(space.shape).astype(np.intp)


def _refuse_contradiction(name: str, held: NDArray[np.bool_], groups: Labels, value: Array) -> None:
    for group in np.unique(groups[groups >= 0]):
        members = groups == group
        some = held & members
        if not some.any():
            continue
        where = [list(map(int, index)) for index in np.argwhere(members)]
        if not held[members].all():
            raise ModelError(f"{name}: the entries {where} are tied, and only some of them are fixed")
        if np.ptp(value[members]) > 0:
            raise ModelError(f"{name}: the entries {where} are tied, and fixed at different values")


def _source(name: str, copies: dict[str, str], spaces: Mapping[str, Space], fixed: Mapping[str, Any]) -> str:
    """The parameter that ``name`` is a copy of, at the end of all copies."""
    source = copies[name]
    if source not in spaces:
        raise ModelError(f"tied[{name!r}] names {source!r}; the parameters are {', '.join(spaces)}")
    if name in fixed:
        raise ModelError(f"{name} is fixed and tied to {source}: fix {source} alone")
    seen = [name]
    while source in copies:
        seen.append(source)
        source = copies[source]
        if source in seen:
            raise ModelError(f"{' and '.join(seen)} are tied in a circle: leave one of them out")
    if source == name:
        raise ModelError(f"{name} is tied to itself")
    if not spaces[name].same_values(spaces[source]):
        raise ModelError(
            f"{name} is in {spaces[name]} and {source} in {spaces[source]}: they cannot be equal"
        )
    return source
