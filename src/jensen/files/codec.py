"""Objects ↔ JSON, exact to the last bit. Reading makes objects of known classes, and runs no other code.

================================  ============================================================
object                            in JSON
================================  ============================================================
None, bool, int, str, list        as they are
float                             as it is, and ``{"number": "nan"}`` for what JSON cannot say
tuple, dict                       ``{"tuple": [...]}``, ``{"dict": [[key, value], ...]}``
array                             ``{"array": nested lists, "dtype": "float64", "shape": [2, 3]}``
enumeration                       its value, where the annotation says which it is
dataclass, named tuple, a class   ``{"class": "Gaussian", "floor": 1e-07, ...}``: everything that the
that has no state, or `MadeOf`    constructor takes
================================  ============================================================

A field is checked by its annotation. Classes are found by their short names among those of jensen; one of
somebody else is ``"known.ItsName"``, and is read only by those who name it.
"""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from inspect import signature
from operator import attrgetter
from types import NoneType, UnionType
from typing import (
    Any,
    Literal,
    NewType,
    Protocol,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
    runtime_checkable,
)

import numpy as np

from jensen.basics.errors import DataError, did_you_mean, listed, one_line

Raw = NewType("Raw", object)
"""A field that is read later, when it is known what it must be."""
KNOWN = "known."
NOT_FINITE = ["nan", "inf", "-inf"]
LEAVES = {"float64": float, "float32": float, "int64": int, "int32": int, "uint8": int, "bool": bool}
WORDS = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    NoneType: "null",
    list: "a list",
    dict: "an object",
    np.ndarray: "an array",
}
TROUBLE = (TypeError, ValueError, ArithmeticError, AttributeError, LookupError)
"""What objects raise that are made of wrong values."""


@runtime_checkable
class MadeOf(Protocol):
    """A class that is no dataclass, and says what it was made of."""

    def made_of(self) -> dict[str, Any]:
        """What the constructor takes."""
        ...


class UnsayableError(DataError):
    """An object that JSON cannot hold."""


class NeededError(DataError):
    """Something that whoever reads has to give: nothing is damaged."""


