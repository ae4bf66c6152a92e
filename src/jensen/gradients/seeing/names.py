"""What rows are called: parameters by their place in θ, estimators by what was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import jax
import jax.tree_util as tree
import numpy as np


def parameter_names(theta: Any) -> list[str]:
    """The name of every entry of θ, in the order of its leaves: ``mu``, ``layers.w[0,1]``."""
    leaves, _ = tree.tree_flatten_with_path(theta)
    return [name + entry for path, leaf in leaves for name in [_place(path)] for entry in _entries(leaf)]


def _place(path: tuple[Any, ...]) -> str:
    name = "".join(map(_step, path)).removeprefix(".")
    return name if name and not name.startswith("[") else f"theta{name}"


def _step(key: Any) -> str:
    """Keys of dicts and names of fields after a dot, places in a sequence in brackets."""
    if isinstance(key, tree.SequenceKey):
        return f"[{key.idx}]"
    return f".{key.key}" if isinstance(key, tree.DictKey) else str(key)


def _entries(leaf: Any) -> Iterator[str]:
    shape = np.shape(leaf)
    if not shape:
        yield ""
    for index in np.ndindex(*shape) if shape else ():
        yield f"[{','.join(map(str, index))}]"


def columns(values: Any, num_replicates: int) -> np.ndarray:
    """A pytree with a leading axis of replicates as (replicates, entries), in the order of the names."""
    leaves = [np.asarray(leaf).reshape(num_replicates, -1) for leaf in jax.tree.leaves(values)]
    return np.concatenate(leaves, axis=1) if leaves else np.zeros((num_replicates, 0))


def flat(values: Any) -> np.ndarray:
    """A pytree as one vector, in the order of the names."""
    return columns(jax.tree.map(lambda leaf: np.asarray(leaf)[None], values), 1)[0]


def label(thing: Any) -> str:
    """An estimator, a baseline or draws, as one would type it: what is as by default is left out."""
    if isinstance(thing, Mapping):
        return "{" + ", ".join(f"{name}: {label(value)}" for name, value in thing.items()) + "}"
    if not is_dataclass(thing) or isinstance(thing, type):
        return f"{thing:g}" if isinstance(thing, float) else str(thing)
    return f"{type(thing).__name__}({', '.join(_arguments(thing))})"


def _arguments(thing: Any) -> Iterator[str]:
    by_place = True
    spoken = hasattr(thing, "layout")  # the number of draws is always told
    for field in fields(thing):
        value = getattr(thing, field.name)
        if not spoken and (value is field.default or _same(value, field.default)):
            by_place = False
            continue
        yield label(value) if by_place else f"{field.name}={label(value)}"


def _same(value: Any, default: Any) -> bool:
    return isinstance(value, (bool, int, float, str)) and value == default
