"""The gradient that estimates are held against: given, computed, or the best of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from jensen.basics.arrays import Params
from jensen.basics.errors import ModelError
from jensen.gradients.compare.moments import Moments
from jensen.gradients.compare.names import flat


class Reference(NamedTuple):
    """A gradient, flat, its error as the two rules tell, E[f], and the probability of where f matters."""

    gradient: Any
    error: Any
    value: float = float("nan")
    share: float = 1.0


class NoReference(NamedTuple):
    """Why there is none, and whether that is a jump, which estimators may be blind to as well."""

    why: str
    is_jump: bool = False


def given(truth: Any, params: Params) -> np.ndarray:
    """A gradient in the form of θ as a vector; a ``ValueError`` where it has another form."""
    theirs, ours = jax.tree.structure(truth), jax.tree.structure(params)
    if theirs != ours:
        raise ModelError(f"truth must have the form of params, {_words(ours)}, not {_words(theirs)}")
    for mine, its in zip(jax.tree.leaves(truth), jax.tree.leaves(params), strict=True):
        if np.shape(mine) != np.shape(its):
            raise ModelError(f"truth has an entry of shape {np.shape(mine)} where params has {np.shape(its)}")
    return flat(truth).astype(float)


def _words(structure: Any) -> str:
    return str(structure).removeprefix("PyTreeDef(").removesuffix(")")


def most_precise(ran: Mapping[str, Moments]) -> tuple[str, Reference] | None:
    """The name and mean of the estimate of least total error; None where there are not two to compare."""
    finite = {name: m for name, m in ran.items() if np.isfinite(m.standard_error).all()}
    if len(finite) < 2:
        return None
    best = min(finite, key=lambda name: float((finite[name].standard_error ** 2).sum()))
    return best, Reference(finite[best].mean, finite[best].standard_error)
