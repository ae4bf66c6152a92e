"""Numbers of half precision are refused: draws, densities and their sums are made in single or double."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.tree_util as tree

from jensen.basics.errors import ModelError

LEAST = 32  # bits of a real number


def require_precision(params: Any) -> None:
    """A ``ValueError`` that names what is of half precision."""
    for path, leaf in tree.tree_flatten_with_path(params)[0]:
        kind = jnp.result_type(leaf)
        if jnp.issubdtype(kind, jnp.floating) and jnp.finfo(kind).bits < LEAST:
            raise ModelError(
                f"params{jax.tree_util.keystr(path)} is {kind.name}, in which draws and densities round to "
                "something else: give float32, and convert inside f where it computes in half precision"
            )
