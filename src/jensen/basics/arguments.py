"""What a verb is given, and of what kind it must be: told at the door, in the words of its signature."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from jensen.basics.errors import DataTypeError, ModelTypeError

LONGEST = 60  # letters of a value that are shown


def shown(value: Any) -> str:
    """A value in a message: in one line, short; of what is long, what it is."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    text = repr(value)
    if len(text) <= LONGEST and "\n" not in text:
        return text
    if isinstance(value, str):
        return repr(f"{value[:LONGEST]}…")
    article = "an" if type(value).__name__[0] in "aeiouAEIOU" else "a"
    return f"{article} {type(value).__name__}"


def require_kind(value: Any, kind: Any, name: str, wanted: str) -> None:
    """That a value is of a kind, or of one of several; a ``ModelTypeError`` says what was wanted."""
    if not isinstance(value, kind):
        raise ModelTypeError(f"{name} must be {wanted}, not {shown(value)}")


def require_path(path: Any) -> None:
    """That a path is one: text, or an ``os.PathLike`` that stands for text."""
    if isinstance(path, str) or (
        isinstance(path, os.PathLike) and not isinstance(path, type) and isinstance(os.fspath(path), str)
    ):
        return
    raise DataTypeError(f"a path must be text or a pathlib.Path, not {shown(path)}")


def texts(values: Any, name: str) -> list[str]:
    """Names, one by one; a ``ModelTypeError`` where they are something else."""
    if isinstance(values, str | bytes | type) or not isinstance(values, Iterable):
        raise ModelTypeError(f"{name} must be a list of texts, not {shown(values)}")
    found = list(values)
    if odd := [each for each in found if not isinstance(each, str)]:
        raise ModelTypeError(f"{name} must be a list of texts, and {shown(odd[0])} is none")
    return [str(each) for each in found]
