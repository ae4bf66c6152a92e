"""A small schema, checked by hand: what a field of a JSON document must be, and where it is not.

A *reader* takes a JSON value and where it stands, and returns the value or raises `DataError`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jensen.basics.errors import DataError, did_you_mean

Reader = Callable[[Any, str], Any]


def record(fields: Mapping[str, Reader]) -> Reader:
    """An object with exactly these fields."""

    def read(value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise _wrong(value, where, "an object")
        for name in fields:
            if name not in value:
                raise DataError(f"{_dot(where, name)} is missing")
        for name in value:
            if name not in fields:
                raise DataError(f"{_dot(where, name)} is not a known field{did_you_mean(name, list(fields))}")
        return {name: reader(value[name], _dot(where, name)) for name, reader in fields.items()}

    return read


def optional(reader: Reader) -> Reader:
    """null, or what the reader takes."""
    return lambda value, where: None if value is None else reader(value, where)


def text(value: Any, where: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise _wrong(value, where, "text")
    return value


def flag(value: Any, where: str) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise _wrong(value, where, "true or false")
    return value


def number(value: Any, where: str) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, where, "a number")
    try:
        plain = float(value)
    except OverflowError:
        plain = math.inf
    if not math.isfinite(plain):
        raise DataError(f"{where} is not finite")
    return plain


def number_or_nan(value: Any, where: str) -> float:
    """A finite number, or null, which stands for NaN."""
    return math.nan if value is None else number(value, where)


def whole(least: int) -> Reader:
    """A whole number, at least ``least``."""

    def read(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong(value, where, "a whole number")
        if value < least:
            raise DataError(f"{where} is {value}; it must be at least {least}")
        return value

    return read


def texts(value: Any, where: str) -> tuple[str, ...]:
    """A list of different strings."""
    if not isinstance(value, list):
        raise _wrong(value, where, "a list of names")
    names = tuple(text(item, f"{where}[{i}]") for i, item in enumerate(value))
    if len(set(names)) < len(names):
        raise DataError(f"{where} has the same name twice")
    return names


def array(dimensions: int) -> Reader:
    """Nested lists of finite numbers with this many dimensions, as float64; never empty."""

    def read(value: Any, where: str) -> NDArray[np.float64]:
        if not isinstance(value, list) or not value:
            raise _wrong(value, where, "a list of numbers" if dimensions == 1 else "a list of lists")
        if dimensions == 1:
            return np.array([number(item, f"{where}[{i}]") for i, item in enumerate(value)])
        parts = [array(dimensions - 1)(item, f"{where}[{i}]") for i, item in enumerate(value)]
        for i, part in enumerate(parts):
            if part.shape != parts[0].shape:
                raise DataError(f"{where}[{i}] has shape {part.shape} where {where}[0] has {parts[0].shape}")
        return np.stack(parts)

    return read


def shaped(value: NDArray[Any], shape: tuple[int, ...], where: str) -> NDArray[Any]:
    """The array, if it has this shape."""
    if value.shape != shape:
        raise DataError(f"{where} has shape {value.shape} where {shape} is expected")
    return value


def _dot(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _wrong(value: Any, where: str, expected: str) -> DataError:
    return DataError(f"{where or 'the file'} is {_described(value)} where {expected} is expected")


def _described(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    kind = names.get(type(value), "a number")
    return f"{kind} ({value!r:.30})" if isinstance(value, str | int | float) else kind
