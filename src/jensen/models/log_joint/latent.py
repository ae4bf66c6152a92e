"""The values that a hidden variable can take."""

from __future__ import annotations

from typing import Any

import numpy as np

from jensen.basics.arguments import shown
from jensen.basics.errors import ModelError
from jensen.basics.notebook import InNotebook
from jensen.models.log_joint.precision import require_jax

MOST_STATES = 10**6


class Enumerated(InNotebook):
    """A hidden variable that takes one of finitely many values; sums over it are exact.

    Parameters
    ----------
    support
        A number of states K, for z = 0, …, K − 1; or an array with K values along its first axis; or a tuple
        or dict of such arrays, of equal length, for a z of several parts. Values that are impossible for a
        row have log-joint −inf there.

    Raises
    ------
    ValueError
        There are no values, parts of different length, or duplicates.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> jensen.Enumerated(3).num_states
    3
    >>> pairs = np.array([(i, j) for i in range(3) for j in range(i + 1)])
    >>> jensen.Enumerated({"i": pairs[:, 0], "j": pairs[:, 1]}).num_states
    6
    """

    def __init__(self, support: Any) -> None:
        if isinstance(support, (int, np.integer)) and not isinstance(support, bool):
            if support < 1:
                raise ModelError(f"a hidden variable needs at least one value, not {support}")
            if support > MOST_STATES:
                raise ModelError(f"a hidden variable may have {MOST_STATES} values that are summed")
            support = np.arange(support)
        jax = require_jax()
        leaves, tree = jax.tree.flatten(support, is_leaf=lambda part: isinstance(part, list))
        leaves = [_part(leaf) for leaf in leaves]
        if len({len(leaf) for leaf in leaves}) != 1:
            found = [leaf.shape for leaf in leaves]
            raise ModelError(
                f"the parts of a support need first axes of equal length; their shapes are {found}"
            )
        _refuse_duplicates(leaves)
        self.values = jax.tree.unflatten(tree, leaves)
        self.num_states = len(leaves[0])

    def value(self, state: int) -> Any:
        """The value number ``state``."""
        return require_jax().tree.map(lambda leaf: leaf[state].tolist(), self.values)

    def __repr__(self) -> str:
        return f"Enumerated({self.num_states} states)"


def _part(leaf: Any) -> np.ndarray:
    try:
        array = np.asarray(leaf)
    except (ValueError, OverflowError):
        raise ModelError(f"the values of a hidden variable are no array of numbers: {shown(leaf)}") from None
    if array.ndim == 0 or len(array) == 0:
        raise ModelError(f"a support has its values along the first axis, at least one; got {leaf!r}")
    if array.dtype.kind not in "biuf":
        raise ModelError(f"the values of a hidden variable are numbers, not {array.dtype}")
    if not np.isfinite(array).all():
        raise ModelError("a support has a value that is not finite")
    return array.astype(float) if array.dtype.kind == "f" else array.astype(np.int64)


def _refuse_duplicates(leaves: list[np.ndarray]) -> None:
    flat = np.concatenate([leaf.reshape(len(leaf), -1).astype(float) for leaf in leaves], axis=1)
    _, first, inverse = np.unique(flat, axis=0, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[inverse.ravel()] != np.arange(len(flat)))
    if again.size:
        j = int(again[0])
        i = int(first[inverse.ravel()[j]])
        raise ModelError(
            f"the support has duplicates: values {i} and {j} are both {flat[j].tolist()}; "
            "each value is summed over once"
        )
