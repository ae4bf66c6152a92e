"""The numbers that params of any kind hold: mappings, tuples, lists and dataclasses of floats and arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from jensen.spaces.chart import as_dict


def leaves(params: Any) -> list[Any]:
    """All of them, in the order in which `mapped` changes them."""
    found: list[Any] = []
    mapped(params, lambda x: found.append(x) or x)
    return found


def mapped(params: Any, change: Callable[[Any], Any]) -> Any:
    """Params with every float and array of floats changed; what else they hold stays as it is."""
    made: Any = type(params)
    if isinstance(params, Mapping):
        return made({name: mapped(value, change) for name, value in params.items()})
    if isinstance(params, tuple):
        parts = [mapped(value, change) for value in params]
        return tuple(parts) if made is tuple else made(*parts)  # a named one
    if isinstance(params, list):
        return [mapped(value, change) for value in params]
    if is_dataclass(params) and not isinstance(params, type):
        named = as_dict(params)
        begun = {f.name: mapped(named[f.name], change) for f in fields(params) if f.init}
        return replace(params, **begun)
    if isinstance(params, float) or (isinstance(params, np.ndarray) and params.dtype.kind == "f"):
        return change(params)
    return params