@dataclass(frozen=True, slots=True)
class Codec:
    """Objects of some classes as JSON.

    Attributes
    ----------
    own
        Short name → class of jensen.
    known
        Name → class of somebody else; what is written is added.

    Examples
    --------
    >>> from jensen.families import Tied
    >>> codec = Codec({"Tied": Tied})
    >>> codec.write((Tied(), float("inf")))
    {'tuple': [{'class': 'Tied'}, {'number': 'inf'}]}
    >>> codec.read({"tuple": [{"class": "Tied"}, {"number": "inf"}]})
    (Tied(), inf)
    """

    own: Mapping[str, type]
    known: dict[str, type] = field(default_factory=dict)

    def write(self, value: Any) -> Any:
        """The value as JSON; `UnsayableError` for functions and other things without fields."""
        if isinstance(value, np.generic):
            value = value.item()
        kind = type(value)
        if kind is float:
            return value if math.isfinite(value) else {"number": repr(value)}
        if kind is list:
            return [self.write(item) for item in value]
        if kind is tuple:
            return {"tuple": [self.write(item) for item in value]}
        if kind is dict:
            return {"dict": [[self.write(key), self.write(item)] for key, item in value.items()]}
        if isinstance(value, Enum):
            return value.value
        if kind is np.ndarray:
            return _said_array(value)
        return value if kind in WORDS else self._said_object(value, kind)

    def _said_object(self, value: Any, cls: type) -> dict[str, Any]:
        if not is_sayable(cls) or not (names_of(cls) or object.__getstate__(value) is None):  # pyright: ignore
            raise UnsayableError(f"a {cls.__name__}, which is neither a dataclass nor without state")
        name = cls.__name__ if self.own.get(cls.__name__) is cls else KNOWN + cls.__name__
        if name not in self.own and self.known.setdefault(name, cls) is not cls:
            raise UnsayableError(f"two classes of the name {cls.__name__}")
        made_of = value.made_of if isinstance(value, MadeOf) else lambda: _parts(value)
        return {"class": name, **{part: self.write(item) for part, item in made_of().items()}}

    def read(self, said: Any, expected: Any = Any, where: str = "") -> Any:
        """The object that JSON says, as its annotation expects it; a `DataError` names the field in which it
        is not.
        """
        if expected is Raw:
            return said
        if is_typeddict(expected):
            return self.fields(said, get_type_hints(expected), where, expected.__optional_keys__)
        if get_origin(expected) is Literal:
            return one_of(list(get_args(expected)), said, where)
        if isinstance(expected, type) and issubclass(expected, Enum):
            return expected(one_of([str(member.value) for member in expected], said, where))
        found = said
        if isinstance(said, dict):
            found = self._tagged(said, where)
        elif isinstance(said, list):
            found = [self.read(item, Any, f"{where}[{i}]") for i, item in enumerate(said)]
        return self._fitting(found, said, expected, where)

    def fields(
        self, said: Any, hints: Mapping[str, Any], where: str, optional: Container[str] = ()
    ) -> dict[str, Any]:
        """An object with exactly these fields, of which some may be missing."""
        if not isinstance(said, dict):
            raise wrong(said, where, "an object")
        dot = f"{where}." if where else ""
        if missing := [name for name in hints if name not in said and name not in optional]:
            raise DataError(f"{dot}{missing[0]} is missing")
        if strange := [name for name in said if name not in hints]:
            asked = did_you_mean(strange[0], list(hints))
            raise DataError(f"{dot}{strange[0]:.40} is not a known field{asked}")
        there = {name: hint for name, hint in hints.items() if name in said}
        return {name: self.read(said[name], hint, f"{dot}{name}") for name, hint in there.items()}

    def _tagged(self, said: dict[str, Any], where: str) -> Any:
        if "class" in said:
            return self._object(said, where)
        if "array" in said:
            return _array(self.fields(said, {"array": Raw, "dtype": str, "shape": list}, where), where)
        if "number" in said:
            return float(one_of(NOT_FINITE, self.fields(said, {"number": str}, where)["number"], where))
        if "tuple" in said:
            return tuple(self.fields(said, {"tuple": list}, where)["tuple"])
        try:
            return {key: item for key, item in self.fields(said, {"dict": list}, where)["dict"]}  # noqa: C416
        except (TypeError, ValueError) as error:
            raise error if isinstance(error, DataError) else DataError(f"{where} has no pairs") from None

    def _object(self, said: dict[str, Any], where: str) -> Any:
        name = said["class"]
        cls = {**self.own, **self.known}.get(name) if isinstance(name, str) else None
        if cls is None:
            raise self._unknown(name, where)
        hints = _hints(cls)
        parts = {part: item for part, item in said.items() if part != "class"}
        values = self.fields(parts, {part: hints.get(part, Any) for part in names_of(cls)}, where)
        try:
            return cls(**values)
        except TROUBLE as error:
            raise DataError(f"{where or name}: {one_line(error):.200}") from None

    def _unknown(self, name: Any, where: str) -> DataError:
        if not isinstance(name, str):
            return wrong(name, f"{where}.class", "text")
        if name.startswith(KNOWN):
            plain = f"{name.removeprefix(KNOWN):.40}"
            return NeededError(
                f"needs {plain}, the class of {where}, not one of jensen's: load(path, known=[{plain}])"
            )
        asked = did_you_mean(name, list(self.own))
        return DataError(f"{where}.class is {name!r:.40}{asked}, which is no class of this jensen")

    def _fitting(self, found: Any, said: Any, expected: Any, where: str) -> Any:
        """What was found, if it is what the annotation expects; a whole number may stand for a number."""
        kinds, kind = _kinds(expected), type(found)
        others = tuple(each for each in kinds if each not in WORDS)
        if not kinds or kind in kinds or kind in self.known.values() or isinstance(found, others):
            return found
        if float not in kinds or kind is not int:
            raise wrong(said, where, " or ".join(WORDS.get(each, f"a {each.__name__}") for each in kinds))
        try:
            return float(found)
        except OverflowError:
            raise DataError(f"{where} is not finite") from None


