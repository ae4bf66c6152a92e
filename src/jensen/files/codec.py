"""Objects ↔ JSON, exact to the last bit. Reading makes objects of known classes, and runs no other code.

================================  ============================================================
object                            in JSON
================================  ============================================================
None, bool, int, str, list        as they are
float                             as it is, and ``{"number": "nan"}`` for what JSON cannot say
tuple, dict                       ``{"tuple": [...]}``, ``{"dict": [[key, value], ...]}``
array                             ``{"array": nested lists, "dtype": "float64", "shape": [2, 3]}``
enumeration                       its value, where the annotation says which it is
dataclass, named tuple, a class   ``{"class": "Gaussian", "floor": 1e-07, ...}``: every field that the
that has no state                 constructor takes
================================  ============================================================

A field is checked by its annotation. Classes are found by their short names among those of jensen; one of
somebody else is ``"known.ItsName"``, and is read only by those who name it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeVar, Union, get_args, get_origin, get_type_hints, is_typeddict

import numpy as np

from jensen.basics.errors import DataError, did_you_mean, listed, one_line

Raw = NewType("Raw", object)
"""A field that is read later, when it is known what it must be."""
KNOWN = "known."
DTYPES = ("float64", "float32", "int64", "int32", "uint8", "bool")
PLAIN = {
    float: "a number",
    int: "a whole number",
    bool: "true or false",
    str: "text",
    NoneType: "null",
    list: "a list",
    dict: "an object",
    np.ndarray: "an array",
}
NOT_FINITE = ("nan", "inf", "-inf")


class UnsayableError(DataError):
    """An object that JSON cannot hold."""


class NeededError(DataError):
    """Something that whoever reads has to give: nothing is damaged."""


def is_sayable(cls: type) -> bool:
    """Whether an object of the class is made from its fields, or from nothing."""
    bare = cls.__init__ is object.__init__ and cls.__new__ is object.__new__
    return is_dataclass(cls) or bare or _is_named_tuple(cls)


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

    # ---- writing -------------------------------------------------------------------------------------------

    def write(self, value: Any) -> Any:
        """The value as JSON; `UnsayableError` for functions and other things without fields."""
        if isinstance(value, np.ndarray):
            if value.dtype.name not in DTYPES:
                raise UnsayableError(f"an array of {value.dtype}")
            shape = list(value.shape)
            return {"array": _plain_numbers(value.tolist()), "dtype": value.dtype.name, "shape": shape}
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, Enum):
            return value.value
        kind = type(value)
        if kind is float:
            return value if math.isfinite(value) else {"number": repr(value)}
        if kind is list:
            return [self.write(item) for item in value]
        if kind is tuple:
            return {"tuple": [self.write(item) for item in value]}
        if kind is dict:
            return {"dict": [[self.write(key), self.write(item)] for key, item in value.items()]}
        return value if kind in PLAIN else self._write_object(value)

    def _write_object(self, value: Any) -> dict[str, Any]:
        cls = type(value)
        if not is_sayable(cls) or not (_names(cls) or object.__getstate__(value) is None):  # pyright: ignore
            raise UnsayableError(f"a {cls.__name__}, which is neither a dataclass nor without state")
        name = cls.__name__
        if self.own.get(name) is not cls:
            name = KNOWN + name
            if self.known.setdefault(name, cls) is not cls:
                raise UnsayableError(f"two classes of the name {cls.__name__}")
        parts = value._asdict() if _is_named_tuple(cls) else {n: _part(value, n) for n in _names(cls)}
        return {"class": name, **{n: self.write(part) for n, part in parts.items()}}

    # ---- reading -------------------------------------------------------------------------------------------

    def read(self, said: Any, expected: Any = Any, where: str = "") -> Any:
        """The object that JSON says, as its annotation expects it.

        Raises
        ------
        DataError
            Naming the field that is wrong.
        """
        if expected is Raw:
            return said
        if is_typeddict(expected):
            return self._fields(said, get_type_hints(expected), where)
        if isinstance(expected, type) and issubclass(expected, Enum):
            words = [str(member.value) for member in expected]
            return expected(one_of(words, said, where))
        if get_origin(expected) is Literal:
            return one_of(list(get_args(expected)), said, where)
        if isinstance(said, dict):
            return self._fitting(self._tagged(said, where), said, expected, where)
        if isinstance(said, list):
            found = [self.read(item, Any, f"{where}[{i}]") for i, item in enumerate(said)]
            return self._fitting(found, said, expected, where)
        return self._fitting(said, said, expected, where)

    def _tagged(self, said: dict[str, Any], where: str) -> Any:
        if "class" in said:
            return self._object(said, where)
        if "array" in said:
            return _array(self._fields(said, {"array": Raw, "dtype": str, "shape": list}, where), where)
        if "number" in said:
            self._fields(said, {"number": str}, where)
            return float(one_of(list(NOT_FINITE), said["number"], f"{where}.number"))
        if "tuple" in said:
            return tuple(self._fields(said, {"tuple": list}, where)["tuple"])
        if "dict" not in said:
            raise wrong(said, where, "an array or an object with a class")
        pairs = self._fields(said, {"dict": list}, where)["dict"]
        try:
            return {key: value for key, value in pairs}  # noqa: C416 -- refuses what are not pairs
        except (TypeError, ValueError):
            raise DataError(f"{where}.dict is not a list of pairs") from None

    def _fields(self, said: Any, hints: Mapping[str, Any], where: str) -> dict[str, Any]:
        """An object with exactly these fields."""
        if not isinstance(said, dict):
            raise wrong(said, where, "an object")
        for name in hints:
            if name not in said:
                raise DataError(f"{_dot(where, name)} is missing")
        for name in said:
            if name not in hints:
                asked = did_you_mean(name, list(hints))
                raise DataError(f"{_dot(where, name)[:60]} is not a known field{asked}")
        return {name: self.read(said[name], hint, _dot(where, name)) for name, hint in hints.items()}

    def _object(self, said: dict[str, Any], where: str) -> Any:
        name, rest = said["class"], {n: item for n, item in said.items() if n != "class"}
        cls = None if not isinstance(name, str) else self.own.get(name, self.known.get(name))
        if cls is None:
            raise self._unknown(name, where)
        hints = _hints(cls)
        values = self._fields(rest, {n: hints.get(n, Any) for n in _names(cls)}, where)
        try:
            return cls(**values)
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise DataError(f"{where or name}: {one_line(error):.200}") from None

    def _unknown(self, name: Any, where: str) -> DataError:
        if not isinstance(name, str):
            return wrong(name, f"{where}.class", "the name of a class")
        if name.startswith(KNOWN):
            plain = name.removeprefix(KNOWN)
            return NeededError(
                f"needs a class that is not one of jensen's, {plain:.40}, in {where or 'it'}: "
                f"load(path, known=[{plain:.40}])"
            )
        asked = did_you_mean(name, list(self.own))
        return DataError(f"{where}.class is {name!r:.40}{asked}, which is no class of this jensen")

    def _fitting(self, found: Any, said: Any, expected: Any, where: str) -> Any:
        """What was found, if it is what the annotation expects; a whole number may stand for a number."""
        kinds = _kinds(expected)
        if not kinds or type(found) in self.known.values():
            return found
        if float in kinds and type(found) is int:
            return number(found, where)
        if type(found) in kinds or isinstance(found, tuple(kind for kind in kinds if kind not in PLAIN)):
            return found
        raise wrong(said, where, " or ".join(PLAIN.get(kind, f"a {kind.__name__}") for kind in kinds))


def number(value: Any, where: str) -> float:
    """A number as a float."""
    if type(value) not in (int, float):
        raise wrong(value, where, "a number")
    try:
        return float(value)
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
    kind = PLAIN.get(type(value), "something else").replace("whole number", "number")
    shown = f"{kind} ({value!r:.30})" if isinstance(value, str | int | float) else kind
    return DataError(f"{where or 'the file'} is {shown} where {expected} is expected")


def _array(said: dict[str, Any], where: str) -> np.ndarray:
    shape, dtype = tuple(said["shape"]), one_of(list(DTYPES), said["dtype"], f"{where}.dtype")
    if any(type(n) is not int or n < 0 for n in shape):
        raise DataError(f"{where}.shape is not a list of whole numbers")
    leaf = number if dtype.startswith("float") else int if dtype != "bool" else bool

    def read(value: Any, shape: tuple[int, ...], where: str) -> Any:
        if shape:
            if not isinstance(value, list):
                raise wrong(value, where, "a list of numbers" if len(shape) == 1 else "a list of lists")
            if len(value) != shape[0]:
                raise DataError(f"{where} has {len(value)} entries where {shape[0]} are expected")
            return [read(item, shape[1:], f"{where}[{i}]") for i, item in enumerate(value)]
        if leaf is number:
            is_word = isinstance(value, str) and value in NOT_FINITE
            return float(value) if is_word else number(value, where)
        if type(value) is not leaf:
            raise wrong(value, where, PLAIN[leaf])
        return value

    try:
        return np.array(read(said["array"], shape, where), dtype).reshape(shape)
    except (OverflowError, ValueError) as error:
        raise error if isinstance(error, DataError) else DataError(f"{where}: {one_line(error)}") from None


def _plain_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain_numbers(item) for item in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def _is_named_tuple(cls: type) -> bool:
    return issubclass(cls, tuple) and "_fields" in vars(cls)


def _names(cls: Any) -> list[str]:
    """What the constructor takes."""
    if is_dataclass(cls):
        return [part.name for part in fields(cls) if part.init]
    return list(cls._fields) if _is_named_tuple(cls) else []


def _part(value: Any, name: str) -> Any:
    return object.__getattribute__(value, name)


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
    if expected is Any or isinstance(expected, TypeVar):
        return ()
    kind = get_origin(expected) or expected
    is_class = isinstance(kind, type) and kind is not object and not vars(kind).get("_is_protocol", False)
    return (kind,) if is_class else ()


def _dot(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
