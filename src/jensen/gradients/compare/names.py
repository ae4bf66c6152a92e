"""What rows are called: parameters by their place in θ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.tree_util as tree
import numpy as np


def parameter_names(params: Any) -> list[str]:
    """The name of every entry of θ, in the order of its leaves: ``mu``, ``layers.w[0,1]``."""
    leaves, _ = tree.tree_flatten_with_path(params)
    return [name + entry for path, leaf in leaves for name in [_place(path)] for entry in _entries(leaf)]


def _place(path: tuple[Any, ...]) -> str:
    name = "".join(map(_step, path)).removeprefix(".")
    return name if name and not name.startswith("[") else f"params{name}"


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