def one_of(words: list[str], said: Any, where: str) -> str:
    """One of these words."""
    if not isinstance(said, str):
        raise wrong(said, where, "text")
    if said not in words:
        raise DataError(f"{where} is {said!r:.40}{did_you_mean(said, words)}; it is one of {listed(words)}")
    return said


def wrong(value: Any, where: str, expected: str) -> DataError:
    """That a field is something else than what is expected."""
    kind = WORDS.get(type(value), "something else").replace("whole number", "number")
    shown = f"{kind} ({value!r:.30})" if isinstance(value, str | int | float) else kind
    return DataError(f"{where or 'the file'} is {shown} where {expected} is expected")


def is_sayable(cls: type) -> bool:
    """Whether an object of the class is made from its fields, or from nothing."""
    bare = cls.__init__ is object.__init__ and cls.__new__ is object.__new__
    return bare or bool(names_of(cls)) or is_dataclass(cls)


def names_of(cls: Any) -> list[str]:
    """What the constructor of a dataclass, a named tuple or a `MadeOf` takes."""
    if issubclass(cls, MadeOf):
        return list(signature(cls).parameters)
    if is_dataclass(cls):
        return [part.name for part in fields(cls) if part.init]
    return list(vars(cls).get("_fields", ())) if issubclass(cls, tuple) else []


def _parts(value: Any) -> dict[str, Any]:
    return {part: attrgetter(part)(value) for part in names_of(type(value))}


def _said_array(value: np.ndarray) -> dict[str, Any]:
    if value.dtype.name not in LEAVES:
        raise UnsayableError(f"an array of {value.dtype}")
    return {"array": _plain(value.tolist()), "dtype": value.dtype.name, "shape": list(value.shape)}


def _plain(value: Any) -> Any:
    """With what JSON cannot say as text."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def _array(said: dict[str, Any], where: str) -> np.ndarray:
    dtype, shape = one_of(list(LEAVES), said["dtype"], f"{where}.dtype"), said["shape"]
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise DataError(f"{where}.shape is {shape!r:.40}; it must be a list of whole numbers from 0")
    leaf, found = LEAVES[dtype], np.array(said["array"], dtype=object)
    if found.size == 0 and 0 in shape and shape[: found.ndim] == list(found.shape):
        return np.zeros(shape, dtype)
    if list(found.shape) != shape:
        raise DataError(f"{where} has shape {found.shape} where {tuple(shape)!s:.40} is expected")
    for index in np.ndindex(*found.shape):
        value = found[index]
        is_word = leaf is float and isinstance(value, str) and value in NOT_FINITE
        if not is_word and type(value) not in ((int, float) if leaf is float else (leaf,)):
            place = where + "".join(f"[{i}]" for i in index)
            raise wrong(value, place, WORDS[leaf])
    try:
        return found.astype(dtype)
    except (OverflowError, ValueError):
        raise DataError(f"{where} has a number that is not finite as {dtype}") from None


def _hints(cls: type) -> dict[str, Any]:
    """The annotations of a class; none where they cannot be told here."""
    try:
        return get_type_hints(cls)
    except NameError:
        return {}


def _kinds(expected: Any) -> tuple[type, ...]:
    """The classes that an annotation allows; none where it allows anything."""
    if get_origin(expected) in (Union, UnionType):
        each = [_kinds(option) for option in get_args(expected)]
        return tuple(kind for kinds in each for kind in kinds) if all(each) else ()
    kind: Any = get_origin(expected) or expected
    if kind in (Any, object) or not isinstance(kind, type):
        return ()
    return () if vars(kind).get("_is_protocol", False) else (kind,)
